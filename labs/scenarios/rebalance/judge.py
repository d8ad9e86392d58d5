"""RebalanceRun -> tally: how long each partition stood still at each event. Arithmetic on facts."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from labs.judge.soundness import stood_still
from labs.scenarios.rebalance import NAMES, PARTITIONS
from labs.scenarios.rebalance.facts import DONE, PUBLISHED, TOLD, WORDS, RebalanceRun

NS_PER_S = 1_000_000_000
STILL_NS = 100_000_000
"""A partition stands still where nothing of it is done for so long although records are there: two come meanwhile."""
FIGURES = ("longest_s", "kept_longest_s", "still", "kept", "kept_still", "kept_taken", "open", "twice")


@dataclass(frozen=True)
class Step:
    """A record that was done for the first time."""

    at_ns: int
    offset: int
    member: int


@dataclass(frozen=True)
class Pause:
    """Records of the partition were there, and none was done; `open` where that was so to the end."""

    begun_ns: int
    ended_ns: int
    open: bool = False

    def within(self, from_ns: int, to_ns: int) -> int:
        """How much of it lies in that time."""
        return max(0, min(self.ended_ns, to_ns) - max(self.begun_ns, from_ns))


@dataclass(frozen=True)
class Tally:
    """Of one event of a run, until the next one."""

    longest_s: float
    """The longest pause of a partition."""
    kept_longest_s: float | None
    """The same of those that belong to the same member before and after; None where there is none."""
    still: int
    """Partitions that stood still."""
    kept: int
    kept_still: int
    kept_taken: int
    """Partitions that belong to the same member before and after, those of them that stood still, and those that were
    taken from their member all the same, and given back."""
    open: int
    """Partitions that still stood when nobody looked any more: then the longest pause was longer."""
    twice: int
    """Records that were done again."""


def steps(run: RebalanceRun, partition: int) -> list[Step]:
    """Each record of a partition when it was done for the first time, in the order of time."""
    rows = zip(*(run[name].tolist() for name in DONE), strict=True)
    first: dict[int, Step] = {}
    for member, part, offset, at_ns in rows:
        if part == partition and (offset not in first or at_ns < first[offset].at_ns):
            first[offset] = Step(at_ns, offset, member)
    return sorted(first.values(), key=lambda one: one.at_ns)


def pauses(run: RebalanceRun, partition: int) -> list[Pause]:
    """Every time in which a record of the partition was there and none was done, however short."""
    rows = zip(*(run[name].tolist() for name in PUBLISHED), strict=True)
    there = {offset: there_ns for part, offset, _, there_ns in rows if part == partition and there_ns <= run.ended_ns}
    done = [one for one in steps(run, partition) if one.at_ns <= run.ended_ns]
    found, waits = list[Pause](), list[int]()
    known = {one.offset for one in done}
    waiting_ns = min((at_ns for offset, at_ns in there.items() if offset not in known), default=run.ended_ns)
    last_ns = done[-1].at_ns if done else 0
    if waiting_ns < run.ended_ns:
        found.append(Pause(max(last_ns, waiting_ns), run.ended_ns, open=True))
    for one in reversed(done):
        waiting_ns = min(waiting_ns, there.get(one.offset, one.at_ns))
        waits.append(waiting_ns)
    for at, (one, wait_ns) in enumerate(zip(done, reversed(waits), strict=True)):
        begun_ns = max(wait_ns, done[at - 1].at_ns if at else 0)
        if begun_ns < one.at_ns:
            found.append(Pause(begun_ns, one.at_ns))
    return sorted(found, key=lambda pause: pause.begun_ns)


def again(run: RebalanceRun) -> list[int]:
    """When a record was done that had been done before."""
    rows = zip(*(run[name].tolist() for name in DONE), strict=True)
    seen, found = set[tuple[int, int]](), []
    for _, partition, offset, at_ns in sorted(rows, key=lambda row: row[3]):
        if (partition, offset) in seen:
            found.append(at_ns)
        seen.add((partition, offset))
    return found


def judge(run: RebalanceRun) -> dict[str, Tally]:
    """Event by event what it cost; what did not happen is not there."""
    done = {part: steps(run, part) for part in range(PARTITIONS)}
    stood = {part: pauses(run, part) for part in range(PARTITIONS)}
    twice, ends = again(run), [at_ns for _, at_ns, _ in run.events[1:]]
    found = {}
    for (name, from_ns, _), to_ns in zip(run.events, [*ends, run.ended_ns], strict=bool(run.events)):
        longest = {part: max((one.within(from_ns, to_ns) for one in some), default=0) for part, some in stood.items()}
        kept = [part for part, some in done.items() if _keeps(some, from_ns, to_ns)]
        taken = _taken(run, from_ns, to_ns)
        still = {part for part, ns in longest.items() if ns >= STILL_NS}
        last = to_ns == run.ended_ns
        found[str(name)] = Tally(
            longest_s=max(longest.values()) / NS_PER_S,
            kept_longest_s=max(longest[one] for one in kept) / NS_PER_S if kept else None,
            still=len(still),
            kept=len(kept),
            kept_still=len(still & {*kept}),
            kept_taken=len(taken & {*kept}),
            open=sum(
                last and any(one.open and one.within(0, to_ns) >= STILL_NS for one in stood[part]) for part in still
            ),
            twice=sum(from_ns <= at_ns < to_ns for at_ns in twice),
        )
    return found


def _keeps(some: Sequence[Step], from_ns: int, to_ns: int) -> bool:
    """Whether who did a partition's last record before that time did the last one of it."""
    times = [one.at_ns for one in some]
    before, after = bisect_right(times, from_ns), bisect_right(times, to_ns)
    return 0 < before < after and some[before - 1].member == some[after - 1].member


def _taken(run: RebalanceRun, from_ns: int, to_ns: int) -> set[int]:
    """The partitions that were taken from a member in that time."""
    rows = zip(*(run[name].tolist() for name in TOLD), strict=True)
    return {part for _, what, part, at_ns in rows if what != WORDS.index("got") and from_ns <= at_ns < to_ns}


def skipped(run: RebalanceRun) -> int:
    """Records that nobody has done although a later one of their partition was."""
    found = 0
    for part in range(PARTITIONS):
        offsets = [one.offset for one in steps(run, part)]
        found += max(offsets, default=-1) + 1 - len(offsets)
    return found


def whole(run: RebalanceRun) -> bool:
    """Whether all happened that was to happen."""
    return tuple(name for name, *_ in run.events) == NAMES and not run.said


def void(run: RebalanceRun) -> str:
    """Why nothing is known from a run, because the machine stood still; empty if something is."""
    return stood_still(run.facts.get("pauses", ()), [run["done_ns"], run["told_ns"]])
