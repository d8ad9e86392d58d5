// The questions of a page, both the quiz and the exercises: ask, judge, say why, remember. A quiz has its reasons in a
// fold; an exercise is graded by grading.mjs. One entry of this browser's memory for each of both and each page:
// {question: {tried: [answers], right: true or false}}.
import { grade, numberIn, plainWords } from "./grading.mjs";
import { guarded, make, memory } from "./kit.mjs";

const SAY = {
  check: "Check",
  choose: "Choose an answer first.",
  number: "Write a number, such as 1300 or 0.25.",
  write: "Write an answer first.",
  places: (missing) => `Choose a place for each: ${missing} to go.`,
  right: "Right. ",
  wrong: (before) => before ? "Not right; you had it right before. " : "Not right. ",
  notYet: (before) => before ? "Not yet; you had it right before. " : "Not yet. ",
  tryAgain: " Try another one.",
  others: "The other answers:",
  score: (done, of, first) => `${done} of ${of} done, ${first} at the first try.`,
  forget: "Forget my answers",
  forgetAll: "Forget all my answers",
  sure: "Yes, forget them",
  keep: "Keep them",
  forgotten: "Forgotten.",
  kept: "Your answers are kept in this browser only.",
  done: (done, of) => `${done} of ${of} done`,
  book: (done, of) => `${done} of ${of} questions of the book done.`,
};
const MOST = 50, LARGEST = 1e15, PREFIXES = ["labs-quiz-", "labs-exercises-", "labs-draft-"];

// ---- how an answer is read from the form, and put there again: what cannot be read is {refused: why}
const picked = (form) => [...form.querySelectorAll("input:checked")].map((one) => one.value);
const valueIn = (form) => form.querySelector("input").value.trim();
const put = (form, values) => {
  for (const one of form.querySelectorAll("input")) one.checked = values.includes(one.value);
};
const FORMS = {
  choice: {
    read: (form) => picked(form).length ? { given: picked(form)[0] } : { refused: SAY.choose },
    put: (form, given) => put(form, [given]),
    fits: (form, given) => [...form.querySelectorAll("input")].some((one) => one.value === given),
  },
  set: {
    read: (form) =>
      picked(form).length ? { given: picked(form).filter((name) => name).sort() } : { refused: SAY.choose },
    put: (form, given) => put(form, given.length ? given : [""]),
    fits: (form, given) => Array.isArray(given) && given.every((name) => name && FORMS.choice.fits(form, name)),
  },
  number: {
    read: (form) => {
      const table = JSON.parse(form.closest("[data-table]").dataset.table);
      const value = numberIn(table, JSON.parse(form.dataset.asked).units, valueIn(form));
      return Math.abs(value) <= LARGEST ? { given: value } : { refused: SAY.number };
    },
    put: (form, given) => form.querySelector("input").value = String(given),
    fits: (_form, given) => typeof given === "number" && Number.isFinite(given),
  },
  text: {
    read: (form) => plainWords(valueIn(form)) ? { given: plainWords(valueIn(form)) } : { refused: SAY.write },
    put: (form, given) => form.querySelector("input").value = given,
    fits: (_form, given) => typeof given === "string" && given.length <= 200,
  },
  grid: {
    read: (form) => {
      const all = [...form.querySelectorAll("select")], left = all.filter((one) => !one.value).length;
      return left
        ? { refused: SAY.places(left) }
        : { given: Object.fromEntries(all.map((one) => [one.name, one.value])) };
    },
    put: (form, given) => {
      for (const one of form.querySelectorAll("select")) one.value = given[one.name];
    },
    fits: (form, given) =>
      given &&
      [...form.querySelectorAll("select")].every((one) =>
        [...one.options].some((option) => option.value && option.value === given[one.name])
      ),
  },
};

/** What is in a form and not checked yet: it outlives a reload. `all` is {question: what is in its fields}. */
function draft(form, place, all) {
  const id = form.dataset.question, fields = [...form.querySelectorAll("input, select")];
  const name = (one) => one.type === "checkbox" || one.type === "radio" ? "checked" : "value";
  const keep = (values) => {
    if (values) all[id] = values;
    else delete all[id];
    if (place) memory.write(`labs-draft-${place}`, all);
  };
  form.addEventListener("change", () => keep(fields.map((one) => one[name(one)])));
  form.addEventListener("input", () => keep(fields.map((one) => one[name(one)])));
  const kept = all[id];
  if (Array.isArray(kept) && kept.length === fields.length) fields.forEach((one, at) => one[name(one)] = kept[at]);
  return { done: () => keep(null) };
}

// ---- what is said of an answer, which was right `before` or not: {right, nodes}
function byReasons(form, fold) {
  const known = new Map(
    [...fold.querySelectorAll(`[data-key="${CSS.escape(form.dataset.question)}"] [data-answer]`)].map((one) => [
      one.dataset.answer,
      one,
    ]),
  );
  const why = (key) => known.get(key).querySelector(".quiz-why").cloneNode(true);
  return (given, before = false) => {
    const one = known.get(given), right = Boolean(one.dataset.right);
    const head = make("strong", { text: right ? SAY.right : SAY.wrong(before) });
    if (!right) return { right, nodes: [make("p", {}, head, why(given), SAY.tryAgain)] };
    const rest = [...known].filter(([key]) => key !== given).map(([key, other]) =>
      make("li", {}, make("em", { text: other.querySelector("strong + *").textContent }), " ", why(key))
    );
    const source = one.closest("[data-key]").querySelector(".quiz-source").cloneNode(true);
    return {
      right,
      nodes: [make("p", {}, head, why(given)), make("p", { text: SAY.others }), make("ul", {}, ...rest), source],
    };
  };
}
function byGrading(form, table) {
  const box = form.closest(".exercise"), text = (fold) => box.querySelector(fold).textContent;
  const asked = { ...JSON.parse(form.dataset.asked), hint: text(".exercise-hint p"), why: text(".exercise-why") };
  return (given, before = false) => {
    const mark = grade(table, asked, given), right = mark.word === "right";
    const head = make("strong", { text: right ? SAY.right : SAY.notYet(before) });
    return { right, nodes: [make("p", {}, head, mark.text)] };
  };
}

/** One question: what was tried of it is in `all`, what was not checked in `drafts`; `changed` is told of changes. */
function question(form, tell, { all, drafts, place }, changed) {
  const id = form.dataset.question, kind = form.dataset.asked ? JSON.parse(form.dataset.asked).kind : "choice";
  const { read, put, fits } = FORMS[kind];
  const tried = () => Array.isArray(all[id]?.tried) ? all[id].tried.filter((one) => fits(form, one)) : [];
  const said = make("div", { class: "quiz-said", role: "status", "data-added": true });
  const show = () => {
    const last = tried().at(-1), before = tried().some((one) => tell(one).right);
    const done = last === undefined ? null : tell(last, before);
    for (const label of form.querySelectorAll("label.quiz-answer")) {
      const value = label.querySelector("input").value, was = kind === "choice" && tried().includes(value);
      label.dataset.state = was ? (tell(value).right ? "right" : "wrong") : "";
    }
    if (done) put(form, last);
    said.dataset.state = done ? (done.right ? "right" : "wrong") : "";
    said.replaceChildren(...(done?.nodes ?? []));
  };
  // None of these goes with no other.
  form.addEventListener("change", ({ target }) => {
    if (target.type !== "checkbox" || !target.checked) return;
    for (const one of form.querySelectorAll("input:checked")) one.checked = !one.value === !target.value;
  });
  form.addEventListener(
    "submit",
    guarded(form.closest("section"), (event) => {
      event.preventDefault();
      const { given, refused } = read(form);
      if (refused) {
        said.replaceChildren(make("p", { text: refused }));
        return;
      }
      // The first try is kept for the score, and any other answer once, the newest last.
      const [first, ...later] = [...tried(), given], same = JSON.stringify(given);
      const newest = later.filter((one, at) => JSON.stringify(one) !== same || at === later.length - 1);
      const kept = [first, ...newest.slice(-MOST)];
      all[id] = { tried: kept, right: kept.some((one) => tell(one).right) };
      unsent.done();
      show();
      changed();
    }),
  );
  form.append(make("button", { type: "submit", text: SAY.check, "data-added": true }), said);
  show();
  const unsent = draft(form, place, drafts);
  return {
    id,
    right: () => tried().some((one) => tell(one).right),
    first: () => tried().length > 0 && tell(tried()[0]).right,
    clear: () => {
      form.reset();
      unsent.done();
      show();
    },
  };
}

/** A quiz, or the exercises of a page. */
export function questions(root) {
  const { place, table } = root.dataset, fold = root.querySelector(".quiz-key"), all = memory.read(place);
  const kept = { all, place, drafts: memory.read(`labs-draft-${place}`) };
  const score = make("p", { class: "quiz-score", role: "status" });
  const forget = make("button", { type: "button", text: SAY.forget });
  const count = () => {
    const begun = Object.keys(all).length > 0, many = (of) => asked.filter(of).length;
    const told = SAY.score(many((one) => one.right()), asked.length, many((one) => one.first()));
    score.textContent = begun ? `${told} ${SAY.kept}` : "";
    forget.hidden = !begun;
  };
  const changed = () => {
    memory.write(place, all);
    count();
  };
  const judge = (form) => (fold ? byReasons(form, fold) : byGrading(form, JSON.parse(table)));
  const forms = [...root.querySelectorAll(fold ? "form" : "form[data-asked]")];
  const asked = forms.map((form) => question(form, judge(form), kept, changed));
  forget.addEventListener("click", () => {
    for (const id of Object.keys(all)) delete all[id];
    asked.forEach((one) => one.clear());
    changed();
    score.textContent = SAY.forgotten;
    root.querySelector("input, select").focus();
  });
  if (asked.length) root.append(make("div", { class: "quiz-ends", "data-added": true }, score, forget));
  count();
  if (fold) fold.hidden = true;
}

/** The whole book on one page: what this browser remembers of each page's questions as done. */
export function progress(root) {
  const score = make("p", { class: "quiz-score", role: "status" });
  const count = () => {
    const sum = { done: 0, of: 0 };
    for (const cell of root.querySelectorAll("td[data-place]")) {
      const ids = cell.dataset.of.split(" ").filter(Boolean), all = memory.read(cell.dataset.place);
      const done = ids.filter((id) => all[id]?.right === true).length;
      cell.textContent = ids.length ? SAY.done(done, ids.length) : "–";
      cell.dataset.done = ids.length && done === ids.length ? "all" : "";
      sum.done += done;
      sum.of += ids.length;
    }
    score.textContent = SAY.book(sum.done, sum.of);
  };
  const asks = (asking) => {
    forget.hidden = asking;
    sure.hidden = keep.hidden = !asking;
    (asking ? keep : forget).focus();
  };
  const forget = make("button", { type: "button", text: SAY.forgetAll, onclick: () => asks(true) });
  const keep = make("button", { type: "button", text: SAY.keep, hidden: true, onclick: () => asks(false) });
  const sure = make("button", {
    type: "button",
    text: SAY.sure,
    hidden: true,
    onclick: () => {
      try {
        const keys = Object.keys(localStorage).filter((key) => PREFIXES.some((one) => key.startsWith(one)));
        keys.forEach((key) => localStorage.removeItem(key));
      } catch { /* no storage: nothing is kept */ }
      count();
      score.textContent = `${SAY.forgotten} ${score.textContent}`;
      asks(false);
    },
  });
  count();
  root.append( // above the table it would push it down
    make("div", { class: "quiz-ends", "data-added": true }, score, forget, keep, sure, make("p", { text: SAY.kept })),
  );
}
