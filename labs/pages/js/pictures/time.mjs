import { inkOn, make } from "../dom.mjs";
import { plain, tint } from "./shapes.mjs";

// What pictures over time share: the axis, marks and their words, zoom buttons.
const TIME_SAY = {
  closer: "Closer",
  farther: "Farther",
  earlier: "Earlier",
  later: "Later",
  all: "All",
  zoom: "Time shown",
  look: (text) => `Look at: ${text}`,
  from: (a, b) => `${a} to ${b}`,
};

export const timeText = (ms) => {
  const size = Math.abs(ms), sign = ms < 0 ? "\u2212" : "";
  return sign + (size >= 1000 ? `${+(size / 1000).toPrecision(4)}\u00a0s` : `${+size.toPrecision(4)}\u00a0ms`);
};

/** The axis of time: ticks in ms or s, whichever the shown stretch is read in. */
export function timeAxis(range, ink) {
  const seconds = range[1] - range[0] >= 2000, unit = seconds ? 1000 : 1;
  const step = niceStep((range[1] - range[0]) / unit / 6), ticks = [];
  for (let at = Math.ceil(range[0] / unit / step); at * step * unit <= range[1]; at += 1) {
    ticks.push(+(at * step).toPrecision(12));
  }
  return {
    range,
    tickvals: ticks.map((value) => value * unit),
    ticktext: ticks.map(String),
    title: { text: `time after the start, ${seconds ? "s" : "ms"}`, standoff: 8 },
    fixedrange: true,
    showgrid: false,
    zeroline: false,
    linecolor: ink("line"),
    ticks: "outside",
    ticklen: 4,
    tickcolor: ink("line"),
  };
}
/** One, two or five times a power of ten, and at least `rough`. */
export function niceStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough)), share = rough / power;
  return power * (share <= 1 ? 1 : share <= 2 ? 2 : share <= 5 ? 5 : 10);
}

/** Marks as vertical lines in each band of the picture. Their words take turns on as many heights as they need. */
export function markShapes(marks, spans, { ink, width, range, bands = [{ yref: "paper", y0: 0, y1: 1 }] }) {
  // A mark's line in the top band goes up to its word: past the band's head (`head` px) and the words of lower rows.
  const up = ({ px = 0, head = 0, ...band }, row) => px ? { ...band, y1: 1 + (head + row * 17 + 3) / px } : band;
  const place = (ms) => ((ms - range[0]) / (range[1] - range[0])) * width,
    inside = (ms) => ms >= range[0] && ms <= range[1];
  const shapes = spans.filter((span) => span.end_ms > range[0] && span.start_ms < range[1]).flatMap((span) =>
    bands.map((band) => ({
      type: "rect",
      xref: "x",
      yref: band.yref,
      y0: 0,
      y1: 1,
      x0: Math.max(span.start_ms, range[0]),
      x1: Math.min(span.end_ms, range[1]),
      layer: "below",
      line: { width: 0 },
      fillcolor: tint(ink("undecided"), 0.18),
    }))
  );
  const named = [
    ...marks.map((one) => ({ at: one.at_ms, text: one.text, line: true })),
    ...spans.map((one) => ({
      at: (Math.max(one.start_ms, range[0]) + Math.min(one.end_ms, range[1])) / 2,
      text: one.text,
      line: false,
    })),
  ]
    .filter((one) => inside(one.at)).sort((a, b) => a.at - b.at);
  /** @type {Record<string, any>[]} */
  const notes = [];
  const ends = [];
  for (const one of named) {
    const wide = one.text.length * 6.6 + 10, middle = Math.min(Math.max(place(one.at), wide / 2), width - wide / 2);
    let row = ends.findIndex((end) => end <= middle - wide / 2);
    if (row < 0) {
      row = ends.length;
      ends.push(0);
    }
    ends[row] = middle + wide / 2;
    if (one.line) {
      shapes.push(
        ...bands.map((band) => ({
          type: "line",
          xref: "x",
          ...up(band, row),
          x0: one.at,
          x1: one.at,
          line: { color: ink("ink"), width: 1.5, dash: "dot" },
        })),
      );
    }
    notes.push({
      xref: "x",
      x: one.at,
      xanchor: "center",
      xshift: middle - place(one.at),
      yref: "paper",
      y: 1,
      yanchor: "bottom",
      yshift: 4 + row * 17,
      showarrow: false,
      text: one.line ? plain(one.text) : `<i>${plain(one.text)}</i>`,
      font: { size: 12, color: ink(one.line ? "ink" : "ink-soft") },
    });
  }
  return { shapes, notes, rows: ends.length };
}

/**
 * A picture over time that plotly draws, and the buttons that choose the stretch that is shown.
 * @param {HTMLElement} place
 * @param {Record<string, any>} data
 * @param {{ whole: number[], marks: { at_ms: number, text: string }[] }} time
 * @param {(now: { range: number[], ink: (name: string) => string, wide: number }) => Record<string, any>} drawn
 *   gives `traces`, and `layout` without what all pictures have in common
 */
export function overTime(place, data, { whole, marks }, drawn) {
  const box = make("div", { class: "pic-plot", role: "group", "aria-label": data.said.alt });
  let range = whole, Plotly = null;
  const draw = () => {
    if (!Plotly) return;
    const ink = inkOn(place), { traces, layout } = drawn({ range, ink, wide: place.clientWidth });
    const clear = { paper_bgcolor: "transparent", plot_bgcolor: "transparent" };
    const font = { family: getComputedStyle(place).fontFamily, size: 12, color: ink("ink") };
    const hoverlabel = { bgcolor: ink("paper"), bordercolor: ink("line"), font: { color: ink("ink") } };
    const shared = { showlegend: false, hovermode: "closest", dragmode: false, font, hoverlabel, ...clear };
    Plotly.react(box, traces, { ...shared, ...layout }, { responsive: false, displayModeBar: false });
  };
  const zoom = zoomBar(whole, marks, (wanted) => {
    range = wanted;
    draw();
  });
  const begin = (found) => {
    Plotly = found;
    zoom.start();
  };
  return { box, bar: zoom.bar, picture: { plotly: true, draw, begin, box } };
}

/**
 * Buttons instead of wheel and drag: they work by keyboard, touch and pointer, and a page still scrolls over a picture.
 * @param {number[]} whole  from and to, ms
 * @param {{ at_ms: number, text: string }[]} marks
 * @param {(range: number[]) => void} show
 */
function zoomBar(whole, marks, show) {
  const [first, last] = whole, length = last - first, hair = length * 1e-9; // so much may a sum of fractions be off
  let range = whole;
  const said = make("span", { class: "pic-range", role: "status" });
  const put = (low, high) => {
    const wide = Math.min(Math.max(high - low, length / 1000), length);
    const from = Math.min(Math.max(low, first), last - wide);
    const atStart = from <= first + hair, atEnd = from + wide >= last - hair;
    range = [atStart ? first : from, atEnd ? last : from + wide];
    said.textContent = TIME_SAY.from(timeText(range[0]), timeText(range[1]));
    const dead = new Map([[all, atStart && atEnd], [out, atStart && atEnd], [left, atStart], [right, atEnd]]);
    for (const [button, is] of dead) button.setAttribute("aria-disabled", String(is));
    show(range);
  };
  const about = (middle, wide) => put(middle - wide / 2, middle + wide / 2);
  const button = (text, act) => {
    const onclick = () => {
      if (one.getAttribute("aria-disabled") !== "true") act((range[0] + range[1]) / 2, range[1] - range[0]);
    };
    const one = make("button", { type: "button", text, "data-lm-suppress-shortcuts": "true", onclick });
    return one;
  };
  const near = button(TIME_SAY.closer, (middle, wide) => about(middle, wide / 2));
  const out = button(TIME_SAY.farther, (middle, wide) => about(middle, wide * 2));
  const left = button(TIME_SAY.earlier, (middle, wide) => about(middle - wide / 2, wide));
  const right = button(TIME_SAY.later, (middle, wide) => about(middle + wide / 2, wide));
  const all = button(TIME_SAY.all, () => put(...whole));
  const looks = marks.slice(0, 6).map((mark) => button(TIME_SAY.look(mark.text), () => about(mark.at_ms, length / 12)));
  const group = { class: "pic-zoom", role: "group", "aria-label": TIME_SAY.zoom };
  return { bar: make("div", group, near, out, left, right, all, ...looks, said), start: () => put(...whole) };
}
