// The answer as elements: the ranking with its reasons, what would change it, the bill, the article's advice.
import { advice, answered, rank, turns } from "./choose-engine.mjs";
import { amount, bill, built, said } from "./choose-bill.mjs";
import { answerSaid, byId, capital, sides, turnSaid } from "./choose-words.mjs";
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
  const name = (one) => byId(model.configurations, one.id).name;
  return ranked[0].out ? model.words.nothing : `${model.words.first}: ${name(ranked[0])}`;
}

/** All of it. */
export function answer(model, given, weights) {
  const answers = answered(model, given), ranked = rank(model, given, weights), { words } = model;
  const possible = ranked.filter((one) => !one.out), gone = ranked.filter((one) => one.out);
  const of = (id) => byId(model.configurations, id), most = Math.max(...possible.map(({ points }) => points), 0);
  const first = of(ranked[0].id),
    same = (one) => one.points === possible[0].points && one.untested === possible[0].untested;
  const ties = possible.slice(1).filter(same).map(({ id }) => of(id).short);
  const ruled = gone.map((one) => {
    const why = told(one.reasons.find(({ out }) => out));
    why.prepend(make("strong", { text: `${of(one.id).short}. ` }));
    return why;
  });
  return [
    ties.length ? make("p", { text: `${words.also}: ${ties.join(", ")}.` }) : null,
    make("ol", { class: "choose-ranking" }, ...possible.map((one, at) => entry(model, one, most, at === 0))),
    ruled.length
      ? make(
        "details",
        { class: "choose-out" },
        make("summary", { text: `${words.out}: ${ruled.length}` }),
        make("ul", { class: "choose-reasons" }, ...ruled),
      )
      : null,
    ...turned(model, given, weights, answers),
    ...costs(model, first, answers),
    ...advised(model, first, given),
  ].filter(Boolean);
}

function turned(model, given, weights, answers) {
  const items = turns(model, given, weights).map((one) => {
    const when = turnSaid(byId(model.questions, one.question), one, answers[one.question]);
    const short = one.winner ? byId(model.configurations, one.winner).short : model.words.none_then;
    const winner = make("strong", { text: short });
    return make("li", {}, `If ${when}: `, winner);
  });
  const shown = items.length
    ? make("ul", { class: "choose-turns" }, ...items)
    : make("p", { text: model.words.no_turn });
  return [head(model.words.turns), shown];
}

function costs(model, first, answers) {
  const lines = bill(first, answers).map(({ what, gb, note }) =>
    make("li", {}, `${what}: `, make("strong", { text: amount(gb) }), note ? ` (${note})` : "")
  );
  const source = first.source ? make("a", { href: first.source, text: "The run: bytes a message" }) : null;
  const build = make("p", {}, make("strong", { text: `${model.words.build}: ` }), built(first, answers));
  return [head(`${model.words.bill}: ${first.short}`), make("ul", {}, ...lines), source, build].filter(Boolean);
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
