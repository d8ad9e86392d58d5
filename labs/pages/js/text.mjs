// Numbers and findings as words; the same rules as labs/show/sentences.py, compared by a test.

const NBSP = "\u00a0";
export function msText(ms) {
  if (ms == null) return "too few samples";
  if (ms === "never" || ms === Infinity) return "never";
  if (ms >= 1000) return `${count((ms / 1000).toPrecision(3))}${NBSP}s`;
  return `${ms >= 100 ? ms.toFixed(0) : ms >= 1 ? ms.toPrecision(3) : ms.toFixed(2)}${NBSP}ms`;
}
const times = (ratio) => (ratio < 10 ? ratio.toFixed(1) : ratio < 100 ? `${+ratio.toPrecision(2)}` : ratio.toFixed(0));
const enumerated = (words) => [words.slice(0, -1).join(", "), ...words.slice(-1)].filter(Boolean).join(" and ");
export const count = (number) => (+number).toLocaleString("en-GB");
export const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name]);

function together(state, views) {
  const alone = new Set(views.map((view) => view.series)).size === views.length;
  const name = (view) => (alone ? state.series[view.series]?.name ?? view.label : view.label);
  return `${views[0].lead} ${enumerated(views.map((view) => `${view.part} (${name(view)})`))}`;
}
/** What the shown points say together; `mixed`: their promises are not alike. */
export function titleOf(state, views, mixed) {
  if (!views.length) return state.titles.none;
  if (views[0].title) {
    return (mixed ? state.titles.mixed : "") + (views.length === 1 ? views[0].title : together(state, views));
  }
  const step = Object.keys(state.steps).find((name) => views.every((view) => view.numbers[name] != null));
  if (!step) return fill(state.titles.unknown, { rate: views[0].at });
  const told = (view) => view.numbers[step], name = (view) => state.series[view.series].name;
  const ms = (view) => (told(view).ms === "never" ? Infinity : told(view).ms);
  const names = enumerated(views.filter((view) => told(view).most).map(name));
  const words = { rate: views[0].at, step: state.steps[step], names }, prefix = mixed ? state.titles.mixed : "";
  // A figure that is mostly our own harness makes no headline, and no ratio; a range makes no ratio.
  const ranked = views.filter((view) => !told(view).most).sort((a, b) => ms(a) === ms(b) ? 0 : ms(a) - ms(b));
  const hidden = views.filter((view) => told(view).most), unsaid = (all) => all.some((view) => view.unseen);
  if (!ranked.length) return prefix + fill(state.titles.hidden, words) + (unsaid(hidden) ? state.titles.unseen : "");
  const [low, high] = [ranked[0], ranked.at(-1)], ratio = ms(high) / ms(low);
  const apart = ratio <= state.close ? "alike" : "apart";
  const kind = ranked.length === 1 ? "one" : told(low).plain && told(high).plain ? apart : "beside";
  // Whom the title names, besides those that are hidden.
  const ends = kind === "beside" ? ranked : [...new Set([low, high])];
  const limits = enumerated(ends.filter((view) => view.bound).map(name));
  const unseen = unsaid([...hidden, ...ends]) ? state.titles.unseen : "";
  return prefix + fill(state.titles[kind], {
    ...words,
    rate: high.at,
    share: ((ratio - 1) * 100).toFixed(0),
    times: times(ratio),
    low: name(low),
    high: name(high),
    low_ms: told(low).text,
    high_ms: told(high).text,
    each: enumerated([...ranked].reverse().map((view) => `${told(view).text} with ${name(view)}`)),
  }) + (names ? fill(state.titles.also, words) : "") + (limits ? fill(state.titles.bound, { bound: limits }) : "") +
    unseen;
}
