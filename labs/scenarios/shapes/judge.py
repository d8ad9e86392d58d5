"""ShapeRun -> tally: who had which message, how often, and in which order. Pure arithmetic on the facts.

A message that was accepted is owed to each unit once: to all consumers together, to each group, or to each consumer,
as the shape says. To whom it really went is counted without asking the shape.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from labs.judge.delivery import Delivery, overtaken, unit_of, units
from labs.judge.soundness import stood_still
from labs.model.run import NEVER
from labs.model.shapes import EACH_GROUP, EVERYONE, NEITHER, ONE, UNKNOWN, Crew, shape_of
from labs.scenarios.shapes.facts import ShapeRun


@dataclass(frozen=True)
class Tally:
    """Counts of deliveries."""

    messages: int
    """Accepted by the broker."""
    refused: int
    """Sent, and not accepted."""
    counts: dict[str, int]
    """Consumer -> the messages that it did."""
    owed: int
    missing: int
    """Of those that were owed."""
    again: int
    """Beyond the first to the same unit."""
    idle: int
    """Consumers that were there and did nothing."""
    overtaken: int
    """Done after a later one of the same key, in the same unit."""
    outcome: str
    """To whom each message went."""


def judge(run: ShapeRun) -> Tally:
    """The tally of a run."""
    crew, shared, done = run.crew, shape_of(run.shape).shared, deliveries(run)
    accepted = [at for at, ns in enumerate(run["accepted_ns"].tolist()) if ns != NEVER]
    had = Counter(consumer for _, consumer in done)
    given = Counter((message, unit_of(consumer, crew, shared)) for message, consumer in done)
    owed = [(message, unit) for message in accepted for unit in range(units(crew, shared))]
    return Tally(
        messages=len(accepted),
        refused=int((run["sent_ns"] != NEVER).sum()) - len(accepted),
        counts={name: had[at] for at, name in enumerate(crew.names)},
        owed=len(owed),
        missing=sum(one not in given for one in owed),
        again=sum(number - 1 for number in given.values()),
        idle=sum(not had[at] for at in range(len(crew.names))),
        overtaken=sum(overtaken(done, crew, shared)),
        outcome=_outcome(crew, accepted, done) if run.drained else UNKNOWN,
    )


def void(run: ShapeRun) -> str:
    """Why nothing is known from a run, because the machine stood still; empty if something is."""
    return stood_still(run.facts.get("pauses", ()), [run["sent_ns"], run["accepted_ns"], run["done_ns"]])


def deliveries(run: ShapeRun) -> list[Delivery]:
    """All of them, in the order in which they were done."""
    return list(zip(run["done_message"].tolist(), run["done_consumer"].tolist(), strict=True))


def _outcome(crew: Crew, accepted: Sequence[int], done: Sequence[Delivery]) -> str:
    """To whom every accepted message went, once each; who is in which group is asked of the crew."""
    each = {at: sorted(consumer for message, consumer in done if message == at) for at in accepted}
    everybody = list(range(len(crew.names)))
    if each and all(len(consumers) == 1 for consumers in each.values()):
        return ONE
    if each and all([crew.group(one) for one in consumers] == list(crew.letters) for consumers in each.values()):
        return EACH_GROUP
    return EVERYONE if each and all(consumers == everybody for consumers in each.values()) else NEITHER
