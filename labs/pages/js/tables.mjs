import { cells, make } from "./dom.mjs";
import { begins, only, picker, places, redrawn, rowPicker, scrolled } from "./picking.mjs";
import { SAY } from "./say.mjs";

// Pictures that are tables to pick from; nothing is said by colour alone. What a cell says was decided in
// labs/show/looks.

const gap = () => make("tr", { class: "lp-gap" }, make("td", { colspan: 3 }));
const rowHead = (inside) => make("th", { scope: "row" }, inside);

/** A cell a point. */
export function matrix(panel, plot, chosen) {
  const rows = places(panel, plot), grid = [], body = [];
  const heads = plot.layout.heads.filter(([value]) => rows.some((row) => row.cells.has(value)));
  const group = (view) => {
    const { name } = panel.state.series[view.series] ?? {};
    const inside = [panel.sign(view), name];
    return make("tr", { class: "lp-group" }, make("th", { scope: "rowgroup", colspan: heads.length + 1 }, ...inside));
  };
  const cell = (row, [column, head]) => {
    const view = row.cells.get(column), aim = view ?? { [plot.rows]: row.value, [plot.columns]: column };
    const pressed = view ? chosen.includes(view) : !chosen.length && panel.choice.aims(aim);
    const shown = view && panel.shown(view), word = shown ? view.cell.word : view ? "guess" : "none";
    const sign = shown ? word : view ? "?" : "–", lines = shown ? view.cell.lines : [view ? SAY.yours : SAY.notRun];
    const about = { class: "lp-cell", "data-key": `${row.value}|${column}`, "data-word": word };
    const inside = [
      make("span", { class: "lp-hear", text: `${row.view.label}, ${head}: ` }),
      make("span", { class: "lp-word", text: sign }),
      ...lines.map((text) => make("small", { text })),
    ];
    return picker(about, pressed, () => panel.pick(aim), ...inside);
  };
  rows.forEach((row, at) => {
    const named = panel.state.series[row.view.series]?.name;
    if ((at === 0 || begins(rows, at)) && named) body.push(group(row.view));
    grid.push(heads.map((head) => cell(row, head)));
    body.push(make("tr", {}, rowHead(row.view.label), ...grid.at(-1).map((button) => make("td", {}, button))));
  });
  const inside = scrolled(panel, plot, "lp-matrix", cells([SAY.setting, ...heads.map(([, text]) => text)]), body);
  inside.firstChild.style.setProperty("--heads", heads.length);
  plot.box.hidden = !rows.length;
  redrawn(plot.box, inside, grid);
}

/** A bar a point, cut into shares. */
export function strips(panel, plot, chosen) {
  const rows = places(panel, plot), grid = [], body = [];
  const piece = ({ fate, share }) => make("span", { "data-fate": fate, style: `flex-grow: ${share}` });
  rows.forEach((row, at) => {
    const view = only(row), open = panel.shown(view);
    const parts = open ? view.strip.filter((part) => part.share > 0).map(piece) : [];
    const said = open
      ? view.strip.map((part) => part.text).filter(Boolean).join(", ") || SAY.unknown
      : `? ${SAY.yours}`;
    const bar = make("div", { class: "lp-strip", "aria-hidden": "true" }, ...parts);
    if (begins(rows, at)) body.push(gap());
    grid.push([rowPicker(panel, row, view, chosen)]);
    const aside = make("td", { text: open ? view.aside : "?" });
    body.push(make("tr", {}, rowHead(grid.at(-1)[0]), make("td", {}, bar, make("small", { text: said })), aside));
  });
  const samples = plot.layout.fates.map(([fate, text]) => make("span", {}, make("span", { "data-fate": fate }), text));
  const key = make("p", { class: "lp-key", "aria-hidden": "true" }, ...samples);
  plot.box.hidden = !rows.length;
  redrawn(plot.box, make("div", {}, key, scrolled(panel, plot, "lp-strips", cells(plot.layout.heads), body)), grid);
}

/** A row a point, its marks on one axis; what a mark means is said above, and the figure stands beside it. */
export function dots(panel, plot, chosen) {
  const rows = places(panel, plot), grid = [], body = [], { heads, ticks, key } = plot.layout;
  const put = (kind, at, text = "") =>
    make("span", { class: "lp-dot", "data-kind": kind, style: `left: ${100 * at}%`, text });
  rows.forEach((row, at) => {
    const view = only(row), marks = view.dots;
    const found = [
      ...ticks.map(([place]) => put("tick", place)),
      ...(marks.tail == null ? [] : [put("tail", marks.tail)]),
      ...marks.repeats.map((place) => put("repeat", place)),
      ...(marks.at == null ? [] : [put(marks.hollow ? "open" : "at", marks.at)]),
    ];
    const track = make(
      "div",
      { class: "lp-dots", "aria-hidden": "true", style: `--tone: ${panel.inkOf(view)}` },
      ...found,
    );
    if (begins(rows, at)) body.push(gap());
    grid.push([rowPicker(panel, row, view, chosen)]);
    const aside = make("td", { text: marks.aside ?? view.aside });
    body.push(make("tr", {}, rowHead(grid.at(-1)[0]), make("td", {}, track), aside));
  });
  const names = ticks.map(([place, text]) => put("name", place, text));
  const scale = make("div", { class: "lp-dots lp-scale", "aria-hidden": "true" }, ...names);
  const head = cells(heads);
  head.children[1].append(scale);
  const samples = key.map(([kind, text]) =>
    make("span", {}, make("span", { class: "lp-dot", "data-kind": kind }), text)
  );
  const legend = make("p", { class: "lp-key", "aria-hidden": "true" }, ...samples);
  plot.box.hidden = plot.heading.hidden = !rows.length;
  redrawn(plot.box, make("div", {}, legend, scrolled(panel, plot, "lp-strips", head, body)), grid);
}
