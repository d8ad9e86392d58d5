import { cells as headRow, copier, make, tabular } from "./dom.mjs";
import { SAY } from "./say.mjs";

// What stands folded under a picture: verdicts, data, run card, the command that repeats it.

// What the heads of the columns mean: the sentences of the caption after its first, if it has more than that.
function defined(caption = "") {
  const at = caption.indexOf(". ");
  return at < 0 ? [] : [make("p", { text: `${caption.slice(at + 2)}.` })];
}

function table(about, columns, rows, className = "") {
  const cell = (text, at) => make(at ? "td" : "th", at ? { text } : { scope: "row", text });
  const body = rows.map((cells) => make("tr", {}, ...cells.map(cell)));
  const inside = tabular(className, headRow(columns), body);
  const name = `${about}, scrolls sideways`;
  return make("div", { class: "lp-scroll", tabindex: 0, role: "region", "aria-label": name }, inside);
}

function cards(kind, about, views, lines, first = []) {
  const all = views.map(lines), names = [...new Set(all.flatMap((card) => card.map(([name]) => name)))];
  const of = (card, name) => card.find(([known]) => known === name)?.[1] ?? "–";
  const rows = names.map((name) => [name, ...all.map((card) => of(card, name))]);
  return table(about, [SAY.fact, ...views.map((view) => view.label)], [...first, ...rows], kind);
}

/** What a sceptic wants besides: folded once more. A recorded view has the number of what many share. */
function rest({ state }, views, open) {
  const of = ({ rest }) => (typeof rest === "number" ? state.rests[rest] : rest) ?? [];
  if (!views.some((view) => of(view).length)) return null;
  return make(
    "details",
    { "data-part": "rest", open },
    make("summary", { text: SAY.rest }),
    cards("lp-rest", `${state.title}: ${SAY.rest}`, views, of),
  );
}

function verdict({ claim, word, text, asks }) {
  const badge = make("span", { class: "verdict", "data-word": word, text: word });
  return make("li", {}, make("strong", { text: `${claim} ` }), badge, ` ${text}${asks ?? ""}`);
}

/** The command that measures these points anew, or why there is none. */
function repeat(choice, views) {
  const nothing = choice.controls.flatMap(({ sets, options }) =>
    options.filter(([value, , reason]) => reason && views.some((view) => view[sets] === value))
  );
  if (nothing.length) return make("p", { text: `${nothing[0][1]}: ${nothing[0][2]}.` });
  const text = choice.command(views);
  return make("p", { class: "lp-command" }, make("code", { text }), " ", copier(SAY.copy, () => text, text));
}

/** Which folds the reader has open: those that stand open, unless they do because of a print. */
function unfolded(panel) {
  const there = [...panel.under.querySelectorAll("details[open]")].map((one) => one.dataset.part);
  if (!panel.unfoldedForPaper) panel.unfolded = new Set(there);
  panel.unfoldedForPaper = panel.onPaper;
  return panel.onPaper ? new Set(["verdicts", "data", "card", "rest", "repeat"]) : panel.unfolded;
}

/** The folds under the picture of these points; one that was open stays open, and on paper all are. */
export function details(panel, views) {
  const open = unfolded(panel);
  if (!views.length) return [];
  const { state, choice } = panel, every = state.charts.some((chart) => chart.rows);
  const data = every ? Object.values(choice.all()).filter((view) => panel.shown(view)) : views;
  const part = (name, ...inside) =>
    make("details", { "data-part": name, open: open.has(name) }, make("summary", { text: SAY[name] }), ...inside);
  const measured = panel.model.get("verdicts") ?? [], verdicts = measured.length ? measured : state.verdicts;
  const rows = data.flatMap((view) => view.rows);
  return [
    ...(verdicts.length ? [part("verdicts", make("ul", { class: "lp-verdicts" }, ...verdicts.map(verdict)))] : []),
    part("data", table(`${state.title}: ${SAY.data}`, state.columns, rows), ...defined(state.caption)),
    part(
      "card",
      cards("lp-card", `${state.title}: ${SAY.card}`, views, (view) => view.card, [
        ["Run", ...views.map((view) => view.origin)],
      ]),
      rest(panel, views, open.has("rest")),
    ),
    part("repeat", repeat(choice, views)),
  ];
}
