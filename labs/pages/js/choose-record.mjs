// The decision as a record in Markdown: what was asked, what was chosen and why, what would change it, with links. Who
// reads it a year later sees nothing else: it names every answer, also what was left as it was, and the whole ranking.
import { advice, answered, asked as isAsked, rank } from "./choose-engine.mjs";
import { said } from "./choose-bill.mjs";
import { daySaid, heads, row, SHOWN } from "./choose-compared.mjs";
import { answerSaid, byId, capital, parting, sides, turnsSaid } from "./choose-words.mjs";

const plain = (text) => text.replace(/[\\`*_<>[\]#|]/g, "\\$&");
const list = (items) => items.length ? items.map((one) => `- ${one}`.trimEnd()).join("\n") : "- none";
const line = (cells) => `| ${cells.map(plain).join(" | ")} |`;
const OWN = /^(file:|https?:\/\/(localhost|127\.|\[::1\]))/;

/** The answers in words, and the sliders that were moved. */
function asked(model, given, weights, answers) {
  const told = model.questions.filter((one) => isAsked(one, answers)).map((one) => {
    const left = one.id in given ? "" : ` *${model.words.default}*`;
    return `${plain(one.ask)} ${capital(plain(answerSaid(one, answers[one.id])))}.${left}`;
  });
  const moved = model.groups.filter(({ id }) => (weights[id] ?? 1) !== 1).map(({ id, name }) =>
    `${name}: ${weights[id]} times`
  );
  return [`## What was asked`, list(told), ...(moved.length ? ["Weighed:", list(moved)] : ["No slider was moved."])];
}

/** One configuration with all that speaks for it and against it. */
function argued(model, one, link) {
  const { words } = model, [pro, con] = sides(one);
  const reason = (each) =>
    `${capital(each.name)}${each.points ? ` (${said(each.points)})` : ""}: ${plain(each.text)} *${each.how}* ` +
    each.links.map(link).join("; ");
  return [
    `### ${byId(model.configurations, one.id).name}: ${said(one.points)} ${words.points}`,
    ...(one.untested ? [`${words.untested}.`] : []),
    `**${words.for}**`,
    list(pro.map(reason)),
    `**${words.against}**`,
    con.length ? list(con.map(reason)) : words.none_against,
  ];
}

const OPEN =
  /\bnot measured|\bno [a-z]+( of [a-z]+)? was (measured|recorded)|were not measured|^Recorded |^No .* was measured/i;
/** Of the ones that were argued, what nobody has measured, and what is our judgement alone. */
function unmeasured(model, shown) {
  const { words } = model, name = (one) => byId(model.configurations, one.id).short;
  const sentences = ({ how, text }) =>
    how === model.open ? [text] : text.split(/(?<=\.) /).filter((each) => OPEN.test(each));
  const open = shown.map((one) => {
    const found = new Map(); // a sentence that stands with several needs is said once
    for (const each of one.reasons) {
      for (const text of sentences(each)) found.set(text, [...(found.get(text) ?? []), each.name]);
    }
    const told = [...found].map(([text, needs]) => `  - ${capital(needs.join(", "))}: ${plain(text)}`);
    if (one.untried) told.unshift(`  - ${capital(words.untried)}.`);
    return told.length ? [`${name(one)}:`, ...told].join("\n") : "";
  }).filter(Boolean);
  const ours = shown.map((one) => [name(one), one.reasons.filter(({ how }) => how === model.judged)])
    .filter(([, found]) => found.length).map(([who, found]) => `${who}: ${found.map((each) => each.name).join(", ")}`);
  return [`## ${words.unmeasured}`, list(open), ...(ours.length ? [`${words.ours}:`, list(ours)] : [])];
}

/** What each of them takes, as a table, with what its figures hold and what not. */
function billed({ words }, shown, answers, link) {
  const rows = shown.map((one) => row(one, answers)), top = heads(answers);
  const counted = rows.filter((one) => one.notes.length).map((one) => {
    const source = one.source ? ` ${link({ text: words.source, href: one.source })}` : "";
    return `${one.name}: ${plain(one.notes.join(". "))}.${source}`;
  });
  const cells = rows.map((one) => line([one.name, one.written, one.kept, one.sent]));
  const build = rows.map((one) => `${one.name}: ${plain(one.build)}`);
  return [
    `### ${words.bill}`,
    daySaid(shown[0], answers),
    [line(top), line(top.map(() => "---")), ...cells].join("\n"),
    ...(counted.length ? [list(counted)] : []),
    `${words.bill_has} ${words.bill_lacks}`,
    `### ${words.build}`,
    list(build),
  ];
}

/** What was decided: one, several between which the points do not tell, or the nearest to what nothing does. */
function decision(model, ranked) {
  const { words } = model, first = byId(model.configurations, ranked[0].id), close = ranked.filter((one) => one.close);
  const told = `${first.name}, with ${said(ranked[0].points)} ${words.points}.`;
  const names = close.map(({ id }) => byId(model.configurations, id).name), parts = parting(model, close);
  if (ranked[0].out) return [words.nothing, [`${words.nothing} ${words.nearest}: ${told}`]];
  if (!close.length) return [`Messages go through: ${first.name}`, [told]];
  const apart = parts.length ? [list(parts.map((one) => capital(plain(one))))] : [];
  return [`Messages go through one of: ${names.join("; ")}`, [
    `${words.close}: ${names.join("; ")}. ${parts.length ? words.together : words.alike}`,
    ...apart,
    words.decide,
  ]];
}

/** The record; `base` is the address of the page, `date` the day. */
export function record(model, given, weights, { base, date }) {
  const answers = answered(model, given), ranked = rank(model, given, weights), { words } = model;
  const of = (id) => byId(model.configurations, id);
  const link = ({ text, href }) => `[${plain(text)}](${new URL(href, base).href})`;
  const possible = ranked.filter((one) => !one.out);
  const shown = (possible.length ? possible : ranked.slice(0, 1)).slice(0, SHOWN);
  const others = possible.slice(Math.max(1, ranked.filter(({ close }) => close).length)).map((one) => {
    const most = sides(one)[1][0], why = most ? `: ${plain(most.text)}` : "";
    const untested = one.untested ? ` ${words.untested}.` : "";
    return `${of(one.id).name} (${said(one.points)} ${words.points})${why}${untested}`;
  });
  const gone = ranked.filter((one) => one.out).map((one) =>
    `${of(one.id).name}: ${plain(one.reasons.find(({ out }) => out).text)}`
  );
  const [title, decided] = decision(model, ranked), heard = advice(model, given);
  const turned = turnsSaid(model, given, weights).map(([when, first]) => `${plain(when)}: ${first}`);
  const [since, until] = model.recorded, days = since === until ? `on ${since}` : `from ${since} to ${until}`;
  return [
    `# ${title}`,
    `Date: ${date}. Status: proposed. [These answers](${base})`,
    ...(OWN.test(base) ? [words.own_copy] : []),
    ...asked(model, given, weights, answers),
    `## Decision`,
    ...decided,
    ...shown.flatMap((one) => argued(model, one, link)),
    `## What was not chosen`,
    list(others),
    `Ruled out:`,
    list(gone),
    ...unmeasured(model, shown),
    `## Consequences`,
    ...billed(model, shown.map(({ id }) => of(id)), answers, link),
    `## ${words.turns}`,
    turned.length ? list(turned) : words.no_turn,
    `## ${words.article}`,
    heard ? `${capital(heard.say)} (${heard.links.map(link).join()}).` : words.silent,
    `## Where the figures come from`,
    `Recorded with ${model.servers.join(", ")} on one machine, ${days}; each link leads to the run.`,
    `${words.weights} Measure on your own before you rely on them.`,
  ].join("\n\n") + "\n";
}
