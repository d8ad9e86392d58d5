import { make } from "./dom.mjs";
import { SAY } from "./say.mjs";
import { titleOf } from "./text.mjs";

// What a panel says about the points that are shown: over the picture, and under it.

/** @typedef {import("./choice.mjs").View} View */

const different = (texts) => [...new Set(texts.filter(Boolean))];

/**
 * @param {import("./choice.mjs").Choice} choice
 * @param {View[]} views  the points that stand for the choice
 * @param {View[]} open  those of them whose outcome may be seen
 */
export function headOf(choice, views, open, live) {
  if (!views.length && live && !choice.nothing) return SAY.press;
  if (views.length && !open.length) return SAY.commit;
  return titleOf(choice.state, open, different(views.map((view) => view.survives)).length > 1);
}

export function underHead(choice, views) {
  if (!views.length) return "";
  const { charts, promise } = choice.state;
  const survives = different(views.map((view) => view.survives)).join(" or ");
  const origin = different(views.map((view) => view.origin)).join("; ");
  const about = [charts[0].label, survives && `${promise} ${survives}`, origin].filter(Boolean).join("; ");
  return [`${about}.`, near(choice, views)].filter(Boolean).join(" ");
}

/** At which numbers the points stand where these are not the chosen ones. */
function near(choice, views) {
  const off = different(views.map((view) => choice.off(view)));
  return off.length ? `${SAY.nearest}${off.join("; ")}.` : "";
}

/** The sentences of the points, what is missing and why, and what a broker said last. */
export function sentences(choice, views, open) {
  const lines = open.map((view) => view.sentence), lacks = choice.unrecorded(views);
  const unrecorded = lacks.filter(([one]) => !choice.whyNot(one)).map(([, label]) => label);
  if (unrecorded.length) lines.push(SAY.lacks(unrecorded));
  for (const [one, label] of lacks) if (choice.whyNot(one)) lines.push(SAY.none(label, choice.whyNot(one)));
  if (!views.length) lines.push(choice.nothing ? SAY.nothing : SAY.notRecorded);
  const trouble = different(open.map((view) => view.last_words)).flatMap((text) => [
    make("p", { class: "lp-note", text: SAY.last_words }),
    make("pre", { class: "lp-log", text }),
  ]);
  return [...lines.map((text) => make("p", { text })), ...trouble];
}
