import { gridPicture } from "./grid.mjs";
import { lanesPicture } from "./lanes.mjs";
import { timelinePicture } from "./timeline.mjs";

// One renderer a kind, in three homes: a page (picture-loader.mjs), a notebook (widget.mjs), a lab's panel.
const PICTURES = { timeline: timelinePicture, lanes: lanesPicture, grid: gridPicture };

// Draws `data` into `place` and keeps it drawn when the theme or the width changes. Gives what ends that.
export async function draw(place, data, plotly, options = {}) {
  const made = PICTURES[data.kind](place, data, options);
  if (!made.plotly) return () => {};
  const found = await plotly();
  made.begin(found);
  const end = () => { theme.disconnect(); sized.disconnect(); found.purge(made.box); };
  const theme = new MutationObserver(() => (place.isConnected ? made.draw() : end()));
  theme.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  theme.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  let wide = place.clientWidth;
  const sized = new ResizeObserver(() => { if (place.clientWidth !== wide && place.clientWidth) { wide = place.clientWidth; made.draw(); } });
  sized.observe(place);
  return end;
}

const loaded = (src) => new Promise((ok, no) => {
  const script = document.createElement("script");
  Object.assign(script, { src, onload: ok, onerror: () => no(new Error(`cannot load ${src}`)) });
  document.head.append(script);
});
// plotly, once: from `src`, or from bytes that a kernel has sent.
export async function plotlyFrom(src) {
  if (!globalThis.Plotly?.react) await loaded(typeof src === "string" ? src : URL.createObjectURL(new Blob([src], { type: "text/javascript" })));
  return globalThis.Plotly;
}
