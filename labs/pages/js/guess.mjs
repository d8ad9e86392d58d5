import { make } from "./dom.mjs";
import { SAY } from "./say.mjs";
import { fill } from "./text.mjs";

// The reader commits before an outcome is shown. A guess is kept by the point's key: on a page in this browser, in JupyterLab as long as the panel lives.
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

export function guessBox(panel, chosen) {
  const box = panel.guessing,
    all = Object.values(panel.choice.all()).map((view) => [panel.choice.keyOf(view), view]),
    many = chosen.length > 1;
  // The pressed button is gone after a redraw: the focus goes to what came of it, else to the chosen cell.
  const settle = (made) => {
    panel.guesses.keep(made);
    panel.draw();
    (box.querySelector(".lp-told:has(p)") ?? panel.root.querySelector("[aria-pressed=true]") ??
      box.querySelector("button"))?.focus();
  };
  const commit = (view, word) => settle({ ...panel.guesses.made, [panel.choice.keyOf(view)]: word });
  const asked = chosen.filter((view) => !panel.shown(view)).map((view) =>
    make(
      "fieldset",
      {},
      make("legend", { text: fill(panel.state.guess.question, view) }),
      make(
        "div",
        { class: "lp-buttons" },
        ...panel.state.guess.options.map((word) =>
          make("button", { type: "button", class: "lp-option", text: word, onclick: () => commit(view, word) })
        ),
        make(
          "button",
          {
            type: "button",
            class: "lp-plain",
            onclick: () => commit(view, SHOWN),
          },
          SAY.show,
          make("span", { class: "lp-hear", text: `: ${view.label}, ${view.event}` }),
        ),
      ),
    )
  );
  const results = chosen.filter((view) => panel.shown(view)).map((
    view,
  ) => [view, panel.guesses.result(panel.choice.keyOf(view), view)]).filter(([, text]) => text)
    .map(([view, text]) => make("p", { text: many ? `${view.label}: ${text}` : text }));
  const score = panel.guesses.score(all), more = all.some(([, view]) => !panel.shown(view));
  const told = make(
    "div",
    { class: "lp-told", tabindex: -1 },
    ...results,
    score ? make("p", { class: "lp-score", text: score }) : null,
  );
  const ends = make(
    "div",
    { class: "lp-buttons" },
    more
      ? make("button", {
        type: "button",
        class: "lp-small",
        text: SAY.showAll,
        onclick: () => settle({ ...Object.fromEntries(all.map(([key]) => [key, SHOWN])), ...panel.guesses.made }),
      })
      : null,
    Object.keys(panel.guesses.made).length
      ? make("button", { type: "button", class: "lp-small", text: SAY.again, onclick: () => settle({}) })
      : null,
  );
  box.replaceChildren(...asked, told, ends);
}
