import { bars, bill } from "./bars.mjs";
import { make } from "./dom.mjs";
import { dots } from "./dots.mjs";
import { matrix } from "./matrix.mjs";
import { draw } from "./pictures/index.mjs";
import { SAY } from "./say.mjs";
import { strips } from "./strips.mjs";

/** Says on the figure that it is drawn, as one on a page without a panel does. */
function ready(figure) {
  figure.dataset.ready = "1";
}
// Charts of the kinds timeline, lanes and grid are drawn by the modules of pictures/, as on a page without a panel.
// A chosen point has a picture of its own; a grid may also be one of all points, a row each.
function pictureChart(panel, plot, chosen) {
  const open = chosen.filter((view) => panel.shown(view) && view.pictures?.[plot.name]);
  plot.box.hidden = plot.heading.hidden = !open.length;
  const now = JSON.stringify(open.map((view) => [view.label, view.origin, panel.choice.keyOf(view)]));
  if (plot.now === now) return;
  plot.now = now;
  const figures = open.map((view) => {
    const place = make("div", { class: "pic-drawn" });
    const name = open.length > 1 ? make("p", { class: "pic-under", text: view.label }) : null;
    const about = { class: "picture", "aria-label": `${plot.label}: ${view.label}` };
    const figure = make("figure", about, name, place), drawn = () => panel.loadPlotly();
    draw(place, view.pictures[plot.name], drawn).then(() => ready(figure)).catch((error) => panel.failed(error));
    return figure;
  });
  plot.box.replaceChildren(...figures);
}
function gridChart(panel, plot, chosen) {
  const all = Object.values(panel.choice.all());
  if (all.some((view) => view.pictures?.[plot.name])) {
    pictureChart(panel, plot, chosen);
    return;
  }
  const views = all.filter((view) => view.grid), { columns, noun, secret } = plot.layout;
  plot.box.hidden = plot.heading.hidden = !views.length;
  if (!views.length) return;
  const hidden = columns.map(() => ({ ...secret, says: SAY.yours }));
  const cells = views.map((view) => (panel.shown(view) ? view.grid.cells : hidden));
  const rows = views.map((view) => view.grid.setup), said = { title: panel.state.title };
  const data = { kind: "grid", columns, noun, rows, cells, said }, now = JSON.stringify(data);
  if (plot.now === now) return;
  plot.now = now;
  const place = make("div", { class: "pic-drawn" });
  const figure = make("figure", { class: "picture", "aria-label": plot.label }, place);
  plot.box.replaceChildren(figure);
  draw(place, data, null, { pick: (row) => panel.pick(views[row]) }).then(() => ready(figure));
}
/** One renderer a kind of chart that plotly does not draw: (panel, plot, chosen views). */
export const CHARTS = {
  matrix,
  strips,
  dots,
  bill,
  bars,
  timeline: pictureChart,
  lanes: pictureChart,
  grid: gridChart,
};
