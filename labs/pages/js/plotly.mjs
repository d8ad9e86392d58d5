import { make } from "./dom.mjs";

const loaded = (src) =>
  new Promise((ok, no) => {
    const failed = () => no(new Error(`cannot load ${src}`));
    document.head.append(make("script", { src, onload: ok, onerror: failed }));
  });

/**
 * plotly, once: from an address of the page's own host, or from the bytes that a kernel has sent.
 * @param {string | BlobPart} source
 */
export async function plotlyFrom(source) {
  const address = () => URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  if (!globalThis.Plotly?.react) await loaded(typeof source === "string" ? source : address());
  return globalThis.Plotly;
}
