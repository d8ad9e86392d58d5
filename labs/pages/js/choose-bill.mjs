// What a choice takes a day, and how its figures are written: labs/pages/choose/bill.py once more.

export const GB = 1e9;
const HOUR_S = 3600, HOURS = 10;
const UNMEASURED = "the messages alone; what is stored beside them was not measured here";
const WROTE = "; all that it wrote, its log of writes with it", FILES = "; what its files took";
const UNITS = [{ unit: "TB", size: 1e3 }, { unit: "GB", size: 1 }, { unit: "MB", size: 1e-3 }, {
  unit: "kB",
  size: 1e-6,
}];

/** A number with three digits that count: 65,700 · 12.3 · 0.5. */
export function said(number) {
  if (number === 0) return "0";
  let power = 1, places = 0;
  while (number / power >= 1000) power *= 10;
  while (number * 10 ** places < 100 && places < 6) places++;
  if (!places) return (Math.floor(number / power + 0.5) * power).toLocaleString("en-US", { maximumFractionDigits: 0 });
  return (Math.floor(number * 10 ** places + 0.5) / 10 ** places).toFixed(places).replace(/0+$/, "").replace(/\.$/, "");
}

/** Gigabytes in the unit in which they are best read. */
export function amount(gb) {
  const found = UNITS.find(({ size }) => gb >= size);
  return found ? `${said(gb / found.size)} ${found.unit}` : "less than 1 kB";
}

/** Messages of a usual day: those that were answered, else those of ten hours like the worst. */
export const perDay = (answers) => answers.day || answers.rate * HOUR_S * HOURS;

/** What is left to build: less where a framework brings it. */
export const built = (configuration, answers) => configuration.with[answers.framework] ?? configuration.build;

/** Bytes beside the payload of a message of that size; 0 where none were measured. */
function beside(pairs, size) {
  if (!pairs.length) return 0;
  let [last, found] = pairs[0];
  for (const [at, value] of pairs.slice(1)) {
    if (last < size) found += (value - found) * Math.min((size - last) / (at - last), 1);
    last = at;
  }
  return found;
}

function noted(pairs, size) {
  if (!pairs.length) return UNMEASURED;
  const sizes = pairs.map(([at]) => said(at)).join(" and ");
  return `each takes ${said(beside(pairs, size))} bytes more than its own, measured with messages of ${sizes} bytes`;
}

function dayNote(answers) {
  const told = `${said(perDay(answers))} messages`, { day, rate } = answers;
  if (!day) return `${told}, if it is like ${HOURS} of the worst hours`;
  return day > rate * HOUR_S * 24 ? `${told}; that is more than your worst hour brings in 24 hours` : told;
}

/** What goes to disk a day: a copy for each service where each has one, and what each group that reads writes. */
function written({ disk, reader, nodes, copies: copied, wrote }, messages, size, readers) {
  const each = beside(reader, size), copies = copied ? readers : 1;
  const note = noted(disk, size) + (wrote ? WROTE : disk.length ? FILES : "") +
    (each >= 1 ? `; ${said(each)} for each group that reads` : "") +
    (nodes > 1 ? `; ${nodes} nodes` : "") + (copies > 1 ? `; a copy for each of ${copies} services` : "");
  const gb = messages * ((size + beside(disk, size)) * copies + each * readers) * nodes;
  return { what: "written to disk a day", gb, note };
}

/** What waits in memory after the worst hour in which nobody reads, in gigabytes. */
export const waitingGb = ({ held }, { rate, size }) => rate * HOUR_S / GB * (size + beside(held, size));

/** What goes over the network a day at least: in, out to each that reads, and from node to node. */
function sent({ nodes, system }, payload, readers) {
  const others = nodes - 1, into = system ? 1 : 0;
  const copies = others > 1 ? `, a copy to each of ${others} more nodes` : others ? ", a copy to the second node" : "";
  const note = `${into ? "in once and " : ""}out to ${said(readers)} that read${readers === 1 ? "s" : ""}${copies}`;
  return { what: "over the network a day, at least", gb: payload * (into + readers + others), note };
}

/** Lines: what, how many gigabytes, and what is to be known of it. */
export function bill(configuration, answers) {
  const { disk, held, nodes, memory, keeps, writes } = configuration, { size } = answers;
  const messages = perDay(answers) / GB, payload = messages * size;
  const readers = ["event", "live"].includes(answers.kind) ? answers.services : 1;
  const lines = [{ what: "the messages of a usual day", gb: payload, note: dayNote(answers) }];
  if (disk.length || writes) lines.push(written(configuration, messages, size, readers));
  if (answers.replay === "yes" && keeps) {
    const pairs = memory ? held : disk, what = memory ? "kept in memory" : "kept on disk";
    const gb = messages * (size + beside(pairs, size)) * nodes * answers.keep_days;
    lines.push({ what, gb, note: noted(pairs, size) });
  } else if (memory) {
    const gb = waitingGb(configuration, answers);
    lines.push({ what: "in memory after the worst hour, if nobody reads in it", gb, note: noted(held, size) });
  }
  lines.push(sent(configuration, payload, readers));
  return lines;
}
