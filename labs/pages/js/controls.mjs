import { focusedIn, input, make, mark, newId } from "./dom.mjs";
import { SAY } from "./say.mjs";
import { count } from "./text.mjs";

// The controls; each is { element, sync }, and writes to `chosen` through `set`.
function manyControl(panel, control) {
  const box = make("fieldset", {}, make("legend", { text: control.label }));
  const lines = control.options.map(([value, label]) => {
    const tick = input({
      type: "checkbox",
      onchange: () => {
        const rest = panel.chosen[control.name].filter((one) => one !== value);
        panel.set(
          control.name,
          control.options.map(([one]) => one).filter((one) => rest.includes(one) || (one === value && tick.checked)),
        );
      },
    });
    const why = make("p", { class: "lp-note" });
    box.append(
      make(
        "label",
        { class: "lp-pick" },
        tick,
        panel.state.marks[value] ? mark(value, panel.state.marks[value]) : null,
        make("span", { text: label }),
      ),
      why,
    );
    return { value, label, tick, why };
  });
  const sync = () =>
    lines.forEach(({ value, label, tick, why }) => {
      const gap = panel.chosen.mix ? null : panel.state.missing[`${value}|${panel.chosen.rung}`];
      tick.checked = panel.chosen[control.name].includes(value) && !gap;
      tick.disabled = Boolean(gap);
      const offer = gap?.offer == null ? null : make("button", {
        type: "button",
        class: "lp-small",
        text: SAY.offer(label, panel.rungName(gap.offer)),
        onclick: () => {
          panel.chosen.rungs = { ...panel.evenRungs(), [value]: gap.offer };
          panel.set("mix", true);
        },
      });
      why.replaceChildren(...(gap ? [gap.reason, ...(offer ? [make("br"), offer] : [])] : []));
      why.hidden = !gap;
    });
  return { element: box, sync };
}
function sliderControl(panel, control) {
  const id = newId(), steps = 40, span = Math.log(control.high / control.low);
  const valueAt = (at) => +(control.low * Math.exp(span * at / steps)).toPrecision(2);
  const slide = input({
    type: "range",
    id,
    min: 0,
    max: steps,
    step: 1,
    oninput: () => panel.set(control.name, valueAt(+slide.value)),
  });
  const field = input({
    type: "number",
    min: control.low,
    max: control.high,
    step: "any",
    "aria-label": `${control.label}, ${control.unit}`,
    onchange: () => {
      const n = +field.value;
      panel.set(control.name, Math.min(control.high, Math.max(control.low, n || control.default)));
    },
  });
  const name = make("label", { class: "lp-name", for: id, text: `${control.label}, ${control.unit}` });
  const sync = () => {
    const value = panel.chosen[control.name];
    slide.value = Math.round(Math.log(value / control.low) / span * steps);
    slide.setAttribute("aria-valuetext", `${count(value)} ${control.unit}`);
    if (document.activeElement !== field || +field.value !== value) field.value = value;
  };
  return { element: make("div", {}, name, make("div", { class: "lp-rate" }, slide, field)), sync };
}
function stepsControl(panel, control) {
  const name = newId(),
    row = make("div", { class: "lp-steps" }),
    reasons = control.options.filter(([, , reason]) => reason);
  const picks = control.options.map(([value, label, reason]) => {
    const pick = input({
      type: "radio",
      name,
      disabled: Boolean(reason),
      onchange: () => panel.set(control.name, value),
    });
    row.append(make("label", {}, pick, make("span", { text: label })));
    return [value, pick];
  });
  const notes = reasons.map(([, label, reason]) => make("p", { class: "lp-note", text: `${label}: ${reason}` }));
  const box = make("fieldset", {}, make("legend", { text: control.label }), row, ...notes);
  const sync = () => {
    box.hidden = Boolean(panel.chosen.mix) && control.name === "rung";
    picks.forEach(([value, pick]) => {
      pick.checked = panel.chosen[control.name] === value;
    });
  };
  return { element: box, sync };
}
function choiceControl(panel, control) {
  const id = newId();
  const select = make(
    "select",
    {
      id,
      "data-lm-suppress-shortcuts": "true",
      onchange: () => panel.set(control.name, control.options[select.selectedIndex][0]),
    },
    ...control.options.map(([value, label, reason]) =>
      make("option", { value, disabled: Boolean(reason), text: label + (reason ? ` (${reason})` : "") })
    ),
  );
  const sync = () => {
    select.selectedIndex = control.options.findIndex(([value]) => value === panel.chosen[control.name]);
  };
  return { element: make("div", {}, make("label", { class: "lp-name", for: id, text: control.label }), select), sync };
}
export function mixControl(panel) {
  const tick = input({
    type: "checkbox",
    onchange: () => {
      panel.chosen.rungs ??= panel.evenRungs();
      panel.set("mix", tick.checked);
    },
  });
  const rows = make("div", {}),
    box = make(
      "div",
      {},
      make("label", { class: "lp-pick" }, tick, make("span", { text: SAY.mix })),
      make("p", { class: "lp-note", text: SAY.mixWhy }),
      rows,
    );
  let shown = "";
  const sync = () => {
    tick.checked = panel.chosen.mix;
    const brokers = panel.chosen.mix ? panel.chosen.brokers : [], now = JSON.stringify([brokers, panel.chosen.rungs]);
    if (now === shown) return;
    shown = now;
    const had = focusedIn(rows)?.dataset.broker;
    rows.replaceChildren(...brokers.map((broker) => {
      const id = newId();
      const select = make(
        "select",
        {
          id,
          "data-broker": broker,
          "data-lm-suppress-shortcuts": "true",
          onchange: () => {
            panel.chosen.rungs = { ...panel.chosen.rungs, [broker]: +select.value };
            panel.set("mix", true);
          },
        },
        ...panel.rungs().map(([value, label]) =>
          make("option", { value, disabled: `${broker}|${value}` in panel.state.missing, text: label })
        ),
      );
      select.value = panel.chosen.rungs[broker];
      return make(
        "div",
        {},
        make("label", { class: "lp-name", for: id, text: `${panel.state.names[broker]} ${panel.state.promise}` }),
        select,
      );
    }));
    if (had) rows.querySelector(`[data-broker="${had}"]`)?.focus();
  };
  return { element: box, sync };
}
export const KINDS = { many: manyControl, slider: sliderControl, steps: stepsControl, choice: choiceControl };
