// A topology and messages as text, a line each: labs/scenarios/routing/written.py and topology.py once more, with the
// same words where something is wrong; a test holds both against each other.

/** What is wrong with the text; its message is told to the reader. */
export class Refusal extends Error {}

const OWN = "default", LONGEST = 200, HASHES = 2, TAKEN = ["CC", "BCC"];
const HASHED = "x-consistent-hash", WEIGHT = /^\+?0*[1-9][0-9]*$/, HEAVIEST = 100;
const TYPES = ["direct", "topic", "fanout", "headers", HASHED], MATCHES = ["any", "all", "any-with-x", "all-with-x"];
const NAME = "([^ \\t:]+)", MOST = { exchange: 20, queue: 10, bind: 60, publish: 40 };
const FORMS = {
  exchange: new RegExp(`^exchange[ \\t]+${NAME}[ \\t]+${NAME}(?:[ \\t]+otherwise[ \\t]+${NAME})?$`),
  queue: new RegExp(`^queue[ \\t]+${NAME}$`),
  bind: new RegExp(`^bind[ \\t]+${NAME}[ \\t]*->[ \\t]*${NAME}(?:[ \\t]*:(.*))?$`),
  publish: new RegExp(`^publish[ \\t]+${NAME}[ \\t]*:(.*)$`),
};
const LIKE = {
  exchange: "exchange in topic",
  queue: "queue billing",
  bind: "bind in -> billing: *.order.#",
  publish: "publish in: eu.order.created",
};
const refuse = (why) => {
  throw new Refusal(why);
};
const bytes = (text) => new TextEncoder().encode(text).length;
const split = (rest) => rest.split(/[ \t]+/).filter(Boolean);
const kinds = Object.keys(FORMS);

/**
 * What the text declares and publishes; a Refusal says what is wrong in which line.
 * @param {string} text
 */
export function read(text) {
  const counts = new Map(), lines = [];
  for (const [at, raw] of text.split("\n").entries()) {
    const number = at + 1, line = raw.replace(/^[ \t\r]+|[ \t\r]+$/g, "");
    if (!line || line.startsWith("#")) continue;
    const kind = line.split(/[ \t]/, 1)[0];
    if (!kinds.includes(kind)) {
      refuse(`line ${number}: '${kind}' begins no line; begin with one of ${kinds.join(", ")}`);
    }
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    if (counts.get(kind) > MOST[kind]) {
      refuse(`line ${number}: more than ${MOST[kind]} lines of '${kind}' are not taken`);
    }
    const match = FORMS[kind].exec(line);
    if (!match) refuse(`line ${number}: that is not understood; it is written like: ${LIKE[kind]}`);
    lines.push({ number, kind, said: MAKE[kind](number, ...match.slice(1).map((one) => one ?? "")) });
  }
  return whole(lines);
}

const MAKE = {
  exchange: (number, name, type, otherwise) => ({ name: free(number, name), type, otherwise: free(number, otherwise) }),
  queue: free,
  bind(number, source, to, rest) {
    const words = split(rest), plain = !words.length || (words.length === 1 && !words[0].includes("="));
    if (plain) return { source, to, key: words[0] ?? "", headers: [], match: "all", to_exchange: false };
    const match = MATCHES.includes(words[0]) ? words.shift() : "all";
    return { source, to, key: "", headers: headersOf(number, words), match, to_exchange: false };
  },
  publish(number, exchange, rest) {
    const words = split(rest), key = words.length && !words[0].includes("=") ? words.shift() : "";
    if (bytes(key) > LONGEST) refuse(`line ${number}: a key has ${LONGEST} bytes at most`);
    const headers = headersOf(number, words), own = headers.find(([name]) => TAKEN.includes(name));
    if (own) refuse(`line ${number}: RabbitMQ looks for more keys in the header '${own[0]}'; take another name`);
    return { exchange: exchange === OWN ? "" : exchange, key, headers };
  },
};

/** The name, unless it is that of the default exchange. */
function free(number, name) {
  if (name === OWN) {
    refuse(`line ${number}: '${OWN}' is the exchange that every RabbitMQ has; give yours another name`);
  }
  return name;
}

/** @returns {[string, string][]} */
function headersOf(number, words) {
  const found = new Map();
  for (const word of words) {
    const at = word.indexOf("="), name = word.slice(0, Math.max(at, 0));
    if (!name) refuse(`line ${number}: '${word}' is no header; a header is written like: kind=order`);
    if (bytes(name) > LONGEST) refuse(`line ${number}: the name of a header has ${LONGEST} bytes at most`);
    found.set(name, word.slice(at + 1));
  }
  return [...found];
}

/** Lines -> topology and messages, once each declaration and each name fits the others. */
function whole(lines) {
  const of = (kind) => lines.filter((one) => one.kind === kind), known = new Map();
  const named = new Set(of("exchange").map((one) => one.said.name));
  for (const { number, said } of of("queue")) {
    if (named.has(said)) refuse(`line ${number}: '${said}' is an exchange, too; give one of them another name`);
  }
  for (const { number, said } of of("exchange")) {
    const before = known.get(said.name) ?? { number, said };
    known.set(said.name, before);
    if (before.said.type !== said.type || before.said.otherwise !== said.otherwise) {
      const where = `exchange '${said.name}' is another one in line ${before.number}`;
      refuse(`line ${number}: ${where}, and RabbitMQ changes none that is there`);
    }
  }
  const topology = {
    exchanges: [...known.values()].map((one) => one.said),
    queues: [...new Set(of("queue").map((one) => one.said))],
    bindings: of("bind").map(({ said }) => ({ ...said, to_exchange: named.has(said.to) })),
  };
  check(topology);
  for (const { number, said } of of("publish")) {
    if (said.exchange && !named.has(said.exchange)) {
      refuse(`line ${number}: there is no exchange '${said.exchange}' to publish to`);
    }
  }
  return { topology, messages: of("publish").map((one) => one.said) };
}

/** What RabbitMQ would refuse of a topology, or what could not work: Topology in topology.py. */
function check({ exchanges, queues, bindings }) {
  const types = new Map(exchanges.map((one) => [one.name, one.type]));
  for (const [what, names] of [["exchange", types.keys()], ["queue", queues]]) {
    for (const name of names) {
      if (bytes(name) > LONGEST) {
        refuse(`${what} '${[...name].slice(0, 20).join("")}'...: a name has ${LONGEST} bytes at most`);
      }
    }
  }
  for (const { name, type, otherwise } of exchanges) {
    if (!TYPES.includes(type)) refuse(`exchange '${name}': there is no type '${type}'; take ${TYPES.join(", ")}`);
    if (otherwise && !types.has(otherwise)) {
      const said = `its alternate exchange '${otherwise}' is not declared`;
      refuse(`exchange '${name}': ${said}, and RabbitMQ would drop what it should get`);
    }
  }
  const weighed = new Set();
  for (const one of bindings) {
    checkBinding(one, types, queues);
    if (types.get(one.source) !== HASHED) continue;
    const pair = `${one.source} ${one.to}`;
    if (weighed.has(pair)) refuse(`binding ${bound(one)}: '${one.to}' has a weight, and RabbitMQ keeps the first`);
    weighed.add(pair);
  }
}

function checkBinding(binding, types, queues) {
  const { source, to, key, headers } = binding, told = bound(binding), type = types.get(source);
  if (!type) refuse(`binding ${told}: there is no exchange '${source}' to bind from`);
  if (!binding.to_exchange && !queues.includes(to)) refuse(`binding ${told}: there is no queue '${to}' to bind to`);
  if (bytes(key) > LONGEST) refuse(`binding ${source} → ${to}: a key has ${LONGEST} bytes at most`);
  if (type === "topic" && key.split(".").filter((word) => word === "#").length > HASHES) {
    refuse(`binding ${told}: RabbitMQ 4.3 takes ${HASHES} # in a key at most`);
  }
  if (headers.length && type !== "headers") {
    const kind = `${type === HASHED ? "an" : "a"} ${type}`;
    refuse(`binding ${told}: ${kind} exchange looks at the routing key and at no header`);
  }
  if (type === "headers" && !headers.length) {
    refuse(`binding ${told}: a headers exchange takes everything by a binding without headers`);
  }
  if (type !== HASHED) return;
  if (!WEIGHT.test(key) || Number(key) > HEAVIEST) {
    const said = `takes a weight as its key, a whole number from 1 to ${HEAVIEST}`;
    refuse(`binding ${told}: a binding of an ${HASHED} exchange ${said}`);
  }
  if (binding.to_exchange) refuse(`binding ${told}: our model follows an ${HASHED} exchange to queues only`);
}

/** A binding as it is told. */
export function bound({ source, to, key, headers, match }) {
  const said = key || headers.map(([name, value]) => `${name}=${value}`).join(", ");
  const how = headers.length ? ` (${match} of ${said})` : said ? ` (${said})` : "";
  return `${source} → ${to}${how}`;
}
