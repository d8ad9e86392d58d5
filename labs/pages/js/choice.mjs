import { count } from "./text.mjs";

// What is chosen, and which points stand for it. What a control means is in the state (labs/pages/state.py): no
// control, setting or broker is known here by name.

/**
 * A point of the lab: its settings by name, and what its look makes of it (`label`, `title`, `sentence`, `rows`, ...).
 * @typedef {Record<string, any>} View
 *
 * One thing that the reader sets. `sets` is its name in the settings of one point, `options` are value, label and why
 * it cannot be chosen, `said` is a template for a value in words.
 * @typedef {{
 *   name: string, sets: string, label: string, kind: "many" | "slider" | "steps" | "choice" | "box", default: any,
 *   options: [any, string, string][], unit: string, low: number, high: number, alias: string, said: string,
 * }} Control
 *
 * `control` is the control of which each value of the control `of` may have a value of its own; `own` is the setting
 * that a run finds these in.
 * @typedef {{ control: string, of: string, own: string }} Mix
 */

/** A control's name as a command line and an address have it. */
export const typed = ({ alias, name }) => alias || name;

export class Choice {
  /**
   * @param {Record<string, any>} state
   * @param {() => Record<string, View>} fresh  what was measured here, by key
   */
  constructor(state, fresh) {
    this.state = state;
    this.fresh = fresh;
    /** @type {Control[]} */
    this.controls = state.controls;
    /** @type {Mix | null} */
    this.mix = state.mix;
    this.values = Object.fromEntries(this.controls.map((control) => [control.name, structuredClone(control.default)]));
    this.mixing = false;
    /** Value of the control `mix.of` -> its own value of `mix.control`, once something was mixed. */
    this.own = null;
    this.many = this.controls.find((control) => control.kind === "many");
    this.numeric = this.controls.filter(({ kind, default: usual }) =>
      kind !== "many" && kind !== "steps" && typeof usual === "number"
    );
    /** Those of which the nearest value will do. */
    this.loose = this.numeric;
  }

  /** @returns {Control | undefined} */
  control(name) {
    return this.controls.find((one) => one.name === name);
  }

  /** What of a control can be chosen; null if nothing can. Where runs can be made, everything (else recorded.mjs). */
  offer(control) {
    return control;
  }
  /** Whether a control says anything of the shown points. */
  applies(_control, _views) {
    return true;
  }
  /** Whether a value of the control that takes many may be chosen beside the other choices. */
  has(_one) {
    return true;
  }
  move(name, value) {
    this.values[name] = value;
  }

  /** Whether a control takes many values and none is chosen. */
  get nothing() {
    return Boolean(this.many) && !this.values[this.many.name].length;
  }

  // ---- of many values each may have a value of its own of another control

  /** Why `one` cannot be had at what is chosen for all: `reason`, and the nearest that it has (`offer`, `says`). */
  unpaired(one) {
    return this.mix && !this.mixing ? this.state.missing[`${one}|${this.values[this.mix.control]}`] : undefined;
  }
  /** For each what is chosen for all, or the nearest that it has. */
  even() {
    const all = this.values[this.mix.control];
    const nearest = (one) => this.state.missing[`${one}|${all}`]?.offer ?? all;
    return Object.fromEntries(this.control(this.mix.of).options.map(([one]) => [one, nearest(one)]));
  }
  startMixing(own = {}) {
    this.own = { ...(this.own ?? this.even()), ...own };
    this.mixing = true;
  }
  endMixing() {
    this.mixing = false;
  }
  /** Whether a value of the mixed control can be had for `one` of many. */
  mixes(one, value) {
    return !(`${one}|${value}` in this.state.missing);
  }

  // ---- which point stands for a choice: the same in all that has a name, the nearest in what is a number

  /** @returns {Record<string, View>} */
  all() {
    return { ...this.state.views, ...this.fresh() };
  }
  keyOf(view) {
    return this.state.point.filter((name) => name in view).map((name) => view[name]).join("|");
  }
  /** How far a point is from what is chosen, in powers of e; what was measured here is nearer than a recorded one, and
   *  what has another name chosen is farther than any number takes it. */
  far(view) {
    const at = (value) => Math.log(value || 0.1); // 0 ms is a choice too
    const named = this.controls.filter((one) => one.kind !== "many" && !this.numeric.includes(one) && one.sets in view);
    const others = named.filter(({ name, sets }) => view[sets] !== this.values[name]).length;
    return 100 * others + this.numeric.filter(({ sets }) => sets in view).reduce(
      (sum, { name, sets }) => sum + Math.abs(at(view[sets]) - at(this.values[name])),
      view.live ? 0 : 1e-9,
    );
  }
  /** At which numbers a point stands, in words, if these are not the chosen ones and do something to it; else empty. */
  off(view) {
    const moves = (sets) => sets in view && !view.unmoved_by?.includes(sets);
    const of = this.numeric.filter(({ name, sets }) => moves(sets) && view[sets] !== this.values[name]);
    return of.map(({ said, sets }) => said.replace("{}", count(view[sets]))).join(", ");
  }
  fits(view, one, values = this.values) {
    const wanted = ({ kind, name }) => {
      if (kind === "many") return one;
      return this.mixing && name === this.mix.control ? this.own[one] : values[name];
    };
    return this.controls.every((control) =>
      this.loose.includes(control) || !(control.sets in view) || view[control.sets] === wanted(control)
    );
  }
  /** Whether a point that need not exist is one that is chosen. */
  aims(view) {
    return this.fits(view, this.values[this.many?.name]?.find((one) => one === view[this.many.sets]));
  }
  /** The points that stand for the choice: one a value of the control that takes many. */
  views() {
    const all = Object.values(this.all());
    if (!this.controls.length) return all.slice(0, 1);
    const nearest = (one) => all.filter((view) => this.fits(view, one)).sort((a, b) => this.far(a) - this.far(b))[0];
    return (this.many ? this.values[this.many.name] : [null]).map(nearest).filter(Boolean);
  }
  /** The values of the control that takes many which have no point, though nothing says that there can be none. */
  unrecorded(views) {
    if (!this.many || !views.length) return [];
    const { name, sets, options } = this.many;
    return options.filter(([one]) =>
      this.values[name].includes(one) && !this.unpaired(one) && !views.some((view) => view[sets] === one)
    );
  }
  /** Why there can be no point for a value of the control that takes many; undefined if nothing says so. */
  whyNot(one) {
    const value = (name) => (name === this.many.sets ? one : this.values[name]);
    return this.state.why_not[this.state.point.map(value).join("|")];
  }
  /** Chooses a point; of the control that takes many it is added. */
  pick(view) {
    for (const { name, sets, kind } of this.controls) {
      if (!(sets in view)) continue;
      this.values[name] = kind === "many" ? [...new Set([...this.values[name], view[sets]])] : view[sets];
    }
  }

  /** The settings of a run; null where there is nothing to run. */
  settings() {
    if (!this.mix) return this.nothing ? null : this.values;
    const { of, own } = this.mix, chosen = this.values[of].filter((one) => !this.unpaired(one));
    if (!chosen.length) return null;
    const each = () => Object.fromEntries(chosen.map((one) => [one, this.own[one]]));
    return { ...this.values, [of]: chosen, ...(this.mixing ? { [own]: each() } : {}) };
  }
  /** The command that measures these points; what they do not say is as chosen. */
  command(views) {
    const value = ({ name, sets, kind }) =>
      kind === "many" ? views.map((view) => view[sets]) : views[0][sets] ?? this.values[name];
    return this.commandOf(Object.fromEntries(this.controls.map((control) => [control.name, value(control)])));
  }
  /** The command that measures with these values of the controls. */
  commandOf(values) {
    const set = this.controls.filter(({ name }) => String(values[name]) !== "").map((control) =>
      `--set ${typed(control)}=${[].concat(values[control.name]).join(",")}`
    );
    return [this.state.command, ...set].join(" ");
  }

  // ---- which points are joined to the lines of a plot

  /** Of a plot without a sweep the chosen points; else those that differ from them in nothing but the sweep. */
  onPlot(plot, views) {
    if (!plot.sweep) return views;
    if (plot.lines) return this.#everyLine(plot);
    const held = this.state.point.filter((name) => name !== plot.sweep);
    const alike = (one, view) => one.live === view.live && held.every((name) => one[name] === view[name]);
    return views.flatMap((view) => Object.values(this.all()).filter((one) => alike(one, view)));
  }
  /** All lines, at the numbers nearest to what is chosen; of a control that makes no lines, the chosen value. */
  #everyLine(plot) {
    const drawn = Object.values(this.all()).filter((view) => view.traces[plot.name]?.length);
    const named = this.controls.slice(1).filter((control) => !this.numeric.includes(control));
    const fits = drawn.filter((view) =>
      named.every(({ name, sets }) => !(sets in view) || view[sets] === this.values[name])
    );
    const least = ({ name, sets }) => {
      const off = (value) => Math.abs(value - this.values[name]);
      return fits.map((view) => view[sets]).sort((a, b) => off(a) - off(b))[0];
    };
    const held = this.numeric.filter(({ sets }) => sets !== plot.sweep);
    const kept = fits.filter((view) => held.every((control) => view[control.sets] === least(control)));
    const measured = (view) => kept.some((other) => other.live && other[plot.lines] === view[plot.lines]);
    return kept.filter((view) => view.live || !measured(view));
  }
}
