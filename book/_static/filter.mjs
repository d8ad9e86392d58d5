// Filters a list by what its items say (data-*) and by words; the choice is in the address, so a view can be linked.
// The controls are on the page ([data-facets], made by labs/pages/facets.py); without this file the list is complete.
const SAY = {
  shown: (n, of, what) =>
    n === of ? `All ${of} ${what} are shown.` : `${n} of ${of} ${what} ${n === 1 ? "is" : "are"} shown.`,
  own: (n) => ` ${n} ${n === 1 ? "has" : "have"} it in the claim itself, which is marked.`,
  none: (what) => `No match: none of the ${what} fits what you chose.`,
};

function filter(place) {
  const what = place.dataset.facets;
  const items = [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-item]"))];
  const texts = new Map(items.map((item) => [item, item.textContent.toLowerCase()]));
  /** @type {HTMLElement[]} */
  const sections = [...new Set(items.map((item) => item.closest("section")))];
  /** @type {HTMLInputElement[]} */
  const chips = [...place.querySelectorAll("[type=radio]")];
  const facetOf = (chip) => chip.closest("[data-facet]").dataset.facet;
  const names = [...new Set(chips.map(facetOf))];
  const search = place.querySelector("[type=search]"), said = place.querySelector("[role=status]");
  const clear = place.querySelector("button");
  let chosen = {};
  const fits = (item) =>
    names.every((name) => !chosen[name] || item.dataset[name] === chosen[name]) &&
    asked().every((word) => texts.get(item).includes(word));
  const asked = () => (chosen.q || "").toLowerCase().split(/\s+/);
  const own = new Map(items.map((item) => [item, item.querySelector(".board-claim")?.textContent.toLowerCase() ?? ""]));
  // What is asked for stands in the claim's own words, and not only in what is folded under it.
  const inClaim = (item) => Boolean(chosen.q) && asked().every((word) => own.get(item).includes(word));
  function show() {
    for (const item of items) item.hidden = !fits(item);
    for (const section of sections) {
      section.hidden = !section.querySelector("[data-item]:not([hidden])");
    }
    for (const item of items) item.classList.toggle("in-claim", !item.hidden && inClaim(item));
    tell();
    for (const chip of chips) chip.checked = chip.value === (chosen[facetOf(chip)] || "");
    if (document.activeElement !== search) search.value = chosen.q || "";
  }
  /** Counts what is shown. */
  function tell() {
    const shown = items.filter((item) => !item.hidden), owned = shown.filter(inClaim).length;
    const told = SAY.shown(shown.length, items.length, what) + (owned && owned < shown.length ? SAY.own(owned) : "");
    said.textContent = shown.length ? told : SAY.none(what);
    clear.hidden = shown.length === items.length;
  }
  function take(choice) {
    chosen = choice;
    const asked = new URLSearchParams(Object.entries(chosen).filter(([, value]) => value)).toString();
    history.replaceState(null, "", `${location.pathname}${asked && `?${asked}`}`);
    show();
  }
  for (const chip of chips) chip.addEventListener("change", () => take({ ...chosen, [facetOf(chip)]: chip.value }));
  search.addEventListener("input", () => take({ ...chosen, q: search.value.trim() }));
  clear.addEventListener("click", () => {
    take({});
    search.focus(); // the button is gone
    search.value = "";
  });
  const known = (name, value) => name === "q" || chips.some((chip) => facetOf(chip) === name && chip.value === value);
  chosen = Object.fromEntries([...new URLSearchParams(location.search)].filter(([name, value]) => known(name, value)));
  show();
  // A link to one of them shows it, whatever is filtered, with all that is folded in it.
  const jump = () => {
    const one = items.find((item) => `#${item.id}` === location.hash);
    if (!one) return;
    one.hidden = one.closest("section").hidden = false;
    one.querySelector("details").open = true;
    tell();
    one.scrollIntoView();
  };
  jump();
  addEventListener("hashchange", jump);
}

for (const place of document.querySelectorAll("[data-facets]")) filter(place);
