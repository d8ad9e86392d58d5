"""The repeats of one way of sending -> what a digest keeps of them, and what a rule asks of such a digest."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from labs.experiments.bounds import Bound
from labs.experiments.rules import Undecided, each, needed, passes, too_few
from labs.judge.lift import limit_of
from labs.judge.repeats import Summed, known_range
from labs.judge.throughput import is_steady
from labs.model.digest import Digest
from labs.model.figures import Repeat
from labs.model.text import about_per_s
from labs.scenarios.bench.base import Figure

KEPT = (
    "per_s",
    "client_bound",
    "stamp",
    "limit",
    "machine_full",
    "lift",
    "cores",
    "threads",
    "foreign",
    "said",
    "trouble",
)
"""What every repeat has; the rest is what our own generator knows besides."""


def repeat_of(one: Figure) -> Repeat:
    """A round, as a digest keeps it."""
    found = {
        "per_s": short(one.value),
        "stamp": one.stamp,
        "limit": one.limit,
        "machine_full": one.machine_full,
        "lift": one.lift,
        "cores": {role: None if used is None else round(used, 2) for role, used in one.cores.items()},
        "threads": {role: [name, round(cores, 2)] for role, (name, cores) in one.threads.items()},
        "foreign": round(one.foreign, 3),
        "said": one.said,
        "trouble": "",
    }
    return cast("Repeat", found | rounded(one.more))


def sum_up(repeats: Sequence[Repeat]) -> Summed:
    """Medians and the range of the rate, and the limit by what lifted it in each repeat."""
    found = limit_of(repeats)
    rates = [one["per_s"] for one in repeats]
    median = {
        "per_s": short(statistics.median(rate for rate in rates if rate is not None)),
        "client_bound": found.ours,
        "stamp": found.word,
        "limit": found.said,
    }
    more = [{name: part for name, part in one.items() if name not in KEPT} for one in repeats]
    whole = median | rounded(middle(more)) | _steadiness(repeats)
    return {"median": whole, "spread": {"per_s": known_range(rates)}}


def _steadiness(repeats: Sequence[Repeat]) -> dict[str, bool]:
    """Whether most repeats went on as they began; nothing where one was not measured by time."""
    ratios = [one.get("halves") for one in repeats]
    known = [ratio for ratio in ratios if ratio is not None]
    if len(known) < len(ratios):
        return {}
    return {"steady": sum(map(is_steady, known)) * 2 > len(known)}


def middle(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The median of each figure, name by name: None where one repeat could not say, no name that one does not have.
    Words, and lists such as the ledgers of several subscribers, have no median."""
    made: dict[str, Any] = {}
    for name in [name for name in found[0] if all(name in one for one in found)]:
        values = [one[name] for one in found]
        if isinstance(values[0], list | str):
            continue
        if isinstance(values[0], Mapping):
            made[name] = middle(values)
        else:
            made[name] = None if None in values else statistics.median(values)
    return made


def rounded(found: Mapping[str, Any]) -> dict[str, Any]:
    """The same with five digits that mean something; lists and words as they are."""
    return {
        name: rounded(one) if isinstance(one, Mapping) else one if isinstance(one, list | str) else short(one)
        for name, one in found.items()
    }


def short(value: float | None) -> float | None:
    """Five digits."""
    return None if value is None else float(f"{value:.5g}")


COUNTED_S = 4.9
"""What a rule that asks for 5 s asks of the clock."""


def rates(one: Digest) -> list[float]:
    """Messages a second, a value a repeat. Undecided where a repeat cannot say."""
    return each(one, "per_s")


def ours(one: Digest) -> bool:
    """Whether our own client was the limit: it says nothing of the broker then."""
    return bool(one.median["client_bound"])


def limit_said(one: Digest) -> str:
    """What was the limit of that rate, in sentences."""
    return f"{limit_of(one.repeats).said}."


def middle_rate(one: Digest) -> str:
    """The median of the repeats, as a sentence has it."""
    return about_per_s(statistics.median(rates(one)))


def lasted(one: Digest) -> bool:
    """Whether enough repeats were counted for COUNTED_S and their halves are alike; a recording from before does not
    know."""
    sides = [repeat.get("counted_s", 0.0) >= COUNTED_S and _alike(repeat.get("halves")) for repeat in one.repeats]
    return bool(sides) and sum(sides) >= needed(len(sides))


def _alike(halves: float | None) -> bool:
    return halves is not None and is_steady(halves)


def sustained(digests: Iterable[Digest], why: str) -> list[Digest]:
    """Those that lasted; Undecided says `why` there is none."""
    if found := [one for one in digests if lasted(one)]:
        return found
    raise Undecided(f"No steady rate over 5 s is recorded, and the rule asks for one. {why}")


def reached(digests: Iterable[Digest], bound: Bound, said: str) -> list[Digest]:
    """Those that pass a bound, of those with enough rounds; Undecided with `said` where none has."""
    known = list(digests)
    if not (enough := [one for one in known if not too_few(len(one.repeats))]):
        raise Undecided(f"{too_few(max((len(one.repeats) for one in known), default=0))} {said}")
    return [one for one in enough if passes(rates(one), bound, said)]
