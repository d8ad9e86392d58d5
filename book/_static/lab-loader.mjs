// A host for the panel without a kernel: it gives the module a model that replays recorded runs.
// Everything comes from this page's own host. What the page shows without this module stays in sight until a panel
// is drawn, and comes back when one fails; only where there is something to guess is it covered while a panel loads.
const root = new URL(document.documentElement.dataset.content_root || "./", document.baseURI);
const PATIENCE_MS = 10_000; // a panel that takes longer no longer covers what it replays

class Model {
  #state;
  #heard = new Map();
  addressed = !document.querySelector(".slide-page"); // there the address says which slide
  plotlyUrl = new URL("_static/vendor/plotly-basic.min.js", root).href;
  constructor(state, failed) {
    this.#state = state;
    this.failed = failed;
  }
  get(name) {
    return this.#state[name];
  }
  set(name, value) {
    this.#state[name] = value;
    this.#heard.get(`change:${name}`)?.forEach((heard) => heard());
  }
  save_changes() {}
  send() {}
  on(name, heard) {
    this.#heard.set(name, (this.#heard.get(name) ?? new Set()).add(heard));
  }
  off(name, heard) {
    this.#heard.get(name)?.delete(heard);
  }
}

async function mount(host) {
  const fallback = host.querySelector(".lab-fallback"), view = document.createElement("div");
  const late = setTimeout(() => {
    host.dataset.late = "1";
  }, PATIENCE_MS);
  const failed = (error) => {
    if (host.dataset.failed) return;
    const note = document.createElement("p");
    note.textContent = `The panel could not be shown (${error.message}). The recorded figures are below.`;
    host.dataset.failed = "1";
    view.remove();
    fallback.hidden = false;
    host.prepend(note);
  };
  const given = (state) => ({ state, live: false, compact: "compact" in host.dataset });
  try {
    const [module, answer] = await Promise.all([
      import(new URL("_static/panel.mjs", root).href),
      fetch(new URL(host.dataset.state, root)),
    ]);
    if (!answer.ok) throw new Error(`${host.dataset.state}: ${answer.status}`);
    view.dataset.coming = "1"; // laid out, out of sight and out of the way, so that nothing moves until it is drawn
    host.append(view);
    await module.default.render({ model: new Model(given(await answer.json()), failed), el: view });
    if (host.dataset.failed) return;
    if ("afterGuess" in host.dataset) (await import(new URL("_static/waits.mjs", root).href)).waits(host);
    fallback.hidden = true;
    delete view.dataset.coming;
    host.dataset.ready = "1";
  } catch (error) {
    failed(error);
  } finally {
    clearTimeout(late);
  }
}

document.documentElement.dataset.panels = "1";
// What is above the panel that the address names is as high as it will be when all are drawn.
Promise.all([...document.querySelectorAll(".lab-panel")].map(mount)).then(() =>
  document.querySelector(".labs-panel[data-asked]")?.scrollIntoView({ behavior: "instant" })
);
