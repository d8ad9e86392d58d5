// A topology as a picture: exchanges from left to right, queues last, and the paths of some messages lit. What it shows
// stands in the table beside it, so it is hidden from who hears the page.
import { svg } from "../dom.mjs";

const WIDE = 96, HIGH = 34, APART = 80, STEP = 50, EDGE = 8, LETTERS = 12, KEY_LETTERS = 11;

const cut = (text, letters) => (text.length > letters ? `${text.slice(0, letters - 1)}…` : text);

/** Exchange -> its column: as far as it is from where messages come in; what nothing leads to stands first. */
function columns({ exchanges, bindings }, messages) {
  const steps = [
    ...bindings.filter((one) => one.to_exchange).map((one) => [one.source, one.to]),
    ...exchanges.filter((one) => one.otherwise).map((one) => [one.name, one.otherwise]),
  ];
  const led = new Set(steps.filter(([from, to]) => from !== to).map(([, to]) => to));
  const entered = new Set(messages.map((one) => one.exchange));
  const found = new Map(
    exchanges.filter((one) => entered.has(one.name) || !led.has(one.name)).map((one) => [one.name, 0]),
  );
  for (const name of found.keys()) { // it grows while it is gone through, nearest first
    for (const [from, to] of steps) if (from === name && !found.has(to)) found.set(to, found.get(name) + 1);
  }
  for (const { name } of exchanges) if (!found.has(name)) found.set(name, 0);
  return found;
}

function box(place, name, under, lit) {
  const group = svg("g", { class: `routing-${under ? "exchange" : "queue"} ${lit}` });
  const text = svg("text", { x: place.x + WIDE / 2, y: place.y + (under ? 15 : 22), "text-anchor": "middle" });
  text.textContent = cut(name, LETTERS);
  group.append(svg("rect", { ...place, width: WIDE, height: HIGH, rx: under ? 17 : 3 }), text);
  if (under) {
    const more = svg("text", {
      x: place.x + WIDE / 2,
      y: place.y + 28,
      "text-anchor": "middle",
      class: "routing-type",
    });
    more.textContent = under;
    group.append(more);
  }
  return group;
}

function line(from, to, label, lit) {
  const x = from.x + WIDE, y = from.y + HIGH / 2, ahead = to.x > from.x, end = ahead ? to.x : to.x + WIDE;
  const y2 = to.y + HIGH / 2, bend = ahead ? (end - x) / 2 : APART / 2;
  const group = svg("g", { class: `routing-way ${lit}` });
  group.append(svg("path", { d: `M${x} ${y}C${x + bend} ${y} ${end + (ahead ? -bend : bend)} ${y2} ${end} ${y2}` }));
  const text = svg("text", { x: (x + end) / 2, y: (y + y2) / 2 - 3, "text-anchor": "middle" });
  text.textContent = label;
  group.append(text);
  return group;
}

/** Steps between the same two are one line. */
function joined(steps) {
  const found = [];
  for (const one of steps) {
    const same = found.find(([first]) => first.from === one.from && first.to === one.to);
    if (same) same.push(one);
    else found.push([one]);
  }
  return found;
}

/**
 * The picture; `ways` is what the model says of each of the messages.
 * @returns {SVGElement}
 */
export function drawn(topology, messages, ways) {
  const at = columns(topology, messages), last = Math.max(-1, ...at.values()) + 1, rows = new Map();
  const place = (column) => {
    rows.set(column, (rows.get(column) ?? -1) + 1);
    return { x: EDGE + column * (WIDE + APART), y: EDGE + rows.get(column) * STEP };
  };
  const exchanges = new Map(topology.exchanges.map((one) => [one.name, place(at.get(one.name))]));
  const queues = new Map(topology.queues.map((name) => [name, place(last)]));
  const over = new Set(ways.flatMap((one) => [...one.over])), full = new Set(ways.flatMap((one) => [...one.queues]));
  const either = new Set(ways.flatMap((one) => [...one.either]));
  const perhaps = new Set(ways.flatMap((one) => one.one_of.flat()));
  /** Whether messages went there, surely or if a hash chose it. */
  const lit = (sure, chosen = false) => (sure ? "lit" : chosen ? "lit perhaps" : "");
  const otherwise = new Set(ways.flatMap((one) => [...one.otherwise]));
  const entered = new Set(messages.map((one) => one.exchange));
  const met = new Set([
    ...entered,
    ...topology.bindings.filter((one, at) => over.has(at) && one.to_exchange).map((one) => one.to),
    ...topology.exchanges.filter((one) => otherwise.has(one.name)).map((one) => one.otherwise),
  ]);
  const steps = [
    ...topology.bindings.map((one, at) => ({
      from: exchanges.get(one.source),
      to: (one.to_exchange ? exchanges : queues).get(one.to),
      label: one.key || one.headers.map((pair) => pair.join("=")).join(" "),
      lit: lit(over.has(at), either.has(at)),
    })),
    ...topology.exchanges.filter((one) => one.otherwise).map((one) => ({
      from: exchanges.get(one.name),
      to: exchanges.get(one.otherwise),
      label: "otherwise",
      lit: lit(otherwise.has(one.name)),
    })),
  ];
  const lines = joined(steps).map((all) => {
    const more = all.length > 1 ? ` +${all.length - 1}` : "", first = all.find((one) => one.lit) ?? all[0];
    return line(first.from, first.to, `${cut(first.label, KEY_LETTERS)}${more}`, first.lit);
  });
  const tall = Math.max(0, ...rows.values()) + 1;
  const wide = 2 * EDGE + (last + 1) * WIDE + last * APART, high = 2 * EDGE + tall * STEP;
  const picture = svg("svg", { viewBox: `0 0 ${wide} ${high}`, width: wide, height: high, "aria-hidden": "true" });
  picture.append(
    ...lines.sort((a, b) => a.classList.length - b.classList.length),
    ...topology.exchanges.map((one) => box(exchanges.get(one.name), one.name, one.type, lit(met.has(one.name)))),
    ...topology.queues.map((name) => box(queues.get(name), name, "", lit(full.has(name), perhaps.has(name)))),
  );
  return picture;
}
