import { viewOf } from "./address.mjs";
import { copier, make } from "./dom.mjs";
import { SAY } from "./say.mjs";

// What the panel of a page says about what it does not show, and how to come back to what it does.

const command = (text) =>
  make("span", { class: "lp-command" }, make("code", { text }), copier(SAY.copy, () => text, text));

/** What moved because it was not recorded with what the reader moved, and what an address asked for in vain. */
function said(choice) {
  const lines = choice.refused.length ? [make("p", { text: SAY.refused(choice.refused) })] : [];
  if (!choice.moved) return lines;
  const { wanted, controls } = choice.moved, { many } = choice;
  const value = (one) => [].concat(choice.values[one.name]).filter((each) => one !== many || choice.has(each));
  const now = controls.map((one) => `${one.label} ${value(one).map((each) => choice.words(one, each)).join(", ")}`);
  const text = now.length ? SAY.moved(now) : SAY.notShown;
  return [...lines, make("p", {}, `${text} ${SAY.measure} `, command(choice.commandOf(wanted)))];
}

/** Under the controls of a page: `sync` follows what is chosen. */
export function besides(choice) {
  const note = make("div", { class: "lp-note lp-moved", role: "status" });
  const lines = make("div"),
    fold = make("details", { class: "lp-else" }, make("summary", { text: SAY.besides }), lines);
  const line = ({ control, text, command: typed }) =>
    make("p", {}, make("strong", { text: `${control.label}: ` }), `${text} `, command(typed));
  const sync = () => {
    const found = choice.besides();
    note.replaceChildren(...said(choice));
    lines.replaceChildren(...found.map(line));
    fold.hidden = !found.length;
  };
  return { element: make("div", {}, note, fold), sync };
}

/** The button that copies the address of what is shown. */
export function linkTo(lab, choice) {
  const address = () => new URL(viewOf(lab, choice.pairs()), location.href).href;
  return copier(SAY.link, address, "");
}
