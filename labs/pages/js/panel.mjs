import { CHARTS } from "./charts.mjs";
import { KINDS, mixControl } from "./controls.mjs";
import { badge, cards, table } from "./details.mjs";
import { inkOn, make, onTheme } from "./dom.mjs";
import { guessBox, Guesses } from "./guess.mjs";
import { plotlyFrom } from "./plotly.mjs";
import { SAY } from "./say.mjs";
import { count, rateText, titleOf } from "./text.mjs";
import { atTheFreeSide, coloured, dressed, endLabels, joined, widened } from "./traces.mjs";

// One panel, two homes: JupyterLab (anywidget, with a kernel) and a page (lab-loader.mjs, replaying recorded runs).
// It picks, joins and draws what state.py decided; every text from outside goes in as textContent.

// All lines of a plot, at the numbers nearest to what is chosen; of a confirmation that can be chosen, the chosen one.
function linesOf(panel, plot, held) {
  const all = Object.values(panel.all()).filter((view) => view.traces[plot.name]?.length);
  const named = panel.state.controls.filter((c) =>
    !panel.numeric.includes(c.name) && c.name !== panel.state.controls[0].name
  );
  const fits = all.filter((view) => named.every((c) => !(c.name in view) || view[c.name] === panel.chosen[c.name]));
  const least = (name) =>
    fits.map((view) => view[name]).sort((a, b) =>
      Math.abs(a - panel.chosen[name]) - Math.abs(b - panel.chosen[name])
    )[0];
  const kept = fits.filter((view) => held.every((name) => view[name] === least(name)));
  return kept.filter((view) =>
    view.live || !kept.some((other) => other.live && other[plot.lines] === view[plot.lines])
  );
}
// The panel.
// What a control is called in the settings of one point: `brokers` chooses the points of each `broker`.
const axisOf = (control) => control.sets;

// The output under a live panel says the same in plain HTML: out of sight as long as this view of the panel is drawn.
function stillOutput(id) {
  const mark = `[data-labs-still="${CSS.escape(id)}"]`, style = make("style");
  style.textContent = `${mark} { display: none; } .jp-OutputArea-child:has(${mark}) { display: none; }`;
  return {
    hide: () => {
      if (!style.isConnected) document.head.append(style);
    },
    show: () => style.remove(),
  };
}

// ---- the panel
class Panel {
  /** @type {HTMLElement | null} */
  broken = null;
  /** @type {any} */
  Plotly = null;
  constructor(model, root) {
    this.model = model;
    this.root = root;
    this.state = model.get("state");
    this.chosen = Object.fromEntries(
      this.state.controls.map((control) => [control.name, structuredClone(control.default)]),
    );
    this.chosen.mix = false;
    this.numeric = this.state.controls.filter((c) =>
      c.kind !== "many" && c.kind !== "steps" && typeof c.default === "number"
    ).map((c) => c.name);
    this.many = this.state.controls.find((control) => control.kind === "many");
    this.live = Boolean(model.get("live"));
    this.guesses = this.state.guess ? new Guesses(this.state, this.live) : null;
    this.still = model.get("still") ? stillOutput(model.get("still")) : null;
  }
  loadPlotly() {
    return plotlyFrom(this.model.plotlyUrl ?? this.model.get("plotly"));
  }
  rungs() {
    return this.state.controls.find((control) => control.name === "rung").options;
  }
  rungName(rung) {
    return this.state.rungs[rung];
  }
  evenRungs() {
    const rung = this.chosen.rung, offer = (broker) => this.state.missing[`${broker}|${rung}`]?.offer ?? rung;
    return Object.fromEntries(
      this.state.controls.find((c) => c.name === "brokers").options.map(([broker]) => [broker, offer(broker)]),
    );
  }
  set(name, value) {
    this.chosen[name] = value;
    this.update();
  }
  update() {
    try {
      this.sync();
    } catch (error) {
      this.failed(error);
      return;
    }
    this.draw();
  }
  // A page then shows what it shows without a panel; in JupyterLab the output under the widget does.
  failed(error) {
    console.error(error);
    if (this.model.failed) {
      this.model.failed(error);
      return;
    }
    this.still?.show();
    this.broken ??= make("p", { class: "lp-alert", role: "alert" });
    this.broken.textContent = SAY.broken(error.message);
    this.root.append(this.broken);
  }
  sync() {
    this.controls.forEach((control) => control.sync());
  }
  all() {
    return { ...this.state.views, ...(this.model.get("fresh") ?? {}) };
  }
  rungOf(broker) {
    return this.chosen.mix ? this.chosen.rungs[broker] : this.chosen.rung;
  }
  // ---- which recorded point stands for a choice: the same in all that has a name, the nearest in what is a number
  keyOf(view) {
    return this.state.point.filter((name) => name in view).map((name) => view[name]).join("|");
  }
  shown(view) {
    return !this.guesses || this.keyOf(view) in this.guesses.made;
  }
  far(view) {
    const known = this.numeric.filter((name) => name in view);
    const at = (value) => Math.log(value || 0.1); // 0 ms is a choice too
    return known.reduce((sum, name) => sum + Math.abs(at(view[name]) - at(this.chosen[name])), view.live ? 0 : 1e-9);
  }
  wanted(control, one) {
    return control.kind === "many" ? one : control.name === "rung" ? this.rungOf(one) : this.chosen[control.name];
  }
  fits(view, one) {
    return this.state.controls.every((c) =>
      this.numeric.includes(c.name) || !(axisOf(c) in view) || view[axisOf(c)] === this.wanted(c, one)
    );
  }
  aims(view) {
    return this.fits(view, this.chosen[this.many?.name]?.find((one) => one === view[axisOf(this.many)]));
  }
  views() {
    const all = Object.values(this.all());
    if (!this.state.controls.length) return all.slice(0, 1);
    const nearest = (one) => all.filter((view) => this.fits(view, one)).sort((a, b) => this.far(a) - this.far(b))[0];
    return (this.many ? this.chosen[this.many.name] : [null]).map(nearest).filter(Boolean);
  }
  pick(view) {
    for (const control of this.state.controls) {
      const axis = axisOf(control), had = this.chosen[control.name];
      if (axis in view) {
        this.chosen[control.name] = control.kind === "many" ? [...new Set([...had, view[axis]])] : view[axis];
      }
    }
    this.update();
  }
  build() {
    // What no recorded point differs in is a control of live runs only.
    const used = (control) => this.live || Object.values(this.state.views).some((view) => axisOf(control) in view);
    this.controls = this.state.controls.filter(used).map((control) => KINDS[control.kind](this, control));
    if (this.state.controls.some((control) => control.name === "rung")) this.controls.push(mixControl(this));
    this.title = make("p", { class: "lp-title" });
    this.subtitle = make("p", { class: "lp-subtitle" });
    this.plots = this.state.charts.map((chart) => ({
      ...chart,
      heading: make("p", { class: "lp-chartname", text: chart.label }),
      unlike: make("p", { class: "lp-note lp-unlike" }),
      box: make(
        "div",
        chart.kind === "plot"
          ? { class: "lp-chart", role: "group", "data-chart": chart.name }
          : { "data-chart": chart.name },
      ),
    }));
    this.guessing = this.guesses ? make("div", { class: "lp-guess" }) : null;
    this.said = make("div", { class: "lp-said", role: "status" });
    this.under = make("div");
    const charts = this.plots.flatMap((plot, at) => [at ? plot.heading : null, plot.unlike, plot.box]);
    const picture = make(
      "div",
      { class: "lp-picture" },
      this.title,
      this.subtitle,
      this.guessing,
      ...charts.filter(Boolean),
      this.said,
      this.under,
    );
    const left = make(
      "div",
      { class: "lp-controls", role: "group", "aria-label": `Controls of ${this.state.title}` },
      this.live ? this.job() : null,
    );
    left.prepend(...this.controls.map((control) => control.element));
    this.root.append(
      make("div", { class: left.childElementCount ? "lp-body" : "" }, left.childElementCount ? left : null, picture),
    );
    this.sync();
  }
  job() {
    this.run = make("button", { type: "button", class: "lp-run", text: SAY.run, onclick: () => this.start() });
    this.cancel = make("button", {
      type: "button",
      text: SAY.cancel,
      disabled: true,
      onclick: () => this.model.send({ do: "cancel" }),
    });
    this.bar = make("progress", { max: 1, value: 0, "aria-label": "Progress of the run", hidden: true });
    this.note = make("p", { class: "lp-note", role: "status" });
    this.alert = make("p", { class: "lp-alert", role: "alert", hidden: true });
    this.model.on("change:job", () => this.progress());
    this.model.on("change:fresh", () => this.draw());
    return make(
      "div",
      { class: "lp-job" },
      make("div", { class: "lp-buttons" }, this.run, this.cancel),
      this.bar,
      this.note,
      this.alert,
    );
  }
  start() {
    const { mix, rungs, ...settings } = this.chosen,
      gap = (broker) => !mix && `${broker}|${settings.rung}` in this.state.missing;
    settings.brokers = settings.brokers?.filter((broker) => !gap(broker));
    if (this.many && !settings[this.many.name].length) {
      this.alert.hidden = false;
      this.alert.textContent = SAY.nothing;
      return;
    }
    this.model.send({
      do: "run",
      settings: mix
        ? { ...settings, mix, rungs: Object.fromEntries(settings.brokers.map((b) => [b, rungs[b]])) }
        : settings,
    });
  }
  progress() {
    const job = this.model.get("job") ?? {}, running = job.status === "running";
    if (running && this.root.contains(document.activeElement) && document.activeElement === this.run) {
      this.cancel.disabled = false;
      this.cancel.focus();
    }
    if (!running && document.activeElement === this.cancel) {
      this.run.disabled = false;
      this.run.focus();
    }
    this.run.disabled = running;
    this.cancel.disabled = !running;
    this.bar.hidden = !running;
    this.bar.value = job.fraction ?? 0;
    this.note.textContent = [job.text, running && job.left_s != null ? SAY.left(job.left_s) : ""].filter(Boolean).join(
      ", ",
    );
    this.alert.hidden = !job.error;
    this.alert.textContent = job.error ?? "";
  }
  near(views) {
    const differs = (view, name) => name in view && view[name] !== this.chosen[name],
      off = views.filter((view) => this.numeric.some((name) => differs(view, name)));
    if (!off.length) return "";
    const control = (name) => this.state.controls.find((c) => c.name === name);
    const unit = (
      view,
      name,
    ) => (name === "rate_per_s"
      ? rateText(view[name])
      : control(name).unit
      ? `${count(view[name])} ${control(name).unit}`
      : `${control(name).label.toLowerCase()} ${count(view[name])}`);
    const said = new Set(
      off.map((view) => this.numeric.filter((name) => name in view).map((name) => unit(view, name)).join(", ")),
    );
    return `${SAY.nearest}${[...said].join("; ")}.`;
  }
  subtitleOf(views) {
    const rungs = [...new Set(views.filter((view) => "rung" in view).map((view) => this.rungName(view.rung)))].join(
      " or ",
    );
    const origin = [...new Set(views.map((view) => view.origin))].join("; ");
    if (!views.length) return "";
    return [
      `${[this.state.charts[0].label, rungs && `${this.state.promise} ${rungs}`, origin].filter(Boolean).join("; ")}.`,
      this.near(views),
    ].filter(Boolean).join(" ");
  }
  tracesOf(plot, views) {
    if (!plot.sweep) {
      return views.flatMap((view, at) =>
        view.traces[plot.name].filter((trace) => at === 0 || trace.meta.role !== "floor")
      );
    }
    const held = this.numeric.filter((name) => name !== plot.sweep), all = Object.values(this.all());
    if (plot.lines) return joined(linesOf(this, plot, held).flatMap((one) => one.traces[plot.name]));
    const line = (view) =>
      all.filter((one) =>
        one.broker === view.broker && one.rung === view.rung && one.live === view.live &&
        held.every((name) => one[name] === view[name])
      );
    return joined(views.flatMap((view) => line(view).flatMap((one) => one.traces[plot.name])));
  }
  async draw() {
    try {
      await this.drawn();
      this.broken?.remove();
      this.still?.hide();
    } catch (error) {
      this.failed(error);
    }
  }
  async drawn() {
    const views = this.views(),
      open = views.filter((view) => this.shown(view)),
      mixed = new Set(views.map((view) => view.rung)).size > 1;
    const asked = this.many && !this.chosen[this.many.name].length;
    this.title.textContent = !views.length && this.live && !asked
      ? SAY.press
      : views.length && !open.length
      ? SAY.commit
      : titleOf(this.state, open, mixed);
    this.subtitle.textContent = this.subtitleOf(views);
    clearTimeout(this.later);
    this.later = setTimeout(() => {
      try {
        this.say(views, open);
      } catch (error) {
        this.failed(error);
      }
    }, this.said.childElementCount ? 300 : 0);
    this.under.replaceChildren(...this.details(open));
    if (this.guesses) guessBox(this, views);
    for (const plot of this.plots) if (plot.kind !== "plot") CHARTS[plot.kind](this, plot, views);
    if (this.plots.some((plot) => plot.kind === "plot")) this.Plotly ??= await this.loadPlotly();
    for (const plot of this.plots) if (plot.kind === "plot") await this.plot(plot, views);
    for (const plot of this.plots) this.unlike(plot);
    this.root.dataset.drawn = +(this.root.dataset.drawn ?? 0) + 1;
  }
  say(views, open) {
    const lines = open.map((view) => make("p", { text: view.sentence }));
    const trouble = [...new Set(open.map((view) => view.trouble).filter(Boolean))];
    const lacks = views.length && this.many
      ? this.many.options.filter(([value]) =>
        this.chosen[this.many.name].includes(value) && !(`${value}|${this.chosen.rung}` in this.state.missing) &&
        !views.some((view) => view[axisOf(this.many)] === value)
      )
      : [];
    const why = (value) =>
      this.state
        .why_not[this.state.point.map((name) => (name === axisOf(this.many) ? value : this.chosen[name])).join("|")];
    const unrecorded = lacks.filter(([value]) => !why(value)).map(([, label]) => label);
    if (unrecorded.length) lines.push(make("p", { text: SAY.lacks(unrecorded) }));
    for (const [value, label] of lacks) if (why(value)) lines.push(make("p", { text: SAY.none(label, why(value)) }));
    if (!views.length) {
      lines.push(make("p", { text: this.many && !this.chosen[this.many.name].length ? SAY.nothing : SAY.notRecorded }));
    }
    this.said.replaceChildren(
      ...lines,
      ...trouble.flatMap((
        text,
      ) => [make("p", { class: "lp-note", text: SAY.trouble }), make("pre", { class: "lp-log", text })]),
    );
  }
  unlike({ unlike, box, layout }) {
    unlike.textContent = layout.said?.texts ? layout.said.texts[this.chosen[layout.said.by]] : layout.said ?? "";
    unlike.hidden = box.hidden || !unlike.textContent;
  }
  async plot(plot, views) {
    const ink = inkOn(this.root), traces = this.tracesOf(plot, views), narrow = this.root.clientWidth < 480;
    plot.box.hidden = plot.heading.hidden = Boolean(plot.only) && !traces.length;
    if (plot.box.hidden) return;
    const layout = widened(structuredClone(plot.layout), traces),
      height = plot.sweep || narrow ? Math.min(300, layout.height) : layout.height;
    if (narrow) Object.assign(layout.margin, layout.meta?.narrow ?? { l: 48, r: 78 });
    const shown = coloured({ ...layout, height, font: { ...layout.font, color: "ink" } }, ink);
    shown.annotations = [
      ...shown.annotations.map((name) => atTheFreeSide(name, traces)),
      ...endLabels(traces, layout, height, ink),
    ];
    const data = traces.map((trace) => dressed(this.state, trace, ink));
    data.forEach((trace) => {
      if (trace.hollows) {
        trace.marker.symbol = trace.hollows.map((open) => this.state.marks[trace.meta.broker] + (open ? "-open" : ""));
      }
    });
    plot.box.setAttribute("aria-label", `${plot.label}. ${this.title.textContent}`);
    await this.Plotly.react(plot.box, data, shown, {
      responsive: true,
      displaylogo: false,
      modeBarButtons: [["toImage", "resetScale2d"]],
    });
  }
  details(views) {
    if (!views.length) return [];
    const data = this.plots.some((plot) => plot.rows)
      ? Object.values(this.all()).filter((view) => this.shown(view))
      : views;
    const open = new Set([...this.under.querySelectorAll("details[open]")].map((one) => one.dataset.part));
    const part = (name, ...inside) =>
      make("details", { "data-part": name, open: open.has(name) }, make("summary", { text: SAY[name] }), ...inside);
    const verdicts = this.model.get("verdicts") ?? this.state.verdicts;
    const words = (verdicts.length ? verdicts : this.state.verdicts).map((v) =>
      make("li", {}, make("strong", { text: `${v.claim} ` }), badge(v.word), ` ${v.text}`)
    );
    return [
      words.length ? part("verdicts", make("ul", { class: "lp-verdicts" }, ...words)) : null,
      part("data", table(`${this.state.title}: ${SAY.data}`, this.state.columns, data.flatMap((view) => view.rows))),
      part("card", cards(`${this.state.title}: ${SAY.card}`, views)),
      part("repeat", make("p", {}, make("code", { text: this.command(views) }))),
    ].filter(Boolean);
  }
  command(views) {
    const value = (control) =>
      [].concat(
        control.kind === "many"
          ? views.map((view) => view[axisOf(control)])
          : views[0][control.name] ?? this.chosen[control.name],
      ).join(",");
    return [
      this.state.command,
      ...this.state.controls.filter((control) => value(control) !== "").map((control) =>
        `--set ${control.alias || control.name}=${value(control)}`
      ),
    ].join(" ");
  }
}

export default {
  async render({ model, el }) {
    el.classList.add("labs-panel");
    const panel = new Panel(model, el);
    panel.build();
    if (panel.live) panel.progress();
    await panel.draw();
    const seen = onTheme(() => panel.draw());
    let narrow = el.clientWidth < 480;
    const sized = new ResizeObserver(() => {
      if (el.clientWidth < 480 !== narrow) {
        narrow = !narrow;
        panel.draw();
      }
    });
    sized.observe(el);
    return () => {
      panel.still?.show();
      seen();
      sized.disconnect();
      panel.plots.forEach((plot) => plot.kind === "plot" && panel.Plotly?.purge(plot.box));
    };
  },
};
