import { inkOn } from "./dom.mjs";
import { atTheFreeSide, coloured, dressed, endLabels, joined, widened } from "./traces.mjs";

const BAR = { responsive: true, displaylogo: false, modeBarButtons: [["toImage", "resetScale2d"]] };

/** Draws a chart of the kind `plot` with plotly; one with nothing to draw is put out of sight if it may be. */
export async function drawPlot(panel, plot, views, Plotly) {
  const ink = inkOn(panel.root), found = panel.choice.onPlot(plot, views), narrow = panel.root.clientWidth < 480;
  const all = found.map((view) => view.traces[plot.name]);
  // The floor is the same for all: it is drawn once.
  const alone = () => all.flatMap((traces, at) => traces.filter((trace) => at === 0 || trace.meta.role !== "floor"));
  const traces = plot.sweep ? joined(all.flat()) : alone();
  plot.box.hidden = plot.heading.hidden = Boolean(plot.only) && !traces.length;
  if (plot.box.hidden) return;
  const layout = widened(structuredClone(plot.layout), traces);
  const height = plot.sweep || narrow ? Math.min(300, layout.height) : layout.height;
  if (narrow) Object.assign(layout.margin, layout.meta?.narrow ?? { l: 48, r: 78 });
  const shown = coloured({ ...layout, height, font: { ...layout.font, color: "ink" } }, ink);
  const inkOf = (trace) => ink(panel.state.series[trace.meta.broker].ink);
  shown.annotations = [
    ...shown.annotations.map((name) => atTheFreeSide(name, traces)),
    ...endLabels(traces, layout, height, inkOf),
  ];
  plot.box.setAttribute("aria-label", `${plot.label}. ${panel.title.textContent}`);
  await Plotly.react(plot.box, traces.map((trace) => dressed(panel.state, trace, inkOf(trace))), shown, BAR);
}
