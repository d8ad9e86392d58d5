"""Delivery shapes in short."""

from __future__ import annotations

from collections.abc import Sequence

from labs.model.digest import Digest
from labs.model.shapes import EACH_GROUP, EVERYONE, ONE
from labs.model.text import counted, enumerated, in_words
from labs.show.looks.shapes import idle, kept_order, outcome, shares_work
from labs.show.short import NOT_RECORDED, Short

MONDAY = (
    "For each kind of message write down which services must each have it, and whether two workers of one service may "
    "be at work on one key at once. The first answer is your groups; where the second is no, take partitions by key "
    "or a single active consumer."
)


def delivery_shapes(digests: Sequence[Digest]) -> Short:
    """Who gets a message from which shape; what happens to order, and to consumers for whom nothing is left."""
    both = [one for one in digests if (one.settings["groups"], one.settings["members"]) == (2, 3)]
    two = list({one.settings["mode"]: one for one in both}.values())
    told = [
        (to, [str(one.settings["label"]) for one in two if outcome(one) == to]) for to in (ONE, EACH_GROUP, EVERYONE)
    ]
    known = [(to, names) for to, names in told if names]
    if not known:
        return Short(NOT_RECORDED, "", MONDAY)
    answer = "With two groups of three a message goes to " + "; ".join(
        f"{to} ({enumerated(names)})" for to, names in known
    )
    return Short(f"{answer}.", " ".join(filter(None, (_order(two), _idle(digests)))), MONDAY)


def _order(two: Sequence[Digest]) -> str:
    """Which of those that share work keep a key's order."""
    shared = [one for one in two if shares_work(one)]
    kept = [str(one.settings["label"]) for one in shared if kept_order(one)]
    if not shared:
        return ""
    who = enumerated(kept) if kept else "none"
    return f"Of {counted(len(shared), 'shape')} that share work among consumers, {who} kept the order of every key."


def _idle(digests: Sequence[Digest]) -> str:
    """The most members of one Kafka group that had nothing to do."""
    groups = [one for one in digests if one.settings["mode"] == "kafka-group" and one.settings["groups"] == 1]
    found = [(max(idle(one), default=0), one) for one in groups]
    if not found or not (most := max(found, key=lambda pair: pair[0]))[0]:
        return ""
    many, one = most
    members, partitions = one.settings["members"], one.settings["partitions"]
    noun = "partition" if partitions == 1 else "partitions"
    return f"A Kafka consumer group of {in_words(members)} at {in_words(partitions)} {noun} left {in_words(many)} idle."
