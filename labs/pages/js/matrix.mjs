import { cells, make } from "./dom.mjs";
import { here } from "./guess.mjs";
import { begins, picker, places, redrawn, scrolled } from "./picking.mjs";
import { SAY } from "./say.mjs";

// A cell a point: rows by columns. A guess is asked for under the row in which the reader has clicked. What a cell says
// was decided in labs/show/looks; nothing is said by colour alone.

/** The points in the order in which a reader meets them. */
export const inOrder = (rows, heads) =>
  rows.flatMap((row) => heads.map(([column]) => row.cells.get(column)).filter(Boolean));

/** What a cell says under its word; of a server of another version than the other cells have, its version too. */
function linesOf({ others = {} }, view, key) {
  return [...view.cell.lines, others[key]].filter(Boolean);
}

function cell(panel, plot, chosen, row, [column, head]) {
  const view = row.cells.get(column), aim = view ?? { [plot.rows]: row.value, [plot.columns]: column };
  const pressed = view ? chosen.includes(view) : !chosen.length && panel.choice.aims(aim);
  const shown = view && panel.shown(view), word = shown ? view.cell.word : view ? "guess" : "none";
  const sign = shown ? word : view ? "?" : "\u2013", key = `${row.value}|${column}`;
  const lines = shown ? linesOf(plot.layout, view, key) : [view ? SAY.yours : SAY.notRun];
  const about = {
    class: "lp-cell",
    "data-key": key,
    "data-word": word,
    "aria-expanded": view && !shown ? String(pressed) : null,
  };
  const inside = [
    make("span", { class: "lp-hear", text: `${row.view.label}, ${head}: ` }),
    make("span", { class: "lp-word", text: sign }),
    ...(panel.compact ? [] : lines.map((text) => make("small", { text }))),
  ];
  return picker(about, pressed, () => panel.pick(aim), ...inside);
}

export function matrix(panel, plot, chosen) {
  const rows = places(panel, plot), grid = [], body = [];
  const heads = plot.layout.heads.filter(([value]) => rows.some((row) => row.cells.has(value)));
  const order = inOrder(rows, heads), wide = { colspan: heads.length + 1 };
  const group = (view) => {
    const { name } = panel.state.series[view.series] ?? {};
    return make("tr", { class: "lp-group" }, make("th", { scope: "rowgroup", ...wide }, panel.sign(view), name));
  };
  rows.forEach((row, at) => {
    const named = panel.state.series[row.view.series]?.name;
    if ((at === 0 || begins(rows, at)) && named) body.push(group(row.view));
    grid.push(heads.map((head) => cell(panel, plot, chosen, row, head)));
    const name = make("th", { scope: "row" }, row.view.label);
    body.push(make("tr", {}, name, ...grid.at(-1).map((button) => make("td", {}, button))));
    for (const view of chosen.filter((one) => order.includes(one) && one[plot.rows] === row.value)) {
      const asked = here(panel, view, chosen, order);
      if (asked) body.push(make("tr", { class: "lp-asked" }, make("td", wide, asked)));
    }
  });
  const inside = scrolled(panel, plot, "lp-matrix", cells([SAY.setting, ...heads.map(([, text]) => text)]), body);
  inside.firstChild.style.setProperty("--heads", heads.length);
  plot.box.hidden = !rows.length;
  redrawn(plot.box, inside, grid);
}
