"""BacklogRun -> the figures of a repeat. Pure arithmetic; None is what the run cannot say.

What is compared was measured in one run, by turns: rates of different runs, on a machine that others use, are not.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

from labs.model.figures import Repeat
from labs.model.run import NEVER
from labs.model.workload import NS_PER_S
from labs.scenarios.backlog import READERS, Kind
from labs.scenarios.backlog.facts import BacklogRun, Phase

FEW, MANY = READERS[0], READERS[-1]
FULL = ("client-bound", "machine-bound")
"""Stamps of a phase in which our own processes, or everything together, had no processor left."""


def judge(run: BacklogRun) -> Repeat:
    """The figures of one run."""
    empty, full = ([_per_s(one) for one in run.of(kind)] for kind in (Kind.EMPTY, Kind.FULL))
    rates = {number: _mean(map(_per_s, run.of(Kind.READ, number))) for number in READERS}
    paced = {number: _mean(map(_per_s, run.of(Kind.PACED, number))) for number in (FEW, MANY)}
    wrote = {number: _written([*run.of(Kind.READ, number), *run.of(Kind.PACED, number)]) for number in READERS}
    first, second = run.of(Kind.CATCH_UP)
    figures: dict[str, float | None] = {
        "empty_per_s": _mean(empty),
        "full_per_s": _mean(full),
        "onto": statistics.median(b / a for a, b in zip(empty, full, strict=True)),
        "catch_up_per_s": _per_s(first) if first.took_ns > 0 else None,
        "with_five": _over(rates[MANY], rates[FEW]),
        "paced": _over(paced[MANY], paced[FEW]),
        "pace_per_s": paced[FEW],
        "growth": _over(wrote[MANY], wrote[FEW]),
        "each_more": _more(wrote[FEW], wrote[MANY]),
        **{f"with_{number}": _over(rate, rates[FEW]) for number, rate in rates.items()},
        **{f"per_s_{number}": rate for number, rate in rates.items()},
        **{f"written_{number}": size for number, size in wrote.items()},
        **_bytes(run),
    }
    read = [*run.of(Kind.READ, MANY), *run.of(Kind.PACED, MANY)]
    return {
        "figures": {name: None if value is None else float(f"{value:.5g}") for name, value in figures.items()},
        "counts": {
            "there": first.messages,
            "first": first.had,
            "second": second.had,
            "published": sum(one.messages for one in read),
            "read_by_each": sum(one.had for one in read),
        },
        "why": _limit(run.of(Kind.FULL)),
        "limit": _limit(run.of(Kind.PACED, MANY)),
        "said": _limit(run.of(Kind.READ, MANY)),
        "stamp": _stamp(run.of(Kind.PACED)),
        "machine_full": _stamp([*run.of(Kind.EMPTY), *run.of(Kind.FULL)]) in FULL,
    }


def void(run: BacklogRun) -> str:
    """Why nothing is known from a run: the machine stood still while a rate was measured. Empty if something is."""
    return next((one.limit for one in run.phases if one.stamp == "void"), "")


def _per_s(one: Phase) -> float:
    return one.messages / one.took_ns * NS_PER_S


def _mean(values: Iterable[float]) -> float:
    return statistics.mean(values)


def _over(one: float | None, other: float | None) -> float | None:
    return one / other if one is not None and other else None


def _more(few: float | None, many: float | None) -> float | None:
    """What each further reader adds."""
    return None if few is None or many is None else (many - few) / (MANY - FEW)


def _written(phases: Sequence[Phase]) -> float | None:
    """Bytes that went to disk for each message of these phases together."""
    if any(one.caused == NEVER for one in phases):
        return None
    return sum(one.caused for one in phases) / sum(one.messages for one in phases)


def _bytes(run: BacklogRun) -> dict[str, float | None]:
    """What the backlog takes for each of its messages: in the broker's files, or by the kernel's count of what it wrote
    where they cannot be seen; of its memory; of what it calls data."""
    before, after = run.weights
    messages = next(run.of(Kind.FILL)).messages

    def each(name: str) -> float | None:
        a, b = before[name], after[name]
        return None if a is None or b is None else (b - a) / messages

    memory = each("memory")
    held = None if after["memory"] is None else after["memory"] / 1e6
    grown = None if memory is None else memory * messages / 1e6
    disk = each("caused") if after["disk"] is None else each("disk")
    return {"disk": disk, "data": each("data"), "memory": memory, "held_mb": held, "grown_mb": grown}


def _limit(phases: Iterable[Phase]) -> str:
    """Who was the limit in the last of them."""
    return [one.limit for one in phases][-1]


def _stamp(phases: Iterable[Phase]) -> str:
    """The one stamp of these phases; where they differ, that of one in which a processor was lacking."""
    stamps = [one.stamp for one in phases]
    return next((one for one in FULL if one in stamps), stamps[0])
