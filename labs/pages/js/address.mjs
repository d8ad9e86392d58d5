// The state of a panel in the address of its page: #lab=latency-ladder&broker=redis,kafka&rate=1000. Written without
// filling the history; labs/pages/links.py writes the same.

const plain = (text) => encodeURIComponent(text).replace(/%(2C|3A|2F)/g, decodeURIComponent);

/** The view of a lab, as the part of an address after the page. */
export const viewOf = (lab, pairs) => `#${[["lab", lab], ...pairs].map((pair) => pair.map(plain).join("=")).join("&")}`;

/** The names and values that the page's address asks of this lab; null where it does not speak of it. */
export function asked(lab) {
  const [first, ...pairs] = new URLSearchParams(location.hash.slice(1));
  return first?.[0] === "lab" && first[1] === lab ? pairs : null;
}

const LATER_MS = 300; // a slider that is pulled writes once; some browsers refuse more than a few a second
let later = 0;
/** Puts a view into the page's address. */
export function written(lab, pairs) {
  clearTimeout(later);
  later = setTimeout(() => history.replaceState(history.state, "", viewOf(lab, pairs)), LATER_MS);
}
