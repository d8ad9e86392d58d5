// The page Choose: questions on one side, the answer on the other, both in the address. choose-engine.mjs ranks.
import { perDay, said as number } from "./choose-bill.mjs";
import { answered, asked, rank } from "./choose-engine.mjs";
import { address, byId, fitting, PLACE, read } from "./choose-words.mjs";
import { game } from "./choose-game.mjs";
import { answer, headline } from "./choose-view.mjs";
import { copier, make, newId } from "./dom.mjs";
import { record } from "./choose-record.mjs";

const SAY = {
  cases: "Begin with a case",
  own: "your own",
  more: "More questions: standing still, routing, delay, doubles, long work, latency, licence, service, framework",
  weigh: "What matters more to you",
  weighs: ["no matter", "as it is", "twice", "three times"],
  clear: "Clear all answers",
  copy: "Copy the decision record",
  download: "Download it (Markdown)",
  print: "Print this answer",
  empty: (rule, number) => `Left empty: ${rule}, here ${number}.`,
  back: "Back to my answers",
  refused: ({ low, high }) => `Write a number from ${low.toLocaleString("en-US")} to ${high.toLocaleString("en-US")}.`,
};
/** Where the links of a record lead: the site's own address where one is set, else this copy. */
const base = () =>
  (document.querySelector('link[rel="canonical"]')?.getAttribute("href") ?? location.href).replace(/#.*/, "");

/** One question as its control; `take` is called with the answer. */
function control(question, value, take) {
  const id = newId();
  if (question.form === "several") {
    const boxes = question.several.map(([name, label]) => {
      const box = make("input", { type: "checkbox", value: name, checked: value.includes(name) });
      return [box, make("label", {}, box, ` ${label}`)];
    });
    const chosen = () => boxes.map(([box]) => box).filter((box) => box.checked).map((box) => box.value).sort();
    for (const [box] of boxes) box.addEventListener("change", () => take(chosen()));
    const labels = boxes.map(([, label]) => label);
    return make("fieldset", { class: "choose-ask" }, make("legend", { text: question.ask }), ...labels);
  }
  const label = make("label", { for: id, text: question.ask });
  if (question.form === "choice") {
    const options = question.options.map(([name, text]) =>
      make("option", { value: name, text, selected: name === value })
    );
    const select = make("select", { id, onchange: (event) => take(event.target.value) }, ...options);
    const { note, link } = question, leads = link ? make("a", { href: link[1], text: link[0] }) : null;
    return make("div", { class: "choose-ask" }, label, select, note ? make("small", {}, `${note} `, leads) : null);
  }
  const wrong = make("span", { class: "choose-wrong", role: "alert", id: `${id}-wrong` });
  const { none } = question.number, hint = none ? `${id}-rule ` : "";
  const rule = none ? make("small", { id: `${id}-rule`, "data-rule": none }) : null;
  const about = { "aria-describedby": `${hint}${id}-wrong` };
  const field = make("input", { id, type: "text", inputmode: "decimal", ...about });
  field.value = value || "";
  field.addEventListener("change", () => {
    if (none && !field.value.trim()) {
      wrong.textContent = "";
      return take(undefined);
    }
    const number = fitting(question, field.value.replaceAll(",", ""));
    wrong.textContent = number === null ? SAY.refused(question.number) : "";
    if (number !== null) take(number);
  });
  return make("div", { class: "choose-ask" }, label, field, rule, wrong);
}

function slider(group, value, take) {
  const id = newId(), said = make("output", { for: id, text: SAY.weighs[value] });
  const range = make("input", {
    id,
    type: "range",
    min: 0,
    max: 3,
    step: 1,
    value,
    "aria-valuetext": SAY.weighs[value],
  });
  range.addEventListener("input", () => {
    said.textContent = SAY.weighs[Number(range.value)];
    range.setAttribute("aria-valuetext", said.textContent);
    take(Number(range.value));
  });
  return make("div", { class: "choose-ask" }, make("label", { for: id, text: group.name }), range, said);
}

/** The whole page, on this model. */
function begin(host, model) {
  let { answers, weights } = read(model, location.hash) ?? { answers: {}, weights: {} };
  const said = make("h2", { class: "choose-first", tabindex: -1 }), shown = make("div", { class: "choose-answer" });
  const now = make("button", { type: "button", class: "choose-now", onclick: () => said.focus() });
  const heard = make("p", { class: "parts-hear", role: "status" });
  const form = make("form", { class: "choose-form", onsubmit: (event) => event.preventDefault() });
  const button = (text, onclick) => make("button", { type: "button", text, onclick });
  const back = make("p", { class: "choose-back" });
  let mine = null;
  const [played, clear] = game(model, () => mine ?? { given: given(), weights }, (found) => {
    const own = mine ?? { given: given(), weights };
    set(found, own.weights);
    offer(own);
    said.focus();
  });
  const given = () => Object.fromEntries(Object.entries(answers).filter(([, value]) => value !== undefined));
  const where = () =>
    address({ ...given(), ...Object.fromEntries(Object.entries(weights).map(([id, value]) => [`w-${id}`, value])) });
  const written = () =>
    record(model, given(), weights, {
      base: `${base()}${where()}`,
      date: new Date().toISOString().slice(0, 10),
    });
  function draw() {
    const ranked = rank(model, given(), weights);
    said.textContent = headline(model, ranked);
    heard.textContent = said.textContent;
    now.textContent = `${said.textContent} ↓`;
    clear();
    const usual = number(perDay(answered(model, { ...given(), day: 0 })));
    for (const one of form.querySelectorAll("[data-rule]")) one.textContent = SAY.empty(one.dataset.rule, usual);
    shown.replaceChildren(...answer(model, given(), weights));
  }
  function keep() {
    history.replaceState(history.state, "", where());
    draw();
  }
  // All answers at once are a step of the browser's history, so that Back brings the former ones; a single one is not.
  function step() {
    if (where() !== location.hash) history.pushState(null, "", where());
    draw();
  }
  const take = (id) => (value) => {
    answers = { ...answers, [id]: value };
    keep();
    const all = answered(model, answers);
    for (const [box, question] of dependent) box.hidden = !asked(question, all);
  };
  let dependent = [];
  function ask() {
    const all = answered(model, given());
    const pairs = model.questions.map((one) => [control(one, all[one.id], take(one.id)), one]);
    dependent = pairs.filter(([, one]) => one.needs);
    for (const [box, one] of dependent) box.hidden = !asked(one, all);
    const moreSet = model.questions.some((one) => one.more && one.id in given());
    const sliders = model.groups.map((one) =>
      slider(one, weights[one.id] ?? 1, (value) => {
        weights = Object.fromEntries(Object.entries({ ...weights, [one.id]: value }).filter(([, each]) => each !== 1));
        keep();
      })
    );
    const more = pairs.filter(([, one]) => one.more).map(([box]) => box);
    form.replaceChildren(
      cases(),
      ...pairs.filter(([, one]) => !one.more).map(([box]) => box),
      make("details", { open: moreSet }, make("summary", { text: SAY.more }), ...more),
      make("details", { open: Object.keys(weights).length > 0 }, make("summary", { text: SAY.weigh }), ...sliders),
      make("button", { type: "button", text: SAY.clear, onclick: () => set({}) }),
      now,
    );
  }
  function set(next, sliders = {}) {
    history.replaceState(history.state, "", where());
    [answers, weights] = [next, sliders];
    offer(null);
    ask();
    step();
  }
  /** After the game: the way back to what the reader had answered. */
  function offer(own) {
    mine = own;
    const again = () => (set(own.given, own.weights), said.focus());
    back.replaceChildren(...(own ? [button(SAY.back, again)] : []));
  }
  function cases() {
    const id = newId(), none = make("option", { value: "", text: SAY.own });
    const options = model.scenarios.map((one) => make("option", { value: one.id, text: one.name }));
    const pick = (event) => set({ ...byId(model.scenarios, event.target.value)?.answers });
    const select = make("select", { id, onchange: pick }, none, ...options);
    const now = model.scenarios.find((one) => address(one.answers) === where());
    if (now) select.value = now.id;
    return make("div", { class: "choose-ask choose-cases" }, make("label", { for: id, text: SAY.cases }), select);
  }
  function saved() {
    const link = make("a", { href: URL.createObjectURL(new Blob([written()], { type: "text/markdown" })) });
    link.download = "decision-message-broker.md";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }
  function printed() {
    for (const one of shown.querySelectorAll("details")) one.open = true;
    document.documentElement.dataset.printing = "choose";
    addEventListener("afterprint", () => delete document.documentElement.dataset.printing, { once: true });
    print();
  }
  const exports_ = make(
    "div",
    { class: "choose-exports" },
    copier(SAY.copy, written, ""),
    button(SAY.download, saved),
    button(SAY.print, printed),
  );
  ask();
  draw();
  host.replaceChildren(form, make("section", { class: "choose-result" }, said, heard, back, shown, exports_, played));
  addEventListener("hashchange", () => {
    const found = location.hash ? read(model, location.hash) : { answers: {}, weights: {} };
    if (!found) return;
    ({ answers, weights } = found);
    offer(null);
    ask();
    draw();
    host.scrollIntoView();
  });
  host.dataset.ready = "1";
  if (location.hash.startsWith(`#${PLACE}`)) host.scrollIntoView({ behavior: "instant" });
}

async function mount(host) {
  try {
    const root = new URL(document.documentElement.dataset.content_root || "./", document.baseURI);
    const found = await fetch(new URL(host.dataset.choose, root));
    if (!found.ok) throw new Error(`${host.dataset.choose}: ${found.status}`);
    begin(host, await found.json());
  } catch (error) {
    host.dataset.failed = "1";
    host.replaceChildren(
      make("p", { text: `The questions could not be shown (${error.message}). Twelve cases follow.` }),
    );
  }
}

for (const host of document.querySelectorAll("[data-choose]")) mount(host);
