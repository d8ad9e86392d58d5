import { make } from "../dom.mjs";
import { keyLine, plain, sampleOf, tint } from "./shapes.mjs";
import { markShapes, overTime, timeAxis, timeText } from "./time.mjs";

// Items by lane over time: what labs/show/pictures/lanes.py wrote. An item is
// [lane, row, name, state, since, start, end]. With `along` the axis has numbers of items and no time.
const LANES_SAY = { taken: "taken, not begun yet", open: "never ended", scroll: "lanes, scrolls" };
const HEAD = 24, FOOT = 48, SIDE = 14, MOST = 620, LEAST_ROW = 5, MOST_ROW = 16;
const [LANE, ROW, NAME, STATE, SINCE, START, END] = [0, 1, 2, 3, 4, 5, 6];
/** Sign of a state -> plotly's symbol, and the same as a path for the key. */
const SIGNS = {
  "": ["circle", ""],
  x: ["x", "M19 4l6 6M25 4l-6 6"],
  diamond: ["diamond", "M22 3l4 4l-4 4l-4-4z"],
  circle: ["circle-open", "M18 7a4 4 0 1 0 8 0a4 4 0 1 0-8 0"],
  square: ["square", "M18 3h8v8h-8z"],
  triangle: ["triangle-up", "M22 3l4 8h-8z"],
};

/** The look of a state's bar. Stripes and a paler fill tell states apart without colour; a sign is seen from afar. */
function barOf(state, ink) {
  const colour = ink(state.ink), striped = state.fill === "striped";
  const fill = { solid: colour, pale: tint(colour, 0.3), striped: tint(colour, 0.25), hollow: "transparent" };
  const pattern = striped ? { shape: "/", fgcolor: colour, size: 5, solidity: 0.5 } : { shape: "" };
  return { color: fill[state.fill], line: { color: colour, width: state.fill === "solid" ? 0 : 1 }, pattern };
}
function stateSample({ ink: name, fill, sign }) {
  const ink = `var(--${name})`, share = { solid: 1, pale: 0.3, striped: 0.5, hollow: 0 }[fill], path = SIGNS[sign][1];
  const box = { x: 1, y: 3, width: 14, height: 8, style: `fill:${ink};stroke:${ink}`, "fill-opacity": share };
  const line = (d, inside) => ["path", { d, style: `stroke:${ink};fill:${inside}`, "stroke-width": 2 }];
  return sampleOf(
    ["rect", box],
    ...(fill === "striped" ? [line("M3 11l6-8M8 11l6-8", "none")] : []),
    ...(path ? [line(path, sign === "circle" ? "none" : ink)] : []),
  );
}

const early = (item) => item[SINCE] != null && item[SINCE] < item[START];
const counted = (number, [one, many]) => `${number.toLocaleString("en-GB")} ${number === 1 ? one : many}`;

/** What of each colour and sign is in the picture. */
function keyOf({ states, items }) {
  const used = states.filter((_, at) => items.some((item) => item[STATE] === at));
  const entries = used.map((state) => ({ text: state.name, sample: stateSample(state) }));
  const thin = ["path", { d: "M1 7H27", style: "stroke:var(--ink-soft)", "stroke-width": 1 }];
  if (items.some(early)) entries.push({ text: LANES_SAY.taken, sample: sampleOf(thin) });
  return keyLine(entries);
}

/** Where lanes and items stand, px from the top; a row is as tall as there is room for. */
function placesOf({ lanes, items }) {
  const rows = lanes.map((_, lane) =>
    Math.max(0, ...items.filter((one) => one[LANE] === lane).map((one) => one[ROW] + 1))
  );
  const room = Math.floor((MOST - lanes.length * HEAD) / Math.max(rows.reduce((a, b) => a + b, 0), 1));
  const tall = Math.min(Math.max(room, LEAST_ROW), MOST_ROW), height = (lane) => Math.max(rows[lane], 1) * tall;
  const tops = [];
  for (const lane of rows.keys()) tops.push(lane ? tops[lane - 1] + height(lane - 1) + HEAD : HEAD);
  const middle = (item) => tops[item[LANE]] + (item[ROW] + 0.5) * tall;
  return {
    tall,
    tops,
    middle,
    foot: (lane) => tops[lane] + height(lane) + 3,
    inner: tops.at(-1) + height(rows.length - 1) + 6,
  };
}

/** The bars, signs and open ends of one state. */
function stateTraces(state, mine, { range, ink, wide, last, places, along }) {
  const heard = (item) => {
    if (along) return plain(`${item[NAME]}, ${state.name}`);
    const end = item[END] == null ? LANES_SAY.open : timeText(item[END]);
    return plain(`${item[NAME]}, ${state.name}: ${timeText(item[START])} to ${end}`);
  };
  const least = ((range[1] - range[0]) / wide) * 1.5, end = (item) => item[END] ?? last, colour = ink(state.ink);
  const shared = (items) => ({
    hovertemplate: "%{text}<extra></extra>",
    name: plain(state.name),
    y: items.map(places.middle),
    text: items.map(heard),
  });
  const points = { type: "scatter", mode: "markers", cliponaxis: false };
  const bars = mine.filter((item) => item[END] !== item[START]), open = bars.filter((item) => item[END] == null);
  const signed = mine.filter((item) => state.sign || item[END] === item[START]), ring = state.sign === "circle";
  const edge = { color: ring ? colour : ink("paper"), width: ring ? 2 : 1 };
  return [
    bars.length && {
      ...shared(bars),
      type: "bar",
      orientation: "h",
      base: bars.map((item) => item[START]),
      x: bars.map((item) => Math.max(end(item) - item[START], least)),
      width: places.tall * 0.78,
      textposition: "none",
      marker: barOf(state, ink),
    },
    signed.length && {
      ...shared(signed),
      ...points,
      x: signed.map(end),
      marker: { symbol: SIGNS[state.sign][0], size: state.sign ? 9 : 6, color: colour, line: edge },
    },
    open.length && {
      ...shared(open),
      ...points,
      x: open.map(() => range[1]),
      marker: { symbol: "triangle-right", size: 8, color: colour },
    },
  ].filter(Boolean);
}

function tracesOf(data, given) {
  const { range, ink, last, places } = given;
  const seen = data.items.filter((one) => (one[END] ?? last) >= range[0] && (one[SINCE] ?? one[START]) <= range[1]);
  const held = seen.filter(early);
  const waits = {
    type: "scatter",
    mode: "lines",
    hoverinfo: "skip",
    x: held.flatMap((item) => [item[SINCE], item[START], null]),
    y: held.flatMap((item) => [places.middle(item), places.middle(item), null]),
    line: { color: tint(ink("ink-soft"), 0.55), width: 1 },
  };
  const ofState = (state, at) => stateTraces(state, seen.filter((item) => item[STATE] === at), given);
  return [waits, ...data.states.flatMap(ofState)];
}

/** The ground of each lane, and its own marks. */
function laneShapes(data, marks, { range, ink, places: { tops, foot } }) {
  const ground = { type: "rect", xref: "paper", x0: 0, x1: 1, yref: "y", layer: "below", line: { width: 0 } };
  const bands = data.lanes.map((_, lane) => ({
    ...ground,
    y0: tops[lane] - 3,
    y1: foot(lane),
    fillcolor: ink("paper-soft"),
  }));
  const own = marks.filter((mark) => mark.lane && mark.at_ms >= range[0] && mark.at_ms <= range[1]);
  const line = { type: "line", xref: "x", yref: "y", line: { color: ink("ink"), width: 2.5 } };
  const markOf = ({ lane: name, at_ms }) => {
    const lane = data.lanes.indexOf(name);
    return { ...line, x0: at_ms, x1: at_ms, y0: tops[lane] - HEAD + 4, y1: foot(lane) };
  };
  return { bands, own: own.map(markOf) };
}
function laneNames(data, { ink, places: { tops } }) {
  const place = { xref: "paper", x: 0, xanchor: "left", yref: "y", yanchor: "bottom", showarrow: false };
  const look = { font: { size: 13, color: ink("ink") }, bgcolor: ink("paper"), borderpad: 1 };
  return data.lanes.map((name, lane) => {
    const many = counted(data.items.filter((item) => item[LANE] === lane).length, data.noun);
    return { ...place, ...look, y: tops[lane] - 4, text: `<b>${plain(name)}</b>, ${plain(many)}` };
  });
}

/** The axis of numbers instead of a time. */
function numberAxis(range, ink, along) {
  const { tickvals, ...axis } = timeAxis(range, ink);
  return { ...axis, tickvals, ticktext: tickvals.map(String), title: { text: along, standoff: 8 } };
}

/**
 * @param {HTMLElement} place
 * @param {any} data  `lanes`, `states`, `items`, `marks`, `length_ms`, `noun`, `said`, and maybe `along`
 */
export function lanesPicture(place, data) {
  const places = placesOf(data), { inner } = places, last = data.length_ms;
  const { along } = data, from = Math.min(0, ...data.items.map((item) => item[SINCE] ?? item[START]));
  const whole = along ? [0, last + 1] : [from, last];
  const marks = data.marks.map((mark) => ({ ...mark, text: mark.lane ? `${mark.lane}: ${mark.text}` : mark.text }));
  const { box, bar, picture } = overTime(place, data, { whole, marks }, ({ range, ink, wide: all }) => {
    const wide = all - 2 * SIDE, given = { range, ink, wide, last, places, along };
    const marked = markShapes(marks, [], { ink, width: wide, range }), top = marked.rows * 17 + 6;
    const { bands, own } = laneShapes(data, marks, given);
    const layout = {
      height: inner + top + FOOT,
      margin: { l: SIDE, r: SIDE, t: top, b: FOOT },
      barmode: "overlay",
      bargap: 0,
      hoverdistance: 8,
      shapes: [...bands, ...marked.shapes, ...own],
      annotations: [...laneNames(data, given), ...marked.notes],
      xaxis: along ? numberAxis(range, ink, along) : timeAxis(range, ink),
      yaxis: { range: [inner, 0], fixedrange: true, visible: false },
    };
    return { traces: tracesOf(data, given), layout };
  });
  const about = {
    class: "pic-tall",
    role: "region",
    tabindex: 0,
    "aria-label": `${data.said.title}: ${LANES_SAY.scroll}`,
  };
  bar.hidden = Boolean(along); // all numbers fit
  place.replaceChildren(keyOf(data), inner > MOST ? make("div", about, box) : box, bar);
  box.style.minHeight = `${inner + FOOT + 30}px`;
  return picture;
}
