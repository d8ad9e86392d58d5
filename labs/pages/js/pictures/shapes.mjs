import { make, svg } from "../dom.mjs";

// Colours, texts and samples of a picture.
export const tint = (hex, share) =>
  `rgba(${[1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)).join(", ")}, ${share})`;

// plotly reads its texts as HTML and as TeX; a name is neither.
export const plain = (text) => String(text).replace(/[&<>$%{}]/g, (sign) => `&#${sign.codePointAt(0)};`);

// The line of samples that says which colour and sign is what; each sample is drawn as in the picture.
export function keyLine(entries) {
  return make("p", { class: "pic-key" }, ...entries.map(({ sample, text }) => make("span", {}, sample, text)));
}
export function sampleOf(...shapes) {
  const box = svg("svg", { viewBox: "0 0 28 14", class: "pic-sample", "aria-hidden": "true" });
  box.append(...shapes.map(([tag, given]) => svg(tag, given)));
  return box;
}
