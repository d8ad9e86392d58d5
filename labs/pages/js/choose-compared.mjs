// The bill of the first few beside each other: labs/pages/choose/compared.py once more.
import { amount, bill, built, said } from "./choose-bill.mjs";

/** So many of the ranking have their bill, and their reasons in the record. */
export const SHOWN = 3;
const NO_FIGURE = "not measured here", ON_DISK = "waits on disk", NOTHING = "nothing";

/** The head of the table. */
export function heads({ replay, keep_days: days }) {
  const kept = replay === "yes"
    ? `Kept for ${said(days)} ${days === 1 ? "day" : "days"}`
    : "After the worst hour, if nobody reads in it";
  return ["Configuration", "Written to disk a day", kept, "Over the network a day, at least"];
}

/** Its name, what it writes a day, what it keeps or holds, what is left to build; how each figure was made. */
export function row(configuration, answers) {
  const { id, short: name, keeps, memory, disk, source } = configuration, lines = bill(configuration, answers).slice(1);
  const find = (...starts) => lines.find(({ what }) => starts.some((one) => what.startsWith(one)));
  const written = find("written"), held = find("kept", "in memory"), sent = find("over the network");
  const stores = keeps || memory || disk.length > 0, where = memory ? " in memory" : " on disk";
  return {
    id,
    name,
    written: written ? amount(written.gb) : stores ? NO_FIGURE : NOTHING,
    kept: held ? `${amount(held.gb)}${where}` : stores ? ON_DISK : NOTHING,
    sent: sent ? amount(sent.gb) : NOTHING,
    build: built(configuration, answers),
    notes: [...new Set(lines.map(({ note }) => note).filter(Boolean))],
    source,
  };
}

/** What all of them have to carry: the messages of a usual day. */
export function daySaid(configuration, answers) {
  const [{ gb, note }] = bill(configuration, answers);
  return `A usual day brings ${amount(gb)} of messages (${note}).`;
}
