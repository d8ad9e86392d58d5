// Paper has all of it: what is folded is open while a page is printed, and folded again afterwards. What answers a
// question stays folded: a sheet is handed out before it is filled in.
const ANSWERS = ".quiz-key, [data-answers]";
const page = document.documentElement.dataset;
let opened = [], theme = "";
addEventListener("beforeprint", () => {
  theme = page.theme;
  page.theme = "light"; // light letters on white paper are none
  opened = [...document.querySelectorAll("article details:not([open])")].filter((one) => !one.closest(ANSWERS));
  for (const fold of opened) fold.open = true;
});
addEventListener("afterprint", () => {
  page.theme = theme;
  for (const fold of opened) fold.open = false;
});
