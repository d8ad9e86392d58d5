// Numbers and findings as words; the same rules as labs/show/sentences.py, compared by a test.

const NBSP = "\u00a0";
export function msText(ms) {
  if (ms == null) return "too few samples";
  if (ms >= 1000) return `${+(ms / 1000).toPrecision(3)}${NBSP}s`;
  return `${ms >= 100 ? ms.toFixed(0) : ms >= 1 ? ms.toPrecision(3) : ms.toFixed(2)}${NBSP}ms`;
}
const times = (ratio) => (ratio < 10 ? ratio.toFixed(1) : ratio < 100 ? ratio.toPrecision(2) : ratio.toFixed(0));
export const count = (number) => (+number).toLocaleString("en-GB");
export const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name]);

function together(state, views) {
  const alone = new Set(views.map((view) => view.series)).size === views.length, what = views[0].event;
  const name = (view) => (alone ? state.series[view.series]?.name ?? view.label : view.label);
  const parts = views.map((view) => `${name(view)} ${view.part}`).join(", ");
  return `${what[0].toUpperCase()}${what.slice(1)}: ${parts}`;
}
/** What the shown points say together; `mixed`: their promises are not alike. */
export function titleOf(state, views, mixed) {
  if (!views.length) return state.titles.none;
  if (views[0].title) {
    return (mixed ? state.titles.mixed : "") + (views.length === 1 ? views[0].title : together(state, views));
  }
  const step = Object.keys(state.steps).find((name) => views.every((view) => view.numbers[name] != null));
  if (!step) return fill(state.titles.unknown, { rate: views[0].at });
  const ranked = [...views].sort((a, b) => a.numbers[step] - b.numbers[step]);
  const [low, high] = [ranked[0], ranked.at(-1)], ratio = high.numbers[step] / low.numbers[step];
  const kind = ranked.length === 1 ? "one" : ratio <= state.close ? "alike" : "apart";
  return (mixed ? state.titles.mixed : "") + fill(state.titles[kind], {
    rate: high.at,
    step: state.steps[step],
    share: ((ratio - 1) * 100).toFixed(0),
    times: times(ratio),
    low: state.series[low.series].name,
    high: state.series[high.series].name,
    low_ms: msText(low.numbers[step]),
    high_ms: msText(high.numbers[step]),
  }) + (low.bound || high.bound ? state.titles.bound : "") + (low.unseen || high.unseen ? state.titles.unseen : "");
}
