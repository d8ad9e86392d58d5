// What a choice takes a day, and how its figures are written: labs/pages/choose/bill.py once more.

const DAY_S = 86400, GB = 1e9, UNMEASURED = "payload only; overhead not measured yet";
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

/** Lines: what, how many gigabytes, and what is to be known of it. */
export function bill(configuration, answers) {
  const day = answers.rate * DAY_S / GB, payload = day * answers.size, { overhead, nodes } = configuration;
  const copied = configuration.copies && ["event", "live"].includes(answers.kind);
  const each = copied ? answers.services : 1;
  const lines = [{ what: "payload a day", gb: payload, note: "if the worst hour lasted all day" }];
  if (overhead !== null) {
    const written = day * (answers.size + overhead) * each * nodes;
    const note = `${said(overhead)} bytes a message beside its own, measured with messages of 100 bytes` +
      (nodes > 1 ? `; ${nodes} nodes` : "") + (each > 1 ? `; a copy for each of ${each} services` : "");
    lines.push({ what: "written to disk a day", gb: written, note });
  }
  if (answers.replay === "yes" && configuration.keeps) {
    const known = overhead !== null && !configuration.memory;
    const kept = day * (answers.size + (known ? overhead : 0)) * nodes * answers.keep_days;
    const what = configuration.memory ? "kept in memory" : "kept on disk";
    lines.push({ what, gb: kept, note: known ? "" : UNMEASURED });
  } else if (configuration.memory) {
    lines.push({ what: "in memory after an hour without readers", gb: payload / 24, note: UNMEASURED });
  }
  return lines;
}
