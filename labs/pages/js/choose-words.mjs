// How answers, turns and addresses are said: labs/pages/choose/words.py once more.
import { said } from "./choose-bill.mjs";
import { answered, ROUNDING, turns } from "./choose-engine.mjs";

export const PLACE = "answers";
export const byId = (rows, id) => rows.find((one) => one.id === id);
export const capital = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);
const listed = (names) => names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;

/** An answer as a clause: nothing may be lost in a power cut · 50 messages a second · you run Redis already. */
export function answerSaid(question, value) {
  if (question.form === "choice") return question.options.find(([name]) => name === value)[2];
  if (question.form === "several") {
    const named = question.several.filter(([name]) => value.includes(name)).map(([, label]) => label);
    return named.length ? `you run ${listed(named)} already` : "you run none of them yet";
  }
  if (value === 0 && question.number.none) return question.number.none;
  return `${said(value)} ${question.number[said(value) === "1" ? "one" : "unit"]}`;
}

/** When another configuration would be first, as a clause. */
export function turnSaid(question, turn, now) {
  if (question.form === "several") {
    const added = question.several.find(([name]) => turn.to.includes(name) && !now.includes(name));
    const gone = question.several.find(([name]) => now.includes(name) && !turn.to.includes(name));
    return added ? `you ran ${added[1]}` : `you did not run ${gone[1]}`;
  }
  const told = answerSaid(question, turn.to);
  if (!turn.way) return told;
  const usual = { above: "it were more than {}", below: "it were {} or less" }[turn.way];
  return (question.number[turn.way] ?? usual).replace("{}", told);
}

/** The nearest changes that give another answer: when, and what would be first then. */
export function turnsSaid(model, given, weights = {}) {
  const answers = answered(model, given);
  return turns(model, given, weights).map((one) => [
    `If ${turnSaid(byId(model.questions, one.question), one, answers[one.question])}`,
    one.winner ? byId(model.configurations, one.winner).short : model.words.none_then,
  ]);
}

const MOST = 3;
/** In what those differ that are too close to tell: the needs with the widest gap, and the points of each in them. */
export function parting(model, close) {
  const at = ({ reasons }, id) => reasons.find(({ need }) => need === id)?.points ?? 0;
  const gaps = model.needs.map(({ id, name }) => {
    const each = close.map((one) => at(one, id));
    const told = close.map((one, place) => `${byId(model.configurations, one.id).short} ${said(each[place])}`);
    return { gap: Math.max(...each) - Math.min(...each), text: `${name} (${told.join("; ")})` };
  });
  return gaps.filter(({ gap }) => gap > ROUNDING).sort((one, other) => other.gap - one.gap).slice(0, MOST)
    .map(({ text }) => text);
}

/** The answers (and what else is named) as the part of an address after the page. */
export function address(pairs) {
  const one = ([name, value]) => `&${name}=${encodeURIComponent(value).replaceAll("%2C", ",")}`;
  return `#${PLACE}${Object.entries(pairs).map(one).join("")}`;
}

/** The answers that the address has, those that fit their question; and the sliders. */
export function read(model, hash) {
  const [first, ...rest] = hash.replace(/^#/, "").split("&"), answers = {}, weights = {};
  if (first !== PLACE) return null;
  for (const [name, value] of new URLSearchParams(rest.join("&"))) {
    const question = byId(model.questions, name), group = name.replace(/^w-/, "");
    if (name.startsWith("w-") && byId(model.groups, group) && ["0", "1", "2", "3"].includes(value)) {
      weights[group] = Number(value);
    }
    const fit = question && fitting(question, value);
    if (fit !== undefined && fit !== null) answers[name] = fit;
  }
  return { answers, weights };
}

/** A text as an answer to the question; null if it is none. */
export function fitting(question, text) {
  if (question.form === "choice") return question.options.some(([name]) => name === text) ? text : null;
  if (question.form === "several") {
    return question.several.map(([name]) => name).filter((name) => text.split(",").includes(name)).sort();
  }
  const number = Number(text), { low, high } = question.number;
  return text.trim() && Number.isFinite(number) && number >= low && number <= high ? number : null;
}

export function sides(one) {
  const against = one.reasons.filter(({ short }) => short > 0).sort((a, b) => b.points - a.points);
  return [one.reasons.filter(({ short }) => short === 0), against];
}
