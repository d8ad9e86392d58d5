// The second part of the panel's one module (see module.py): pictures that are tables. A reader picks from them by
// pointer or keyboard, and nothing is said by colour alone. What a cell says was decided in labs/show/looks.

// One view for each (row, column): where several would do, the one nearest to what is chosen.
function places(panel, plot) {
  const rows = new Map();
  for (const view of Object.values(panel.all())) {
    if (plot.only && !view[plot.only]) continue;
    const row = rows.get(view[plot.rows]) ?? { view, cells: new Map() }, column = view[plot.columns], rival = row.cells.get(column);
    if (!rival || panel.far(view) <= panel.far(rival)) row.cells.set(column, view);
    rows.set(view[plot.rows], row);
  }
  const brokers = Object.keys(panel.state.names), options = panel.state.controls.find((c) => c.name === plot.rows)?.options ?? [];
  const at = ([value]) => options.findIndex(([one]) => one === value), group = ([, row]) => (plot.columns ? brokers.indexOf(row.view.broker) : 0);
  return [...rows].sort((a, b) => group(a) - group(b) || at(a) - at(b));
}
function groupRow(panel, broker, span) {
  const name = panel.state.names[broker], symbol = panel.state.marks[broker];
  return name ? make("tr", { class: "lp-group" }, make("th", { scope: "rowgroup", colspan: span }, symbol ? mark(broker, symbol) : null, name)) : null;
}
// Buttons of a table: one tab stop, arrow keys between them, Enter or Space picks.
function pickers(box, grid) {
  const all = grid.flat().filter(Boolean), first = all.find((one) => one.getAttribute("aria-pressed") === "true") ?? all[0];
  const go = (one) => { all.forEach((other) => { other.tabIndex = other === one ? 0 : -1; }); one.focus(); };
  all.forEach((one) => { one.tabIndex = one === first ? 0 : -1; });
  box.onkeydown = (event) => {
    const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
    const row = grid.findIndex((cells) => cells.includes(event.target));
    if (!step || row < 0) return;
    event.preventDefault();
    const to = grid[row + step[0]]?.[grid[row].indexOf(event.target) + step[1]];
    if (to) go(to);
  };
}
function redrawn(box, inside, grid) {
  const had = box.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  box.replaceChildren(inside);
  pickers(box, grid);
  if (had != null) box.querySelector(`[data-key="${CSS.escape(had)}"]`)?.focus({ preventScroll: true });
}
function cellButton(panel, key, heard, pressed, pick, word, ...inside) {
  return make("button", { type: "button", class: "lp-cell", "data-key": key, "data-word": word, "aria-pressed": String(pressed), "data-lm-suppress-shortcuts": "true", onclick: pick },
    make("span", { class: "lp-hear", text: `${heard}: ` }), ...inside);
}
const scrolled = (panel, plot, inside) => make("div", { class: "lp-scroll", role: "region", tabindex: 0, "aria-label": `${panel.state.title}: ${plot.label}` }, inside);

function matrix(panel, plot, chosen) {
  const rows = places(panel, plot), grid = [], body = [];
  const heads = plot.layout.heads.filter(([value]) => rows.some(([, row]) => row.cells.has(value)));
  rows.forEach(([value, row], at) => {
    if (at === 0 || rows[at - 1][1].view.broker !== row.view.broker) body.push(groupRow(panel, row.view.broker, heads.length + 1));
    const buttons = heads.map(([column, head]) => {
      const view = row.cells.get(column), heard = `${row.view.label}, ${head}`, aim = view ?? { [plot.rows]: value, [plot.columns]: column };
      const pressed = view ? chosen.includes(view) : !chosen.length && panel.aims(aim), word = view ? (panel.shown(view) ? view.cell.word : "guess") : "none";
      const text = word === "guess" ? [SAY.yours] : view ? view.cell.lines : [SAY.notRun];
      return cellButton(panel, `${value}|${column}`, heard, pressed, () => panel.pick(aim), word,
        make("span", { class: "lp-word", text: word === "guess" ? "?" : view ? word : "–" }), ...text.map((line) => make("small", { text: line })));
    });
    grid.push(buttons);
    body.push(make("tr", {}, make("th", { scope: "row", text: row.view.label }), ...buttons.map((button) => make("td", {}, button))));
  });
  const head = make("tr", {}, make("th", { scope: "col", text: SAY.setting }), ...heads.map(([, text]) => make("th", { scope: "col", text })));
  const inside = make("table", { class: "lp-matrix" }, make("thead", {}, head), make("tbody", {}, ...body.filter(Boolean)));
  inside.style.setProperty("--heads", heads.length);
  plot.box.hidden = !rows.length;
  redrawn(plot.box, scrolled(panel, plot, inside), grid);
}

function strips(panel, plot, chosen) {
  const rows = places(panel, plot), grid = [], body = [];
  rows.forEach(([value, row], at) => {
    const view = [...row.cells.values()][0], open = panel.shown(view);
    if (at && rows[at - 1][1].view.broker !== row.view.broker) body.push(make("tr", { class: "lp-gap" }, make("td", { colspan: 3 })));
    const button = make("button", { type: "button", class: "lp-row", "data-key": value, "aria-pressed": String(chosen.includes(view)), "data-lm-suppress-shortcuts": "true", onclick: () => panel.pick(view) },
      panel.state.marks[view.broker] ? mark(view.broker, panel.state.marks[view.broker]) : null, view.label);
    const parts = view.strip.filter((part) => part.share > 0).map((part) => {
      const piece = make("span", { "data-fate": part.fate });
      piece.style.flexGrow = part.share;
      return piece;
    });
    const bar = make("div", { class: "lp-strip", "aria-hidden": "true" }, ...(open ? parts : []));
    const text = !open ? `? ${SAY.yours}` : view.strip.map((part) => part.text).filter(Boolean).join(", ") || SAY.unknown;
    grid.push([button]);
    body.push(make("tr", {}, make("th", { scope: "row" }, button), make("td", {}, bar, make("small", { text })), make("td", { text: open ? view.aside : "?" })));
  });
  const head = make("tr", {}, ...plot.layout.heads.map((text) => make("th", { scope: "col", text })));
  const key = make("p", { class: "lp-key", "aria-hidden": "true" }, ...plot.layout.fates.map(([fate, text]) => make("span", {}, make("span", { "data-fate": fate }), text)));
  plot.box.hidden = !rows.length;
  redrawn(plot.box, make("div", {}, key, scrolled(panel, plot, make("table", { class: "lp-strips" }, make("thead", {}, head), make("tbody", {}, ...body)))), grid);
}

// A row a point, its marks on one axis; what a mark means is said above, and the figure stands beside it.
function dots(panel, plot, chosen) {
  const rows = places(panel, plot), grid = [], body = [], { heads, ticks, key } = plot.layout;
  const put = (kind, at) => { const one = make("span", { class: "lp-dot", "data-kind": kind }); one.style.left = `${100 * at}%`; return one; };
  rows.forEach(([value, row], at) => {
    const view = [...row.cells.values()][0], marks = view.dots;
    if (at && rows[at - 1][1].view.broker !== view.broker) body.push(make("tr", { class: "lp-gap" }, make("td", { colspan: 3 })));
    const button = make("button", { type: "button", class: "lp-row", "data-key": value, "aria-pressed": String(chosen.includes(view)), "data-lm-suppress-shortcuts": "true", onclick: () => panel.pick(view) },
      panel.state.marks[view.broker] ? mark(view.broker, panel.state.marks[view.broker]) : null, view.label);
    const track = make("div", { class: "lp-dots", "aria-hidden": "true" }, ...ticks.map(([place]) => put("tick", place)),
      ...(marks.tail == null ? [] : [put("tail", marks.tail)]), ...marks.repeats.map((place) => put("repeat", place)), ...(marks.at == null ? [] : [put(marks.hollow ? "open" : "at", marks.at)]));
    track.style.setProperty("--tone", `var(--${inkOf(view.broker)})`);
    grid.push([button]);
    body.push(make("tr", {}, make("th", { scope: "row" }, button), make("td", {}, track), make("td", { text: marks.aside ?? view.aside })));
  });
  const scale = make("div", { class: "lp-dots lp-scale", "aria-hidden": "true" }, ...ticks.map(([place, text]) => { const one = put("name", place); one.textContent = text; return one; }));
  const head = make("tr", {}, make("th", { scope: "col", text: heads[0] }), make("th", { scope: "col" }, heads[1], scale), make("th", { scope: "col", text: heads[2] }));
  const legend = make("p", { class: "lp-key", "aria-hidden": "true" }, ...key.map(([kind, text]) => make("span", {}, make("span", { class: "lp-dot", "data-kind": kind }), text)));
  plot.box.hidden = plot.heading.hidden = !rows.length;
  redrawn(plot.box, make("div", {}, legend, scrolled(panel, plot, make("table", { class: "lp-strips" }, make("thead", {}, head), make("tbody", {}, ...body)))), grid);
}
// All lines of a plot, at the numbers nearest to what is chosen; of a confirmation that can be chosen, the chosen one.
function linesOf(panel, plot, views, held) {
  const all = Object.values(panel.all()).filter((view) => view.traces[plot.name]?.length);
  const named = panel.state.controls.filter((c) => !panel.numeric.includes(c.name) && c.name !== panel.state.controls[0].name);
  const fits = all.filter((view) => named.every((c) => !(c.name in view) || view[c.name] === panel.chosen[c.name]));
  const least = (name) => fits.map((view) => view[name]).sort((a, b) => Math.abs(a - panel.chosen[name]) - Math.abs(b - panel.chosen[name]))[0];
  const kept = fits.filter((view) => held.every((name) => view[name] === least(name)));
  return kept.filter((view) => view.live || !kept.some((other) => other.live && other[plot.lines] === view[plot.lines]));
}

function bill(panel, plot, chosen) {
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
  const body = open[0].bill.map((line, at) => make("tr", {}, make("th", { scope: "row", text: [...new Set(open.map((view) => view.bill[at].name))].join(" / ") }),
    ...open.map((view) => cell(view, view.bill[at]))));
  const alike = open.length > 1 && new Set(open.map((view) => view.event)).size === 1, named = (view) => (alike ? view.label : `${view.label}, ${view.event}`);
  const head = make("tr", {}, make("td", {}), ...open.map((view) => make("th", { scope: "col" }, panel.state.marks[view.broker] ? mark(view.broker, panel.state.marks[view.broker]) : null, named(view))));
  plot.box.replaceChildren(scrolled(panel, plot, make("table", { class: "lp-bill" }, make("thead", {}, head), make("tbody", {}, ...body))));
}
// A figure a chosen point. One that misleads says so inside its frame, so that a picture of it says so too.
function bars(panel, plot, chosen) {
  const open = chosen.filter((view) => plot.early || panel.shown(view));
  plot.box.hidden = plot.heading.hidden = !open.length;
  const said = (view) => JSON.stringify([view.bars[plot.name].title, view.bars[plot.name].rows.map((row) => row.text)]);
  const different = open.filter((view, at) => open.findIndex((other) => said(other) === said(view)) === at);
  plot.box.replaceChildren(...different.map((view) => {
    const drawn = view.bars[plot.name], body = drawn.rows.map((row) => {
      const bar = make("span", { class: "lp-bar", "data-mark": drawn.mark, "data-hollow": row.hollow, "aria-hidden": "true" });
      bar.style.setProperty("--share", row.share);
      bar.style.setProperty("--bar", `var(--${inkOf(row.broker)})`);
      return make("tr", {}, make("th", { scope: "row" }, mark(row.broker, panel.state.marks[row.broker]), row.label), make("td", {}, bar, make("small", { text: row.note })), make("td", { text: row.text }));
    });
    const head = make("tr", {}, ...["Broker", drawn.unit, ""].map((text) => (text ? make("th", { scope: "col", text }) : make("td"))));
    return make("figure", { class: "lp-bars", "data-tone": drawn.tone, "aria-label": `${plot.label}: ${view.label}` },
      make("figcaption", {}, make("strong", { text: drawn.title }), make("span", { text: drawn.subtitle })), make("table", {}, make("thead", {}, head), make("tbody", {}, ...body)));
  }));
}
const TABLES = { matrix, strips, dots, bill, bars };
