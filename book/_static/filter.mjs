// Filters a list by what its items say (data-*) and by words; the choice is in the address, so that a view can be
// linked.
// Without this file the list is complete. The place of the controls: [data-facets], JSON with {what, facets}.
const SAY = {
  all: "all",
  search: "Find",
  shown: (n, of, what) => n === of ? `All ${of} ${what} are shown.` : `${n} of ${of} ${what} are shown.`,
  none: (what) => `None of the ${what} is like that.`,
  clear: "Show all",
};

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "text") element.textContent = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function chips(facet, changed) {
  const all = { "": SAY.all, ...facet.values };
  const buttons = Object.entries(all).map(([value, text]) => {
    const input = make("input", { type: "radio", name: `filter-${facet.name}`, value, onchange: () => changed(value) });
    return make("label", { class: "filter-chip" }, input, make("span", { text }));
  });
  return make("fieldset", { class: "filter-group" }, make("legend", { text: facet.label }), ...buttons);
}

function filter(place) {
  const { what, facets } = JSON.parse(place.dataset.facets);
  const items = [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-item]"))];
  const texts = new Map(items.map((item) => [item, item.textContent.toLowerCase()]));
  /** @type {HTMLElement[]} */
  const sections = [...new Set(items.map((item) => item.closest("section")))];
  let chosen = {};
  const put = (name, value) => take({ ...chosen, [name]: value });
  const search = /** @type {HTMLInputElement} */ (make("input", {
    type: "search",
    id: "filter-search",
    autocomplete: "off",
    oninput: () => put("q", search.value.trim()),
  }));
  const said = make("span", { role: "status" });
  const clear = make("button", { type: "button", text: SAY.clear, onclick: () => take({}) });
  place.append(
    ...facets.map((facet) => chips(facet, (value) => put(facet.name, value))),
    make("div", { class: "filter-group" }, make("label", { for: "filter-search", text: SAY.search }), search),
    make("p", { class: "filter-said" }, said, clear),
  );
  const fits = (item) =>
    facets.every(({ name }) => !chosen[name] || item.dataset[name] === chosen[name]) &&
    (chosen.q || "").toLowerCase().split(/\s+/).every((word) => texts.get(item).includes(word));
  function show() {
    for (const item of items) item.hidden = !fits(item);
    for (const section of sections) {
      section.hidden = !section.querySelector("[data-item]:not([hidden])");
    }
    const count = items.filter((item) => !item.hidden).length;
    said.textContent = count ? SAY.shown(count, items.length, what) : SAY.none(what);
    clear.hidden = count === items.length;
    for (const { name } of facets) {
      for (const input of place.querySelectorAll(`[name="filter-${name}"]`)) {
        input.checked = input.value === (chosen[name] || "");
      }
    }
    if (document.activeElement !== search) search.value = chosen.q || "";
  }
  function take(choice) {
    chosen = choice;
    const asked = new URLSearchParams(Object.entries(chosen).filter(([, value]) => value)).toString();
    history.replaceState(null, "", `${location.pathname}${asked && `?${asked}`}`);
    show();
  }
  const given = [...new URLSearchParams(location.search)];
  const known = (name, value) => name === "q" || facets.some((facet) => facet.name === name && value in facet.values);
  chosen = Object.fromEntries(given.filter(([name, value]) => known(name, value)));
  show();
  // A link to one of them shows it, whatever is filtered, with all that is folded in it.
  const jump = () => {
    const one = items.find((item) => `#${item.id}` === location.hash);
    if (!one) return;
    one.hidden = one.closest("section").hidden = false;
    one.querySelector("details").open = true;
    one.scrollIntoView();
  };
  jump();
  addEventListener("hashchange", jump);
}

for (const place of document.querySelectorAll("[data-facets]")) filter(place);
