import { SAY } from "./say.mjs";

// What every module needs of the page: elements, signs, the colours of look.css.

/**
 * An element. `on...` is a listener, `text` its text; false, null and undefined leave an attribute or a child out.
 * @param {string} tag
 * @param {Record<string, any>} attributes
 * @param {...(Node | string | null | undefined)} children
 * @returns {any}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "text") element.textContent = value;
    else if (value !== false && value != null) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

/** JupyterLab takes the arrow keys from inputs in an output unless the input itself says this. */
export const input = (attributes) => make("input", { "data-lm-suppress-shortcuts": "true", ...attributes });

/**
 * A button that copies what `text` gives, and says so; where it may not, the text stands there to be selected.
 * @param {string} label
 * @param {() => string} text
 * @param {string} about  what a screen reader hears besides
 */
export function copier(label, text, about) {
  const said = make("span", { class: "lp-copied", role: "status" });
  const onclick = async () => {
    try {
      await navigator.clipboard.writeText(text());
      said.replaceChildren(SAY.copied);
    } catch {
      said.replaceChildren(make("code", { text: text() }));
      getSelection().selectAllChildren(said);
    }
  };
  const hear = about ? make("span", { class: "lp-hear", text: `: ${about}` }) : null;
  return make("span", {}, make("button", { type: "button", class: "lp-small", onclick }, label, hear), " ", said);
}

let named = 0;
/** An id that no other element of the page has. */
export const newId = () => `lp-${++named}`;

/** Shapes of an SVG picture. */
export const svg = (tag, attributes) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};

const SIGNS = {
  square: ["rect", { x: 2, y: 2, width: 10, height: 10 }],
  "triangle-up": ["path", { d: "M7 1L13.5 12.5L0.5 12.5Z" }],
  diamond: ["path", { d: "M7 0L14 7L7 14L0 7Z" }],
  circle: ["circle", { cx: 7, cy: 7, r: 6 }],
};
/** An SVG of 14 by 14 with one shape in it. */
const drawn = (tag, place, paint) => {
  const box = svg("svg", { viewBox: "0 0 14 14", class: "lp-mark", "aria-hidden": "true" });
  box.append(svg(tag, { ...place, ...paint }));
  return box;
};
/** The sign of a series (`mark`, a symbol of plotly's, and `ink`), in its colour; null without a series. */
export function sign(series, open = false) {
  if (!series) return null;
  const [tag, place] = SIGNS[series.mark] ?? SIGNS.circle, colour = `var(--${series.ink})`;
  if (!open) return drawn(tag, place, { fill: colour });
  return drawn(tag, place, { fill: "var(--paper)", stroke: colour, "stroke-width": 2, class: "lp-open" });
}
/** The sign of what others have published. */
export const cross = () => drawn("path", { d: "M2 2L12 12M12 2L2 12" }, { stroke: "var(--ink)", "stroke-width": 2 });

/** A row of column heads; without a text it is an empty cell. */
export const cells = (heads) =>
  make("tr", {}, ...heads.map((text) => (text ? make("th", { scope: "col", text }) : make("td"))));

/** A table of a head row and body rows. */
export const tabular = (className, head, rows) =>
  make("table", { class: className || null }, make("thead", {}, head), make("tbody", {}, ...rows));

/**
 * The element with the focus if it is in `box`, before a redraw takes it away.
 * @returns {HTMLElement | null}
 */
export const focusedIn = (
  box,
) => (box.contains(document.activeElement) ? /** @type {any} */ (document.activeElement) : null);

const STEPS = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };
/** Buttons in rows: one tab stop, at first `first`; arrow keys go from one to the next, Enter or Space presses it. */
export function arrowKeys(box, grid, first = grid[0]?.[0]) {
  const stopAt = (stop) => {
    for (const one of grid.flat()) one.tabIndex = one === stop ? 0 : -1;
  };
  stopAt(first);
  box.onkeydown = (event) => {
    const step = STEPS[event.key], row = grid.findIndex((line) => line.includes(event.target));
    if (!step || row < 0) return;
    event.preventDefault();
    const to = grid[row + step[0]]?.[grid[row].indexOf(event.target) + step[1]];
    if (!to) return;
    stopAt(to);
    to.focus();
  };
}

/** A colour by its name in look.css, as the page has it now. */
export const inkOn = (place) => (name) => getComputedStyle(place).getPropertyValue(`--${name}`).trim();

/** Calls `redraw` when a page or JupyterLab changes its theme; gives what ends that. */
export function onTheme(redraw) {
  const seen = new MutationObserver(redraw);
  seen.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  seen.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  return () => seen.disconnect();
}
