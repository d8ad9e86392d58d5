// The answer as elements: the ranking with its reasons, what would change it, the bill, the article's advice.
import { advice, answered, rank } from "./choose-engine.mjs";
import { said } from "./choose-bill.mjs";
import { daySaid, heads, row, SHOWN } from "./choose-compared.mjs";
import { answerSaid, byId, capital, parting, sides, turnsSaid } from "./choose-words.mjs";
import { make } from "./dom.mjs";

const head = (text) => make("h3", { text });
const linked = ({ text, href }) => make("a", { href, text });
const joined = (nodes, between) => nodes.flatMap((one, at) => at ? [between, one] : [one]);

function told(one) {
  const links = joined(one.links.map(linked), "; ");
  return make(
    "li",
    {},
    make("em", { text: capital(one.name) }),
    one.points ? make("span", { class: "choose-points", text: ` ${said(one.points)}` }) : "",
    `: ${one.text} `,
    make("span", { class: "choose-how", "data-how": one.how, text: one.how }),
    " ",
    ...links,
  );
}
const reasons = (title, found) =>
  found.length
    ? [make("p", { class: "choose-head", text: title }), make("ul", { class: "choose-reasons" }, ...found.map(told))]
    : [];

function entry(model, one, most, open) {
  const [pro, con] = sides(one), { words } = model, of = byId(model.configurations, one.id);
  const bar = make("span", { class: "choose-bar", "aria-hidden": "true" });
  bar.style.setProperty("--share", String(most ? one.points / most : 0));
  const points = make("span", { class: "choose-points", text: `${said(one.points)} ${words.points}` });
  const dot = make("span", { class: "choose-dot", "data-broker": of.broker, "aria-hidden": "true" });
  const summary = make("summary", {}, dot, make("strong", { text: of.name }), " ", points, bar);
  const untested = one.untested ? [make("p", { class: "choose-untested", text: `${words.untested}.` })] : [];
  const against = con.length ? reasons(words.against, con) : [make("p", { text: words.none_against })];
  return make("li", {}, make("details", { open }, summary, ...untested, ...reasons(words.for, pro), ...against));
}

/** The headline alone, for those who hear the page. */
export function headline(model, ranked) {
  const { words } = model, close = ranked.filter((one) => one.close);
  if (ranked[0].out) return words.nothing;
  if (!close.length) return `${words.first}: ${byId(model.configurations, ranked[0].id).name}`;
  return `${words.close}: ${close.map(({ id }) => byId(model.configurations, id).short).join("; ")}`;
}

/** Those at the top between which the points do not tell, in what they differ, and which were never run here. */
function together(model, ranked) {
  const close = ranked.filter((one) => one.close), { words } = model;
  if (!close.length) return [];
  const never = close.filter((one) => one.untried).map(({ id }) => byId(model.configurations, id).short);
  const parts = parting(model, close).map((text) => make("li", { text: capital(text) }));
  return [
    make("p", { text: parts.length ? words.together : words.alike }),
    ...(parts.length ? [make("ul", { class: "choose-parting" }, ...parts)] : []),
    ...(never.length ? [make("p", { text: `${capital(words.untried)}: ${never.join(", ")}.` })] : []),
  ];
}

/** All of it. */
export function answer(model, given, weights) {
  const answers = answered(model, given), ranked = rank(model, given, weights), { words } = model;
  const possible = ranked.filter((one) => !one.out), gone = ranked.filter((one) => one.out);
  const of = (id) => byId(model.configurations, id), most = Math.max(...possible.map(({ points }) => points), 0);
  const ruled = gone.map((one) => {
    const why = told(one.reasons.find(({ out }) => out));
    why.prepend(make("strong", { text: `${of(one.id).short}. ` }));
    return why;
  });
  const entries = possible.map((one, at) => entry(model, one, most, at === 0));
  const numberless = entries.filter((_, at) => possible[at].close), numbered = entries.slice(numberless.length);
  return [
    ...together(model, ranked),
    numberless.length ? make("ul", { class: "choose-ranking" }, ...numberless) : null,
    numbered.length ? make("ol", { class: "choose-ranking", start: numberless.length + 1 }, ...numbered) : null,
    ruled.length
      ? make(
        "details",
        { class: "choose-out" },
        make("summary", { text: `${words.out}: ${ruled.length}` }),
        make("ul", { class: "choose-reasons" }, ...ruled),
      )
      : null,
    ...turned(model, given, weights),
    ...costs(model, (possible.length ? possible : ranked.slice(0, 1)).slice(0, SHOWN).map(({ id }) => of(id)), answers),
    ...advised(model, of(ranked[0].id), given),
  ].filter(Boolean);
}

function turned(model, given, weights) {
  const items = turnsSaid(model, given, weights).map(([when, first]) =>
    make("li", {}, `${when}: `, make("strong", { text: first }))
  );
  const shown = items.length
    ? make("ul", { class: "choose-turns" }, ...items)
    : make("p", { text: model.words.no_turn });
  return [head(model.words.turns), shown];
}

function costs({ words }, shown, answers) {
  const rows = shown.map((one) => row(one, answers)), cell = (text) => make("td", { text });
  const table = make(
    "table",
    {},
    make("thead", {}, make("tr", {}, ...heads(answers).map((text) => make("th", { scope: "col", text })))),
    make(
      "tbody",
      {},
      ...rows.map((one) =>
        make("tr", {}, make("th", { scope: "row", text: one.name }), ...[one.written, one.kept, one.sent].map(cell))
      ),
    ),
  );
  const scroll = { class: "choose-bill", role: "region", tabindex: 0, "aria-label": words.bill };
  const notes = rows.filter((one) => one.notes.length).map((one) => {
    const source = one.source ? make("a", { href: one.source, text: words.source }) : null;
    return make("li", {}, `${one.name}: ${one.notes.join(". ")}. `, source);
  });
  return [
    head(words.bill),
    make("p", { text: daySaid(shown[0], answers) }),
    make("div", scroll, table),
    ...(notes.length ? [make("ul", { class: "choose-counted" }, ...notes)] : []),
    make("p", { text: `${words.bill_has} ${words.bill_lacks}` }),
    head(words.build),
    make("ul", {}, ...rows.map((one) => make("li", {}, make("strong", { text: `${one.name}: ` }), one.build))),
  ];
}

function advised(model, first, given) {
  const found = advice(model, given), { words } = model;
  if (!found) return [head(words.article), make("p", { text: words.silent })];
  const word = found.brokers.includes(first.broker) ? words.agrees : words.differs;
  return [head(words.article), make("p", {}, `${capital(found.say)} (`, ...found.links.map(linked), `). ${word}`)];
}

/** The demands by which a configuration is first, as one sentence. */
export const demanded = (model, found) =>
  Object.entries(found).map(([name, value]) => answerSaid(byId(model.questions, name), value)).join("; ");
