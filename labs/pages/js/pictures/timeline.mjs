import { keyLine, plain, sampleOf } from "./shapes.mjs";
import { markShapes, niceStep, overTime, timeAxis, timeText } from "./time.mjs";

// Values over time, one to three panels with one time axis: what labs/show/pictures/timeline.py wrote.
const PANEL_PX = { 1: 270, 2: 170, 3: 135 }, HEAD_PX = 30, FOOT_PX = 48;
const DASH = { solid: "", dash: "6 3", dot: "2 3", dashdot: "6 3 2 3" };
/** Ink -> plotly's symbol, and the same as a path for the key (look.md: a marker each). */
const MARK = {
  redis: ["circle", "M10 7a4 4 0 1 0 8 0a4 4 0 1 0-8 0"],
  rabbitmq: ["square", "M10.5 3.5h7v7h-7z"],
  kafka: ["diamond", "M14 2l5 5l-5 5l-5-5z"],
};

function figure(value, unit) {
  if (unit === "ms") return timeText(value);
  const number = (+value.toPrecision(3)).toLocaleString("en-GB");
  return !unit || /^[/%]/.test(unit) ? `${number}${unit}` : `${number}\u00a0${unit}`;
}
const within = (ms, range) => ms >= range[0] && ms <= range[1];
const lastOf = (line, range) =>
  line.values.findLastIndex((value, at) => value != null && within(line.at_ms[at], range));

/** From zero, or whole decades; the same while the reader zooms, so that heights can be compared. */
function valueAxis(panel, domain, ink) {
  const values = panel.lines.flatMap((line) => line.values.filter((value) => value != null));
  const axis = { domain, fixedrange: true, zeroline: false, gridcolor: ink("line"), ticklen: 4, showline: false };
  const tick = (value) => figure(value, panel.unit === "ms" ? "ms" : ""); // any other unit stands in the panel's head
  const ticked = (ticks) => ({ tickvals: ticks, ticktext: ticks.map(tick) });
  if (panel.scale === "log") {
    if (!values.length) return { ...axis, showticklabels: false };
    const [low, high] = [Math.floor(Math.log10(Math.min(...values))), Math.ceil(Math.log10(Math.max(...values)))];
    const powers = Array.from({ length: Math.max(high - low, 1) + 1 }, (_, at) => 10 ** (low + at));
    return { ...axis, type: "log", range: [low, Math.max(high, low + 1)], ...ticked(powers) };
  }
  const low = Math.min(0, ...values),
    high = Math.max(...values, low),
    step = niceStep((high - low || 1) / 3),
    ticks = [];
  for (let at = Math.ceil(low / step); at * step <= (high || 1) + step * 0.999; at += 1) {
    ticks.push(+(at * step).toPrecision(12));
  }
  return { ...axis, range: [ticks[0] < 0 ? low : 0, Math.max(high * 1.06, ticks.at(-1))], ...ticked(ticks) };
}

/** A sample for each line that differs from the others in name, colour or dash. */
function keyOf(lines) {
  const alike = (line) => [line.name, line.ink, line.dash].join("|");
  const different = lines.filter((line, at) => lines.findIndex((other) => alike(other) === alike(line)) === at);
  const sample = ({ ink, dash }) => {
    const style = `stroke:var(--${ink})`,
      line = { d: "M0 7H28", style, "stroke-width": 2.5, "stroke-dasharray": DASH[dash] };
    const sign = MARK[ink] ? [["path", { d: MARK[ink][1], style: `fill:var(--${ink})` }]] : [];
    return sampleOf(["path", line], ...sign);
  };
  return keyLine(different.map((line) => ({ text: line.name, sample: sample(line) })));
}

function traceOf(panel, line, { ink, wide, inner }) {
  const dots = panel.shape === "dots", colour = ink(line.ink), many = line.values.length, room = many * 9 <= inner;
  const heard = (value, at) => plain(`${figure(value, panel.unit)} at ${timeText(line.at_ms[at])}`);
  const size = dots ? 5 : MARK[line.ink] && room ? 6 : 3;
  return {
    type: "scatter",
    mode: dots ? "markers" : many * 2 <= wide ? "lines+markers" : "lines",
    x: line.at_ms,
    y: line.values,
    name: plain(line.name),
    line: { color: colour, width: 2, dash: line.dash, shape: panel.shape === "steps" ? "hv" : "linear" },
    marker: { symbol: MARK[line.ink]?.[0] ?? "circle", size, color: colour },
    connectgaps: false,
    text: line.values.map((value, at) => (value == null ? "" : heard(value, at))),
    hovertemplate: "%{text}<extra>%{fullData.name}</extra>",
  };
}

/** Name and unit over a panel. */
function headOf(panel, y, ink) {
  const place = {
    xref: "paper",
    x: 0,
    xanchor: "left",
    yref: "paper",
    y,
    yanchor: "bottom",
    yshift: 2,
    showarrow: false,
  };
  const text = `<b>${plain(panel.name)}</b>${panel.unit ? `, ${plain(panel.unit)}` : ""}`;
  return { ...place, font: { size: 13, color: ink("ink") }, bgcolor: ink("paper"), borderpad: 0, text };
}

/**
 * @param {HTMLElement} place
 * @param {Record<string, any>} data  `panels`, `marks`, `spans`, `said`
 */
export function timelinePicture(place, data) {
  const times = data.panels.flatMap((panel) => panel.lines.flatMap((line) => line.at_ms)), count = data.panels.length;
  const end = Math.max(...times, ...data.marks.map((mark) => mark.at_ms)) || 1;
  const whole = times.length ? [Math.min(0, ...times), end] : [0, 1];
  const named = data.panels.filter((panel) => panel.lines.length > 1).flatMap((panel) => panel.lines);
  const key = keyOf(named), tall = PANEL_PX[count], inside = count * tall + (count - 1) * HEAD_PX;
  const axisName = (at) => (at ? at + 1 : "");
  const bands = data.panels.map((_, at) => ({
    yref: `y${axisName(at)} domain`,
    y0: 0,
    y1: 1,
    px: at ? 0 : tall,
    head: HEAD_PX - 6,
  }));
  const { box, bar, picture } = overTime(place, data, { whole, marks: data.marks }, ({ range, ink, wide }) => {
    const narrow = wide < 560, longest = Math.max(...named.map((line) => line.name.length));
    const margin = {
      l: 64,
      r: narrow || !named.length ? 14 : Math.min(longest * 7.2 + 16, wide / 4),
      t: 0,
      b: FOOT_PX,
    };
    const inner = wide - margin.l - margin.r;
    key.hidden = !narrow;
    const marked = markShapes(data.marks, data.spans, { ink, width: inner, range, bands });
    margin.t = HEAD_PX + marked.rows * 17 + 4;
    const annotations = marked.notes.map((note) => ({
      ...note,
      yshift: note.yshift + HEAD_PX - 6,
      bgcolor: ink("paper"),
      borderpad: 0,
    }));
    const layout = { height: inside + margin.t + margin.b, margin, shapes: marked.shapes, annotations };
    const traces = data.panels.flatMap((panel, at) => {
      const top = 1 - at * (tall + HEAD_PX) / inside, y = `y${axisName(at)}`;
      const axis = valueAxis(panel, [Math.max(top - tall / inside, 0), top], ink);
      layout[`yaxis${axisName(at)}`] = axis;
      annotations.push(headOf(panel, top, ink));
      if (!narrow && panel.lines.length > 1) annotations.push(...endNames(panel, { axis, y, px: tall, range, ink }));
      return panel.lines.map((line) => ({ ...traceOf(panel, line, { ink, wide, inner }), yaxis: y }));
    });
    layout.xaxis = { ...timeAxis(range, ink), anchor: count > 1 ? `y${count}` : "y" };
    return { traces, layout };
  });
  place.replaceChildren(...(named.length ? [key] : []), box, bar);
  box.style.minHeight = `${count * tall + 120}px`;
  return picture;
}

/**
 * Names at the line ends that are shown, pushed apart so that none covers another; a line that ends early has its name
 * over the point that is farthest from the others.
 */
function endNames(panel, { axis, y, px, range, ink }) {
  const up = panel.scale === "log" ? Math.log10 : Number, gap = (15 / px) * (axis.range[1] - axis.range[0]);
  const edge = range[0] + (range[1] - range[0]) * 0.9;
  const shown = panel.lines.map((line) => ({ line, last: lastOf(line, range) })).filter(({ last }) => last >= 0);
  const early = ({ line, last }) => line.at_ms[last] < edge;
  const late = shown.filter((one) => !early(one)).map(({ line, last }) => ({ line, at: up(line.values[last]) }));
  late.sort((a, b) => a.at - b.at).forEach((one, at) => {
    if (at) one.at = Math.max(one.at, late[at - 1].at + gap);
  });
  const note = (line, place) => {
    const look = { text: plain(line.name), font: { color: ink(line.ink), size: 12 } };
    return { yref: y, showarrow: false, ...look, ...place };
  };
  const overItself = ({ line }) => {
    const at = freest(line, panel.lines, range, up), place = { x: line.at_ms[at], y: up(line.values[at]) };
    return note(line, { xref: "x", xanchor: "center", yanchor: "bottom", yshift: 3, ...place });
  };
  const atTheEnd = ({ line, at }) => note(line, { xref: "paper", x: 1, xanchor: "left", xshift: 6, y: at });
  return [...late.map(atTheEnd), ...shown.filter(early).map(overItself)];
}
/** The point of a line, by its number, at which the nearest other line is the farthest. */
function freest(line, lines, range, up) {
  const near = (other, ms) =>
    other.values[other.at_ms.findLastIndex((at, one) => at <= ms && other.values[one] != null)];
  const off = (other, at) => Math.abs(up(near(other, line.at_ms[at]) ?? Infinity) - up(line.values[at]));
  const far = (at) => Math.min(...lines.filter((other) => other !== line).map((other) => off(other, at)));
  const inside = [...line.values.keys()].filter((at) => line.values[at] != null && within(line.at_ms[at], range));
  return inside.reduce((best, at) => (far(at) > far(best) ? at : best), inside[0]);
}
