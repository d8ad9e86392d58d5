import { cells, make } from "./dom.mjs";
import { here } from "./guess.mjs";
import { begins, only, places, redrawn, rowPicker, scrolled } from "./picking.mjs";
import { SAY } from "./say.mjs";

// A bar a point, cut into shares, with the counts in words under it.

export function strips(panel, plot, chosen) {
  const rows = places(panel, plot, chosen), grid = [], body = [], order = rows.map(only), wide = { colspan: 3 };
  const piece = ({ fate, share }) => make("span", { "data-fate": fate, style: `flex-grow: ${share}` });
  rows.forEach((row, at) => {
    const view = order[at], open = panel.shown(view);
    const parts = open ? view.strip.filter((part) => part.share > 0).map(piece) : [];
    const said = open
      ? view.strip.map((part) => part.text).filter(Boolean).join(", ") || SAY.unknown
      : `? ${SAY.yours}`;
    const bar = make("div", { class: "lp-strip", "aria-hidden": "true" }, ...parts);
    if (begins(rows, at)) body.push(make("tr", { class: "lp-gap" }, make("td", wide)));
    grid.push([rowPicker(panel, row, view, chosen)]);
    const aside = make("td", { text: open ? view.aside : "?" }), head = make("th", { scope: "row" }, grid.at(-1)[0]);
    body.push(make("tr", {}, head, make("td", {}, bar, make("small", { text: said })), aside));
    const asked = chosen.includes(view) && here(panel, view, chosen, order);
    if (asked) body.push(make("tr", { class: "lp-asked" }, make("td", wide, asked)));
  });
  const samples = plot.layout.fates.map(([fate, text]) => make("span", {}, make("span", { "data-fate": fate }), text));
  const key = make("p", { class: "lp-key", "aria-hidden": "true" }, ...samples);
  plot.box.hidden = !rows.length;
  redrawn(plot.box, make("div", {}, key, scrolled(panel, plot, "lp-strips", cells(plot.layout.heads), body)), grid);
}
