import { arrowKeys, focusedIn, make, tabular } from "./dom.mjs";
import { SAY } from "./say.mjs";

// A reader picks a point from a table by pointer or keyboard.

/**
 * The rows of a chart, each with the views of its cells: of several that would do, one of the chosen, else one at
 * its step, else the nearest to what is chosen.
 * @returns {{ value: any, view: import("./choice.mjs").View, cells: Map<any, import("./choice.mjs").View> }[]}
 */
export function places({ choice, state }, plot, chosen = []) {
  const sweep = state.charts.find((chart) => chart.slider)?.sweep, step = chosen.map((view) => view[sweep])[0];
  const beside = (view) => step != null && view[sweep] === step; // of another line the same step
  const far = (view) => (chosen.includes(view) ? -2 : beside(view) ? -1 : choice.far(view));
  const rows = new Map();
  for (const view of Object.values(choice.all())) {
    if (plot.only && !view[plot.only]) continue;
    const value = view[plot.rows], row = rows.get(value) ?? { value, view, cells: new Map() };
    const column = view[plot.columns], rival = row.cells.get(column);
    if (!rival || far(view) <= far(rival)) row.cells.set(column, view);
    rows.set(value, row);
  }
  const order = Object.keys(state.series);
  const options = choice.controls.find(({ sets }) => sets === plot.rows)?.options ?? [];
  const at = (row) => options.findIndex(([one]) => one === row.value);
  const group = (row) => (plot.columns ? order.indexOf(row.view.series) : 0);
  return [...rows.values()].sort((a, b) => group(a) - group(b) || at(a) - at(b));
}

/** The nearest point of a row in a chart without columns. */
export const only = (row) => [...row.cells.values()][0];

/** Whether a row begins a new series; the first one does not. */
export const begins = (rows, at) => at > 0 && rows[at - 1].view.series !== rows[at].view.series;

/** Puts a new table in the place of the old one; the focus stays on the same button. */
export function redrawn(box, inside, grid) {
  const had = focusedIn(box)?.dataset.key;
  box.replaceChildren(inside);
  arrowKeys(box, grid, grid.flat().find((one) => one.getAttribute("aria-pressed") === "true"));
  if (had != null) box.querySelector(`[data-key="${CSS.escape(had)}"]`)?.focus({ preventScroll: true });
}

/** A button that picks; `about`: class, data-key, data-word. */
export function picker(about, pressed, onclick, ...inside) {
  const shared = { type: "button", "aria-pressed": String(pressed), "data-lm-suppress-shortcuts": "true", onclick };
  return make("button", { ...shared, ...about }, ...inside);
}

/** The button that heads a row: sign and name of its point, and at which numbers it stands if these are not chosen. */
export function rowPicker(panel, { value }, view, chosen, mark = panel.sign(view)) {
  const off = panel.choice.off(view),
    inside = off ? [view.label, make("small", { text: SAY.elsewhere(off) })] : [view.label];
  const about = { class: "lp-row", "data-key": value, "data-off": Boolean(off) };
  return picker(about, chosen.includes(view), () => panel.pick(view), mark, ...inside);
}

/** A table in a box of its own that scrolls sideways. */
export function scrolled(panel, plot, className, head, rows) {
  const about = {
    class: "lp-scroll",
    role: "region",
    tabindex: 0,
    "aria-label": `${panel.state.title}: ${plot.label}`,
  };
  return make("div", about, tabular(className, head, rows));
}
