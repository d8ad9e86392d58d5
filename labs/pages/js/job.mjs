import { make } from "./dom.mjs";
import { SAY } from "./say.mjs";

/** Run and Cancel of a live panel, and how far the run is. `start` gives the settings, null if nothing can run. */
export class Job {
  constructor(model, start) {
    const button = (text, more) => make("button", { type: "button", text, ...more });
    this.model = model;
    this.run = button(SAY.run, { class: "lp-run", onclick: () => this.begin(start()) });
    this.cancel = button(SAY.cancel, { disabled: true, onclick: () => model.send({ do: "cancel" }) });
    this.bar = make("progress", { max: 1, value: 0, "aria-label": "Progress of the run", hidden: true });
    this.note = make("p", { class: "lp-note", role: "status" });
    this.alert = make("p", { class: "lp-alert", role: "alert", hidden: true });
    const buttons = make("div", { class: "lp-buttons" }, this.run, this.cancel);
    this.element = make("div", { class: "lp-job" }, buttons, this.bar, this.note, this.alert);
    model.on("change:job", () => this.progress());
  }
  begin(settings) {
    if (settings) this.model.send({ do: "run", settings });
    else this.warn(SAY.nothing);
  }
  warn(text) {
    this.alert.hidden = !text;
    this.alert.textContent = text ?? "";
  }
  /** The focus goes from the button that is no longer to be pressed to the other one. */
  progress() {
    const job = this.model.get("job") ?? {}, running = job.status === "running";
    const had = [this.run, this.cancel].find((one) => one === document.activeElement);
    this.run.disabled = running;
    this.cancel.disabled = !running;
    if (had) (running ? this.cancel : this.run).focus();
    this.bar.hidden = !running;
    this.bar.value = job.fraction ?? 0;
    const left = running && job.left_s != null ? SAY.left(job.left_s) : "";
    this.note.textContent = [job.text, left].filter(Boolean).join(", ");
    this.warn(job.error);
  }
}
