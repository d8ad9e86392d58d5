// Answers in, a ranking out: labs/pages/choose/engine.py and turning.py once more, in the same words; a test holds both
// against many answers.
import { GB, perDay, said, waitingGb } from "./choose-bill.mjs";

const MEASURED_BYTES = 100, UNKNOWN_SHORT = 0.5, OPEN = "not measured here";
const CLOSE = 0.4;
export const ROUNDING = 1e-9;
const HALVES = 24, STEPS = 12, FEW = 3, APART = 1000, ABOVE = 1.0001;

/** All answers: those given, and the neutral one where none is. */
export const answered = (model, given) =>
  Object.fromEntries(model.questions.map((one) => [one.id, given[one.id] ?? one.neutral]));

/** Whether all of these are answered so: one of a list, or a number within bounds. */
export function fits(when, answers) {
  return Object.entries(when).every(([name, wanted]) => {
    const given = answers[name];
    if (!Array.isArray(wanted)) return given > (wanted.above ?? -Infinity) && given < (wanted.below ?? Infinity);
    return [given].flat().some((one) => wanted.includes(one));
  });
}
const some = (when) => Object.keys(when).length > 0;
const active = ({ when, unless }, answers) => fits(when, answers) && !(some(unless) && fits(unless, answers));

/** Seconds a message at this size: straight lines between what was measured, and beyond it as the last one goes. */
function timeOf(curve, size) {
  const points = curve.map(([at, perS]) => [at, 1 / perS]);
  if (size <= points[0][0]) return points[0][1];
  for (let at = 1; at < points.length; at++) {
    const [low, early] = points[at - 1], [high, late] = points[at];
    if (size <= high) return early + (late - early) * (size - low) / (high - low);
  }
  const [[low, early], [high, late]] = points.slice(-2);
  return late + Math.max(0, late - early) * (size - high) / (high - low);
}

/** Messages a second of `size` bytes, from what was measured with those of a hundred. */
export function capacity(configuration, perS, size) {
  const { curve } = configuration;
  if (curve.length < 2 || size <= MEASURED_BYTES) return perS;
  return perS * timeOf(curve, MEASURED_BYTES) / timeOf(curve, size);
}
const keptGb = (answers) => perDay(answers) * answers.size * answers.keep_days / GB;

/** What the figure comes to where the reader's messages are larger than those that were measured, as a sentence. */
function reckoned(need, configuration, number, { size }) {
  const found = capacity(configuration, number, size);
  if (need.measure !== "load" || found === number) return "";
  return `With your ${said(size)} bytes we reckon ${said(found)}/s. `;
}

function ratio(need, configuration, number, answers) {
  if (need.measure === "load") return answers.rate / capacity(configuration, number, answers.size);
  if (need.measure === "hour") return waitingGb(configuration, answers) / number;
  return need.measure === "latency" ? number / answers.latency : keptGb(answers) / number;
}

/** How much of a need a configuration leaves open, and the sentence that says it. */
function leftOpen(need, configuration, answers) {
  const cell = need.cells[configuration.id], { measure, steps, levels } = need;
  if (measure === "stack" || measure === "nodes") {
    const by = steps[answers.operator], there = answers.runs.includes(configuration.system);
    const nodes = configuration.nodes > 1 ? [1, by] : [0, 0];
    const stack = !configuration.system ? [2, 0] : there ? [0, 0] : [1, by];
    const [level, short] = measure === "nodes" ? nodes : stack;
    const told = level !== 1 || !cell.say ? levels[level] : `${levels[1]} ${cell.say}`;
    return [short, told || cell.say];
  }
  if (measure && cell.number !== null) {
    const found = ratio(need, configuration, cell.number, answers);
    const at = steps.findIndex(([limit]) => found <= limit);
    const words = reckoned(need, configuration, cell.number, answers) + levels[at < 0 ? steps.length : at];
    return [at < 0 ? 1 : steps[at][1], `${cell.say} ${words}`];
  }
  return [cell.short ?? UNKNOWN_SHORT, cell.say];
}

function reason(need, configuration, answers, weights) {
  const cell = need.cells[configuration.id], [short, text] = leftOpen(need, configuration, answers);
  const points = need.weight * (weights[need.group] ?? 1) * short, out = need.hard && short >= 1;
  const { id, name, group } = need, { how, links } = cell;
  return { need: id, name, group, short, points, out, text, how, links };
}

function score(model, configuration, answers, weights) {
  let points = 0, out = false, untested = false;
  const reasons = [];
  for (const need of model.needs.filter((one) => active(one, answers))) {
    const one = reason(need, configuration, answers, weights), cell = need.cells[configuration.id];
    points += one.points;
    out ||= one.out;
    untested ||= need.hard && one.how === OPEN && cell.number === null;
    if (!(cell.quiet && one.short === 0)) reasons.push(one);
  }
  return { id: configuration.id, points, out, untested, reasons, untried: configuration.untried, close: false };
}

const byKey = (one, other) =>
  Number(one.out) - Number(other.out) || Number(one.untested) - Number(other.untested) || one.points - other.points;

/** All configurations, the best first: what fails a must comes last, what was not tested for one before that. Of those
 * that are too close to tell at the top, what was never run here stands behind what was. */
export function rank(model, given, weights = {}) {
  const answers = answered(model, given);
  return tooClose(model.configurations.map((one) => score(model, one, answers, weights)).sort(byKey));
}

function tooClose(found) {
  const { out, untested, points } = found[0], most = points + CLOSE + ROUNDING;
  const near = found.filter((one) => one.out === out && one.untested === untested && one.points <= most);
  if (out || near.length < 2) return found;
  near.sort((one, other) => Number(one.untried) - Number(other.untried));
  return [...near.map((one) => ({ ...one, close: true })), ...found.slice(near.length)];
}

/** What the article would say: the first of its sentences that fits, if one does. */
export function advice(model, given) {
  const answers = answered(model, given);
  return model.article.find((one) => fits(one.when, answers)) ?? null;
}

// ---- what would change the answer
export const asked = (question, answers) => fits(question.needs ?? {}, answers);
const severalWith = (given, name) =>
  given.includes(name) ? given.filter((one) => one !== name) : [...given, name].sort();

function options(question, answers) {
  const given = answers[question.id];
  if (question.form === "choice") return question.options.map(([value]) => value).filter((one) => one !== given);
  if (question.form === "several") return question.several.map(([name]) => severalWith(given, name));
  return [...question.number.steps, question.number.usual].filter((one) => one !== given);
}

/** The number that an answer stands for: of the day also where it was left to the rule. */
export const numberOf = (name, answers) => name === "day" ? perDay(answers) : answers[name];

function thresholds(model, question, answers) {
  const found = new Set(question.number.steps), { id } = question, now = numberOf(id, answers);
  for (const need of model.needs) {
    for (const one of model.configurations) {
      const { number } = need.cells[one.id];
      if (number === null || !need.measure || !Array.isArray(need.steps)) continue;
      for (const [limit] of need.steps) {
        if (need.measure === "load" && id === "rate") found.add(limit * capacity(one, number, answers.size));
        if (need.measure === "latency" && id === "latency") found.add(number / limit);
        if (need.measure === "memory" && ["rate", "day", "size", "keep_days"].includes(id)) {
          found.add(now * (limit * number / keptGb(answers)));
        }
        if (need.measure === "hour" && ["rate", "size"].includes(id)) {
          found.add(now * (limit * number / waitingGb(one, answers)));
        }
      }
    }
  }
  const { low, high } = question.number;
  return [...found].filter((at) => low <= at && at <= high).sort((one, other) => one - other);
}

/** The first configuration; empty where it fails a must, so that nothing does all that is asked. */
function winnerOf(model, answers, weights) {
  const [first] = rank(model, answers, weights);
  return first.out ? "" : first.id;
}

/** Every single change of an answer that gives another winner, or none; of a number the nearest on either side. */
export function turns(model, given, weights = {}) {
  const answers = answered(model, given), first = winnerOf(model, answers, weights), found = [];
  const winner = (name, to) => winnerOf(model, { ...answers, [name]: to }, weights);
  for (const question of model.questions.filter((one) => asked(one, answers))) {
    const { id } = question;
    if (question.form !== "number") {
      for (const to of options(question, answers)) {
        const then = winner(id, to);
        if (then !== first) found.push({ question: id, to, way: "", winner: then });
      }
      continue;
    }
    const limits = thresholds(model, question, answers), now = numberOf(id, answers);
    const above = limits.filter((at) => at >= now).map((at) => at * ABOVE);
    const below = limits.filter((at) => at < now).reverse();
    for (const [way, along] of Object.entries({ above, below })) {
      const at = along.findIndex((one) => winner(id, one) !== first);
      if (at < 0) continue;
      let near = question.number.exact ? along[at] : at ? along[at - 1] : now, far = along[at];
      for (let half = 0; half < HALVES && near !== far; half++) {
        const middle = (near + far) / 2;
        if (winner(id, middle) === first) near = middle;
        else far = middle;
      }
      found.push({ question: id, to: far, way, winner: winner(id, far) });
    }
  }
  return found;
}

// ---- the other way round: demands by which a configuration wins
function margin(model, answers, name, weights) {
  const found = rank(model, answers, weights);
  const mine = found.find((one) => one.id === name);
  const [other] = found.filter((one) => one.id !== name).sort(byKey);
  const weighed = (one) => APART * (2 * Number(one.out) + Number(one.untested)) + one.points;
  return weighed(other) - weighed(mine) - CLOSE - ROUNDING - APART * mine.reasons.filter((one) => one.out).length;
}

function climbed(model, name, begin, weights) {
  let now = { ...begin }, best = margin(model, now, name, weights);
  for (let step = 0; step < STEPS; step++) {
    if (best > 0) return now;
    let found = best, change = null;
    for (const question of model.questions.filter((one) => asked(one, now))) {
      for (const to of options(question, now)) {
        const there = margin(model, { ...now, [question.id]: to }, name, weights);
        if (there > found) [found, change] = [there, { [question.id]: to }];
      }
    }
    if (!change) return null;
    [now, best] = [{ ...now, ...change }, found];
  }
  return best > 0 ? now : null;
}

const same = (one, other) => String(one) === String(other);
function fewest(model, name, start, end, weights) {
  let now = { ...end };
  for (const { id } of model.questions) {
    const without = { ...now, [id]: start[id] };
    if (!same(now[id], start[id]) && margin(model, without, name, weights) > 0) now = without;
  }
  for (const question of model.questions) {
    const { id } = question;
    if (question.form !== "choice" || same(now[id], start[id])) continue;
    const gentler = question.options.map(([value]) => ({ ...now, [id]: value }));
    now = gentler.find((one) => margin(model, one, name, weights) > 0);
  }
  return Object.fromEntries(Object.entries(now).filter(([id, value]) => !same(value, start[id])));
}

/** Answers by which this configuration wins alone, the fewest that were found; null where none were. */
export function demands(model, name, given = {}, weights = {}) {
  const start = answered(model, given);
  let best = null;
  for (const seed of [{}, ...model.scenarios.map((one) => one.answers)]) {
    if (best && Object.keys(best).length <= FEW) break;
    const end = climbed(model, name, { ...start, ...seed }, weights);
    const found = end && fewest(model, name, start, end, weights);
    if (found && (!best || Object.keys(found).length < Object.keys(best).length)) best = found;
  }
  return best;
}
