import { make } from "./dom.mjs";
import { SAY } from "./say.mjs";
import { fill } from "./text.mjs";

// The reader commits before an outcome is shown. A guess is kept by the point's key: on a page in this browser, in
// JupyterLab as long as the panel lives.
export class Guesses {
  constructor(state, live) {
    this.state = state;
    this.place = live ? null : `labs-guess-${state.lab}`;
    this.made = {};
    /** Key of the point that was answered last: what came of it stands where it was asked. */
    this.last = "";
    if (this.place) {
      try {
        this.made = { ...JSON.parse(localStorage.getItem(this.place)) };
      } catch { /* no storage: they live as long as the panel */ }
    }
  }
  keep(made) {
    this.made = made;
    if (this.place) {
      try {
        localStorage.setItem(this.place, JSON.stringify(made));
      } catch { /* as above */ }
    }
  }
  // An outcome that was not among the options (unknown, did not start, mixed) makes no answer right or wrong.
  counts(key, view) {
    return this.state.guess.options.includes(this.made[key]) && this.state.guess.options.includes(view.truth);
  }
  score(all) {
    const counted = all.filter(([key, view]) => this.counts(key, view));
    return counted.length
      ? SAY.score(counted.filter(([key, view]) => this.made[key] === view.truth).length, counted.length)
      : "";
  }
  result(key, view) {
    const said = this.made[key];
    if (said === SHOWN) return "";
    if (!this.counts(key, view)) return SAY.uncounted(said, view.truth);
    return (said === view.truth ? SAY.right : SAY.wrong)(view.truth);
  }
}
const SHOWN = "shown";
/** Kinds of charts that ask in their own rows, where the reader has clicked. */
const IN_ROWS = ["matrix", "strips"];
/** Whether such a chart is open from the beginning: in a folded one nobody would find the question. */
const asksInRows = (panel) => panel.plots.some(({ kind, folded }) => IN_ROWS.includes(kind) && !folded);

/** Keeps what was said of a point and draws anew. The pressed button is gone then: the focus goes to what came of it,
 * else to the chosen cell. */
async function settle(panel, key, made) {
  panel.guesses.last = key;
  panel.guesses.keep(made);
  const drawn = panel.draw(), told = () => panel.root.querySelector(".lp-told:has(p)");
  const next = told() ?? panel.root.querySelector("[aria-pressed=true]") ??
    panel.root.querySelector(".lp-guess button");
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: "nearest" });
  await drawn;
}
const button = (kind, text, onclick, ...more) =>
  make("button", { type: "button", class: kind, onclick }, text, ...more);

/** The question about a point, its answers as buttons. */
function asking(panel, view) {
  const { guesses, choice } = panel, { question, options } = panel.state.guess, key = choice.keyOf(view);
  const commit = (word) => () => settle(panel, key, { ...guesses.made, [key]: word });
  const about = make("span", { class: "lp-hear", text: `: ${view.label}, ${view.event}` });
  const words = options.map((word) => button("lp-option", word, commit(word)));
  const buttons = make("div", { class: "lp-buttons" }, ...words, button("lp-plain", SAY.show, commit(SHOWN), about));
  return make("fieldset", {}, make("legend", { text: fill(question, view) }), buttons);
}
/** What came of the guess about a point; empty where it was only shown. */
function resultOf(panel, view, chosen) {
  const text = panel.guesses.result(panel.choice.keyOf(view), view);
  return text && make("p", { text: chosen.length > 1 ? `${view.label}: ${text}` : text });
}
/** The next point that is still to be guessed, in the order in which they stand. */
export function nextOf(order, view, shown) {
  const at = order.indexOf(view), after = [...order.slice(at + 1), ...order.slice(0, at)];
  return after.find((one) => !shown(one));
}
/** All that is known of all points in a sentence, once all are shown; a run made here is not in it. */
export function summed(panel) {
  const all = Object.values(panel.choice.all());
  const known = panel.state.guess.summary && all.every((view) => panel.shown(view) && !view.live);
  return known ? panel.state.guess.summary : "";
}
/** Under the row of a chosen point: its question, or what came of it and which is the next. */
export function here(panel, view, chosen, order) {
  if (!panel.guesses || panel.onPaper || !asksInRows(panel)) return null;
  const key = panel.choice.keyOf(view), open = panel.shown(view);
  if (open && panel.guesses.last !== key) return null;
  if (!open) return make("div", { class: "lp-guess lp-here" }, asking(panel, view));
  const next = nextOf(order, view, (one) => panel.shown(one)), all = summed(panel);
  const told = make("div", { class: "lp-told", tabindex: -1 }, resultOf(panel, view, chosen) || null);
  if (all) told.append(make("p", { text: all }));
  const go = () => {
    panel.pick(next);
    panel.root.querySelector(".lp-here button")?.focus({ preventScroll: true });
    panel.root.querySelector(".lp-here")?.scrollIntoView({ block: "nearest" });
  };
  return make(
    "div",
    { class: "lp-guess lp-here" },
    told,
    next && button("lp-small", `${SAY.next}${next.label}, ${next.event}`, go),
  );
}

/** The score and how to see everything or begin again; the questions too where no chart asks them in its rows. */
export function guessBox(panel, chosen) {
  const { guessing: box, guesses, choice } = panel;
  const all = Object.values(choice.all()).map((view) => [choice.keyOf(view), view]);
  const inRows = asksInRows(panel), open = (view) => panel.shown(view);
  const results = inRows ? [] : chosen.filter(open).map((view) => resultOf(panel, view, chosen)).filter(Boolean);
  const score = guesses.score(all), sum = summed(panel), ends = [];
  if (score) results.push(make("p", { class: "lp-score", text: score }));
  if (sum) results.push(make("p", { class: "lp-sum", text: sum }));
  const everything = { ...Object.fromEntries(all.map(([key]) => [key, SHOWN])), ...guesses.made };
  const known = all.every(([, view]) => open(view));
  if (!known) ends.push(button("lp-small", SAY.showAll, () => settle(panel, "", everything)));
  // The page opens what it says in short only now: it tells of every point.
  const { lab } = panel.state;
  if (known && !panel.onPaper) document.dispatchEvent(new CustomEvent("labs-guessed", { detail: { lab } }));
  if (Object.keys(guesses.made).length) ends.push(button("lp-small", SAY.again, () => settle(panel, "", {})));
  const told = make("div", { class: inRows ? "lp-so-far" : "lp-told", tabindex: inRows ? null : -1 }, ...results);
  const asked = inRows ? [] : chosen.filter((view) => !open(view)).map((view) => asking(panel, view));
  box.replaceChildren(...asked, told, make("div", { class: "lp-buttons" }, ...ends));
}
