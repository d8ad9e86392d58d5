"""What is right about delivery shapes: who had nothing to do, and who kept the order of a key, and where."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from labs.pages.exercises.truths import Digests, NoTruth, answer, point


def _each(digests: Digests, of: str, **settings: object) -> list[float]:
    """A count of every repeat. NoTruth where a repeat was not seen to its end."""
    one = point(digests, **settings)
    if any(repeat["outcome"] == "unknown" for repeat in one.repeats):
        raise NoTruth(f"{one.settings['label']}: a round was not seen to its end. Run it again.")
    return one.each("deliveries", of)


@answer
def idle_members(digests: Digests, members: int, partitions: Sequence[int]) -> dict[str, str]:
    """Of one Kafka group, partitions -> how many members had no message, in the median round."""
    rows = {number: _each(digests, "idle", mode="kafka-group", groups=1, members=members, partitions=number)
            for number in partitions}  # fmt: skip
    return {f"p{number}": f"{statistics.median_low(idle):g}" for number, idle in rows.items()}


@answer
def keep_the_order(digests: Digests, modes: Sequence[str], members: int) -> frozenset[str]:
    """The shapes in which no message was done after a later one of its key: one that was shows that they do not keep
    it. The run has to have such a shape, or nothing could be overtaken in it."""
    late = {mode: _each(digests, "overtaken", mode=mode, groups=1, members=members) for mode in modes}
    if not any(map(any, late.values())):
        raise NoTruth("In this run nothing was overtaken anywhere, which shows nothing. Run it once more.")
    return frozenset(mode for mode, found in late.items() if not any(found))


@answer
def order_by_partitions(digests: Digests, mode: str, members: int, partitions: Sequence[int]) -> frozenset[str]:
    """Of one group, the numbers of partitions at which no message was done after a later one of its key. The run has to
    have one at which some were."""
    late = {n: _each(digests, "overtaken", mode=mode, groups=1, members=members, partitions=n) for n in partitions}
    if not any(map(any, late.values())):
        raise NoTruth("In this run nothing was overtaken anywhere, which shows nothing. Run it once more.")
    return frozenset(f"p{number}" for number, found in late.items() if not any(found))
