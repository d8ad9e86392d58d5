// The client code in tabs. Without this file every tab stands under its own heading, as in print.
// The broker that was chosen last is remembered in this browser, for every page.
const KEPT = "labs-code-broker", SAY = ["Client code by way", "Client code by broker"];

function remembered() {
  try {
    return localStorage.getItem(KEPT) || "";
  } catch {
    return "";
  }
}

function remember(broker) {
  try {
    localStorage.setItem(KEPT, broker);
  } catch { /* no storage: it lives as long as the page */ }
}

// A row that scrolls sideways must be reachable by keyboard; one that is not shown has no width yet.
function reachable(panel) {
  for (const code of panel.querySelectorAll("pre")) {
    if (code.scrollWidth > code.clientWidth) code.tabIndex = 0;
    else code.removeAttribute("tabindex");
  }
}

function tabs(box) {
  const panels = [.../** @type {NodeListOf<HTMLElement>} */ (box.querySelectorAll(":scope > .code-tab"))];
  const list = document.createElement("div");
  list.setAttribute("role", "tablist");
  list.setAttribute("aria-label", SAY[+panels.every((one) => one.dataset.kept)]);
  const buttons = panels.map((panel, at) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = panel.dataset.label;
    button.id = `${panel.id}-tab`;
    button.setAttribute("role", "tab");
    button.setAttribute("aria-controls", panel.id);
    button.addEventListener("click", () => choose(at));
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", button.id);
    return button;
  });
  function show(chosen) {
    buttons.forEach((button, at) => {
      button.setAttribute("aria-selected", String(at === chosen));
      button.tabIndex = at === chosen ? 0 : -1;
      panels[at].hidden = at !== chosen;
    });
    reachable(panels[chosen]);
  }
  function choose(at) {
    show(at);
    buttons[at].focus();
    if (panels[at].dataset.kept) remember(panels[at].dataset.kept);
  }
  list.addEventListener("keydown", (event) => {
    const here = buttons.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement)), last = buttons.length - 1;
    const to = { ArrowRight: here === last ? 0 : here + 1, ArrowLeft: here ? here - 1 : last, Home: 0, End: last };
    if (here < 0 || !(event.key in to)) return;
    event.preventDefault();
    choose(to[event.key]);
  });
  list.append(...buttons);
  box.prepend(list);
  box.dataset.tabs = "1";
  show(Math.max(panels.findIndex((panel) => panel.dataset.kept === remembered()), 0));
  addEventListener("resize", () => panels.filter((panel) => !panel.hidden).forEach(reachable));
}

for (const box of document.querySelectorAll(".client-code")) {
  if (box.querySelectorAll(":scope > .code-tab").length > 1) tabs(box);
  if (box.classList.contains("word-proof")) {
    reachable(box);
    addEventListener("resize", () => reachable(box));
  }
}
