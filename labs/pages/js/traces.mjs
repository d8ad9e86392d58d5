import { count } from "./text.mjs";

// What plotly draws of the slim traces of a state (labs/show/traces.py): style and colour, lines, axes, names.
/** A layout in which names of colours have become what `ink` says that they are. */
export function coloured(part, ink) {
  if (Array.isArray(part)) return part.map((item) => coloured(item, ink));
  if (!part || typeof part !== "object") return part;
  const isName = (key, value) => key.includes("color") && typeof value === "string" && /^[a-z-]+$/.test(value);
  const inked = ([key, value]) => [key, isName(key, value) ? ink(value) || value : coloured(value, ink)];
  return Object.fromEntries(Object.entries(part).map(inked));
}
const HOVER = {
  row: "%{x:,.3~r} ms, %{text}<extra>%{fullData.name}</extra>",
  text: "%{y:,.3~r} ms, %{text}<extra>%{fullData.name}</extra>",
  rate: "%{y:,.3~r} ms at %{x}/s<extra>%{fullData.name}</extra>",
};
/** A slim trace in the style of its role and the colour of its series, as plotly wants it. */
export function dressed(state, trace, colour) {
  const { broker, role, hollow, name, hover } = trace.meta,
    style = state.styles[role],
    { mark, dash: own } = state.series[broker],
    dash = trace.meta.dash ?? own;
  const symbol = (open) => mark + (open && !mark.endsWith("open") ? "-open" : "");
  const inRow = (_, at) => (at === 0 ? "circle" : at === 1 ? "circle-open" : "line-ns-open");
  const symbols = trace.hollows?.map(symbol) ?? (role === "row" ? trace.x.map(inRow) : symbol(hollow));
  const said = hover ?? HOVER[role === "row" ? "row" : trace.text ? "text" : "rate"];
  return {
    type: "scatter",
    name,
    ...style,
    ...trace,
    hovertemplate: style.hoverinfo ? undefined : said,
    marker: { ...style.marker, color: colour, symbol: symbols },
    line: { ...style.line, ...(dash ? { dash } : {}), color: colour },
  };
}
/** The traces of one line and role as one, ordered along x. */
export function joined(traces) {
  const groups = new Map();
  for (const trace of traces) {
    const key = `${trace.meta.line ?? trace.meta.broker} ${trace.meta.role}`;
    groups.set(key, [...(groups.get(key) ?? []), trace]);
  }
  return [...groups.values()].map((parts) => {
    parts.sort((a, b) => a.x[0] - b.x[0]);
    return {
      x: parts.flatMap((part) => part.x),
      y: parts.flatMap((part) => part.y),
      ...(parts[0].text ? { text: parts.flatMap((part) => part.text) } : {}),
      meta: { ...parts[0].meta, hollow: parts.some((part) => part.meta.hollow) },
      hollows: parts.flatMap((part) => part.x.map(() => part.meta.hollow)),
    };
  });
}
/** What was measured here may lie outside the range of the recorded runs: widen it, never cut a line off. */
export function widened(layout, traces) {
  if (layout.meta?.labels === false && traces.length === 0) return layout;
  for (const [axis, letter] of [[layout.yaxis, "y"], [layout.xaxis, "x"]]) {
    const place = axis.type === "log" ? Math.log10 : Number, half = axis.type === "log" ? 2 : 20;
    const at = traces.flatMap((trace) => trace[letter]).filter((value) =>
      value != null && (axis.type !== "log" || value > 0)
    ).map(place);
    if (!at.length) continue;
    const [low, high] = [Math.min(...at), Math.max(...at)];
    if (low < axis.range[0]) axis.range[0] = letter === "x" ? low - 0.1 : Math.floor(low * half) / half;
    if (high > axis.range[1]) axis.range[1] = letter === "x" ? high + 0.1 : Math.ceil(high * half) / half;
    const decades = Array.from({ length: 12 }, (_, power) => power - 5).filter((power) =>
      power >= axis.range[0] && power <= axis.range[1]
    );
    if (axis.type === "log" && !axis.ticktext) axis.tickvals = decades.map((power) => +`1e${power}`);
    if (letter === "x" && axis.type === "log" && axis.ticktext && layout.meta?.labels !== false) {
      axis.tickvals = [...new Set([...axis.tickvals, ...traces.flatMap((trace) => trace.x)])].sort((a, b) => a - b);
      axis.ticktext = axis.tickvals.map(count);
    }
  }
  return layout;
}
/** Where a line ends: the place of its last figure, for it has a gap where a figure is `never`; -1 of none. */
const lastOf = (trace) => trace.y.findLastIndex((value) => value != null);
/** Names at the ends of the lines, apart from each other; `inkOf` gives the colour of a trace. */
export function endLabels(traces, layout, height, inkOf) {
  if (layout.meta?.labels === false) return [];
  const last = new Map(
    traces.filter((t) => ["median", "floor"].includes(t.meta.role) && lastOf(t) >= 0).map((
      t,
    ) => [t.meta.line ?? t.meta.broker, t]),
  );
  const up = layout.yaxis.type === "log" ? Math.log10 : Number;
  const [low, high] = layout.yaxis.range, gap = 17 / (height - layout.margin.t - layout.margin.b) * (high - low);
  const end = (trace) => trace.y[lastOf(trace)];
  const ranked = [...last.values()].sort((a, b) => end(a) - end(b));
  let at = -Infinity;
  const places = ranked.map((trace) => (at = Math.max(up(end(trace)), at + gap)));
  // From the top down again: a name above the axis would not be drawn, and one is moved only for the name over it.
  for (let one = places.length - 1, roof = high; one >= 0; one -= 1, roof -= gap) {
    places[one] = roof = Math.min(places[one], roof);
  }
  const across = (x) => (layout.xaxis.type === "log" ? Math.log10(x) : x);
  return ranked.map((trace, index) => ({
    xref: "x",
    x: across(trace.x[lastOf(trace)]),
    xanchor: "left",
    xshift: 8,
    yref: "y",
    y: places[index],
    showarrow: false,
    text: trace.meta.name,
    font: { color: inkOf(trace), size: 13 },
  }));
}
/** The name of a reference stands where the lines are farther from it. */
export function atTheFreeSide(name, traces) {
  const lines = traces.filter((trace) => ["median", "floor"].includes(trace.meta.role) && lastOf(trace) >= 0);
  const known = (trace) => trace.y.filter((value) => value != null);
  const gaps = (end) =>
    lines.map((trace) => Math.log10(known(trace).at(end)) - name.y).sort((a, b) => Math.abs(a) - Math.abs(b));
  const [left, right] = [gaps(0)[0] ?? 0, gaps(-1)[0] ?? 0],
    under = (gap) => (gap > 0 && gap < 0.5 ? { yanchor: "top" } : {});
  return Math.abs(left) > Math.abs(right)
    ? { ...name, x: 0.005, xanchor: "left", ...under(left) }
    : { ...name, ...under(right) };
}
