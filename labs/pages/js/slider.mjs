import { input, make, newId } from "./dom.mjs";
import { count } from "./text.mjs";

// Where a setting was recorded in steps the control is a slider under its curve: a step chooses the point of it.

/** The points of the line on which the chosen point is, in the order of the steps; else of the lab's first line. */
export function stepsOf(panel, plot, views) {
  const drawn = Object.values(panel.choice.all()).filter((view) => view.traces[plot.name]?.length);
  const on = views.find((view) => drawn.includes(view)) ?? drawn[0], by = (view) => view[plot.sweep];
  const line = drawn.filter((view) => view[plot.lines] === on?.[plot.lines]).sort((a, b) => by(a) - by(b));
  const nearest = new Map(line.map((view) => [by(view), view])); // what was measured here comes last, and counts
  for (const view of views) if (line.includes(view)) nearest.set(by(view), view);
  return [...nearest.values()];
}

/** The slider of a plot; `sync` shows which step is chosen. */
export function stepSlider(panel, plot) {
  const id = newId(), ticks = make("div", { class: "lp-ticks", "aria-hidden": "true" });
  let steps = [];
  const oninput = () => panel.pick(steps[+slide.value]);
  const slide = input({ type: "range", id, min: 0, step: 1, "data-slider": plot.name, oninput });
  const name = make("label", { class: "lp-name", for: id });
  const element = make("div", { class: "lp-slider" }, name, slide, ticks);
  const sync = (views) => {
    steps = stepsOf(panel, plot, views);
    const at = steps.findIndex((view) => views.includes(view)), step = (view) => count(view[plot.sweep]);
    element.hidden = steps.length < 2;
    if (element.hidden) return;
    slide.max = steps.length - 1;
    if (at >= 0) slide.value = at;
    const now = steps[+slide.value], line = now[plot.lines];
    name.textContent = `${line}, ${plot.slider}: ${step(now)}`;
    slide.setAttribute("aria-valuetext", `${step(now)} ${plot.slider}`);
    ticks.replaceChildren(
      ...steps.map((view, place) => make("span", { style: `--at: ${place / (steps.length - 1)}`, text: step(view) })),
    );
  };
  return { element, sync };
}
