"""GroupRun -> tally: who worked, how long all took, what was tried again, what got past it. Arithmetic on the facts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from labs.judge.soundness import stood_still
from labs.model.run import NEVER
from labs.scenarios.groups import FAILING, KEYS, SLOW_KEY, Trial
from labs.scenarios.groups.facts import TRIES, GroupRun

NS_PER_S = 1_000_000_000


@dataclass(frozen=True)
class Try:
    """One try of one record by one consumer, times in ns after the records were published."""

    worker: int
    number: int
    partition: int
    offset: int
    attempt: int
    begun_ns: int
    ended_ns: int
    done: int


@dataclass(frozen=True)
class Tally:
    """Of one run; None where it cannot be said."""

    had: dict[int, int]
    """Consumer -> how many records it got done."""
    undone: int
    twice: int
    tries: int
    makespan_s: float | None
    """From the first record begun to the last one done."""
    rest_s: float | None
    """The same to the last one done of all keys but the slow one."""
    overtaken: int
    """Records that were done after a later one of the same key."""
    behind: int | None = None
    passed: int | None = None
    """Records behind the failing one in its partition, and those of them that were done before it was."""
    held: int | None = None
    meanwhile: int | None = None
    """Records that one consumer held at once, and those that others got done while it did."""

    @property
    def busy(self) -> int:
        """Consumers that got a record done."""
        return sum(number > 0 for number in self.had.values())


def tries(run: GroupRun) -> list[Try]:
    """All of them, in the order in which they were begun."""
    return [Try(*row) for row in zip(*(run[name].tolist() for name in TRIES), strict=True)]


def judge(run: GroupRun) -> Tally:
    """The tally of a run."""
    trial, all_tries = run.trial, tries(run)
    done: dict[int, Try] = {}
    for one in all_tries:
        if one.done and (one.number not in done or one.ended_ns < done[one.number].ended_ns):
            done[one.number] = one
    times = Counter(one.number for one in all_tries if one.done)
    had = Counter(one.worker for one in done.values())
    whole = len(done) == trial.trouble.jobs
    first_ns = min((one.begun_ns for one in all_tries), default=0)
    return Tally(
        had={who: had[who] for who in range(1, trial.size.consumers + 1)},
        undone=trial.trouble.jobs - len(done),
        twice=sum(number > 1 for number in times.values()),
        tries=len(all_tries),
        makespan_s=_until(done.values(), first_ns) if whole else None,
        rest_s=_until([o for o in done.values() if o.number % KEYS != SLOW_KEY], first_ns) if whole else None,
        overtaken=overtaken(done),
        **_past(trial, done),
        **_while_held(run, done),
    )


def _until(some: Iterable[Try], first_ns: int) -> float:
    return (max(one.ended_ns for one in some) - first_ns) / NS_PER_S


def overtaken(done: dict[int, Try]) -> int:
    """How many records were done after a later one of the same key."""
    found = 0
    for key in range(KEYS):
        soonest = None
        for number in sorted((one for one in done if one % KEYS == key), reverse=True):
            ended_ns = done[number].ended_ns
            found += soonest is not None and ended_ns > soonest
            soonest = ended_ns if soonest is None else min(soonest, ended_ns)
    return found


def _past(trial: Trial, done: dict[int, Try]) -> dict[str, int]:
    """What was behind the failing record, and what of it got past."""
    if not trial.trouble.fails(FAILING) or FAILING not in done:
        return {}
    here = trial.partition(FAILING)
    behind = [one for one in done.values() if one.number > FAILING and trial.partition(one.number) == here]
    passed = [one for one in behind if one.ended_ns < done[FAILING].ended_ns]
    return {"behind": len(behind), "passed": len(passed)}


def _while_held(run: GroupRun, done: dict[int, Try]) -> dict[str, int]:
    """What one consumer held at once, and what the others got done meanwhile."""
    told: Sequence[Sequence[int]] = run.facts.get("held", ())
    if not told:
        return {}
    who, number, begun_ns, ended_ns = told[0]
    others = [one for one in done.values() if one.worker != who and begun_ns <= one.ended_ns <= ended_ns]
    return {"held": number, "meanwhile": len(others)}


def void(run: GroupRun) -> str:
    """Why nothing is known from a run, because the machine stood still; empty if something is."""
    stamps = run["ended_ns"]
    return stood_still(run.facts.get("pauses", ()), [stamps[stamps != NEVER]])
