"""The rules of C69 and C72 (claims.csv) for cost-of-switching."""

from __future__ import annotations

from collections.abc import Sequence

from labs.experiments.bounds import Bound
from labs.experiments.rules import Said, Undecided, every, passes, point, points, rule
from labs.model.digest import Digest
from labs.model.figures import Repeat
from labs.model.text import BROKER_NAMES, NBSP, enumerated, in_words, span
from labs.scenarios.switching import FRAMEWORKS, MOVES
from labs.show.looks.switching import again_words, feature_words

CHANGED = Bound("holds", "the share of the old service’s lines that go", "above", 30, "%")
BUILT = 2
"""Features reimplemented or lost, from which on the claim holds as well."""
LEAVES = "rabbitmq"
"""Where the system is that the claim speaks of: the sentence before it is about Celery on RabbitMQ."""


def features(repeat: Repeat) -> float:
    """How many rows of the contract have to be reimplemented, or are lost; both are the team's to do."""
    return float(sum(repeat["figures"][name] or 0 for name in ("built", "lost")))


def known(repeat: Repeat) -> bool:
    """Whether every row of the contract was seen on both sides."""
    return not any("unknown" in (one["was"], one["outcome"]) for one in repeat["trials"].values())


def dear(one: Digest, of: str = "whole_pct") -> bool | None:
    """Whether a move costs what the rule asks for, in enough rounds: a share of the whole service, business included,
    or of the file alone that handles the messages (`gone_pct`)."""
    said = f"Not every round of {one.settings['label']} says the same."
    if not passes(one.repeats, known, said):
        return None
    return passes(one.repeats, lambda each: CHANGED(each["figures"][of] or 0) or features(each) >= BUILT, said)


def _told(one: Digest) -> str:
    """From RabbitMQ with kombu it changes 22 % of its lines, and two features have to be reimplemented or are lost."""
    where, found = BROKER_NAMES[MOVES[str(one.settings["porting"])].old], [features(each) for each in one.repeats]
    told = f"{feature_words(found)} {again_words(found)}"
    with_what = FRAMEWORKS[str(one.settings["framework"])]
    return f"From {where} with {with_what} it changes {one.number('whole_pct'):.0f}{NBSP}% of its lines, and {told}."


@rule("C72", bounds=(CHANGED,))
def c72(digests: Sequence[Digest]) -> Said:
    """The move from RabbitMQ to Kafka with the brokers' own clients, for the article knows no library that does both;
    what it costs with one, and from Redis, is told."""
    asked = point(digests, f"the move from {BROKER_NAMES[LEAVES]} to Kafka", framework="raw", porting=f"{LEAVES}-kafka")
    others = [one for old in (LEAVES, "redis") for one in points(digests, porting=f"{old}-kafka") if one is not asked]
    text = " ".join(map(_told, [asked, *others]))
    if dear(asked):
        return "holds", f"The order service did not move to Kafka without rewriting. {text}"
    raise Undecided(text)


@rule("C69")
def c69(digests: Sequence[Digest]) -> Said:
    """What every move costs with the brokers' own clients; against it, by documents, a default that fails somebody."""
    name = FRAMEWORKS["raw"]
    asked = every(digests, "porting", MOVES, f" with {name}", framework="raw")
    cheap = [str(one.settings["label"]) for one in asked.values() if not dear(one, "gone_pct")]
    if cheap:
        raise Undecided(f"Not every move changes that much: {enumerated(cheap)} does not.")
    shares = span((one.number("gone_pct") for one in asked.values()), lambda value: f"{value:.0f}{NBSP}%")
    text = f"With {name} each of {in_words(len(asked))} moves changes {shares} of the file that handles the messages,"
    return "holds with conditions", f"{text} which speaks for what is there. {CASE}"


CASE = (
    "But a default of the stack can fail a requirement. By Celery’s documentation a task on Redis that is not "
    "acknowledged within the visibility timeout, an hour by default, is given to another worker as well."
)
RULES = (c69, c72)
