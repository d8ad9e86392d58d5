"""A big backlog and many readers, in short: who slows down onto a backlog, and what a further reader puts on disk.

A median over 80 % is no proof where the rounds lie far apart and the processor was full: both are said beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

from labs.model.digest import Digest
from labs.model.text import enumerated, how_many, in_words
from labs.show.looks.backlog import BACKLOG_LOOK, NOTHING, figures, middle, truth
from labs.show.short import NOT_RECORDED, Short, point

MONDAY = (
    "Take your rate, the size of your messages and how long the longest outage of a reader may last. Multiply, add the "
    "bytes beside the payload, and hold it against the disk, or with Redis the memory, that the broker has today."
)
NEAR = 0.8


def big_backlog(digests: Sequence[Digest]) -> Short:
    """How many keep their rate onto the big backlog; which let a further reader read the same bytes."""
    big = [one for one in digests if one.settings["backlog"] == "big" and middle(one, "onto") is not None]
    if not big:
        return Short(NOT_RECORDED, "", MONDAY)
    slow = [one for one in big if (middle(one, "onto") or 0) <= NEAR]
    said = BACKLOG_LOOK.quantities
    answer = f"Onto {said['backlog'].text(big[0])}, {how_many(len(big) - len(slow))} of {in_words(len(big))} ways kept "
    answer += "at least 80 % of the publish rate into an empty place"
    if slow:
        answer += f". {enumerated([said.said('{label} had {onto}', one) for one in slow])}"
    answer += _doubt(big)
    free = [str(one.settings["label"]) for one in big if truth(one) == NOTHING]
    dear = [one for one in big if truth(one) not in (NOTHING, "unknown")]
    told = [f"{said['each_more'].text(one)} with {one.settings['label']}" for one in dear]
    condition = (
        f"A further reader puts next to nothing on disk with {enumerated(free)}" if free else "No way is free of it"
    )
    condition += f". For each message it adds {enumerated(told)}." if told else "."
    condition += " All of it lay in the page cache: reading cold, from the disk, is not measured."
    return Short(f"{answer}.", condition, MONDAY)


def _doubt(big: Sequence[Digest]) -> str:
    """How far Kafka's rounds lie apart where they do not agree, and in how many of them the processor was full."""
    kafka = point(big, broker="kafka")
    if kafka is None or len({one > NEAR for one in figures(kafka, "onto")}) < 2:
        return ""
    full, rounds = sum(one.get("machine_full", False) for one in kafka.repeats), len(kafka.repeats)
    text = f". Kafka’s rounds differ, from {BACKLOG_LOOK.quantities['onto_range'].text(kafka)}"
    return f"{text}, and the processor was full in {how_many(full)} of {in_words(rounds)}" if full else text
