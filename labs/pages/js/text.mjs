// Numbers and findings as words; the same rules as labs/show/sentences.py, compared by a test.

export const msText = (ms) =>
  ms == null
    ? "too few samples"
    : ms >= 1000
    ? `${+(ms / 1000).toPrecision(3)}\u00a0s`
    : ms >= 100
    ? `${ms.toFixed(0)}\u00a0ms`
    : ms >= 1
    ? `${ms.toPrecision(3)}\u00a0ms`
    : `${ms.toFixed(2)}\u00a0ms`;
export const times = (ratio) => ratio < 10 ? ratio.toFixed(1) : ratio < 100 ? ratio.toPrecision(2) : ratio.toFixed(0);
export const count = (number) => (+number).toLocaleString("en-GB");
export const rateText = (rate) => `${count(rate)}/s`;
export const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name]);

function together(state, views) {
  const alone = new Set(views.map((view) => view.broker)).size === views.length, what = views[0].event;
  return `${what[0].toUpperCase()}${what.slice(1)}: ${
    views.map((view) => `${alone ? state.names[view.broker] ?? view.label : view.label} ${view.part}`).join(", ")
  }`;
}
export function titleOf(state, views, mixed) {
  if (!views.length) return state.titles.none;
  if (views[0].title) {
    return (mixed ? state.titles.mixed : "") + (views.length === 1 ? views[0].title : together(state, views));
  }
  const step = Object.keys(state.steps).find((name) => views.every((view) => view.numbers[name] != null));
  if (!step) return fill(state.titles.unknown, { rate: rateText(views[0].rate_per_s) });
  const ranked = [...views].sort((a, b) => a.numbers[step] - b.numbers[step]);
  const [low, high] = [ranked[0], ranked.at(-1)], ratio = high.numbers[step] / low.numbers[step];
  const kind = ranked.length === 1 ? "one" : ratio <= state.close ? "alike" : "apart";
  return (mixed ? state.titles.mixed : "") + fill(state.titles[kind], {
    rate: rateText(high.rate_per_s),
    step: state.steps[step],
    share: ((ratio - 1) * 100).toFixed(0),
    times: times(ratio),
    low: state.names[low.broker],
    high: state.names[high.broker],
    low_ms: msText(low.numbers[step]),
    high_ms: msText(high.numbers[step]),
  }) + (low.bound || high.bound ? state.titles.bound : "") + (low.unseen || high.unseen ? state.titles.unseen : "");
}
