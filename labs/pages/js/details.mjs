import { make } from "./dom.mjs";
import { SAY } from "./say.mjs";

// What stands under a picture: its data, its run card, a verdict.
export function table(about, columns, rows, className = "") {
  const head = make("tr", {}, ...columns.map((text) => make("th", { scope: "col", text })));
  const body = rows.map((cells) =>
    make("tr", {}, ...cells.map((text, at) => make(at ? "td" : "th", at ? { text } : { scope: "row", text })))
  );
  const inside = make("table", { class: className }, make("thead", {}, head), make("tbody", {}, ...body));
  return make(
    "div",
    { class: "lp-scroll", tabindex: 0, role: "region", "aria-label": `${about}, scrolls sideways` },
    inside,
  );
}
export function cards(about, views) {
  const names = [...new Set(views.flatMap((view) => view.card.map(([name]) => name)))];
  const of = (view, name) => view.card.find(([known]) => known === name)?.[1] ?? "–";
  return table(about, [SAY.fact, ...views.map((view) => view.label)], [
    ["Run", ...views.map((view) => view.origin)],
    ...names.map((name) => [name, ...views.map((view) => of(view, name))]),
  ], "lp-card");
}
export const badge = (word) => make("span", { class: "verdict", "data-word": word, text: word });
