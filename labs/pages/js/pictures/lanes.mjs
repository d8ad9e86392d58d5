import { inkOn, make } from "../dom.mjs";
import { keyLine, plain, sampleOf, tint } from "./shapes.mjs";
import { markShapes, timeAxis, timeText, zoomBar } from "./time.mjs";

// Items by lane over time: what labs/show/pictures/lanes.py wrote. An item is [lane, row, name, state, since, start, end].
const LANES_SAY = { taken: "taken, not begun yet", open: "never ended", scroll: "lanes, scrolls" };
const HEAD = 24,
  FOOT = 48,
  MOST = 620,
  SIGN = { "": "circle", x: "x", diamond: "diamond", circle: "circle-open", square: "square", triangle: "triangle-up" };
const [LANE, ROW, NAME, STATE, SINCE, START, END] = [0, 1, 2, 3, 4, 5, 6];

// The look of a state's bar. Stripes and a paler fill tell states apart without colour; a sign is seen from afar too.
function barOf(state, ink) {
  const colour = ink(state.ink), edge = { color: colour, width: state.fill === "solid" ? 0 : 1 };
  const fill =
    { solid: colour, pale: tint(colour, 0.3), striped: tint(colour, 0.25), hollow: "transparent" }[state.fill];
  return {
    color: fill,
    line: edge,
    pattern: state.fill === "striped" ? { shape: "/", fgcolor: colour, size: 5, solidity: 0.5 } : { shape: "" },
  };
}
function stateSample(state) {
  const ink = `var(--${state.ink})`, share = { solid: 1, pale: 0.3, striped: 0.5, hollow: 0 }[state.fill];
  const sign = {
    x: "M19 4l6 6M25 4l-6 6",
    diamond: "M22 3l4 4l-4 4l-4-4z",
    circle: "M18 7a4 4 0 1 0 8 0a4 4 0 1 0-8 0",
    square: "M18 3h8v8h-8z",
    triangle: "M22 3l4 8h-8z",
  }[state.sign];
  /** @type {[string, Record<string, any>][]} */
  const shapes = [["rect", {
    x: 1,
    y: 3,
    width: 14,
    height: 8,
    style: `fill:${ink};stroke:${ink}`,
    "fill-opacity": share,
  }]];
  if (state.fill === "striped") {
    shapes.push(["path", { d: "M3 11l6-8M8 11l6-8", style: `stroke:${ink}`, "stroke-width": 2 }]);
  }
  if (sign) {
    shapes.push(["path", {
      d: sign,
      style: `stroke:${ink};fill:${state.sign === "circle" ? "none" : ink}`,
      "stroke-width": 2,
    }]);
  }
  return sampleOf(...shapes);
}

export function lanesPicture(place, data) {
  const box = make("div", { class: "pic-plot", role: "group", "aria-label": data.said.alt });
  const rows = data.lanes.map((_, lane) =>
    Math.max(0, ...data.items.filter((item) => item[LANE] === lane).map((item) => item[ROW] + 1))
  );
  const tall = Math.min(
    Math.max(Math.floor((MOST - data.lanes.length * HEAD) / Math.max(rows.reduce((a, b) => a + b, 0), 1)), 5),
    16,
  );
  const tops = rows.map((_, lane) =>
      rows.slice(0, lane).reduce((sum, count) => sum + Math.max(count, 1) * tall + HEAD, 0) + HEAD
    ),
    inner = tops.at(-1) + Math.max(rows.at(-1), 1) * tall + 6;
  const used = data.states.map((_, at) => data.items.some((item) => item[STATE] === at)),
    taken = data.items.some((item) => item[SINCE] != null && item[SINCE] < item[START]);
  const key = keyLine([
    ...data.states.filter((_, at) => used[at]).map((state) => ({ text: state.name, sample: stateSample(state) })),
    ...(taken
      ? [{
        text: LANES_SAY.taken,
        sample: sampleOf(["path", { d: "M1 7H27", style: "stroke:var(--ink-soft)", "stroke-width": 1 }]),
      }]
      : []),
  ]);
  const whole = [Math.min(0, ...data.items.map((item) => item[SINCE] ?? item[START])), data.length_ms];
  const marks = data.marks.map((mark) => ({ ...mark, text: mark.lane ? `${mark.lane}: ${mark.text}` : mark.text }));
  let range = whole, Plotly = null;
  const zoom = zoomBar(whole, marks, (wanted) => {
    range = wanted;
    draw();
  });
  const frame = inner > MOST
    ? make("div", {
      class: "pic-tall",
      role: "region",
      tabindex: 0,
      "aria-label": `${data.said.title}: ${LANES_SAY.scroll}`,
    }, box)
    : box;
  place.replaceChildren(key, frame, zoom.bar);
  const middle = (item) => tops[item[LANE]] + (item[ROW] + 0.5) * tall;
  const heard = (item) =>
    plain(
      `${item[NAME]}, ${data.states[item[STATE]].name}: ${timeText(item[START])} to ${
        item[END] == null ? LANES_SAY.open : timeText(item[END])
      }`,
    );
  function traces(ink, wide) {
    const least = ((range[1] - range[0]) / wide) * 1.5,
      seen = data.items.filter((item) =>
        (item[END] ?? whole[1]) >= range[0] && (item[SINCE] ?? item[START]) <= range[1]
      ),
      found = [];
    const held = seen.filter((item) => item[SINCE] != null && item[SINCE] < item[START]);
    found.push({
      type: "scatter",
      mode: "lines",
      hoverinfo: "skip",
      x: held.flatMap((item) => [item[SINCE], item[START], null]),
      y: held.flatMap((item) => [middle(item), middle(item), null]),
      line: { color: tint(ink("ink-soft"), 0.55), width: 1 },
    });
    data.states.forEach((state, at) => {
      const mine = seen.filter((item) => item[STATE] === at),
        bars = mine.filter((item) => item[END] !== item[START]),
        said = { hovertemplate: "%{text}<extra></extra>", name: plain(state.name) };
      const end = (item) => item[END] ?? whole[1];
      if (bars.length) {
        found.push({
          ...said,
          type: "bar",
          orientation: "h",
          base: bars.map((item) => item[START]),
          x: bars.map((item) => Math.max(end(item) - item[START], least)),
          y: bars.map(middle),
          width: tall * 0.78,
          text: bars.map(heard),
          textposition: "none",
          marker: barOf(state, ink),
        });
      }
      const signed = mine.filter((item) => state.sign || item[END] === item[START]);
      if (signed.length) {
        found.push({
          ...said,
          type: "scatter",
          mode: "markers",
          cliponaxis: false,
          x: signed.map(end),
          y: signed.map(middle),
          text: signed.map(heard),
          marker: {
            symbol: SIGN[state.sign],
            size: state.sign ? 9 : 6,
            color: ink(state.ink),
            line: {
              color: state.sign === "circle" ? ink(state.ink) : ink("paper"),
              width: state.sign === "circle" ? 2 : 1,
            },
          },
        });
      }
      const open = bars.filter((item) => item[END] == null);
      if (open.length) {
        found.push({
          ...said,
          type: "scatter",
          mode: "markers",
          cliponaxis: false,
          x: open.map(() => range[1]),
          y: open.map(middle),
          text: open.map(heard),
          marker: { symbol: "triangle-right", size: 8, color: ink(state.ink) },
        });
      }
    });
    return found;
  }
  function draw() {
    if (!Plotly) return;
    const ink = inkOn(place), wide = place.clientWidth, margin = { l: 14, r: 14, b: FOOT };
    const marked = markShapes(marks, [], { ink, width: wide - margin.l - margin.r, range });
    margin.t = marked.rows * 17 + 6;
    const bands = data.lanes.map((_, lane) => ({
      type: "rect",
      xref: "paper",
      x0: 0,
      x1: 1,
      yref: "y",
      y0: tops[lane] - 3,
      y1: tops[lane] + Math.max(rows[lane], 1) * tall + 3,
      layer: "below",
      line: { width: 0 },
      fillcolor: ink("paper-soft"),
    }));
    const own = marks.filter((mark) => mark.lane && mark.at_ms >= range[0] && mark.at_ms <= range[1]).map((mark) => {
      const lane = data.lanes.indexOf(mark.lane);
      return {
        type: "line",
        xref: "x",
        yref: "y",
        x0: mark.at_ms,
        x1: mark.at_ms,
        y0: tops[lane] - HEAD + 4,
        y1: tops[lane] + Math.max(rows[lane], 1) * tall + 3,
        line: { color: ink("ink"), width: 2.5 },
      };
    });
    const names = data.lanes.map((name, lane) => ({
      xref: "paper",
      x: 0,
      xanchor: "left",
      yref: "y",
      y: tops[lane] - 4,
      yanchor: "bottom",
      showarrow: false,
      font: { size: 13, color: ink("ink") },
      bgcolor: ink("paper"),
      borderpad: 1,
      text: `<b>${plain(name)}</b>, ${
        plain(counted(data.items.filter((item) => item[LANE] === lane).length, data.noun))
      }`,
    }));
    const layout = {
      height: inner + margin.t + margin.b,
      margin,
      barmode: "overlay",
      bargap: 0,
      showlegend: false,
      hovermode: "closest",
      hoverdistance: 8,
      dragmode: false,
      paper_bgcolor: "transparent",
      plot_bgcolor: "transparent",
      font: { family: getComputedStyle(place).fontFamily, size: 12, color: ink("ink") },
      hoverlabel: { bgcolor: ink("paper"), bordercolor: ink("line"), font: { color: ink("ink") } },
      shapes: [...bands, ...marked.shapes, ...own],
      annotations: [...names, ...marked.notes],
      xaxis: timeAxis(range, ink),
      yaxis: { range: [inner, 0], fixedrange: true, visible: false },
    };
    Plotly.react(box, traces(ink, wide - margin.l - margin.r), layout, { responsive: false, displayModeBar: false });
  }
  box.style.minHeight = `${inner + FOOT + 30}px`;
  return {
    plotly: true,
    draw,
    begin: (found) => {
      Plotly = found;
      zoom.start();
    },
    box,
  };
}
const counted = (number, [one, many]) => `${number.toLocaleString("en-GB")} ${number === 1 ? one : many}`;
