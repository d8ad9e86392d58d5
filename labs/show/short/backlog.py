"""A big backlog and many readers, in short: who slows down onto a backlog, and what a further reader puts on disk."""

from __future__ import annotations

from collections.abc import Sequence

from labs.model.digest import Digest
from labs.model.text import enumerated, how_many, in_words
from labs.show.looks.backlog import BACKLOG_LOOK, NOTHING, middle, truth
from labs.show.short import NOT_RECORDED, Short

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
        answer += f"; {enumerated([said.said('{label} had {onto}', one) for one in slow])}"
    free = [str(one.settings["label"]) for one in big if truth(one) == NOTHING]
    dear = [one for one in big if truth(one) not in (NOTHING, "unknown")]
    told = [f"{said['each_more'].text(one)} with {one.settings['label']}" for one in dear]
    condition = (
        f"A further reader puts next to nothing on disk with {enumerated(free)}" if free else "No way is free of it"
    )
    condition += f"; for each message it adds {enumerated(told)}." if told else "."
    return Short(f"{answer}.", condition, MONDAY)
