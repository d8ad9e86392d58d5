"""Log, group, share group in short: who works when consumers outnumber partitions, and what a failing record stops."""

from __future__ import annotations

from collections.abc import Sequence

from labs.model.digest import Digest
from labs.model.text import count_of, in_words, ms_text
from labs.show.looks.groups import whole
from labs.show.short import NOT_RECORDED, Short, point, sentence

MONDAY = (
    "Write down for each topic how many consumers the worst hour needs: its records a second times the seconds of work "
    "for one, at least. Make at least as many partitions. Where single records are slow or fail, try a share group on "
    "Kafka 4.2 or newer, with the batches that your producers really send."
)
NAMES = (("group", "a consumer group"), ("share", "a share group"))


def log_group_share(digests: Sequence[Digest]) -> Short:
    """Four consumers at one partition with a failing record, both ways; a batch; what is left on disk."""
    found = [(name, one) for way, name in NAMES if (one := point(digests, way=way, size="1x4", trouble="failing"))]
    told = [_told(name, one, s) for name, one in found if (s := one.number("figures", "makespan_s")) is not None]
    if not told:
        return Short(NOT_RECORDED, "", MONDAY)
    answer = sentence("Four consumers read one partition, and one record fails three times.", *told)
    return Short(answer, sentence(_level(digests), _batched(digests)), MONDAY)


def _told(name: str, one: Digest, took_s: float) -> str:
    """Figures are medians: how far the rounds lie apart is on the page."""
    busy, passed, behind = (whole(key)(one) for key in ("busy", "passed", "behind"))
    low, high = min(busy), max(busy)
    who = in_words(high) if low == high else f"{in_words(low)} to {in_words(high)}"
    past = f"{count_of(passed, behind, 'record')} behind it got past" if any(passed) else "nothing got past it"
    return f"In {name} {who} worked, {past}, and all was done after {ms_text(took_s * 1000)}."


def _level(digests: Sequence[Digest]) -> str:
    """Where a share group helps: where it has more consumers than the topic has partitions."""
    one = point(digests, way="share", size="4x4", trouble="failing")
    if one is None or not (passed := whole("passed")(one)) or any(passed):
        return ""
    return "A share group helps where its consumers outnumber the partitions: with four of each nothing got past."


def _batched(digests: Sequence[Digest]) -> str:
    one = point(digests, way="share", trouble="batched")
    if one is None or not (busy := whole("busy")(one)):
        return ""
    who = "one consumer" if max(busy) == 1 else f"{in_words(max(busy))} consumers"
    return f"It wants records that are published one by one: those of one batch went to {who}."
