// The decision as a record in Markdown: what was asked, what was chosen and why, what would change it, with links. Who
// reads it a year later sees nothing else: it names every answer, also what was left as it was, and the whole ranking.
import { advice, answered, asked as isAsked, rank, turns } from "./choose-engine.mjs";
import { amount, bill, built, said } from "./choose-bill.mjs";
import { answerSaid, byId, capital, sides, turnSaid } from "./choose-words.mjs";

const plain = (text) => text.replace(/[\\`*_<>[\]#|]/g, "\\$&");

/** The record; `base` is the address of the page, `date` the day. */
export function record(model, given, weights, { base, date }) {
  const answers = answered(model, given), ranked = rank(model, given, weights);
  const of = (id) => byId(model.configurations, id), first = of(ranked[0].id), { words } = model;
  const link = ({ text, href }) => `[${plain(text)}](${new URL(href, base).href})`;
  const reason = (one) =>
    `- ${capital(one.name)}${one.points ? ` (${said(one.points)})` : ""}: ${plain(one.text)} *${one.how}* ` +
    one.links.map(link).join("; ");
  const list = (items) => items.length ? items.map((one) => one.trimEnd()).join("\n") : "- none";
  const [pro, con] = sides(ranked[0]);
  const asked = model.questions.filter((one) => isAsked(one, answers)).map((one) =>
    `- ${plain(one.ask)} ${capital(answerSaid(one, answers[one.id]))}.${one.id in given ? "" : ` *${words.default}*`}`
  );
  const others = ranked.slice(1).filter((one) => !one.out).map((one) => {
    const most = sides(one)[1][0], why = most ? `: ${plain(most.text)}` : "";
    const untested = one.untested ? ` ${words.untested}.` : "";
    return `- ${of(one.id).name} (${said(one.points)} ${words.points})${why}${untested}`;
  });
  const gone = ranked.filter((one) => one.out).map((one) =>
    `- ${of(one.id).name}: ${plain(one.reasons.find(({ out }) => out).text)}`
  );
  const none = ranked[0].out, title = none ? words.nothing : `Messages go through: ${first.name}`;
  const decided = `${first.name}, with ${said(ranked[0].points)} ${words.points}.`;
  const turned = turns(model, given, weights).map((one) => {
    const question = byId(model.questions, one.question);
    const winner = one.winner ? of(one.winner).short : words.none_then;
    return `- If ${turnSaid(question, one, answers[one.question])}: ${winner}`;
  });
  const bills = bill(first, answers).map(({ what, gb, note }) => `- ${what}: ${amount(gb)}${note ? ` (${note})` : ""}`);
  const heard = advice(model, given);
  const article = heard ? `${capital(heard.say)} (${heard.links.map(link).join()}).` : words.silent;
  const weighed = model.groups.filter(({ id }) => (weights[id] ?? 1) !== 1).map(({ id, name }) =>
    `- ${name}: ${weights[id]} times`
  );
  return [
    `# ${title}`,
    `Date: ${date}. Status: proposed. [These answers](${base})`,
    `## What was asked`,
    list(asked),
    ...(weighed.length ? ["Weighed:", list(weighed)] : ["No slider was moved."]),
    `## Decision`,
    none ? `${words.nothing} ${words.nearest}: ${decided}` : decided,
    ...(ranked[0].untested ? [`${words.untested}.`] : []),
    `### ${words.for}`,
    list(pro.map(reason)),
    `### ${words.against}`,
    list(con.map(reason)),
    `## What was not chosen`,
    list(others),
    `Ruled out:`,
    list(gone),
    `## Consequences`,
    `${words.build}: ${built(first, answers)}`,
    `${words.bill}:`,
    list(bills),
    `## ${words.turns}`,
    list(turned),
    `## ${words.article}`,
    article,
    `## Where the figures come from`,
    `Recorded with ${
      model.servers.join(", ")
    } on one machine; each link leads to the run. Measure on your own before you rely on them.`,
  ].join("\n\n") + "\n";
}
