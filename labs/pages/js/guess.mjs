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
    if (this.place) {
      try {
        this.made = { ...JSON.parse(localStorage.getItem(this.place)) };
      } catch { /* no storage: they live as long as the panel */ }
    }
  }
  keep(made) {
    this.made = made;
    if (Object.keys(made).length) document.dispatchEvent(new Event("labs-guessed"));
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
    const judged = this.counts(key, view) ? (said === view.truth ? SAY.right : SAY.wrong) : SAY.uncounted;
    return `${SAY.said(said, view.truth)} ${judged}`;
  }
}
const SHOWN = "shown";

/** What is asked about the chosen points, what came of the guesses, and how to see everything or begin again. */
export function guessBox(panel, chosen) {
  const { guessing: box, guesses, choice } = panel, { question, options } = panel.state.guess;
  const all = Object.values(choice.all()).map((view) => [choice.keyOf(view), view]);
  // The pressed button is gone after a redraw: the focus goes to what came of it, else to the chosen cell.
  const settle = (made) => {
    guesses.keep(made);
    panel.draw();
    const next = box.querySelector(".lp-told:has(p)") ?? panel.root.querySelector("[aria-pressed=true]");
    (next ?? box.querySelector("button"))?.focus();
  };
  const button = (kind, text, made, ...more) =>
    make("button", { type: "button", class: kind, onclick: () => settle(made()) }, text, ...more);
  const ask = (view) => {
    const commit = (word) => () => ({ ...guesses.made, [choice.keyOf(view)]: word });
    const about = make("span", { class: "lp-hear", text: `: ${view.label}, ${view.event}` });
    const words = options.map((word) => button("lp-option", word, commit(word)));
    const buttons = make("div", { class: "lp-buttons" }, ...words, button("lp-plain", SAY.show, commit(SHOWN), about));
    return make("fieldset", {}, make("legend", { text: fill(question, view) }), buttons);
  };
  const results = chosen.filter((view) => panel.shown(view)).flatMap((view) => {
    const text = guesses.result(choice.keyOf(view), view);
    return text ? [make("p", { text: chosen.length > 1 ? `${view.label}: ${text}` : text })] : [];
  });
  const score = guesses.score(all), ends = [];
  if (score) results.push(make("p", { class: "lp-score", text: score }));
  const everything = () => ({ ...Object.fromEntries(all.map(([key]) => [key, SHOWN])), ...guesses.made });
  if (all.some(([, view]) => !panel.shown(view))) ends.push(button("lp-small", SAY.showAll, everything));
  if (Object.keys(guesses.made).length) ends.push(button("lp-small", SAY.again, () => ({})));
  const told = make("div", { class: "lp-told", tabindex: -1 }, ...results);
  const asked = chosen.filter((view) => !panel.shown(view)).map(ask);
  box.replaceChildren(...asked, told, make("div", { class: "lp-buttons" }, ...ends));
}
