import { cells, cross, make, sign } from "./dom.mjs";
import { begins, only, places, redrawn, rowPicker, scrolled } from "./picking.mjs";
import { SAY } from "./say.mjs";
import { count } from "./text.mjs";

// A row a point, its marks on one log axis: the median in the mark of its series, each repeat faint, its figure beside
// them and one word for what limited it. What a mark means is said above, what else is known a pointer is told.

const ROOM = 0.7; // marks that end before this share of the axis have their figure on the right

/** The axis of a chart, widened by whole decades where something measured here lies outside. */
export function axisOf({ range, ticks }, figures) {
  const known = figures.filter((one) => one > 0), places = [...ticks];
  let [low, high] = range;
  for (; Math.min(low, ...known) < low; places.unshift([low, count(low)])) low /= 10;
  for (; Math.max(high, ...known) > high; places.push([high, count(high)])) high *= 10;
  const share = (value) => (Math.log10(value) - Math.log10(low)) / (Math.log10(high) - Math.log10(low));
  return { share: (value) => Math.min(Math.max(share(value), 0), 1), ticks: places };
}
/** Every figure of a row. */
export const figuresOf = ({ at, tail, repeats }) => [at, tail, ...repeats].filter((one) => one != null);

const put = (kind, share, ...inside) =>
  make("span", { class: "lp-dot", "data-kind": kind, style: `left: ${+(100 * share).toFixed(2)}%` }, ...inside);

/** Where the figure stands: right of all marks, left of them where there is no room. */
export function beside(marks, axis) {
  const shares = figuresOf(marks).map(axis.share), most = Math.max(...shares), least = Math.min(...shares);
  return most < ROOM ? `left: calc(${100 * most}% + 12px)` : `right: calc(${100 * (1 - least)}% + 12px)`;
}
function track(marks, axis, series) {
  const mark = marks.kind === "cross" ? cross() : sign(series, marks.kind === "open");
  const tone = series ? `--tone: var(--${series.ink})` : "";
  const found = [
    ...axis.ticks.map(([at]) => put("tick", axis.share(at))),
    ...(marks.tail == null ? [] : [put("tail", axis.share(marks.tail))]),
    ...marks.repeats.map((at) => put("repeat", axis.share(at))),
    ...(marks.at == null ? [] : [put("at", axis.share(marks.at), mark)]),
  ];
  const drawn = make("span", { "aria-hidden": "true" }, ...found);
  const said = make("span", { class: "lp-value", style: beside(marks, axis), text: marks.text });
  return make("div", { class: "lp-dots", style: tone }, drawn, said);
}
/** What each kind of mark means, in the ink of the page. */
function legend(key) {
  const plain = { mark: "circle", ink: "ink" };
  const drawn = {
    at: () => sign(plain),
    open: () => sign(plain, true),
    cross,
    repeat: () => make("span", { class: "lp-dot", "data-kind": "repeat" }),
    tail: () => make("span", { class: "lp-dot", "data-kind": "tail" }),
  };
  const one = ([kind, text]) => make("span", {}, drawn[kind](), text);
  return make("p", { class: "lp-key", "aria-hidden": "true" }, ...key.map(one));
}

export function dots(panel, plot, chosen) {
  const where = plot.only || "dots", { heads, axis: given, key } = plot.layout, grid = [], body = [];
  const rows = places(panel, { ...plot, only: where }, chosen);
  const axis = axisOf(given, rows.flatMap((row) => figuresOf(only(row)[where])));
  const kinds = new Set(["repeat", "tail", ...rows.map((row) => only(row)[where].kind)]);
  rows.forEach((row, at) => {
    const view = only(row), marks = view[where], open = panel.shown(view);
    if (begins(rows, at)) body.push(make("tr", { class: "lp-gap" }, make("td", { colspan: heads.length })));
    grid.push([rowPicker(panel, row, view, chosen, marks.kind === "cross" ? cross() : panel.sign(view))]);
    const drawn = open ? track(marks, axis, panel.state.series[view.series]) : `? ${SAY.yours}`;
    const word = heads.length > 2 ? [make("td", { class: "lp-limit", text: open ? marks.word : "?" })] : [];
    const about = { title: open && marks.more ? marks.more : null };
    body.push(make("tr", about, make("th", { scope: "row" }, grid.at(-1)[0]), make("td", {}, drawn), ...word));
  });
  const head = cells(heads), names = axis.ticks.map(([at, text]) => put("name", axis.share(at), text));
  head.children[1].append(make("div", { class: "lp-dots lp-scale", "aria-hidden": "true" }, ...names));
  plot.box.hidden = plot.heading.hidden = !rows.length;
  const table = scrolled(panel, plot, "lp-strips lp-rows", head, body);
  redrawn(plot.box, make("div", {}, legend(key.filter(([kind]) => kinds.has(kind))), table), grid);
}
