// The editor of a routing topology on a page: text and fields in, and where our model says that its messages go.
// The page's puzzles, with twenty messages that grade a topology, come as JSON; without this file they are in folds.
import { input, make, newId, tabular } from "../dom.mjs";
import { drawn } from "./drawn.mjs";
import { grade, needed } from "./grade.mjs";
import { route } from "./model.mjs";
import { bound, read, Refusal } from "./written.mjs";

const SAY = {
  begin: "Begin with",
  own: "your own lines",
  text: "Exchanges, queues, bindings and messages, a line each",
  add: "Add a line",
  addIt: "Add it",
  added: (line) => `Added: ${line}`,
  grade: (name) => `Grade it by 20 hidden messages of “${name}”`,
  goes: "By our model, not the broker",
  nothing: "There is no message yet: add a line that begins with publish.",
  sum: (all, gone) => {
    const lost = gone === 1 ? "1 goes" : `${gone} go`;
    return `${all} ${all === 1 ? "message" : "messages"}; ${gone ? `${lost} to no queue` : "each goes to a queue"}.`;
  },
  heads: ["Message", "Goes to", "Over"],
  nowhere: "no queue",
  oneOf: (queues) => `one of ${queues.join(", ")}, by the hash of the key`,
  dropped: "nothing takes it",
  byName: "the default exchange",
  otherwise: (from, to) => `${from} otherwise ${to}`,
  perhaps: (path) => `perhaps ${path}`,
  all: "All messages",
  picture: "Paths of",
  drawn: "The topology, drawn",
};
const KINDS = {
  bind: {
    label: "a binding",
    asks: ["From exchange", "To queue or exchange", "Key or headers"],
    line: ([from, to, rest]) => `bind ${from} -> ${to}${rest ? `: ${rest}` : ""}`,
  },
  exchange: {
    label: "an exchange",
    asks: ["Name", "Type", "Alternate exchange"],
    line: ([name, type, otherwise]) => `exchange ${name} ${type}${otherwise ? ` otherwise ${otherwise}` : ""}`,
  },
  queue: { label: "a queue", asks: ["Name"], line: ([name]) => `queue ${name}` },
  publish: {
    label: "a message",
    asks: ["To exchange", "Routing key", "Headers"],
    line: ([to, key, headers]) => `publish ${to}: ${[key, headers].filter(Boolean).join(" ")}`,
  },
};

/** A label above its control. */
function labelled(text, control) {
  const id = newId();
  control.id = id;
  return make("div", { class: "routing-ask" }, make("label", { for: id, text }), control);
}

/** The fields that write a line; `take` is given the line. */
function adder(take) {
  const place = make("div", { class: "routing-fields" });
  const kind = make(
    "select",
    {},
    ...Object.entries(KINDS).map(([name, one]) => make("option", { value: name, text: one.label })),
  );
  let fields = [];
  const ask = () => {
    fields = KINDS[kind.value].asks.map((
      text,
    ) => [text, input({ type: "text", autocomplete: "off", spellcheck: "false" })]);
    place.replaceChildren(...fields.map(([text, field]) => labelled(text, field)));
  };
  kind.addEventListener("change", ask);
  ask();
  const onsubmit = (event) => {
    event.preventDefault();
    take(KINDS[kind.value].line(fields.map(([, field]) => field.value.trim())));
  };
  return make(
    "form",
    { class: "routing-add", onsubmit },
    labelled(SAY.add, kind),
    place,
    make("button", { type: "submit", text: SAY.addIt }),
  );
}

/** A message as its line has it, without the word that begins it. */
const told = (one) =>
  [`${one.exchange || "default"}:`, one.key, ...one.headers.map(([name, value]) => `${name}=${value}`)].join(" ");

/** Over which bindings and alternates a message went, in words. */
function over(topology, message, went) {
  if (message.exchange === "") return went.queues.size ? SAY.byName : SAY.dropped;
  const others = topology.exchanges.filter((one) => went.otherwise.has(one.name));
  const all = [
    ...topology.bindings.filter((_, at) => went.over.has(at)).map(bound),
    ...others.map((one) => SAY.otherwise(one.name, one.otherwise)),
    ...topology.bindings.filter((_, at) => went.either.has(at)).map((one) => SAY.perhaps(bound(one))),
  ];
  return all.length ? all.join("; ") : SAY.dropped;
}

/** Where a message goes: the queues that it reaches, and each choice of which the model does not know how it ends. */
const where = ({ queues, one_of }) => [[...queues].sort().join(", "), ...one_of.map(SAY.oneOf)].filter(Boolean);

/** What the model says of each message: a table, and the topology with the paths of all or of one. */
function answer({ topology, messages }) {
  if (!messages.length) return [make("p", { text: SAY.nothing })];
  const ways = messages.map((one) => route(topology, one)), gone = ways.filter((one) => !where(one).length).length;
  const rows = messages.map((one, at) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, make("code", { text: told(one) })),
      make("td", { text: where(ways[at]).join("; ") || SAY.nowhere }),
      make("td", { text: over(topology, one, ways[at]) }),
    )
  );
  const heads = make("tr", {}, ...SAY.heads.map((text) => make("th", { scope: "col", text })));
  const scroll = { class: "routing-scroll", role: "region", tabindex: 0, "aria-label": SAY.goes };
  const picture = make("div", { class: "routing-drawn", role: "region", tabindex: 0, "aria-label": SAY.drawn });
  const which = make("select", {}, make("option", { value: "", text: SAY.all }));
  which.append(...messages.map((one, at) => make("option", { value: at, text: told(one) })));
  const draw = () => {
    const shown = which.value === "" ? messages.map((_, at) => at) : [Number(which.value)];
    picture.replaceChildren(drawn(topology, shown.map((at) => messages[at]), shown.map((at) => ways[at])));
  };
  which.addEventListener("change", draw);
  draw();
  return [
    make("p", { text: SAY.sum(messages.length, gone) }),
    labelled(SAY.picture, which),
    picture,
    make("div", scroll, tabular("", heads, rows)),
  ];
}

/** The whole editor, on what the page knows. */
function begin(host, known) {
  const text = make("textarea", {
    rows: 14,
    spellcheck: "false",
    autocomplete: "off",
    "data-lm-suppress-shortcuts": "true",
  });
  const wrong = make("p", { class: "routing-wrong", role: "alert" }), shown = make("div", { class: "routing-shown" });
  const heard = make("p", { class: "routing-heard", role: "status" }), asks = make("p", { class: "routing-asks" });
  const graded = make("button", { type: "button" });
  const ways = known.puzzles.flatMap((one) => known.tries.map(([how, label]) => ({ one, how, label })));
  const from = make("select", {}, make("option", { value: "", text: SAY.own }));
  from.append(...ways.map(({ one, label }, at) => make("option", { value: at, text: `${one.title}, ${label}` })));
  let puzzle = known.puzzles[0];
  const attempt = (work) => {
    try {
      wrong.textContent = "";
      work(read(text.value));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      wrong.textContent = error.message;
    }
  };
  const show = () => {
    heard.textContent = "";
    attempt((found) => shown.replaceChildren(...answer(found)));
  };
  const take = (at) => {
    const { one, how } = ways[at];
    puzzle = one;
    asks.textContent = `${one.title}: ${one.asks}`;
    graded.textContent = SAY.grade(one.title);
    text.value = [one[how], ...known.messages].join("\n");
    show();
  };
  from.addEventListener("change", () => from.value === "" || take(Number(from.value)));
  text.addEventListener("input", () => {
    from.value = "";
    show();
  });
  graded.addEventListener("click", () =>
    attempt(({ topology }) => {
      needed(puzzle, topology);
      heard.textContent = grade(puzzle, known.hidden, topology);
    }));
  const add = adder((line) => {
    text.value = `${text.value.trimEnd()}\n${line}`;
    text.scrollTop = text.scrollHeight;
    from.value = "";
    show();
    heard.textContent = SAY.added(line);
  });
  const left = make(
    "div",
    { class: "routing-write" },
    labelled(SAY.begin, from),
    asks,
    labelled(SAY.text, text),
    wrong,
    add,
    graded,
    heard,
  );
  const head = make("p", { class: "routing-head" }, make("strong", { text: `${SAY.goes}. ` }), known.note);
  host.querySelector(".routing-app").replaceChildren(left, make("div", { class: "routing-said" }, head, shown));
  from.value = "0";
  take(0);
  host.dataset.ready = "1";
}

/** @type {NodeListOf<HTMLElement>} */
const hosts = document.querySelectorAll("[data-routing]");
for (const host of hosts) {
  try {
    begin(host, JSON.parse(host.querySelector("script").textContent));
  } catch (error) {
    console.error(error);
    host.dataset.failed = "1";
    const text = `The editor could not be shown (${error.message}). The puzzles are below, as text.`;
    host.querySelector(".routing-app").replaceChildren(make("p", { class: "lab-note", text }));
  }
}
