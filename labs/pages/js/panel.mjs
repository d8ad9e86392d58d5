import { asked, written } from "./address.mjs";
import { besides, linkTo } from "./besides.mjs";
import { CHARTS } from "./charts.mjs";
import { Choice } from "./choice.mjs";
import { control, mixControl } from "./controls.mjs";
import { details } from "./details.mjs";
import { make, onTheme, sign } from "./dom.mjs";
import { guessBox, Guesses } from "./guess.mjs";
import { Job } from "./job.mjs";
import { drawPlot } from "./plot.mjs";
import { plotlyFrom } from "./plotly.mjs";
import { Recorded } from "./recorded.mjs";
import { headOf, sentences, underHead } from "./said.mjs";
import { SAY } from "./say.mjs";

// One panel, two homes: JupyterLab (anywidget, with a kernel) and a page (lab-loader.mjs, replaying recorded runs).
// It picks, joins and draws what state.py decided; every text from outside goes in as textContent.

/** The output under a live panel says the same in plain HTML: out of sight as long as this view is drawn. */
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

/** Kinds of charts that show all points, not the chosen ones alone. */
const FOLDED = new Set(["plot", "dots", "strips"]);

class Panel {
  /** @type {HTMLElement | null} */
  broken = null;
  /** @type {any} */
  Plotly = null;
  onPaper = false;
  unfoldedForPaper = false;
  /** @type {Set<string>} */
  unfolded = new Set();

  constructor(model, root) {
    this.model = model;
    this.root = root;
    this.state = model.get("state");
    this.live = Boolean(model.get("live"));
    const fresh = () => model.get("fresh") ?? {};
    const recorded = this.live ? null : new Recorded(this.state, fresh);
    this.choice = recorded ?? new Choice(this.state, fresh);
    /** What the address of the page speaks of, where that is the panel's to read and write. */
    this.addressed = model.addressed && !model.get("compact") ? recorded : null;
    /** The first chart alone, as on the landing page: no controls, no folds. */
    this.compact = Boolean(model.get("compact"));
    this.guesses = this.state.guess ? new Guesses(this.state, this.live) : null;
    this.still = model.get("still") ? stillOutput(model.get("still")) : null;
  }
  loadPlotly() {
    return plotlyFrom(this.model.plotlyUrl ?? this.model.get("plotly"));
  }
  /** The sign of a point or of a row in a chart, in its colour; null if it has none. */
  sign({ series }, open = false) {
    return sign(this.state.series[series], open);
  }
  inkOf({ series }) {
    return `var(--${this.state.series[series].ink})`;
  }
  /** Whether the outcome of a point may be seen. */
  shown(view) {
    return this.onPaper || !this.guesses || this.choice.keyOf(view) in this.guesses.made;
  }

  // ---- what a reader does
  set(name, value) {
    this.choice.move(name, value);
    this.update();
  }
  pick(view) {
    this.choice.pick(view);
    this.update();
  }
  update() {
    if (this.addressed) written(this.state.lab, this.addressed.pairs());
    if (this.careful(() => this.controls.forEach((control) => control.sync()))) this.draw();
  }
  /** Shows what the page's address asks for; gives whether it speaks of this lab. */
  restore() {
    const pairs = this.addressed ? asked(this.state.lab) : null;
    if (!pairs) return false;
    this.addressed.restore(pairs);
    this.controls.forEach((control) => control.sync());
    return true;
  }
  /** Whether `work` was done; where it fails, the panel has failed. */
  careful(work) {
    try {
      work();
      return true;
    } catch (error) {
      this.failed(error);
      return false;
    }
  }
  /** A page then shows what it shows without a panel; in JupyterLab the output under the widget does. */
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

  // ---- what is drawn
  build() {
    const offered = this.compact ? [] : this.choice.controls.map((one) => this.choice.offer(one)).filter(Boolean);
    this.controls = offered.map((one) => control(this, one));
    if (this.choice.mix && !this.compact) this.controls.push(mixControl(this));
    if (this.controls.length && !this.live) this.controls.push(besides(this.choice));
    this.title = make("p", { class: "lp-title" });
    this.subtitle = make("p", { class: "lp-subtitle" });
    this.plots = this.state.charts.slice(0, this.compact ? 1 : undefined).map((chart) => ({
      ...chart,
      heading: make("p", { class: "lp-chartname", text: chart.label }),
      folded: false,
      unlike: make("p", { class: "lp-note lp-unlike" }),
      box: make("div", {
        "data-chart": chart.name,
        ...(chart.kind === "plot" ? { class: "lp-chart", role: "group" } : {}),
      }),
    }));
    this.guessing = this.guesses ? make("div", { class: "lp-guess" }) : null;
    this.said = make("div", { class: "lp-said", role: "status" });
    // What is true of the whole recording: who else used its machine, and that the broker has a newer version.
    const ofFile = [this.state.company, this.state.older].filter(Boolean);
    this.ofFile = ofFile.map((text) => make("p", { class: "lp-note lp-older", text }));
    this.under = make("div", { class: "lp-under" });
    const charts = this.plots.flatMap((plot, at) => this.chart(plot, at));
    const link = () => make("div", { class: "lp-link" }, linkTo(this.state.lab, this.addressed));
    const foot = this.addressed ? make("div", { class: "lp-foot" }, this.under, link()) : this.under;
    const more = this.plots.filter(({ folded }) => folded).map(({ heading }) => heading);
    const parts = [this.title, this.subtitle, this.guessing, ...charts, this.said, ...more, ...this.ofFile, foot];
    const controls = this.controls.map((control) => control.element);
    if (this.live) controls.push(this.job());
    const name = `Controls of ${this.state.title}`;
    const left = controls.length
      ? make("div", { class: "lp-controls", role: "group", "aria-label": name }, ...controls)
      : null;
    this.root.append(
      make("div", { class: left ? "lp-body" : "" }, left, make("div", { class: "lp-picture" }, ...parts)),
    );
    this.controls.forEach((control) => control.sync());
  }
  /** A chart and what stands over it. On a page a further one of all points is folded: the first has the answer. */
  chart(plot, at) {
    const { unlike, box, kind, label } = plot;
    if (!at || !this.addressed || !FOLDED.has(kind)) return [at ? plot.heading : null, unlike, box];
    const ontoggle = () => plot.heading.open && this.Plotly && kind === "plot" && this.Plotly.Plots.resize(box);
    plot.heading = make("details", { class: "lp-more", ontoggle }, make("summary", { text: label }), unlike, box);
    plot.folded = true;
    return [];
  }
  /** A sheet shows further charts too; afterwards those are folded that were. */
  onSheet() {
    for (const plot of this.plots.filter(({ folded }) => folded)) {
      if (this.onPaper) plot.left = plot.heading.open;
      plot.heading.open = this.onPaper || plot.left;
    }
  }
  job() {
    const job = new Job(this.model, () => this.choice.settings());
    job.progress();
    this.model.on("change:fresh", () => this.draw());
    return job.element;
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
    const views = this.choice.views(), open = views.filter((view) => this.shown(view));
    this.title.textContent = headOf(this.choice, views, open, this.live);
    this.subtitle.textContent = underHead(this.choice, views);
    clearTimeout(this.later);
    const say = () => this.said.replaceChildren(...sentences(this.choice, views, open));
    this.later = setTimeout(() => this.careful(say), this.said.childElementCount ? 300 : 0);
    for (const note of this.ofFile) note.hidden = open.every((view) => view.live);
    this.under.replaceChildren(...(this.compact ? [] : details(this, open)));
    if (this.guesses) guessBox(this, views);
    const drawn = this.plots.filter((plot) => plot.kind === "plot");
    for (const plot of this.plots) if (!drawn.includes(plot)) CHARTS[plot.kind](this, plot, views);
    if (drawn.length) this.Plotly ??= await this.loadPlotly();
    for (const plot of drawn) await drawPlot(this, plot, views, this.Plotly);
    for (const plot of this.plots) this.unlike(plot);
    this.root.dataset.drawn = +(this.root.dataset.drawn ?? 0) + 1;
  }
  /** The line over a chart that names unequal promises; it may depend on what is chosen. */
  unlike({ unlike, box, layout }) {
    const { said = "" } = layout;
    unlike.textContent = said.texts ? said.texts[this.choice.values[said.by]] : said;
    unlike.hidden = box.hidden || !unlike.textContent;
  }
  purge() {
    for (const plot of this.plots) if (plot.kind === "plot") this.Plotly?.purge(plot.box);
  }
}

export default {
  async render({ model, el }) {
    el.classList.add("labs-panel");
    const panel = new Panel(model, el);
    if (panel.compact) el.dataset.compact = "1";
    panel.build();
    if (panel.restore()) el.dataset.asked = "1";
    await panel.draw();
    const heard = () => {
      if (!panel.restore()) return;
      panel.draw();
      el.scrollIntoView();
    };
    if (panel.addressed) addEventListener("hashchange", heard);
    const endTheme = onTheme(() => panel.draw());
    const print = ({ type }) => {
      panel.onPaper = type === "beforeprint"; // a sheet cannot be asked: it shows each outcome
      panel.onSheet();
      panel.draw();
    };
    for (const name of ["beforeprint", "afterprint"]) addEventListener(name, print);
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
      removeEventListener("hashchange", heard);
      for (const name of ["beforeprint", "afterprint"]) removeEventListener(name, print);
      endTheme();
      sized.disconnect();
      panel.purge();
    };
  },
};
