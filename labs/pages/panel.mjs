// One panel, two homes: JupyterLab (anywidget, with a kernel) and a page (lab-loader.mjs, replaying recorded runs).
// It picks, joins and draws what state.py decided; every text from outside goes in as textContent.
// The first of three parts of one module: tables.mjs and guess.mjs follow (module.py puts them together).
const SAY = {
  mix: "Compare different promises", mixWhy: "Each broker at a setting of its own. The title will say so.",
  run: "Run", cancel: "Cancel", data: "Data", card: "Run card", fact: "Fact", repeat: "Repeat this", verdicts: "Verdict",
  broken: (why) => `The picture could not be drawn (${why}).`,
  press: "Press Run to measure", nearest: "Nearest recorded: ", nothing: "Choose at least one.", notRecorded: "No run is recorded for this choice.", lacks: (labels) => `No run is recorded for ${labels.join(", nor for ")}.`, none: (label, why) => `${label}: nothing to show, because ${why}.`,
  setting: "Setting", notRun: "not recorded", unknown: "unknown", yours: "your guess first", trouble: "What it said last",
  show: "Show me", showAll: "Show everything", again: "Start over", commit: "Commit yourself, or press “Show me”.",
  said: (guess, truth) => `You said “${guess}”. It was “${truth}”.`, right: "That is right.", wrong: "That is not what happened.",
  uncounted: "None of the answers fits, so it is not counted.", score: (right, of) => `${right} of ${of} right so far.`,
  left: (s) => (s < 1 ? "almost done" : `about ${Math.ceil(s)} s left`), offer: (b, r) => `Show ${b} at “${r}” instead`,
};
let made = 0;

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "text") element.textContent = value;
    else if (value !== false && value != null) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}
// JupyterLab takes the arrow keys from inputs in an output unless the input itself says this.
const input = (attributes) => make("input", { "data-lm-suppress-shortcuts": "true", ...attributes });

// ---- numbers as words; the same rules as labs/show/sentences.py, compared by a test
export const msText = (ms) => ms == null ? "too few samples" : ms >= 1000 ? `${+(ms / 1000).toPrecision(3)}\u00a0s`
  : ms >= 100 ? `${ms.toFixed(0)}\u00a0ms` : ms >= 1 ? `${ms.toPrecision(3)}\u00a0ms` : `${ms.toFixed(2)}\u00a0ms`;
const times = (ratio) => ratio < 10 ? ratio.toFixed(1) : ratio < 100 ? ratio.toPrecision(2) : ratio.toFixed(0);
const count = (number) => (+number).toLocaleString("en-GB");
const rateText = (rate) => `${count(rate)}/s`;
const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name]);

function together(state, views) {
  const alone = new Set(views.map((view) => view.broker)).size === views.length, what = views[0].event;
  return `${what[0].toUpperCase()}${what.slice(1)}: ${views.map((view) => `${alone ? state.names[view.broker] ?? view.label : view.label} ${view.part}`).join(", ")}`;
}
export function titleOf(state, views, mixed) {
  if (!views.length) return state.titles.none;
  if (views[0].title) return (mixed ? state.titles.mixed : "") + (views.length === 1 ? views[0].title : together(state, views));
  const step = Object.keys(state.steps).find((name) => views.every((view) => view.numbers[name] != null));
  if (!step) return fill(state.titles.unknown, { rate: rateText(views[0].rate_per_s) });
  const ranked = [...views].sort((a, b) => a.numbers[step] - b.numbers[step]);
  const [low, high] = [ranked[0], ranked.at(-1)], ratio = high.numbers[step] / low.numbers[step];
  const kind = ranked.length === 1 ? "one" : ratio <= state.close ? "alike" : "apart";
  return (mixed ? state.titles.mixed : "") + fill(state.titles[kind], {
    rate: rateText(high.rate_per_s), step: state.steps[step], share: ((ratio - 1) * 100).toFixed(0), times: times(ratio),
    low: state.names[low.broker], high: state.names[high.broker],
    low_ms: msText(low.numbers[step]), high_ms: msText(high.numbers[step]),
  }) + (low.bound || high.bound ? state.titles.bound : "") + (low.unseen || high.unseen ? state.titles.unseen : "");
}

// ---- drawing
const token = (element, name) => getComputedStyle(element).getPropertyValue(`--${name}`).trim();
function coloured(part, ink) {
  if (Array.isArray(part)) return part.map((item) => coloured(item, ink));
  if (!part || typeof part !== "object") return part;
  return Object.fromEntries(Object.entries(part).map(([key, value]) =>
    [key, key.includes("color") && typeof value === "string" && /^[a-z-]+$/.test(value) ? ink(value) || value : coloured(value, ink)]));
}
const inkOf = (broker) => (broker === "memory" ? "harness" : broker);
function dressed(state, trace, ink) {
  const { broker, role, hollow, name } = trace.meta, style = state.styles[role], colour = ink(inkOf(broker));
  const symbol = state.marks[broker] + (hollow && !state.marks[broker].endsWith("open") ? "-open" : "");
  const open = role === "row" ? trace.x.map((_, at) => (at === 0 ? "circle" : at === 1 ? "circle-open" : "line-ns-open")) : symbol;
  const hover = trace.meta.hover ? trace.meta.hover : role === "row" ? "%{x:.3g} ms, %{text}<extra>%{fullData.name}</extra>" : trace.text ? "%{y:.3g} ms, %{text}<extra>%{fullData.name}</extra>" : "%{y:.3g} ms at %{x}/s<extra>%{fullData.name}</extra>";
  return { type: "scatter", name, ...style, ...trace, hovertemplate: style.hoverinfo ? undefined : hover,
    marker: { ...style.marker, color: colour, symbol: open }, line: { ...style.line, ...(broker === "sync" ? { dash: "dashdot" } : {}), color: colour } };
}
function joined(traces) {
  const groups = new Map();
  for (const trace of traces) {
    const key = `${trace.meta.line ?? trace.meta.broker} ${trace.meta.role}`;
    groups.set(key, [...(groups.get(key) ?? []), trace]);
  }
  return [...groups.values()].map((parts) => {
    parts.sort((a, b) => a.x[0] - b.x[0]);
    return { x: parts.flatMap((part) => part.x), y: parts.flatMap((part) => part.y), ...(parts[0].text ? { text: parts.flatMap((part) => part.text) } : {}), meta: { ...parts[0].meta, hollow: parts.some((part) => part.meta.hollow) },
      hollows: parts.flatMap((part) => part.x.map(() => part.meta.hollow)) };
  });
}
// What was measured here may lie outside the range of the recorded runs: widen it, never cut a line off.
function widened(layout, traces) {
  if (layout.meta?.labels === false && traces.length === 0) return layout;
  for (const [axis, letter] of [[layout.yaxis, "y"], [layout.xaxis, "x"]]) {
    const place = axis.type === "log" ? Math.log10 : Number, half = axis.type === "log" ? 2 : 20;
    const at = traces.flatMap((trace) => trace[letter]).filter((value) => value != null && (axis.type !== "log" || value > 0)).map(place);
    if (!at.length) continue;
    const [low, high] = [Math.min(...at), Math.max(...at)];
    if (low < axis.range[0]) axis.range[0] = letter === "x" ? low - 0.1 : Math.floor(low * half) / half;
    if (high > axis.range[1]) axis.range[1] = letter === "x" ? high + 0.1 : Math.ceil(high * half) / half;
    const decades = Array.from({ length: 12 }, (_, power) => power - 5).filter((power) => power >= axis.range[0] && power <= axis.range[1]);
    if (axis.type === "log" && !axis.ticktext) axis.tickvals = decades.map((power) => +`1e${power}`);
    if (axis.type === "log" && axis.ticktext && layout.meta?.labels !== false) {
      axis.tickvals = [...new Set([...axis.tickvals, ...traces.flatMap((trace) => trace.x)])].sort((a, b) => a - b);
      axis.ticktext = axis.tickvals.map(count);
    }
  }
  return layout;
}
function endLabels(state, traces, layout, height, ink) {
  if (layout.meta?.labels === false) return [];
  const last = new Map(traces.filter((t) => ["median", "floor"].includes(t.meta.role) && t.y.length).map((t) => [t.meta.line ?? t.meta.broker, t]));
  const up = layout.yaxis.type === "log" ? Math.log10 : Number;
  const [low, high] = layout.yaxis.range, gap = 17 / (height - layout.margin.t - layout.margin.b) * (high - low);
  const ranked = [...last.values()].sort((a, b) => a.y.at(-1) - b.y.at(-1));
  let at = -Infinity;
  const places = ranked.map((trace) => (at = Math.max(up(trace.y.at(-1)), at + gap)));
  // From the top down again: a name above the axis would not be drawn, and one is moved only for the name over it.
  for (let one = places.length - 1, roof = high; one >= 0; one -= 1, roof -= gap) places[one] = roof = Math.min(places[one], roof);
  const across = (x) => (layout.xaxis.type === "log" ? Math.log10(x) : x);
  return ranked.map((trace, index) => ({ xref: "x", x: across(trace.x.at(-1)), xanchor: "left", xshift: 8, yref: "y", y: places[index], showarrow: false,
    text: trace.meta.name, font: { color: ink(inkOf(trace.meta.broker)), size: 13 } }));
}
// The name of a reference stands where the lines are farther from it.
function atTheFreeSide(name, traces) {
  const lines = traces.filter((trace) => ["median", "floor"].includes(trace.meta.role) && trace.y.length);
  const gaps = (end) => lines.map((trace) => Math.log10(trace.y.at(end)) - name.y).sort((a, b) => Math.abs(a) - Math.abs(b));
  const [left, right] = [gaps(0)[0] ?? 0, gaps(-1)[0] ?? 0], under = (gap) => (gap > 0 && gap < 0.5 ? { yanchor: "top" } : {});
  return Math.abs(left) > Math.abs(right) ? { ...name, x: 0.005, xanchor: "left", ...under(left) } : { ...name, ...under(right) };
}
const svg = (tag, attributes) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};
function mark(broker, symbol) {
  const box = svg("svg", { viewBox: "0 0 14 14", class: "lp-mark", "aria-hidden": "true" }), fill = { fill: `var(--${broker})` };
  box.append(symbol === "square" ? svg("rect", { x: 2, y: 2, width: 10, height: 10, ...fill })
    : symbol === "triangle-up" ? svg("path", { d: "M7 1L13.5 12.5L0.5 12.5Z", ...fill }) : symbol === "diamond" ? svg("path", { d: "M7 0L14 7L7 14L0 7Z", ...fill }) : svg("circle", { cx: 7, cy: 7, r: 6, ...fill }));
  return box;
}

// ---- plotly: from the page's own host, or from the kernel: with the state, since a busy kernel answers no message
const script = (src) => new Promise((ok, no) => {
  document.head.append(make("script", { src, onload: ok, onerror: () => no(new Error(`cannot load ${src}`)) }));
});
async function plotly(model) {
  if (globalThis.Plotly?.react) return globalThis.Plotly;
  if (model.plotlyUrl) await script(model.plotlyUrl);
  else await script(URL.createObjectURL(new Blob([model.get("plotly")], { type: "text/javascript" })));
  return globalThis.Plotly;
}

// ---- tables
function table(about, columns, rows, className = "") {
  const head = make("tr", {}, ...columns.map((text) => make("th", { scope: "col", text })));
  const body = rows.map((cells) => make("tr", {}, ...cells.map((text, at) => make(at ? "td" : "th", at ? { text } : { scope: "row", text }))));
  const inside = make("table", { class: className }, make("thead", {}, head), make("tbody", {}, ...body));
  return make("div", { class: "lp-scroll", tabindex: 0, role: "region", "aria-label": `${about}, scrolls sideways` }, inside);
}
function cards(about, views) {
  const names = [...new Set(views.flatMap((view) => view.card.map(([name]) => name)))];
  const of = (view, name) => view.card.find(([known]) => known === name)?.[1] ?? "–";
  return table(about, [SAY.fact, ...views.map((view) => view.label)], [["Run", ...views.map((view) => view.origin)],
    ...names.map((name) => [name, ...views.map((view) => of(view, name))])], "lp-card");
}
const badge = (word) => make("span", { class: "verdict", "data-word": word, text: word });

// ---- the controls; each is { element, sync }, and writes to `chosen` through `set`
function manyControl(panel, control) {
  const box = make("fieldset", {}, make("legend", { text: control.label }));
  const lines = control.options.map(([value, label]) => {
    const tick = input({ type: "checkbox", onchange: () => {
      const rest = panel.chosen[control.name].filter((one) => one !== value);
      panel.set(control.name, control.options.map(([one]) => one).filter((one) => rest.includes(one) || (one === value && tick.checked)));
    } });
    const why = make("p", { class: "lp-note" });
    box.append(make("label", { class: "lp-pick" }, tick, panel.state.marks[value] ? mark(value, panel.state.marks[value]) : null, make("span", { text: label })), why);
    return { value, label, tick, why };
  });
  const sync = () => lines.forEach(({ value, label, tick, why }) => {
    const gap = panel.chosen.mix ? null : panel.state.missing[`${value}|${panel.chosen.rung}`];
    tick.checked = panel.chosen[control.name].includes(value) && !gap;
    tick.disabled = Boolean(gap);
    const offer = gap?.offer == null ? null : make("button", { type: "button", class: "lp-small", text: SAY.offer(label, panel.rungName(gap.offer)),
      onclick: () => { panel.chosen.rungs = { ...panel.evenRungs(), [value]: gap.offer }; panel.set("mix", true); } });
    why.replaceChildren(...(gap ? [gap.reason, ...(offer ? [make("br"), offer] : [])] : []));
    why.hidden = !gap;
  });
  return { element: box, sync };
}
function sliderControl(panel, control) {
  const id = `lp-${++made}`, steps = 40, span = Math.log(control.high / control.low);
  const valueAt = (at) => +(control.low * Math.exp(span * at / steps)).toPrecision(2);
  const slide = input({ type: "range", id, min: 0, max: steps, step: 1, oninput: () => panel.set(control.name, valueAt(+slide.value)) });
  const field = input({ type: "number", min: control.low, max: control.high, step: "any", "aria-label": `${control.label}, ${control.unit}`,
    onchange: () => { const n = +field.value; panel.set(control.name, Math.min(control.high, Math.max(control.low, n || control.default))); } });
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
  const name = `lp-${++made}`, row = make("div", { class: "lp-steps" }), reasons = control.options.filter(([, , reason]) => reason);
  const picks = control.options.map(([value, label, reason]) => {
    const pick = input({ type: "radio", name, disabled: Boolean(reason), onchange: () => panel.set(control.name, value) });
    row.append(make("label", {}, pick, make("span", { text: label })));
    return [value, pick];
  });
  const notes = reasons.map(([, label, reason]) => make("p", { class: "lp-note", text: `${label}: ${reason}` }));
  const box = make("fieldset", {}, make("legend", { text: control.label }), row, ...notes);
  const sync = () => { box.hidden = Boolean(panel.chosen.mix) && control.name === "rung"; picks.forEach(([value, pick]) => { pick.checked = panel.chosen[control.name] === value; }); };
  return { element: box, sync };
}
function choiceControl(panel, control) {
  const id = `lp-${++made}`;
  const select = make("select", { id, "data-lm-suppress-shortcuts": "true", onchange: () => panel.set(control.name, control.options[select.selectedIndex][0]) },
    ...control.options.map(([value, label, reason]) => make("option", { value, disabled: Boolean(reason), text: label + (reason ? ` (${reason})` : "") })));
  const sync = () => { select.selectedIndex = control.options.findIndex(([value]) => value === panel.chosen[control.name]); };
  return { element: make("div", {}, make("label", { class: "lp-name", for: id, text: control.label }), select), sync };
}
function mixControl(panel) {
  const tick = input({ type: "checkbox", onchange: () => { panel.chosen.rungs ??= panel.evenRungs(); panel.set("mix", tick.checked); } });
  const rows = make("div", {}), box = make("div", {}, make("label", { class: "lp-pick" }, tick, make("span", { text: SAY.mix })), make("p", { class: "lp-note", text: SAY.mixWhy }), rows);
  let shown = "";
  const sync = () => {
    tick.checked = panel.chosen.mix;
    const brokers = panel.chosen.mix ? panel.chosen.brokers : [], now = JSON.stringify([brokers, panel.chosen.rungs]);
    if (now === shown) return;
    shown = now;
    const had = rows.contains(document.activeElement) ? document.activeElement.dataset.broker : null;
    rows.replaceChildren(...brokers.map((broker) => {
      const id = `lp-${++made}`;
      const select = make("select", { id, "data-broker": broker, "data-lm-suppress-shortcuts": "true", onchange: () => { panel.chosen.rungs = { ...panel.chosen.rungs, [broker]: +select.value }; panel.set("mix", true); } },
        ...panel.rungs().map(([value, label]) => make("option", { value, disabled: `${broker}|${value}` in panel.state.missing, text: label })));
      select.value = panel.chosen.rungs[broker];
      return make("div", {}, make("label", { class: "lp-name", for: id, text: `${panel.state.names[broker]} ${panel.state.promise}` }), select);
    }));
    if (had) rows.querySelector(`[data-broker="${had}"]`)?.focus();
  };
  return { element: box, sync };
}
const KINDS = { many: manyControl, slider: sliderControl, steps: stepsControl, choice: choiceControl };

// What a control is called in the settings of one point: `brokers` chooses the points of each `broker`.
const axisOf = (control) => control.sets;

// The output under a live panel says the same in plain HTML: out of sight as long as this view of the panel is drawn.
function stillOutput(id) {
  const mark = `[data-labs-still="${CSS.escape(id)}"]`, style = make("style");
  style.textContent = `${mark} { display: none; } .jp-OutputArea-child:has(${mark}) { display: none; }`;
  return { hide: () => { if (!style.isConnected) document.head.append(style); }, show: () => style.remove() };
}

// ---- the panel
class Panel {
  constructor(model, root) {
    this.model = model; this.root = root; this.state = model.get("state");
    this.chosen = Object.fromEntries(this.state.controls.map((control) => [control.name, structuredClone(control.default)]));
    this.chosen.mix = false;
    this.numeric = this.state.controls.filter((c) => c.kind !== "many" && c.kind !== "steps" && typeof c.default === "number").map((c) => c.name);
    this.many = this.state.controls.find((control) => control.kind === "many");
    this.live = Boolean(model.get("live"));
    this.guesses = this.state.guess ? new Guesses(this.state, this.live) : null;
    this.still = model.get("still") ? stillOutput(model.get("still")) : null;
  }
  rungs() { return this.state.controls.find((control) => control.name === "rung").options; }
  rungName(rung) { return this.state.rungs[rung]; }
  evenRungs() {
    const rung = this.chosen.rung, offer = (broker) => this.state.missing[`${broker}|${rung}`]?.offer ?? rung;
    return Object.fromEntries(this.state.controls.find((c) => c.name === "brokers").options.map(([broker]) => [broker, offer(broker)]));
  }
  set(name, value) { this.chosen[name] = value; this.update(); }
  update() {
    try { this.sync(); } catch (error) { this.failed(error); return; }
    this.draw();
  }
  // A page then shows what it shows without a panel; in JupyterLab the output under the widget does.
  failed(error) {
    console.error(error);
    if (this.model.failed) { this.model.failed(error); return; }
    this.still?.show();
    this.broken ??= make("p", { class: "lp-alert", role: "alert" });
    this.broken.textContent = SAY.broken(error.message);
    this.root.append(this.broken);
  }
  sync() { this.controls.forEach((control) => control.sync()); }
  all() { return { ...this.state.views, ...(this.model.get("fresh") ?? {}) }; }
  rungOf(broker) { return this.chosen.mix ? this.chosen.rungs[broker] : this.chosen.rung; }
  // ---- which recorded point stands for a choice: the same in all that has a name, the nearest in what is a number
  keyOf(view) { return this.state.point.filter((name) => name in view).map((name) => view[name]).join("|"); }
  shown(view) { return !this.guesses || this.keyOf(view) in this.guesses.made; }
  far(view) {
    const known = this.numeric.filter((name) => name in view);
    const at = (value) => Math.log(value || 0.1);  // 0 ms is a choice too
    return known.reduce((sum, name) => sum + Math.abs(at(view[name]) - at(this.chosen[name])), view.live ? 0 : 1e-9);
  }
  wanted(control, one) { return control.kind === "many" ? one : control.name === "rung" ? this.rungOf(one) : this.chosen[control.name]; }
  fits(view, one) {
    return this.state.controls.every((c) => this.numeric.includes(c.name) || !(axisOf(c) in view) || view[axisOf(c)] === this.wanted(c, one));
  }
  aims(view) { return this.fits(view, this.chosen[this.many?.name]?.find((one) => one === view[axisOf(this.many)])); }
  views() {
    const all = Object.values(this.all());
    if (!this.state.controls.length) return all.slice(0, 1);
    const nearest = (one) => all.filter((view) => this.fits(view, one)).sort((a, b) => this.far(a) - this.far(b))[0];
    return (this.many ? this.chosen[this.many.name] : [null]).map(nearest).filter(Boolean);
  }
  pick(view) {
    for (const control of this.state.controls) {
      const axis = axisOf(control), had = this.chosen[control.name];
      if (axis in view) this.chosen[control.name] = control.kind === "many" ? [...new Set([...had, view[axis]])] : view[axis];
    }
    this.update();
  }
  build() {
    // What no recorded point differs in is a control of live runs only.
    const used = (control) => this.live || Object.values(this.state.views).some((view) => axisOf(control) in view);
    this.controls = this.state.controls.filter(used).map((control) => KINDS[control.kind](this, control));
    if (this.state.controls.some((control) => control.name === "rung")) this.controls.push(mixControl(this));
    this.title = make("p", { class: "lp-title" }); this.subtitle = make("p", { class: "lp-subtitle" });
    this.plots = this.state.charts.map((chart) => ({ ...chart, heading: make("p", { class: "lp-chartname", text: chart.label }), unlike: make("p", { class: "lp-note lp-unlike" }),
      box: make("div", chart.kind === "plot" ? { class: "lp-chart", role: "group", "data-chart": chart.name } : { "data-chart": chart.name }) }));
    this.guessing = this.guesses ? make("div", { class: "lp-guess" }) : null;
    this.said = make("div", { class: "lp-said", role: "status" }); this.under = make("div");
    const charts = this.plots.flatMap((plot, at) => [at ? plot.heading : null, plot.unlike, plot.box]);
    const picture = make("div", { class: "lp-picture" }, this.title, this.subtitle, this.guessing, ...charts.filter(Boolean), this.said, this.under);
    const left = make("div", { class: "lp-controls", role: "group", "aria-label": `Controls of ${this.state.title}` }, this.live ? this.job() : null);
    left.prepend(...this.controls.map((control) => control.element));
    this.root.append(make("div", { class: left.childElementCount ? "lp-body" : "" }, left.childElementCount ? left : null, picture));
    this.sync();
  }
  job() {
    this.run = make("button", { type: "button", class: "lp-run", text: SAY.run, onclick: () => this.start() });
    this.cancel = make("button", { type: "button", text: SAY.cancel, disabled: true, onclick: () => this.model.send({ do: "cancel" }) });
    this.bar = make("progress", { max: 1, value: 0, "aria-label": "Progress of the run", hidden: true });
    this.note = make("p", { class: "lp-note", role: "status" }); this.alert = make("p", { class: "lp-alert", role: "alert", hidden: true });
    this.model.on("change:job", () => this.progress());
    this.model.on("change:fresh", () => this.draw());
    return make("div", { class: "lp-job" }, make("div", { class: "lp-buttons" }, this.run, this.cancel), this.bar, this.note, this.alert);
  }
  start() {
    const { mix, rungs, ...settings } = this.chosen, gap = (broker) => !mix && `${broker}|${settings.rung}` in this.state.missing;
    settings.brokers = settings.brokers?.filter((broker) => !gap(broker));
    if (this.many && !settings[this.many.name].length) { this.alert.hidden = false; this.alert.textContent = SAY.nothing; return; }
    this.model.send({ do: "run", settings: mix ? { ...settings, mix, rungs: Object.fromEntries(settings.brokers.map((b) => [b, rungs[b]])) } : settings });
  }
  progress() {
    const job = this.model.get("job") ?? {}, running = job.status === "running";
    if (running && this.root.contains(document.activeElement) && document.activeElement === this.run) { this.cancel.disabled = false; this.cancel.focus(); }
    if (!running && document.activeElement === this.cancel) { this.run.disabled = false; this.run.focus(); }
    this.run.disabled = running; this.cancel.disabled = !running; this.bar.hidden = !running; this.bar.value = job.fraction ?? 0;
    this.note.textContent = [job.text, running && job.left_s != null ? SAY.left(job.left_s) : ""].filter(Boolean).join(", ");
    this.alert.hidden = !job.error; this.alert.textContent = job.error ?? "";
  }
  near(views) {
    const differs = (view, name) => name in view && view[name] !== this.chosen[name], off = views.filter((view) => this.numeric.some((name) => differs(view, name)));
    if (!off.length) return "";
    const control = (name) => this.state.controls.find((c) => c.name === name);
    const unit = (view, name) => (name === "rate_per_s" ? rateText(view[name]) : control(name).unit ? `${count(view[name])} ${control(name).unit}` : `${control(name).label.toLowerCase()} ${count(view[name])}`);
    const said = new Set(off.map((view) => this.numeric.filter((name) => name in view).map((name) => unit(view, name)).join(", ")));
    return `${SAY.nearest}${[...said].join("; ")}.`;
  }
  subtitleOf(views) {
    const rungs = [...new Set(views.filter((view) => "rung" in view).map((view) => this.rungName(view.rung)))].join(" or ");
    const origin = [...new Set(views.map((view) => view.origin))].join("; ");
    if (!views.length) return "";
    return [`${[this.state.charts[0].label, rungs && `${this.state.promise} ${rungs}`, origin].filter(Boolean).join("; ")}.`, this.near(views)].filter(Boolean).join(" ");
  }
  tracesOf(plot, views) {
    if (!plot.sweep) return views.flatMap((view, at) => view.traces[plot.name].filter((trace) => at === 0 || trace.meta.role !== "floor"));
    const held = this.numeric.filter((name) => name !== plot.sweep), all = Object.values(this.all());
    if (plot.lines) return joined(linesOf(this, plot, views, held).flatMap((one) => one.traces[plot.name]));
    const line = (view) => all.filter((one) => one.broker === view.broker && one.rung === view.rung && one.live === view.live && held.every((name) => one[name] === view[name]));
    return joined(views.flatMap((view) => line(view).flatMap((one) => one.traces[plot.name])));
  }
  async draw() {
    try {
      await this.drawn();
      this.broken?.remove();
      this.still?.hide();
    } catch (error) { this.failed(error); }
  }
  async drawn() {
    const views = this.views(), open = views.filter((view) => this.shown(view)), mixed = new Set(views.map((view) => view.rung)).size > 1;
    const asked = this.many && !this.chosen[this.many.name].length;
    this.title.textContent = !views.length && this.live && !asked ? SAY.press : views.length && !open.length ? SAY.commit : titleOf(this.state, open, mixed);
    this.subtitle.textContent = this.subtitleOf(views);
    clearTimeout(this.later);
    this.later = setTimeout(() => { try { this.say(views, open); } catch (error) { this.failed(error); } }, this.said.childElementCount ? 300 : 0);
    this.under.replaceChildren(...this.details(open));
    if (this.guesses) guessBox(this, views);
    for (const plot of this.plots) if (plot.kind !== "plot") TABLES[plot.kind](this, plot, views);
    if (this.plots.some((plot) => plot.kind === "plot")) this.Plotly ??= await plotly(this.model);
    for (const plot of this.plots) if (plot.kind === "plot") await this.plot(plot, views);
    for (const plot of this.plots) this.unlike(plot);
    this.root.dataset.drawn = (+(this.root.dataset.drawn ?? 0) + 1);
  }
  say(views, open) {
    const lines = open.map((view) => make("p", { text: view.sentence }));
    const trouble = [...new Set(open.map((view) => view.trouble).filter(Boolean))];
    const lacks = views.length && this.many ? this.many.options.filter(([value]) => this.chosen[this.many.name].includes(value) && !(`${value}|${this.chosen.rung}` in this.state.missing)
      && !views.some((view) => view[axisOf(this.many)] === value)) : [];
    const why = (value) => this.state.why_not[this.state.point.map((name) => (name === axisOf(this.many) ? value : this.chosen[name])).join("|")];
    const unrecorded = lacks.filter(([value]) => !why(value)).map(([, label]) => label);
    if (unrecorded.length) lines.push(make("p", { text: SAY.lacks(unrecorded) }));
    for (const [value, label] of lacks) if (why(value)) lines.push(make("p", { text: SAY.none(label, why(value)) }));
    if (!views.length) lines.push(make("p", { text: this.many && !this.chosen[this.many.name].length ? SAY.nothing : SAY.notRecorded }));
    this.said.replaceChildren(...lines, ...trouble.flatMap((text) => [make("p", { class: "lp-note", text: SAY.trouble }), make("pre", { class: "lp-log", text })]));
  }
  unlike({ unlike, box, layout }) {
    unlike.textContent = layout.said?.texts ? layout.said.texts[this.chosen[layout.said.by]] : layout.said ?? "";
    unlike.hidden = box.hidden || !unlike.textContent;
  }
  async plot(plot, views) {
    const ink = (name) => token(this.root, name), traces = this.tracesOf(plot, views), narrow = this.root.clientWidth < 480;
    plot.box.hidden = plot.heading.hidden = Boolean(plot.only) && !traces.length;
    if (plot.box.hidden) return;
    const layout = widened(structuredClone(plot.layout), traces), height = plot.sweep || narrow ? Math.min(300, layout.height) : layout.height;
    if (narrow) Object.assign(layout.margin, layout.meta?.narrow ?? { l: 48, r: 78 });
    const shown = coloured({ ...layout, height, font: { ...layout.font, color: "ink" } }, ink);
    shown.annotations = [...shown.annotations.map((name) => atTheFreeSide(name, traces)), ...endLabels(this.state, traces, layout, height, ink)];
    const data = traces.map((trace) => dressed(this.state, trace, ink));
    data.forEach((trace) => { if (trace.hollows) trace.marker.symbol = trace.hollows.map((open) => this.state.marks[trace.meta.broker] + (open ? "-open" : "")); });
    plot.box.setAttribute("aria-label", `${plot.label}. ${this.title.textContent}`);
    await this.Plotly.react(plot.box, data, shown, { responsive: true, displaylogo: false, modeBarButtons: [["toImage", "resetScale2d"]] });
  }
  details(views) {
    if (!views.length) return [];
    const data = this.plots.some((plot) => plot.rows) ? Object.values(this.all()).filter((view) => this.shown(view)) : views;
    const open = new Set([...this.under.querySelectorAll("details[open]")].map((one) => one.dataset.part));
    const part = (name, ...inside) => make("details", { "data-part": name, open: open.has(name) }, make("summary", { text: SAY[name] }), ...inside);
    const verdicts = this.model.get("verdicts") ?? this.state.verdicts;
    const words = (verdicts.length ? verdicts : this.state.verdicts).map((v) => make("li", {}, make("strong", { text: `${v.claim} ` }), badge(v.word), ` ${v.text}`));
    return [words.length ? part("verdicts", make("ul", { class: "lp-verdicts" }, ...words)) : null, part("data", table(`${this.state.title}: ${SAY.data}`, this.state.columns, data.flatMap((view) => view.rows))),
      part("card", cards(`${this.state.title}: ${SAY.card}`, views)), part("repeat", make("p", {}, make("code", { text: this.command(views) })))].filter(Boolean);
  }
  command(views) {
    const value = (control) => [].concat(control.kind === "many" ? views.map((view) => view[axisOf(control)]) : views[0][control.name] ?? this.chosen[control.name]).join(",");
    return [this.state.command, ...this.state.controls.filter((control) => value(control) !== "").map((control) => `--set ${control.alias || control.name}=${value(control)}`)].join(" ");
  }
}

export default {
  async render({ model, el }) {
    el.classList.add("labs-panel");
    const panel = new Panel(model, el);
    panel.build();
    if (panel.live) panel.progress();
    await panel.draw();
    const seen = new MutationObserver(() => panel.draw());
    seen.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    seen.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
    let narrow = el.clientWidth < 480;
    const sized = new ResizeObserver(() => { if (el.clientWidth < 480 !== narrow) { narrow = !narrow; panel.draw(); } });
    sized.observe(el);
    return () => { panel.still?.show(); seen.disconnect(); sized.disconnect(); panel.plots.forEach((plot) => plot.kind === "plot" && panel.Plotly?.purge(plot.box)); };
  },
};
