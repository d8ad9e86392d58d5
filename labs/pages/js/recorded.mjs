import { Choice, typed } from "./choice.mjs";
import { count } from "./text.mjs";

// What is chosen where nothing can be measured: the recorded points and no others.
//
// One rule: what the reader moves wins. Where no point has it together with the rest, the rest moves to the nearest
// recorded point, and the panel says so. A value of the control that takes many moves nothing: it can be ticked where
// it has a point, and a tick that has none is remembered until it has one again.

/** @typedef {import("./choice.mjs").View} View */
/** @typedef {import("./choice.mjs").Control} Control */

const less = (one, other) => {
  const at = one.findIndex((value, index) => value !== other[index]);
  return at >= 0 && one[at] < other[at];
};

export class Recorded extends Choice {
  /** What was asked for and is not recorded: `wanted` values, the `controls` that moved instead. */
  moved = null;
  /** What an address asked for and cannot have, in its own words. */
  refused = [];

  constructor(state, fresh) {
    super(state, fresh);
    this.loose = [];
    /** @type {View[]} */
    this.points = Object.values(state.views);
    this.settle([]);
    this.begun = structuredClone(this.values);
  }

  // ---- what can be chosen

  /** The values of a control that are recorded: as its options stand, numbers of a slider by size. */
  recorded({ sets, options }) {
    const known = new Set(this.points.filter((view) => sets in view).map((view) => view[sets]));
    if (!options.length) return [...known].sort((one, other) => one - other);
    return options.map(([value]) => value).filter((value) => known.has(value));
  }
  /**
   * The control with its recorded values alone, and those of which it says why they cannot be; one value is `fixed`.
   * @override
   */
  offer(control) {
    const values = this.recorded(control), { kind, options } = control;
    if (!values.length) return null;
    if (values.length === 1) return { ...control, kind: "fixed", text: this.words(control, values[0]) };
    const kept = ([value, , reason]) => values.includes(value) || (kind === "steps" && reason);
    const alive = ([value, text, reason]) => [value, text, values.includes(value) ? "" : reason];
    return { ...control, kind: kind === "slider" ? "ticks" : kind, values, options: options.filter(kept).map(alive) };
  }
  /** What a live run could have besides: a control, its other values in words, and the command with one of them. */
  besides() {
    return this.controls.flatMap((control) => {
      const { name, kind, options, low, high, unit, default: usual } = control, found = this.recorded(control);
      const known = found.length ? found : [usual]; // of what no point says, all have what is usual
      const others = options.filter(([value, , reason]) => !reason && !known.includes(value));
      if (kind !== "slider" && !others.length) return [];
      const middle = () => Number(Math.sqrt(low * high).toPrecision(1));
      const value = kind === "slider" ? middle() : others[0][0];
      const named = others.map(([, one]) => one).join(", ");
      const text = kind === "slider" ? `${count(low)} to ${count(high)} ${unit}` : named;
      return [{ control, text, command: this.commandOf({ ...this.values, [name]: value }) }];
    });
  }
  /** @override */
  applies({ sets }, views) {
    // A plot of all lines shows other points than the chosen ones.
    return !views.length || this.state.charts.some(({ lines }) => lines) || views.some((view) => sets in view);
  }
  /** @override */
  has(one, values = this.values) {
    return this.points.some((view) => this.fits(view, one, values));
  }
  /** @override */
  get nothing() {
    return Boolean(this.many) && !this.values[this.many.name].some((one) => this.has(one));
  }
  /** A value as the control has it in words. */
  words({ options, said }, value) {
    return options.find(([one]) => one === value)?.[1] ?? said.replace("{}", count(value));
  }

  /** @override */
  unrecorded() {
    return []; // the boxes say it
  }

  // ---- what the reader moves wins

  /** @override */
  move(name, value) {
    const had = this.views(), silent = this.controls.filter((one) => !this.applies(one, had));
    super.move(name, value);
    this.moved = null;
    this.refused = [];
    const control = this.control(name);
    if (control !== this.many) this.settle([control], silent);
  }
  /**
   * A point is chosen; of one that is not recorded it is said how to measure it.
   * @override
   */
  pick(view) {
    const wanted = structuredClone(this.values);
    this.moved = null;
    this.refused = [];
    super.pick(view);
    const won = this.controls.filter((one) => one !== this.many && one.sets in view);
    const aimed = Boolean(this.many) && this.many.sets in view;
    if (this.settle(won) && (!aimed || this.has(view[this.many.sets]))) return;
    this.moved = { wanted: this.values, controls: [] };
    this.values = wanted;
  }
  /** @override */
  startMixing(own = {}) {
    super.startMixing(own);
    const { control, of } = this.mix, { sets } = this.control(control);
    for (const [one] of this.control(of).options) {
      if (this.has(one)) continue;
      const near = this.recorded(this.control(control)).find((value) =>
        this.points.some((view) => view[sets] === value && this.#fitsWith(view, one, value))
      );
      if (near !== undefined) this.own[one] = near;
    }
  }
  /**
   * Whether a value of the mixed control is recorded for `one` of many, with the rest as it is.
   * @override
   */
  mixes(one, value) {
    return this.points.some((view) => this.#fitsWith(view, one, value));
  }
  #fitsWith(view, one, value) {
    const had = this.own[one];
    this.own[one] = value;
    const fits = this.fits(view, one);
    this.own[one] = had;
    return fits;
  }
  /** @override */
  endMixing() {
    super.endMixing();
    this.settle([]);
  }
  /** The controls of one value each that say something: with own values for each of many one of them does not. */
  get #single() {
    return this.controls.filter((one) => one !== this.many && !(this.mixing && one.name === this.mix.control));
  }
  /**
   * Moves what is not in `won` to the nearest recorded point: first so that most of the many chosen have one, then so
   * that least moves. Gives whether there is such a point. What was greyed (`silent`) moves for nothing.
   * @param {Control[]} won
   * @param {Control[]} silent
   */
  settle(won, silent = []) {
    if (!won.length && this.views().length) return true;
    const before = this.values, single = this.#single, mixed = this.mixing && this.control(this.mix.control);
    const held = (view) => won.every(({ name, sets }) => !(sets in view) || view[sets] === before[name]);
    const own = (view) => !mixed || view[mixed.sets] === this.own[view[this.many.sets]];
    const at = (view) => ({
      ...before,
      ...Object.fromEntries(single.filter(({ sets }) => sets in view).map(({ name, sets }) => [name, view[sets]])),
    });
    const costed = this.points.filter((view) => held(view) && own(view)).map((view, place) => ({
      view,
      values: at(view),
      cost: [...this.#cost(at(view), before, single.filter((one) => !silent.includes(one))), place],
    }));
    if (!costed.length) return false;
    const best = costed.reduce((one, other) => (less(other.cost, one.cost) ? other : one));
    this.values = best.values;
    const controls = single.filter((one) => !won.includes(one) && before[one.name] !== this.values[one.name]);
    if (this.many && before[this.many.name].length && this.nothing) {
      this.values[this.many.name] = [...before[this.many.name], best.view[this.many.sets]];
      controls.push(this.many);
    }
    if (controls.length) this.moved = { wanted: before, controls };
    return true;
  }
  #cost(values, before, single) {
    const lacking = this.many ? before[this.many.name].filter((one) => !this.has(one, values)).length : 0;
    const off = single.filter(({ name }) => values[name] !== before[name]), log = (value) => Math.log(value || 0.1);
    const far = off.filter((one) => this.numeric.includes(one)).map(({ name }) =>
      Math.abs(log(values[name]) - log(before[name]))
    );
    const odd = off.filter(({ name, default: usual }) => values[name] !== usual).length;
    return [lacking, off.length, far.reduce((sum, one) => sum + one, 0), odd];
  }

  // ---- the address of a page

  /** What is chosen as names and values; what is the same in all points is left out, and what says nothing here. */
  pairs() {
    const views = this.views();
    return this.controls.flatMap((control) => {
      const { sets } = control, found = views.filter((view) => sets in view);
      if (this.recorded(control).length < 2 || !views.length) return [];
      if (!found.length) return this.applies(control, views) ? [[typed(control), this.values[control.name]]] : [];
      if (this.mixing && control.name === this.mix.control) {
        return [[this.mix.own, found.map((view) => `${view[this.many.sets]}:${view[sets]}`).join(",")]];
      }
      return [[typed(control), [...new Set(found.map((view) => view[sets]))].join(",")]];
    });
  }
  /** Chooses what the pairs of an address say, the rest as the panel began; what it cannot have is refused. */
  restore(pairs) {
    this.values = structuredClone(this.begun);
    this.moved = null;
    this.mixing = false;
    this.own = null;
    const won = [], last = ([name]) => Number(name === this.mix?.own); // it is chosen among what the rest leaves
    this.refused = pairs.toSorted((one, other) => last(one) - last(other)).filter(([name, text]) =>
      !this.#take(name, text, won)
    ).map((pair) => pair.join("="));
    const wanted = won.splice(0);
    for (const control of wanted) {
      if (this.points.some((view) => [...won, control].every((one) => this.#says(view, one)))) won.push(control);
      else this.refused.push(`${typed(control)}=${this.values[control.name]}`);
    }
    this.settle(won);
    if (this.refused.length) this.moved = null; // it is said once
  }
  #says(view, { name, sets }) {
    return !(sets in view) || view[sets] === this.values[name];
  }
  /** Whether this could be chosen; a control of one value is put into `won`. */
  #take(name, text, won) {
    if (this.mix && name === this.mix.own) return this.#takeOwn(text);
    const control = this.controls.find((one) => name === typed(one) || name === one.name);
    if (!control) return false;
    const asked = control === this.many ? text.split(",") : [text];
    const known = this.recorded(control).filter((value) => asked.includes(String(value)));
    if (!known.length) return false;
    this.values[control.name] = control === this.many ? known : known[0];
    if (control !== this.many) won.push(control);
    return known.length === asked.length;
  }
  #takeOwn(text) {
    const { control, of } = this.mix, values = this.recorded(this.control(control)), own = {};
    for (const pair of text.split(",")) {
      const [one, said] = pair.split(":"), value = values.find((known) => String(known) === said);
      if (value === undefined || !this.recorded(this.control(of)).includes(one)) return false;
      own[one] = value;
    }
    this.startMixing(own);
    return true;
  }
}
