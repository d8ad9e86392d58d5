"""A reader's own topology against a puzzle, with twenty messages that it has not seen."""

from __future__ import annotations

import secrets

from labs.model.text import counted
from labs.scenarios.routing.puzzles import PUZZLES, Event, Outcome, events, judge
from labs.scenarios.routing.topology import Topology, TopologyError
from labs.stack.by_hand import running

SHOWN = 3


def attempt(name: str, topology: Topology) -> str:
    """What became of twenty messages on a running RabbitMQ, in words; without one what is needed is printed.

    TopologyError where a queue that the puzzle asks for is missing; KeyError of a puzzle that there is not.
    """
    from labs.scenarios.routing.running import play

    puzzle = PUZZLES[name]
    if missing := [queue for queue in puzzle.wants if queue not in topology.queues]:
        raise TopologyError(f"puzzle {name}: its queue {missing[0]!r} is not among yours: declare it")
    with running("rabbitmq") as here:
        if not here:
            return "not run"
        sent = events(secrets.randbits(32))
        return told(judge(puzzle, sent, play(here.endpoint, topology, sent).arrived), sent)


def told(outcome: Outcome, sent: list[Event]) -> str:
    """right, or what is wrong with a few examples."""
    if outcome.solved:
        return f"right: all {counted(outcome.wanted, 'delivery', 'deliveries')} and nothing else"
    keys = {one.number: f"{one.key} {dict(one.headers)}" for one in sent}
    lines = ["not yet:"]
    for what, pairs in (("missing", outcome.missing), ("too many", outcome.stray), ("twice", outcome.doubled)):
        shown = [f"  {queue}: {keys[number]}" for number, queue in pairs[:SHOWN]]
        lines += [f"{len(pairs)} {what}, for example", *shown] if pairs else []
    return "\n".join(lines)
