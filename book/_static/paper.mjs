// Paper has all of it: what is folded is open while a page is printed, and folded again afterwards. What answers a
// question stays folded: a sheet is handed out before it is filled in. A panel sees to its own folds.
const LEFT = ".quiz-key, .exercise-hint, .exercise-solution, .labs-panel";
const page = document.documentElement.dataset;
/** @type {HTMLDetailsElement[]} */
let opened = [];
let theme;
addEventListener("beforeprint", () => {
  theme = page.theme;
  page.theme = "light"; // light letters on white paper are none
  opened = [
    .../** @type {NodeListOf<HTMLDetailsElement>} */ (document.querySelectorAll("article details:not([open])")),
  ].filter((one) => !one.closest(LEFT));
  for (const fold of opened) fold.open = true;
});
addEventListener("afterprint", () => {
  page.theme = theme;
  for (const fold of opened) fold.open = false;
});
