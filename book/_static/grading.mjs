// An answer and what is right -> a word and a sentence, by the table that labs/pages/exercises/grading.py grades by and
// in the same words; a test holds both against the same answers.

const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name]);

/** What is right: base64 of a text that was mixed with the exercise's number; on_page.py says what that is good for. */
export function unmixed(key, number) {
  const salt = new TextEncoder().encode(number), mixed = Uint8Array.from(atob(key), (one) => one.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(mixed.map((byte, at) => byte ^ salt[at % salt.length])));
}

/** The words of a text without what does not count, as answers.py has it. */
export const plainWords = (text) => text.replace(/[ \t\r\n\u00a0`"'“”‘’]+/g, " ").replace(/^ +| +$/g, "").toLowerCase();

/** The number that is written there, with or without one of these units, as answers.py has it; NaN where none is. */
export function numberIn({ number }, units, text) {
  const found = text.replace(/^[ \t\r\n\u00a0]+|[ \t\r\n\u00a0]+$/g, "").toLowerCase().match(`^(?:${number})$`);
  if (!found) return NaN;
  const [sign, groups, comma, plain, power, rest] = found.slice(1).map((one) => one ?? "");
  if (rest && !units.includes(rest.replace(/[ \u00a0]/g, ""))) return NaN;
  return Number(sign + (groups.replace(/[, \u00a0]/g, "") || comma.replace(",", ".") || plain) + power);
}

function numberOff({ steps, units, scaled, words }, given, right, { tolerance, unit }) {
  if (Math.abs(given - right) <= tolerance * Math.abs(right)) return "";
  if (given * right <= 0) return given ? words.sign : words.nothing;
  const ratio = given / right, way = ratio > 1 ? words.high : words.low, near = Math.max(tolerance, 0.2);
  const has = unit.split(" ").some((word) => scaled.includes(word)), off = (one) => Math.abs(ratio / one - 1) <= near;
  const other = has && units.find(([factor]) => off(factor) || off(1 / factor));
  if (other) return fill(words.unit, { word: other[1], way, unit });
  const times = Math.max(ratio, 1 / ratio);
  return fill(words.off, { way, by: steps.find(([limit]) => times <= limit)?.[1] ?? words.far });
}

function setOff({ counts }, given, right) {
  const inBoth = given.filter((name) => right.includes(name)).length;
  const found = { yours: inBoth, extra: given.length - inBoth, missing: right.length - inBoth };
  if (!found.extra && !found.missing) return "";
  const counted = (name, number) => fill(counts[name][Math.min(number, 2)], { n: number });
  if (!given.length) return `${counted("all", right.length)}.`;
  return `${Object.entries(found).map(([name, number]) => counted(name, number)).filter(Boolean).join(", ")}.`;
}

function gridOff({ words }, given, right) {
  const all = Object.keys(right), placed = all.filter((cell) => given[cell] === right[cell]).length;
  return placed === all.length ? "" : fill(words.places, { right: placed, all: all.length });
}

/**
 * The mark of an answer that could be read.
 * @param {any} table
 * @param {any} asked what on_page.py sent, with the texts `hint` and `why`
 * @param {any} given a number, a name, a list of names, a table of places, words
 */
export function grade(table, asked, given) {
  const right = unmixed(asked.key, asked.number), { kind } = asked;
  const hidden = (name, none) => asked[name] ? unmixed(asked[name], asked.number) : none;
  const known = new Map(Object.entries(hidden("because", {})));
  const plain = () =>
    given === right || hidden("also", []).includes(given)
      ? ""
      : known.get(given) ?? (kind === "text" ? table.words.text : table.words.other);
  const wrong = kind === "number"
    ? numberOff(table, given, right, asked)
    : kind === "set"
    ? setOff(table, given, right)
    : kind === "grid"
    ? gridOff(table, given, right)
    : plain();
  return wrong ? { word: "not yet", text: `${wrong} ${asked.hint}`.trim() } : { word: "right", text: asked.why };
}
