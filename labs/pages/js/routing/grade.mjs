// A topology against what a puzzle's queues want of twenty messages: judge in labs/scenarios/routing/puzzles.py, by the
// model in place of the broker.
import { route } from "./model.mjs";
import { Refusal } from "./written.mjs";

const SHOWN = 3, ENTRY = "in";
const SAY = {
  entry: `there is no exchange '${ENTRY}', and the producer publishes to no other: declare it`,
  queue: (name) => `the puzzle’s queue '${name}' is not among yours: declare it`,
  right: (wanted) => `Right, by our model: all ${wanted} deliveries that are wanted, and nothing else.`,
  open: (queues) =>
    `Our model cannot say: a hash chooses one of ${queues}. A running RabbitMQ grades it, in the notebook.`,
  wrong: (parts) => `Not yet, by our model: ${parts.join("; ")}.`,
  missing: (count, wanted) => `${count} of ${wanted} wanted deliveries are missing`,
  stray: (count) => `${count} too many`,
  like: (found) => `, such as ${found.join(", ")}`,
};

/** A Refusal where the topology lacks what the puzzle is about. */
export function needed(puzzle, { exchanges, queues }) {
  if (!exchanges.some((one) => one.name === ENTRY)) throw new Refusal(SAY.entry);
  for (const name of Object.keys(puzzle.wants)) if (!queues.includes(name)) throw new Refusal(SAY.queue(name));
}

/**
 * What becomes of the messages, in a sentence.
 * @param {{wants: Record<string, number[]>}} puzzle  queue -> places of the messages that it wants
 * @param {{key: string, headers: [string, string][]}[]} messages
 */
export function grade(puzzle, messages, topology) {
  const pairs = new Set(Object.entries(puzzle.wants).flatMap(([queue, all]) => all.map((at) => `${at} ${queue}`)));
  const ways = messages.map((one) => route(topology, { ...one, exchange: ENTRY }));
  const [group] = ways.flatMap((one) => one.one_of);
  if (group) return SAY.open(group.join(", "));
  const got = new Set(ways.flatMap((one, at) => [...one.queues].map((queue) => `${at} ${queue}`)));
  const missing = [...pairs].filter((one) => !got.has(one)), stray = [...got].filter((one) => !pairs.has(one));
  if (!missing.length && !stray.length) return SAY.right(pairs.size);
  const like = (some) =>
    SAY.like(
      some.slice(0, SHOWN).map((one) => {
        const [at, ...queue] = one.split(" "), { key, headers } = messages[Number(at)];
        return `${queue.join(" ")}: ${[key, ...headers.map((pair) => pair.join("="))].join(" ")}`;
      }),
    );
  return SAY.wrong([
    ...(missing.length ? [SAY.missing(missing.length, pairs.size) + like(missing)] : []),
    ...(stray.length ? [SAY.stray(stray.length) + like(stray)] : []),
  ]);
}
