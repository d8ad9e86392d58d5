// A host for the panel without a kernel: it gives the module a model that replays recorded runs.
// Everything comes from this page's own host.
const root = new URL(document.documentElement.dataset.content_root || "./", document.baseURI);

class Model {
  #state; #heard = new Map();
  plotlyUrl = new URL("_static/vendor/plotly-basic.min.js", root).href;
  constructor(state) { this.#state = state; }
  get(name) { return this.#state[name]; }
  set(name, value) { this.#state[name] = value; this.#heard.get(`change:${name}`)?.forEach((heard) => heard()); }
  save_changes() {}
  send() {}
  on(name, heard) { this.#heard.set(name, (this.#heard.get(name) ?? new Set()).add(heard)); }
  off(name, heard) { this.#heard.get(name)?.delete(heard); }
}

async function mount(host) {
  const [module, answer] = await Promise.all([
    import(new URL("_static/panel.mjs", root).href), fetch(new URL(host.dataset.state, root)),
  ]);
  if (!answer.ok) throw new Error(`${host.dataset.state}: ${answer.status}`);
  const view = document.createElement("div");
  host.append(view);
  await module.default.render({ model: new Model({ state: await answer.json(), live: false }), el: view });
  host.querySelector(".lab-fallback")?.remove();
  host.dataset.ready = "1";
}

for (const host of document.querySelectorAll(".lab-panel")) {
  mount(host).catch((error) => {
    const note = document.createElement("p");
    note.textContent = `The panel could not be shown (${error.message}). The recorded figures are in the table.`;
    host.dataset.failed = "1";
    host.prepend(note);
  });
}
