import { cells, make, tabular } from "./dom.mjs";
import { scrolled } from "./picking.mjs";

// Pictures of the chosen points as bars in a table: what a run cost, and a figure each.

const bar = (about, style) => make("span", { class: "lp-bar", "aria-hidden": "true", style, ...about });

/** A column a point, a row a count. */
export function bill(panel, plot, chosen) {
  const open = chosen.filter((view) => panel.shown(view));
  plot.box.hidden = plot.heading.hidden = !open.length;
  if (!open.length) return;
  const most = Math.max(...open.flatMap((view) => view.bill.map((line) => line.value ?? 0)), 1);
  const cell = (view, { name, value, text }) => {
    const style = `width: ${100 * (value ?? 0) / most}%; --bar: ${panel.inkOf(view)}`;
    return make("td", {}, value ? bar({ "data-line": name }, style) : null, make("span", { text }));
  };
  const body = open[0].bill.map((_, at) => {
    const text = [...new Set(open.map((view) => view.bill[at].name))].join(" / ");
    return make("tr", {}, make("th", { scope: "row", text }), ...open.map((view) => cell(view, view.bill[at])));
  });
  const alike = open.length > 1 && new Set(open.map((view) => view.event)).size === 1;
  const named = (view) => (alike ? view.label : `${view.label}, ${view.event}`);
  const heads = open.map((view) => make("th", { scope: "col" }, panel.sign(view), named(view)));
  plot.box.replaceChildren(scrolled(panel, plot, "lp-bill", make("tr", {}, make("td"), ...heads), body));
}

/** A figure a point. One that misleads says so inside its frame, so that a picture of it says so too. */
export function bars(panel, plot, chosen) {
  const open = chosen.filter((view) => plot.early || panel.shown(view));
  plot.box.hidden = plot.heading.hidden = !open.length;
  const said = (view) => JSON.stringify([view.bars[plot.name].title, view.bars[plot.name].rows.map((row) => row.text)]);
  const different = open.filter((view, at) => open.findIndex((other) => said(other) === said(view)) === at);
  const put = (kind, share, ...inside) =>
    make("span", { class: "lp-dot", "data-kind": kind, style: `left: ${100 * share}%` }, ...inside);
  const mark = (drawn, row) => {
    if (drawn.mark === "bar") return bar({}, `--share: ${row.share}; --bar: ${panel.inkOf(row)}`);
    const found = [
      ...drawn.ticks.map(([at]) => put("tick", at)),
      ...row.repeats.map((at) => put("repeat", at)),
      put("at", row.share, panel.sign(row, row.hollow)),
    ];
    return make("div", { class: "lp-dots", "aria-hidden": "true", style: `--tone: ${panel.inkOf(row)}` }, ...found);
  };
  const line = (drawn, row) => {
    const head = make("th", { scope: "row" }, panel.sign(row), row.label);
    const inside = make("td", {}, mark(drawn, row), make("small", { text: row.note }));
    return make("tr", {}, head, inside, make("td", { text: row.text }));
  };
  const scale = (drawn) =>
    make(
      "div",
      { class: "lp-dots lp-scale", "aria-hidden": "true" },
      ...drawn.ticks.map(([at, text]) => put("name", at, text)),
    );
  const figure = (view) => {
    const drawn = view.bars[plot.name], about = `${plot.label}: ${view.label}`;
    const caption = [make("strong", { text: drawn.title }), make("span", { text: drawn.subtitle })];
    const head = cells(["Broker", drawn.unit, ""]);
    if (drawn.ticks.length) head.children[1].append(scale(drawn));
    const table = tabular("", head, drawn.rows.map((row) => line(drawn, row)));
    const box = { class: "lp-bars", "data-tone": drawn.tone, "aria-label": about };
    return make("figure", box, make("figcaption", {}, ...caption), table);
  };
  plot.box.replaceChildren(...different.map(figure));
}
