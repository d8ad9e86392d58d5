import { focusedIn, input, make, newId } from "./dom.mjs";
import { SAY } from "./say.mjs";
import { count } from "./text.mjs";

// The controls; each is { element, sync }: `sync` shows what is chosen, what a reader does goes through `panel.set`.

function manyControl(panel, { name, label, options }) {
  const brief = options.every(([, text]) => text.length < 10) ? "lp-brief" : null;
  const { choice } = panel, box = make("fieldset", { class: brief }, make("legend", { text: label }));
  const lines = options.map(([value, text]) => {
    const onchange = () => {
      const had = choice.values[name].filter((one) => one !== value);
      const now = ([one]) => had.includes(one) || (one === value && tick.checked);
      panel.set(name, options.filter(now).map(([one]) => one));
    };
    const tick = input({ type: "checkbox", value, onchange }), why = make("p", { class: "lp-note" });
    box.append(
      make("label", { class: "lp-pick" }, tick, panel.sign({ series: value }), make("span", { text })),
      why,
    );
    return { value, text, tick, why };
  });
  const offered = (value, text, { offer, says }) => {
    const onclick = () => {
      choice.startMixing({ ...choice.even(), [value]: offer });
      panel.update();
    };
    return make("button", { type: "button", class: "lp-small", text: SAY.offer(text, says), onclick });
  };
  const absent = make("p", { class: "lp-note" });
  box.append(absent);
  const sync = () => {
    const lacks = [];
    for (const { value, text, tick, why } of lines) {
      const gap = choice.unpaired(value), never = gap?.reason ?? choice.whyNot(value), off = !choice.has(value);
      tick.checked = choice.values[name].includes(value) && !gap && !off;
      tick.disabled = Boolean(gap) || off;
      const offer = gap?.offer == null ? [] : [make("br"), offered(value, text, gap)];
      why.replaceChildren(...(gap || off ? [never, ...offer].filter(Boolean) : []));
      why.hidden = !why.hasChildNodes();
      if (off && !never) lacks.push(text);
    }
    absent.textContent = SAY.notHere(lacks);
    absent.hidden = !lacks.length;
  };
  return { element: box, sync };
}

function sliderControl(panel, { name, label, unit, low, high, default: usual }) {
  const id = newId(), steps = 40, span = Math.log(high / low);
  const valueAt = (at) => +(low * Math.exp(span * at / steps)).toPrecision(2);
  const slid = () => panel.set(name, valueAt(+slide.value));
  const typed = () => panel.set(name, Math.min(high, Math.max(low, +field.value || usual)));
  const text = `${label}, ${unit}`, slide = input({ type: "range", id, min: 0, max: steps, step: 1, oninput: slid });
  const field = input({ type: "number", min: low, max: high, step: "any", "aria-label": text, onchange: typed });
  const sync = () => {
    const value = panel.choice.values[name];
    slide.value = Math.round(Math.log(value / low) / span * steps);
    slide.setAttribute("aria-valuetext", `${count(value)} ${unit}`);
    if (document.activeElement !== field || +field.value !== value) field.value = value;
  };
  const head = make("label", { class: "lp-name", for: id, text });
  return { element: make("div", {}, head, make("div", { class: "lp-rate" }, slide, field)), sync };
}

/** Recorded values of a number: a slider that stops at each of them and nowhere else. */
function ticksControl(panel, { name, label, unit, values }) {
  const id = newId(), last = values.length - 1, set = (at) => panel.set(name, values[at]);
  const slide = input({ type: "range", id, min: 0, max: last, step: 1, oninput: () => set(+slide.value) });
  const tick = (value, at) => make("span", { style: `--at: ${at / last}`, onclick: () => set(at), text: count(value) });
  const ticks = make("div", { class: "lp-ticks", "aria-hidden": "true" }, ...values.map(tick));
  const sync = () => {
    const value = panel.choice.values[name];
    slide.value = values.indexOf(value);
    slide.setAttribute("aria-valuetext", `${count(value)} ${unit}`);
    [...ticks.children].forEach((one, at) => one.toggleAttribute("data-now", values[at] === value));
  };
  const head = make("label", { class: "lp-name", for: id, text: `${label}, ${unit}` });
  return { element: make("div", {}, head, slide, ticks), part: slide, sync };
}

/** What is the same in all that is recorded is no control: a line of text. */
function fixedLine(_panel, { label, text }) {
  const name = make("span", { class: "lp-name", text: `${label} ` });
  return { element: make("p", { class: "lp-fixed" }, name, text), sync: () => {} };
}

function stepsControl(panel, { name, label, options }) {
  const { choice } = panel, group = newId();
  const picks = options.map(([value, text, reason]) => {
    const onchange = () => panel.set(name, value);
    const pick = input({ type: "radio", name: group, value, disabled: Boolean(reason), onchange });
    return { value, pick, line: make("label", {}, pick, make("span", { text })) };
  });
  const row = make("div", { class: "lp-steps" }, ...picks.map(({ line }) => line));
  const notes = options.filter(([, , reason]) => reason).map(([, text, reason]) =>
    make("p", { class: "lp-note", text: `${text}: ${reason}` })
  );
  const box = make("fieldset", {}, make("legend", { text: label }), row, ...notes);
  const sync = () => {
    box.hidden = choice.mixing && choice.mix.control === name;
    for (const { value, pick } of picks) pick.checked = choice.values[name] === value;
  };
  return { element: box, sync };
}

function choiceControl(panel, { name, label, options }) {
  const id = newId(), onchange = () => panel.set(name, options[select.selectedIndex][0]);
  const lines = options.map(([value, text, reason]) =>
    make("option", { value, disabled: Boolean(reason), text: text + (reason ? ` (${reason})` : "") })
  );
  const select = make("select", { id, "data-lm-suppress-shortcuts": "true", onchange }, ...lines);
  const sync = () => {
    select.selectedIndex = options.findIndex(([value]) => value === panel.choice.values[name]);
  };
  const head = make("label", { class: "lp-name", for: id, text: label });
  return { element: make("div", {}, head, select), part: select, sync };
}

/** A box to tick, and then for each chosen value of one control a value of its own of another (Choice.mix). */
export function mixControl(panel) {
  const { choice, state } = panel, { control, of } = choice.mix;
  const onchange = () => {
    if (tick.checked) choice.startMixing();
    else choice.endMixing();
    panel.update();
  };
  const tick = input({ type: "checkbox", onchange }),
    rows = make("div"),
    why = make("p", { class: "lp-note", text: SAY.mixWhy });
  const label = make("label", { class: "lp-pick" }, tick, make("span", { text: SAY.mix }));
  const own = ([one, name]) => {
    const id = newId(), options = choice.control(control).options;
    const onchange = () => {
      choice.startMixing({ [one]: options[select.selectedIndex][0] });
      panel.update();
    };
    const lines = options.map(([value, text]) => make("option", { value, disabled: !choice.mixes(one, value), text }));
    const select = make("select", { id, "data-of": one, "data-lm-suppress-shortcuts": "true", onchange }, ...lines);
    select.value = choice.own[one];
    return make("div", {}, make("label", { class: "lp-name", for: id, text: `${name} ${state.promise}` }), select);
  };
  let shown = "";
  const sync = () => {
    tick.checked = choice.mixing;
    why.hidden = !choice.mixing;
    const chosen = choice.mixing
      ? choice.control(of).options.filter(([one]) => choice.values[of].includes(one) && choice.has(one))
      : [];
    const now = JSON.stringify([chosen, choice.own, choice.values]);
    if (now === shown) return;
    shown = now;
    const had = focusedIn(rows)?.dataset.of;
    rows.replaceChildren(...chosen.map(own));
    if (had) rows.querySelector(`[data-of="${had}"]`)?.focus();
  };
  return { element: make("div", {}, label, why, rows), sync };
}

/** A box to tick: its second option is chosen where it is ticked, and its label says what that does. */
function boxControl(panel, { name, options: [[off], [on, text]] }) {
  const onchange = () => panel.set(name, tick.checked ? on : off), tick = input({ type: "checkbox", onchange });
  const sync = () => {
    tick.checked = panel.choice.values[name] === on;
  };
  return { element: make("label", { class: "lp-pick" }, tick, make("span", { text })), sync };
}

/** A control as it can be used here; one that says nothing of what is shown is greyed and says that. */
export function control(panel, offered) {
  const made = KINDS[offered.kind](panel, offered), { part } = made;
  made.element.dataset.control = offered.name;
  if (!part) return made;
  const unused = make("p", { class: "lp-note", text: SAY.unused });
  made.element.append(unused);
  const sync = () => {
    made.sync();
    part.disabled = !panel.choice.applies(offered, panel.choice.views());
    unused.hidden = !part.disabled;
  };
  return { element: made.element, sync };
}

const KINDS = {
  many: manyControl,
  slider: sliderControl,
  ticks: ticksControl,
  fixed: fixedLine,
  steps: stepsControl,
  choice: choiceControl,
  box: boxControl,
};
