// The reverse game of the page Choose: from the reader's own answers to others by which a given configuration is first.
import { demands } from "./choose-engine.mjs";
import { byId } from "./choose-words.mjs";
import { demanded } from "./choose-view.mjs";
import { make, newId } from "./dom.mjs";

const SAY = {
  win: "Make any broker win",
  ask: "Which one should be first?",
  first: (name) => `${name} is first by your answers already.`,
  from: (name, what) => `${name} is first by your answers if you change these: ${what}.`,
  anew: (name, what) => `${name} is first if: ${what}.`,
  lost: (name, what) => `Your answers leave no way to ${name} that we found. Without them it is first if: ${what}.`,
  none: (name) => `No demands were found by which ${name} is first.`,
  go: "Open these answers and see why",
};

/** What to answer so that it is first: changes of the reader's own answers, else answers from the beginning. */
export function path(model, id, given, weights) {
  const changed = demands(model, id, given, weights);
  if (changed) return { answers: { ...given, ...changed }, changed, own: true };
  const anew = demands(model, id, {}, weights);
  return anew && { answers: anew, changed: anew, own: false };
}

/** The section; `now` gives the reader's answers and sliders, `open` takes the answers that were found. */
export function game(model, now, open) {
  const id = newId(), told = make("p", { role: "status" }), way = make("p", { class: "choose-way" });
  const options = model.configurations.map((one) => make("option", { value: one.id, text: one.short }));
  function pick(event) {
    const one = byId(model.configurations, event.target.value), { given, weights } = now();
    const found = one && path(model, one.id, given, weights), changed = found && Object.keys(found.changed).length;
    const how = !found
      ? "none"
      : !changed
      ? "first"
      : !Object.keys(given).length
      ? "anew"
      : found.own
      ? "from"
      : "lost";
    told.textContent = one ? SAY[how](one.short, changed ? demanded(model, found.changed) : "") : "";
    const go = () => open(found.answers);
    way.replaceChildren(...(changed ? [make("button", { type: "button", text: SAY.go, onclick: go })] : []));
  }
  const select = make("select", { id, onchange: pick }, make("option", { value: "", text: "…" }), ...options);
  const label = make("label", { for: id, text: SAY.ask });
  const clear = () => (select.value = "", told.textContent = "", way.replaceChildren());
  return [make("section", { class: "choose-game" }, make("h3", { text: SAY.win }), label, select, told, way), clear];
}
