import { make, mark } from "./dom.mjs";
import { scrolled } from "./picking.mjs";
import { inkOf } from "./traces.mjs";

// Pictures of the chosen points as bars in a table: what a run cost, and a figure each.

export function bill(panel, plot, chosen) {
  const open = chosen.filter((view) => panel.shown(view));
  plot.box.hidden = plot.heading.hidden = !open.length;
  if (!open.length) return;
  const most = Math.max(...open.flatMap((view) => view.bill.map((line) => line.value ?? 0)), 1);
  const cell = (view, line) => {
    const bar = make("span", { class: "lp-bar", "data-line": line.name, "aria-hidden": "true" });
    bar.style.width = `${100 * (line.value ?? 0) / most}%`;
    bar.style.setProperty("--bar", `var(--${inkOf(view.broker)})`);
    return make("td", {}, line.value ? bar : null, make("span", { text: line.text }));
  };
  const body = open[0].bill.map((_, at) =>
    make(
      "tr",
      {},
      make("th", { scope: "row", text: [...new Set(open.map((view) => view.bill[at].name))].join(" / ") }),
      ...open.map((view) => cell(view, view.bill[at])),
    )
  );
  const alike = open.length > 1 && new Set(open.map((view) => view.event)).size === 1,
    named = (view) => (alike ? view.label : `${view.label}, ${view.event}`);
  const head = make(
    "tr",
    {},
    make("td", {}),
    ...open.map((view) =>
      make(
        "th",
        { scope: "col" },
        panel.state.marks[view.broker] ? mark(view.broker, panel.state.marks[view.broker]) : null,
        named(view),
      )
    ),
  );
  plot.box.replaceChildren(
    scrolled(panel, plot, make("table", { class: "lp-bill" }, make("thead", {}, head), make("tbody", {}, ...body))),
  );
}
// A figure a chosen point. One that misleads says so inside its frame, so that a picture of it says so too.
export function bars(panel, plot, chosen) {
  const open = chosen.filter((view) => plot.early || panel.shown(view));
  plot.box.hidden = plot.heading.hidden = !open.length;
  const said = (view) => JSON.stringify([view.bars[plot.name].title, view.bars[plot.name].rows.map((row) => row.text)]);
  const different = open.filter((view, at) => open.findIndex((other) => said(other) === said(view)) === at);
  plot.box.replaceChildren(...different.map((view) => {
    const drawn = view.bars[plot.name],
      body = drawn.rows.map((row) => {
        const bar = make("span", {
          class: "lp-bar",
          "data-mark": drawn.mark,
          "data-hollow": row.hollow,
          "aria-hidden": "true",
        });
        bar.style.setProperty("--share", row.share);
        bar.style.setProperty("--bar", `var(--${inkOf(row.broker)})`);
        return make(
          "tr",
          {},
          make("th", { scope: "row" }, mark(row.broker, panel.state.marks[row.broker]), row.label),
          make("td", {}, bar, make("small", { text: row.note })),
          make("td", { text: row.text }),
        );
      });
    const head = make(
      "tr",
      {},
      ...["Broker", drawn.unit, ""].map((text) => (text ? make("th", { scope: "col", text }) : make("td"))),
    );
    return make(
      "figure",
      { class: "lp-bars", "data-tone": drawn.tone, "aria-label": `${plot.label}: ${view.label}` },
      make("figcaption", {}, make("strong", { text: drawn.title }), make("span", { text: drawn.subtitle })),
      make("table", {}, make("thead", {}, head), make("tbody", {}, ...body)),
    );
  }));
}
