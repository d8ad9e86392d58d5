// Draws the pictures of a page (labs/pages/pictures): timeline, lanes, grid. Without it each is a sentence and a table;
// so it is again when one cannot be drawn. Everything comes from this page's own host.
const root = new URL(document.documentElement.dataset.content_root || "./", document.baseURI);
const SAY = { broken: (why) => `The picture could not be drawn (${why}). Its data are below.` };

async function mount(host, modules) {
  const folds = [...host.querySelectorAll("details")], place = host.querySelector(".pic-drawn");
  try {
    const data = JSON.parse(host.querySelector("script").textContent);
    for (const fold of folds) fold.open = false;
    const [{ draw }, { plotlyFrom }] = await modules;
    await draw(place, data, () => plotlyFrom(new URL("_static/vendor/plotly-basic.min.js", root).href));
    host.dataset.ready = "1";
  } catch (error) {
    console.error(error);
    const note = document.createElement("p");
    note.className = "lab-note";
    note.textContent = SAY.broken(error.message);
    place.replaceChildren(note);
    for (const fold of folds) fold.open = true;
    host.dataset.failed = "1";
  }
}

const hosts = [...document.querySelectorAll(".picture")];
if (hosts.length) {
  const files = ["pictures/index.mjs", "plotly.mjs"].map((name) => import(new URL(`_static/${name}`, root).href));
  for (const host of hosts) mount(host, Promise.all(files));
}
