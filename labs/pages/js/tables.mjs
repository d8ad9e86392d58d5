import { make, mark } from "./dom.mjs";
import { cellButton, groupRow, places, redrawn, scrolled } from "./picking.mjs";
import { SAY } from "./say.mjs";
import { inkOf } from "./traces.mjs";

// Pictures that are tables to pick from; nothing is said by colour alone. What a cell says was decided in labs/show/looks.

export function matrix(panel, plot, chosen) {
  const rows = places(panel, plot), grid = [], body = [];
  const heads = plot.layout.heads.filter(([value]) => rows.some(([, row]) => row.cells.has(value)));
  rows.forEach(([value, row], at) => {
    if (at === 0 || rows[at - 1][1].view.broker !== row.view.broker) {
      body.push(groupRow(panel, row.view.broker, heads.length + 1));
    }
    const buttons = heads.map(([column, head]) => {
      const view = row.cells.get(column),
        heard = `${row.view.label}, ${head}`,
        aim = view ?? { [plot.rows]: value, [plot.columns]: column };
      const pressed = view ? chosen.includes(view) : !chosen.length && panel.aims(aim),
        word = view ? (panel.shown(view) ? view.cell.word : "guess") : "none";
      const text = word === "guess" ? [SAY.yours] : view ? view.cell.lines : [SAY.notRun];
      return cellButton(
        `${value}|${column}`,
        heard,
        pressed,
        () => panel.pick(aim),
        word,
        make("span", { class: "lp-word", text: word === "guess" ? "?" : view ? word : "–" }),
        ...text.map((line) => make("small", { text: line })),
      );
    });
    grid.push(buttons);
    body.push(
      make(
        "tr",
        {},
        make("th", { scope: "row", text: row.view.label }),
        ...buttons.map((button) => make("td", {}, button)),
      ),
    );
  });
  const head = make(
    "tr",
    {},
    make("th", { scope: "col", text: SAY.setting }),
    ...heads.map(([, text]) => make("th", { scope: "col", text })),
  );
  const inside = make(
    "table",
    { class: "lp-matrix" },
    make("thead", {}, head),
    make("tbody", {}, ...body.filter(Boolean)),
  );
  inside.style.setProperty("--heads", heads.length);
  plot.box.hidden = !rows.length;
  redrawn(plot.box, scrolled(panel, plot, inside), grid);
}

export function strips(panel, plot, chosen) {
  const rows = places(panel, plot), grid = [], body = [];
  rows.forEach(([value, row], at) => {
    const view = [...row.cells.values()][0], open = panel.shown(view);
    if (at && rows[at - 1][1].view.broker !== row.view.broker) {
      body.push(make("tr", { class: "lp-gap" }, make("td", { colspan: 3 })));
    }
    const button = make(
      "button",
      {
        type: "button",
        class: "lp-row",
        "data-key": value,
        "aria-pressed": String(chosen.includes(view)),
        "data-lm-suppress-shortcuts": "true",
        onclick: () => panel.pick(view),
      },
      panel.state.marks[view.broker] ? mark(view.broker, panel.state.marks[view.broker]) : null,
      view.label,
    );
    const parts = view.strip.filter((part) => part.share > 0).map((part) => {
      const piece = make("span", { "data-fate": part.fate });
      piece.style.flexGrow = part.share;
      return piece;
    });
    const bar = make("div", { class: "lp-strip", "aria-hidden": "true" }, ...(open ? parts : []));
    const text = !open
      ? `? ${SAY.yours}`
      : view.strip.map((part) => part.text).filter(Boolean).join(", ") || SAY.unknown;
    grid.push([button]);
    body.push(
      make(
        "tr",
        {},
        make("th", { scope: "row" }, button),
        make("td", {}, bar, make("small", { text })),
        make("td", { text: open ? view.aside : "?" }),
      ),
    );
  });
  const head = make("tr", {}, ...plot.layout.heads.map((text) => make("th", { scope: "col", text })));
  const key = make(
    "p",
    { class: "lp-key", "aria-hidden": "true" },
    ...plot.layout.fates.map(([fate, text]) => make("span", {}, make("span", { "data-fate": fate }), text)),
  );
  plot.box.hidden = !rows.length;
  redrawn(
    plot.box,
    make(
      "div",
      {},
      key,
      scrolled(panel, plot, make("table", { class: "lp-strips" }, make("thead", {}, head), make("tbody", {}, ...body))),
    ),
    grid,
  );
}

// A row a point, its marks on one axis; what a mark means is said above, and the figure stands beside it.
export function dots(panel, plot, chosen) {
  const rows = places(panel, plot), grid = [], body = [], { heads, ticks, key } = plot.layout;
  const put = (kind, at) => {
    const one = make("span", { class: "lp-dot", "data-kind": kind });
    one.style.left = `${100 * at}%`;
    return one;
  };
  rows.forEach(([value, row], at) => {
    const view = [...row.cells.values()][0], marks = view.dots;
    if (at && rows[at - 1][1].view.broker !== view.broker) {
      body.push(make("tr", { class: "lp-gap" }, make("td", { colspan: 3 })));
    }
    const button = make(
      "button",
      {
        type: "button",
        class: "lp-row",
        "data-key": value,
        "aria-pressed": String(chosen.includes(view)),
        "data-lm-suppress-shortcuts": "true",
        onclick: () => panel.pick(view),
      },
      panel.state.marks[view.broker] ? mark(view.broker, panel.state.marks[view.broker]) : null,
      view.label,
    );
    const track = make(
      "div",
      { class: "lp-dots", "aria-hidden": "true" },
      ...ticks.map(([place]) => put("tick", place)),
      ...(marks.tail == null ? [] : [put("tail", marks.tail)]),
      ...marks.repeats.map((place) => put("repeat", place)),
      ...(marks.at == null ? [] : [put(marks.hollow ? "open" : "at", marks.at)]),
    );
    track.style.setProperty("--tone", `var(--${inkOf(view.broker)})`);
    grid.push([button]);
    body.push(
      make(
        "tr",
        {},
        make("th", { scope: "row" }, button),
        make("td", {}, track),
        make("td", { text: marks.aside ?? view.aside }),
      ),
    );
  });
  const scale = make(
    "div",
    { class: "lp-dots lp-scale", "aria-hidden": "true" },
    ...ticks.map(([place, text]) => {
      const one = put("name", place);
      one.textContent = text;
      return one;
    }),
  );
  const head = make(
    "tr",
    {},
    make("th", { scope: "col", text: heads[0] }),
    make("th", { scope: "col" }, heads[1], scale),
    make("th", { scope: "col", text: heads[2] }),
  );
  const legend = make(
    "p",
    { class: "lp-key", "aria-hidden": "true" },
    ...key.map(([kind, text]) => make("span", {}, make("span", { class: "lp-dot", "data-kind": kind }), text)),
  );
  plot.box.hidden = plot.heading.hidden = !rows.length;
  redrawn(
    plot.box,
    make(
      "div",
      {},
      legend,
      scrolled(panel, plot, make("table", { class: "lp-strips" }, make("thead", {}, head), make("tbody", {}, ...body))),
    ),
    grid,
  );
}
