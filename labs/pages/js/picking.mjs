import { focusedIn, make, mark } from "./dom.mjs";

// A reader picks a point from a table by pointer or keyboard.

// One view for each (row, column): where several would do, the one nearest to what is chosen.
export function places(panel, plot) {
  const rows = new Map();
  for (const view of Object.values(panel.all())) {
    if (plot.only && !view[plot.only]) continue;
    const row = rows.get(view[plot.rows]) ?? { view, cells: new Map() },
      column = view[plot.columns],
      rival = row.cells.get(column);
    if (!rival || panel.far(view) <= panel.far(rival)) row.cells.set(column, view);
    rows.set(view[plot.rows], row);
  }
  const brokers = Object.keys(panel.state.names),
    options = panel.state.controls.find((c) => c.name === plot.rows)?.options ?? [];
  const at = ([value, _row]) => options.findIndex(([one]) => one === value),
    group = ([_value, row]) => (plot.columns ? brokers.indexOf(row.view.broker) : 0);
  return [...rows].sort((a, b) => group(a) - group(b) || at(a) - at(b));
}
export function groupRow(panel, broker, span) {
  const name = panel.state.names[broker], symbol = panel.state.marks[broker];
  return name
    ? make(
      "tr",
      { class: "lp-group" },
      make("th", { scope: "rowgroup", colspan: span }, symbol ? mark(broker, symbol) : null, name),
    )
    : null;
}
// Buttons of a table: one tab stop, arrow keys between them, Enter or Space picks.
function pickers(box, grid) {
  const all = grid.flat().filter(Boolean),
    first = all.find((one) => one.getAttribute("aria-pressed") === "true") ?? all[0];
  const go = (one) => {
    all.forEach((other) => {
      other.tabIndex = other === one ? 0 : -1;
    });
    one.focus();
  };
  all.forEach((one) => {
    one.tabIndex = one === first ? 0 : -1;
  });
  box.onkeydown = (event) => {
    const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
    const row = grid.findIndex((cells) => cells.includes(event.target));
    if (!step || row < 0) return;
    event.preventDefault();
    const to = grid[row + step[0]]?.[grid[row].indexOf(event.target) + step[1]];
    if (to) go(to);
  };
}
export function redrawn(box, inside, grid) {
  const had = focusedIn(box)?.dataset.key;
  box.replaceChildren(inside);
  pickers(box, grid);
  if (had != null) box.querySelector(`[data-key="${CSS.escape(had)}"]`)?.focus({ preventScroll: true });
}
export function cellButton(key, heard, pressed, pick, word, ...inside) {
  return make(
    "button",
    {
      type: "button",
      class: "lp-cell",
      "data-key": key,
      "data-word": word,
      "aria-pressed": String(pressed),
      "data-lm-suppress-shortcuts": "true",
      onclick: pick,
    },
    make("span", { class: "lp-hear", text: `${heard}: ` }),
    ...inside,
  );
}
export const scrolled = (panel, plot, inside) =>
  make(
    "div",
    { class: "lp-scroll", role: "region", tabindex: 0, "aria-label": `${panel.state.title}: ${plot.label}` },
    inside,
  );
