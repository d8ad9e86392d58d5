import { plotlyFrom } from "../plotly.mjs";
import { draw } from "./index.mjs";

// The home in a notebook: anywidget calls render with the model of a kernel's Drawn (widget.py).
export default {
  render({ model, el }) {
    el.innerHTML = model.get("frame"); // made by labs/pages/pictures/frame.py, where every text is escaped
    return draw(el.querySelector(".pic-drawn"), model.get("data"), () => plotlyFrom(model.get("plotly")));
  },
};
