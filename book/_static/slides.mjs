// Slides: one at a time, by keyboard or by the two buttons; the address remembers which. Paper gets them all.
const SAY = { back: "Back", on: "Next", at: (at, of) => `${at} of ${of}` };
const pages = [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".slide-page"))];
const dark = matchMedia("(prefers-color-scheme: dark)");
const theme = () => {
  document.documentElement.dataset.theme = dark.matches ? "dark" : "light";
};
dark.addEventListener("change", theme);
theme();

let now = 0;
const where = document.createElement("p");
where.className = "slides-at";
where.setAttribute("role", "status");
const button = (text, by) => {
  const made = Object.assign(document.createElement("button"), { type: "button", textContent: text });
  made.addEventListener("click", () => go(now + by, false));
  return made;
};
const back = button(SAY.back, -1), on = button(SAY.on, 1);
function go(to, focus = true) {
  now = Math.min(pages.length - 1, Math.max(0, to));
  pages.forEach((page, at) => {
    page.inert = at !== now;
    page.scrollTop = 0;
  });
  where.textContent = SAY.at(now + 1, pages.length);
  back.disabled = now === 0;
  on.disabled = now === pages.length - 1;
  history.replaceState(null, "", `#${now + 1}`);
  if (focus || document.activeElement === document.body) pages[now].querySelector("h1").focus({ preventScroll: true });
  fit();
  scrollTo(0, 0);
}
// A room sees what is on the screen and no more: what is too tall is drawn smaller, as far as it can still be read.
const LEAST = 0.4, ROOM = 1000;
function fit() {
  const page = pages[now], had = page.style.zoom;
  page.style.zoom = "";
  const over = () => innerWidth >= ROOM && document.documentElement.scrollHeight > innerHeight;
  for (let zoom = 0.95; over() && zoom >= LEAST; zoom -= 0.05) page.style.zoom = zoom.toFixed(2);
  if (page.style.zoom !== had) dispatchEvent(new Event("resize")); // a chart takes its width from there
}
new MutationObserver(() => requestAnimationFrame(fit)).observe(document.querySelector("main"), {
  childList: true,
  subtree: true,
});
addEventListener("resize", fit);
const STEPS = { ArrowRight: 1, PageDown: 1, " ": 1, ArrowLeft: -1, PageUp: -1 };
document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const busy = /** @type {Element} */ (event.target).closest(
    "input, select, textarea, button, summary, a, [tabindex='0']",
  );
  if (busy && !event.key.startsWith("Page")) return; // their keys are theirs
  const to = event.key === "Home"
    ? 0
    : event.key === "End"
    ? pages.length - 1
    : event.key in STEPS
    ? now + STEPS[event.key]
    : null;
  if (to === null) return;
  event.preventDefault();
  go(to);
});
addEventListener("hashchange", () => go(+location.hash.slice(1) - 1 || 0));
const bar = document.createElement("nav");
bar.className = "slides-bar";
bar.setAttribute("aria-label", "Slides");
bar.append(back, where, on);
try {
  document.body.append(bar);
  document.documentElement.dataset.slides = "1";
  go(+location.hash.slice(1) - 1 || 0, false);
} catch (error) { // all of them on one page, as without scripts
  console.error(error);
  bar.remove();
  delete document.documentElement.dataset.slides;
  for (const page of pages) page.inert = false;
}
