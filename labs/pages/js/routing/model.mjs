// Our model of how RabbitMQ routes, labs/scenarios/routing/matching.py once more; a test holds both against each other,
// and another one the model against a running broker. It is not the broker.

/**
 * @typedef {{name: string, type: string, otherwise: string}} Exchange
 * @typedef {{source: string, to: string, key: string, headers: [string, string][], match: string,
 *   to_exchange: boolean}} Binding
 * @typedef {{exchanges: Exchange[], queues: string[], bindings: Binding[]}} Topology
 * @typedef {{exchange: string, key: string, headers: [string, string][]}} Message
 */

const STAR = "*", HASH = "#", MATCH = "x-match", HASHED = "x-consistent-hash";

/**
 * What a topology does with a message: the queues that it reaches, the places of the bindings that take it, and the
 * exchanges whose alternate exchange gets it. An exchange sees it once, so that a circle comes to an end. Of each group
 * of `one_of` it reaches one queue, over one of the bindings `either`: the broker's hash chooses it.
 * @param {Topology} topology
 * @param {Message} message  one without an exchange goes to the queue that its key names
 */
export function route(topology, message) {
  /** @type {Set<string>} */
  const queues = new Set(), otherwise = new Set(), over = new Set(), either = new Set();
  /** @type {string[][]} */
  const groups = [];
  if (message.exchange === "") {
    if (topology.queues.includes(message.key)) queues.add(message.key);
    return { queues, over, otherwise, either, one_of: [] };
  }
  const known = new Map(topology.exchanges.map((one) => [one.name, one]));
  const waiting = [message.exchange], seen = new Set(waiting);
  const further = (name) => {
    if (!seen.has(name)) waiting.push(name);
    seen.add(name);
  };
  while (waiting.length) {
    const here = known.get(waiting.pop());
    const taken = [...topology.bindings.entries()]
      .filter(([, one]) => one.source === here.name && takes(here.type, one, message));
    if (here.type === HASHED && taken.length > 1) {
      groups.push(taken.map(([, one]) => one.to).sort());
      for (const [at] of taken) either.add(at);
      continue;
    }
    for (const [at, one] of taken) {
      over.add(at);
      if (one.to_exchange) further(one.to);
      else queues.add(one.to);
    }
    if (!taken.length && known.has(here.otherwise)) {
      otherwise.add(here.name);
      further(here.otherwise);
    }
  }
  return { queues, over, otherwise, either, one_of: groups };
}

/** Whether a binding of an exchange of that type takes a message; of a hashed one, whether it may. */
export function takes(type, binding, message) {
  if (type === "topic") return byWords(wordsOf(binding.key), wordsOf(message.key));
  if (type === "headers") return byHeaders(binding, message.headers);
  return type === "fanout" || type === HASHED || binding.key === message.key;
}

/** An empty key has no words, and between two dots stands an empty one. */
const wordsOf = (key) => (key ? key.split(".") : []);

/** A star takes exactly one word, a hash any number. Followed are all places of the pattern that may be next. */
function byWords(pattern, words) {
  let places = skipping(pattern, new Set([0]));
  for (const word of words) {
    const fits = [...places].filter((at) => at < pattern.length && [word, STAR, HASH].includes(pattern[at]));
    places = skipping(pattern, new Set(fits.map((at) => (pattern[at] === HASH ? at : at + 1))));
  }
  return places.has(pattern.length);
}

/** The places, and those behind a hash that takes no word. */
function skipping(pattern, places) {
  for (const [at, one] of pattern.entries()) if (one === HASH && places.has(at)) places.add(at + 1);
  return places;
}

/** Any or all of the binding's headers; those whose names begin with x- count only if the binding says so. */
function byHeaders(binding, headers) {
  const [how, ...rest] = binding.match.split("-"), given = new Map(headers);
  const wanted = binding.headers.filter(([name]) => name !== MATCH && (rest.length || !name.startsWith("x-")));
  const hit = ([name, value]) => given.get(name) === value;
  return how === "any" ? wanted.some(hit) : wanted.every(hit);
}
