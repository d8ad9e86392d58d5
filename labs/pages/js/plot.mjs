import { inkOn } from "./dom.mjs";
import { stepSlider } from "./slider.mjs";
import { atTheFreeSide, coloured, dressed, endLabels, joined, widened } from "./traces.mjs";

const BAR = { responsive: true, displaylogo: false, modeBarButtons: [["toImage", "resetScale2d"]] };

/** Draws a chart of the kind `plot` with plotly; one with nothing to draw is put out of sight if it may be. */
export async function drawPlot(panel, plot, views, Plotly) {
  const ink = inkOn(panel.root), narrow = panel.root.clientWidth < 480;
  const drawable = panel.choice.onPlot(plot, views);
  const found = drawable.filter((view) => panel.shown(view)); // none before it is guessed
  const all = found.map((view) => view.traces[plot.name]);
  // The floor is the same for all: it is drawn once.
  const alone = () => all.flatMap((traces, at) => traces.filter((trace) => at === 0 || trace.meta.role !== "floor"));
  const traces = plot.sweep ? joined(all.flat()) : alone();
  plot.box.hidden = plot.heading.hidden = Boolean(plot.only) && !traces.length ||
    found.length < Math.min(1, drawable.length);
  if (plot.box.hidden) return;
  const layout = widened(structuredClone(plot.layout), traces);
  const height = plot.sweep || narrow ? Math.min(300, layout.height) : layout.height;
  if (narrow) Object.assign(layout.margin, layout.meta?.narrow ?? { l: 48, r: 78 });
  const shown = coloured({ ...layout, height, font: { ...layout.font, color: "ink" } }, ink);
  const inkOf = (trace) => ink(panel.state.series[trace.meta.broker].ink);
  if (plot.slider) thinned(shown.xaxis); // also where there is room: nobody is told when a window becomes smaller
  const names = endLabels(traces, layout, height, inkOf);
  shown.annotations = [
    ...shown.annotations.map((name) => atTheFreeSide(name, traces)),
    ...names.map((name) => ({ ...(narrow ? inTwo(name) : name), xshift: plot.slider ? 14 : name.xshift })), // off it
  ];
  plot.box.setAttribute("aria-label", `${plot.label}. ${panel.title.textContent}`);
  const drawn = [...traces, ...(plot.slider ? rings(plot, found, views) : [])];
  await Plotly.react(plot.box, drawn.map((trace) => dressed(panel.state, trace, inkOf(trace))), shown, BAR);
  if (plot.slider) slid(panel, plot, views);
}

/** Of ticks so near to each other that their names would touch the first one goes; the last one stays. */
export function thinned(axis) {
  const [low, high] = axis.range, near = (high - low) / 5;
  const kept = axis.tickvals.filter((at, place, all) =>
    all.slice(place + 1, place + 2).every((next) => Math.log10(next / at) > near)
  );
  axis.ticktext = axis.ticktext.filter((_, place) => kept.includes(axis.tickvals[place]));
  axis.tickvals = kept;
}
/** A long name on two lines. */
function inTwo(name) {
  const words = name.text.split(" "), half = Math.ceil(words.length / 2);
  const text = [words.slice(0, half), words.slice(half)].map((part) => part.join(" ")).join("<br>");
  return name.text.length > 10 && words.length > 1 ? { ...name, text, font: { ...name.font, size: 11 } } : name;
}
/** A ring around the chosen point, and one around those of other lines at the same step. */
export function rings(plot, found, views) {
  const chosen = views.find((view) => found.includes(view)), step = chosen?.[plot.sweep];
  const beside = found.filter((view) => view[plot.sweep] === step);
  const middle = (view) => view.traces[plot.name].find((trace) => trace.meta.role === "median");
  return chosen ? beside.map((view) => ring(middle(view), view === chosen ? "chosen" : "beside")) : [];
}
const ring = (trace, role) => ({ ...trace, meta: { ...trace.meta, role, hollow: true } });

/** The slider under the curve; a point of the curve can be pressed as well. */
function slid(panel, plot, views) {
  if (!plot.steps) {
    plot.steps = stepSlider(panel, plot);
    plot.box.after(plot.steps.element);
    plot.box.on("plotly_click", ({ points: [{ x, data }] }) => {
      const drawn = Object.values(panel.choice.all());
      const on = (view) => view[plot.sweep] === x && view[plot.lines] === data.meta.line;
      const view = drawn.findLast((one) => on(one) && one.traces[plot.name]?.length);
      if (view) panel.pick(view);
    });
  }
  plot.steps.sync(views);
}
