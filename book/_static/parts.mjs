// What moves in the parts of a page: the guess, terms, copying, the picture that replays a run; questions.mjs asks.
// Progress stays in this browser. Without this file everything is readable: answers and figures are in folds.
import { guarded, make, memory } from "./kit.mjs";
import { progress, questions } from "./questions.mjs";

const SAY = {
  commit: "That is my guess",
  again: "Guess again",
  copy: "Copy",
  copied: "Copied.",
  notCopied: "It could not be copied. Select the text instead.",
  said: (yours, measured) => `You said ${yours}. Measured: ${measured}. `,
  close: "That is within a tenth of it.",
  inside: "That is inside the measured range.",
  off: (times, low) => `Your guess was ${times} times too ${low ? "low" : "high"}.`,
  byLow: (n) => `Your guess was ${n} too low.`,
  byHigh: (n) => `Your guess was ${n} too high.`,
  yours: "your guess",
  measured: "measured",
  number: "Enter a number.",
  nothing: "no guess yet",
  guessed: (right) => right ? "Right. " : "Not so. ",
  undecided: "None of these can be called right here. ",
  noEditor: (why) => `The editor could not be loaded (${why}). The puzzles are below, as text.`,
};

// ---- the guess: what was said is remembered, and what waits for a guess is told
const said = {
  place: (box) => `labs-said-${box.dataset.guess}`,
  read: (box) => memory.read(said.place(box)).value,
  keep(box, value) {
    memory.write(said.place(box), value == null ? {} : { value });
    if (value != null) document.dispatchEvent(new Event("labs-guessed"));
  },
  why: (box) => box.querySelector("details .guess-why")?.cloneNode(true) ?? null,
};

// ---- a guess among a few words: a button each, the answer in their place
function choice(box) {
  const { options, truth, measured } = box.dataset, fold = box.querySelector("details"), words = options.split("|");
  const told = make("div", { class: "guess-said", role: "status", "data-added": true });
  const form = make("div", { class: "guess-row", "data-added": true });
  const show = (word) => {
    const judged = truth ? SAY.guessed(word === truth) : SAY.undecided;
    const again = () => {
      said.keep(box, null);
      told.replaceChildren();
      form.hidden = false;
      form.querySelector("button").focus();
    };
    told.replaceChildren(
      make("p", { text: SAY.said(word, measured) + judged }),
      said.why(box) ?? "",
      make("button", { type: "button", text: SAY.again, onclick: again }),
    );
    form.hidden = true;
  };
  const commit = (word) =>
    guarded(box, () => {
      said.keep(box, word);
      show(word);
      told.querySelector("button").focus();
    });
  form.append(...words.map((word) => make("button", { type: "button", text: word, onclick: commit(word) })));
  box.append(form, told);
  if (words.includes(said.read(box))) show(said.read(box));
  fold.hidden = true;
}

// ---- what is said in short opens, once, when the reader has guessed in a box, or when the panel of the same lab has
// nothing left to guess
function untilGuessed(fold) {
  const top = () => fold.nextElementSibling?.getBoundingClientRect().top ?? 0;
  const open = () => {
    const before = top();
    document.removeEventListener("labs-guessed", heard);
    fold.open = true;
    fold.querySelector(".in-short-ask")?.remove();
    if (scrollY > 0) scrollBy({ top: top() - before, behavior: "instant" }); // what is in sight stays where it is
  };
  const heard = (event) => {
    if (!event.detail || event.detail.lab === fold.dataset.untilGuess) open();
  };
  document.addEventListener("labs-guessed", heard);
  if ([...document.querySelectorAll(".guess[data-guess]")].some((box) => said.read(box) != null)) open();
}

// ---- a guess at a figure: a slider and a field; the answer is shown on the same scale
function guess(box) {
  if (box.dataset.options != null) {
    if (box.dataset.options) choice(box);
    return;
  }
  const data = box.dataset,
    [low, high, least, most] = [data.low, data.high, data.least, data.most].map(Number);
  const log = low > 0 && high / low >= 20, steps = 100, short = (n) => +n.toPrecision(2);
  const valueAt = (at) => short(log ? low * (high / low) ** (at / steps) : low + (high - low) * at / steps);
  const placeOf = (value) =>
    Math.min(
      1,
      Math.max(0, log ? Math.log(Math.max(value, low) / low) / Math.log(high / low) : (value - low) / (high - low)),
    );
  const words = (n) =>
    `${(+n).toLocaleString("en-GB")}${data.unit.startsWith("/") || data.unit === "%" ? "" : "\u00a0"}${data.unit}`;
  const slide = make("input", { type: "range", min: 0, max: steps, "aria-labelledby": `guess-${data.guess}` });
  const field = make("input", { type: "number", step: "any", min: 0, "aria-label": `Your guess, ${data.unit}` });
  const told = make("div", { class: "guess-said", role: "status", "data-added": true }),
    fold = box.querySelector("details"),
    button = make("button", { type: "submit", text: SAY.commit });
  const put = (value) => {
    slide.value = Math.round(placeOf(value) * steps);
    slide.setAttribute("aria-valuetext", words(value));
    field.value = value;
  };
  // Who wants just the middle presses there: that moves nothing.
  for (const kind of ["input", "pointerup"]) slide.addEventListener(kind, () => put(valueAt(+slide.value)));
  field.addEventListener("change", () => {
    if (field.value !== "" && +field.value >= 0) {
      slide.value = Math.round(placeOf(+field.value) * steps);
      slide.setAttribute("aria-valuetext", words(field.value));
    }
  });
  const judged = (value) => {
    if (value >= least && value <= most) return least === most ? SAY.close : SAY.inside;
    const near = value < least ? least : most, isLow = value < near;
    if (!near || !value) return isLow ? SAY.byLow(words(short(near - value))) : SAY.byHigh(words(short(value - near)));
    const ratio = isLow ? near / value : value / near;
    const times = ratio < 10 ? ratio.toFixed(1) : short(ratio).toLocaleString("en-GB");
    return ratio <= 1.1 ? SAY.close : SAY.off(times, isLow);
  };
  const scale = (value) => {
    const mark = (at, name, kind) => {
      const one = make("span", { class: `guess-mark ${kind}` }, make("span", { text: name }));
      one.style.setProperty("--at", at);
      return one;
    };
    return make(
      "div",
      { class: "guess-scale", "aria-hidden": "true" },
      mark(placeOf(value), SAY.yours, "yours"),
      mark(placeOf((least + most) / 2), SAY.measured, "true"),
    );
  };
  const show = (value) => {
    told.replaceChildren(
      make("p", { text: SAY.said(words(value), data.measured) + judged(value) }),
      scale(value),
      said.why(box) ?? "",
      make("button", {
        type: "button",
        text: SAY.again,
        onclick: () => {
          said.keep(box, null);
          told.replaceChildren();
          form.hidden = false;
          slide.focus();
        },
      }),
    );
    form.hidden = true;
  };
  const form = make(
    "form",
    {
      "data-added": true,
      onsubmit: guarded(box, (event) => {
        event.preventDefault();
        const value = field.value === "" ? NaN : +field.value;
        if (!(value >= 0 && Number.isFinite(value))) {
          told.replaceChildren(make("p", { text: SAY.number }));
          field.focus();
          return;
        }
        said.keep(box, value);
        show(value);
        told.querySelector("button").focus();
      }),
    },
    make("div", { class: "guess-row" }, slide, make("span", { class: "guess-field" }, field, ` ${data.unit}`), button),
  );
  form.noValidate = true;
  box.append(form, told);
  // The slider stands in the middle of its scale and says nothing, so that nothing is near what was measured.
  slide.value = steps / 2;
  slide.setAttribute("aria-valuetext", SAY.nothing);
  const before = said.read(box);
  if (typeof before === "number" && Number.isFinite(before) && before >= 0) show(before);
  fold.hidden = true;
}

// ---- a term: hover and focus show the definition (CSS), Escape puts it away; a touch shows it, a second one follows
function term(box) {
  const link = box.querySelector("a"), tip = box.querySelector(".term-tip");
  const placed = () => {
    tip.style.translate = "";
    const over = tip.getBoundingClientRect().right - document.documentElement.clientWidth + 8;
    if (over > 0) tip.style.translate = `${-over}px 0`;
  };
  box.addEventListener("pointerenter", placed);
  box.addEventListener("focusin", placed);
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") box.dataset.away = "1";
  });
  // A finger that is lifted leaves as well: only a mouse that leaves puts the definition away.
  const gone = () => {
    delete box.dataset.away;
    delete box.dataset.shown;
  };
  box.addEventListener("pointerleave", (event) => {
    if (event.pointerType !== "touch") gone();
  });
  box.addEventListener("focusout", gone);
  let touched = false;
  link.addEventListener("pointerdown", (event) => {
    touched = event.pointerType === "touch";
  });
  link.addEventListener("click", (event) => {
    if (touched && !box.dataset.shown) {
      event.preventDefault();
      box.dataset.shown = "1";
      placed();
    }
  });
}
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    for (const box of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".term:hover"))) {
      box.dataset.away = "1";
    }
  }
});

// ---- copying
function copies(box) {
  const said = make("span", { class: "copy-said", role: "status" });
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(box.dataset.copy);
      said.textContent = SAY.copied;
    } catch {
      getSelection().selectAllChildren(box.querySelector("code"));
      said.textContent = SAY.notCopied;
    }
  };
  box.append(
    make(
      "button",
      { type: "button", onclick: copy },
      SAY.copy,
      make("span", { class: "parts-hear", text: `: ${box.dataset.copy}` }),
    ),
    said,
  );
}

const PARTS = {
  ".quiz": questions,
  ".exercises": questions,
  ".book-answers": progress,
  ".guess[data-guess]": guess,
  "[data-until-guess]": untilGuessed,
  ".term": term,
  "[data-copy]": copies,
};
for (const [selector, begin] of Object.entries(PARTS)) {
  for (const box of document.querySelectorAll(selector)) guarded(box, begin)(box);
}
if (document.querySelector("[data-facets]")) import("./filter.mjs");
if (document.querySelector(".client-code")) import("./code-tabs.mjs");
if (document.querySelector("[data-hero]")) import("./hero.mjs");
if (document.querySelector("[data-choose]")) import(new URL("choose.mjs", import.meta.url).href);
const routing = document.querySelector("[data-routing]");
if (routing) {
  import(new URL("routing/editor.mjs", import.meta.url).href).catch((error) =>
    routing.prepend(make("p", { class: "lab-note", text: SAY.noEditor(error.message) }))
  );
}
document.documentElement.dataset.parts = "1";
