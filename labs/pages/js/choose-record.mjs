// The decision as a record in Markdown: what was asked, what was chosen and why, what would change it, with links.
import { advice, answered, rank, turns } from "./choose-engine.mjs";
import { amount, bill, said } from "./choose-bill.mjs";
import { answerSaid, byId, capital, sides, turnSaid } from "./choose-words.mjs";

const SHOWN = 3;
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
  const asked = model.questions.filter(({ id }) => id in given).map((one) => `- ${answerSaid(one, answers[one.id])}`);
  const others = ranked.slice(1, SHOWN).filter((one) => !one.out).map((one) => {
    const most = sides(one)[1][0];
    return `- ${of(one.id).name} (${said(one.points)} ${words.points})${most ? `: ${plain(most.text)}` : ""}`;
  });
  const gone = ranked.filter((one) => one.out).map((one) =>
    `- ${of(one.id).name}: ${plain(one.reasons.find(({ out }) => out).text)}`
  );
  const turned = turns(model, given, weights).map((one) => {
    const question = byId(model.questions, one.question);
    return `- If ${turnSaid(question, one, answers[one.question])}: ${of(one.winner).short}`;
  });
  const bills = bill(first, answers).map(({ what, gb, note }) => `- ${what}: ${amount(gb)}${note ? ` (${note})` : ""}`);
  const heard = advice(model, given);
  const article = heard ? `${capital(heard.say)} (${heard.links.map(link).join()}).` : words.silent;
  const weighed = model.groups.filter(({ id }) => (weights[id] ?? 1) !== 1).map(({ id, name }) =>
    `- ${name}: ${weights[id]} times`
  );
  return [
    `# Messages go through: ${first.name}`,
    `Date: ${date}. Status: proposed. [These answers](${base})`,
    `## What was asked`,
    list(asked),
    ...(weighed.length ? ["Weighed:", list(weighed)] : []),
    `## Decision`,
    `${first.name}, with ${said(ranked[0].points)} ${words.points}.`,
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
    `${words.build}: ${first.build}`,
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
