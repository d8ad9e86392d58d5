import { onTheme } from "../dom.mjs";
import { gridPicture } from "./grid.mjs";
import { lanesPicture } from "./lanes.mjs";
import { messagesPicture } from "./messages.mjs";
import { timelinePicture } from "./timeline.mjs";

// One renderer a kind, in three homes: a page (picture-loader.mjs), a notebook (widget.mjs), a lab's panel.
const PICTURES = { timeline: timelinePicture, lanes: lanesPicture, grid: gridPicture, messages: messagesPicture };

// Draws `data` into `place` and keeps it drawn when the theme or the width changes. Gives what ends that.
export async function draw(place, data, plotly, options = {}) {
  const made = PICTURES[data.kind](place, data, options);
  if (!made.plotly) return () => {};
  const found = await plotly();
  made.begin(found);
  const end = () => {
    theme();
    sized.disconnect();
    found.purge(made.box);
  };
  const theme = onTheme(() => (place.isConnected ? made.draw() : end()));
  let wide = place.clientWidth;
  const sized = new ResizeObserver(() => {
    if (place.clientWidth !== wide && place.clientWidth) {
      wide = place.clientWidth;
      made.draw();
    }
  });
  sized.observe(place);
  return end;
}
