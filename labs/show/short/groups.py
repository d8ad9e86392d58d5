"""Log, group, share group in short: who works when consumers outnumber partitions, and what a failing record stops."""

from __future__ import annotations

from collections.abc import Sequence

from labs.model.digest import Digest
from labs.model.text import in_words, seconds, span
from labs.show.looks.groups import each, whole
from labs.show.short import NOT_RECORDED, Short, point, sentence

MONDAY = (
    "Write down for each topic how many consumers you will want at the worst hour, and make at least as many "
    "partitions. Where single records are slow or fail, try a share group on Kafka 4.2 or newer, with the batches that "
    "your producers really send."
)
NAMES = (("group", "a consumer group"), ("share", "a share group"))


def log_group_share(digests: Sequence[Digest]) -> Short:
    """Four consumers at one partition with a failing record, both ways; a batch; what is left on disk."""
    found = [(name, one) for way, name in NAMES if (one := point(digests, way=way, size="1x4", trouble="failing"))]
    told = [_told(name, one) for name, one in found if one.number("figures", "makespan_s") is not None]
    if not told:
        return Short(NOT_RECORDED, "", MONDAY)
    answer = f"Four consumers read one partition, and one record fails three times: {'; '.join(told)}."
    return Short(answer, sentence(_batched(digests), _kept(digests)), MONDAY)


def _told(name: str, one: Digest) -> str:
    busy, passed, behind = (whole(key)(one) for key in ("busy", "passed", "behind"))
    low, high = min(busy), max(busy)
    who = in_words(high) if low == high else f"{in_words(low)} to {in_words(high)}"
    past = f"{span(passed)} of {span(behind)} behind it got past" if any(passed) else "nothing got past it"
    return f"in {name} {who} worked, {past}, and all was done after {seconds(each('makespan_s')(one))}"


def _batched(digests: Sequence[Digest]) -> str:
    one = point(digests, way="share", trouble="batched")
    if one is None or not (busy := whole("busy")(one)):
        return ""
    if max(busy) == 1:
        return "Published in one batch, the same records went to one consumer of the share group."
    return f"Published in one batch, they went to {in_words(max(busy))} consumers of the share group."


def _kept(digests: Sequence[Digest]) -> str:
    kept = [
        (number, sum(one["jobs"].values()))
        for d in digests
        for one in d.repeats
        if (number := one["figures"].get("kept"))
    ]
    if kept and all(number == jobs for number, jobs in kept):
        return "After all was acknowledged every record was still in the topic."
    return ""
