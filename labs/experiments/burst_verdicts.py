"""The rules of C17 and of this lab's half of C15 (claims.csv) for burst-or-overload."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from labs.experiments.bounds import Bound
from labs.experiments.rules import Said, Undecided, Word, every, passes, rule
from labs.model.digest import Digest
from labs.model.figures import Repeat, figure
from labs.model.profile import BROKERS
from labs.model.text import BROKER_NAMES, percent

BURST = {"load": 0.7, "burst": 4, "workers": 16, "accepts": 20}
OVER = {"load": 1.2, "burst": 1, "workers": 16, "accepts": 20}
IF: Word = "holds with conditions"
LOAD = Bound(IF, "the mean load of the bursts", "below", 0.8)
ALL = Bound(IF, "what the queues completed of them", "at least", 99.9, "%")
MOST = Bound(IF, "what the pool completed of them", "at most", 99, "%")
NEAR = Bound(IF, "the distance of the backlog’s slope from arrivals less service", "at most", 20, "%")
NAMED = " in bursts at a mean load of 0.7"


def _known(one: Repeat, *names: str) -> list[float]:
    """These figures of a repeat; NaN, which is on no side of anything, where it cannot say."""
    found = [figure(one, "figures", name) for name in names]
    return [float("nan") if value is None else value for value in found]


def survives(one: Repeat) -> bool:
    """Whether the queue completed what the rule asks for, and the pool no more than it allows."""
    queue, pool = _known(one, "queue_share", "pool_share")
    return one["verdict"] == "kept" and ALL(100 * queue) and MOST(100 * pool)


def _absorbed(one: Repeat) -> bool:
    """That, while the mean load was what the rule asks for, by what the workers were seen to do."""
    return survives(one) and LOAD(_known(one, "load")[0])


def _ratio(one: Repeat) -> float:
    slope, came, done = _known(one, "slope_per_s", "arrival_per_s", "service_per_s")
    return slope / (came - done) if came != done else float("nan")


def _grows(one: Repeat) -> bool:
    return NEAR(100 * abs(_ratio(one) - 1)) and _known(one, "slope_per_s")[0] > 0


def _flat(one: Repeat) -> bool:
    return _known(one, "slope_per_s")[0] <= 0


def _shares(found: Sequence[Digest], name: str) -> str:
    return percent(value for one in found for value in one.each("figures", name))


def burst_points(digests: Sequence[Digest]) -> list[Digest]:
    """The point of each broker in bursts. Undecided names those that were not measured."""
    return list(every(digests, "broker", BROKERS, NAMED, **BURST).values())


@rule("C17", of_part=(IF, "holds"), bounds=(ALL, MOST, NEAR))
def c17(digests: Sequence[Digest]) -> Said:
    """Bursts that the workers can do on average, and arrivals that they cannot."""
    bursts = burst_points(digests)
    over = list(every(digests, "broker", BROKERS, " at a load of 1.2", **OVER).values())
    text = f"In bursts the queues completed {_shares(bursts, 'queue_share')} of the jobs, and a pool of as many workers"
    text += f" {_shares(bursts, 'pool_share')} of the calls. By what the workers were seen to do the mean load was"
    text += f" {_span(bursts, 'load')} then. {_slopes(over)}"
    absorbed, grown, flat = (
        all(passes(one.repeats, test, text) for one in found)
        for found, test in ((bursts, _absorbed), (over, _grows), (over, _flat))
    )
    if absorbed and grown:
        return IF, f"{text} A queue absorbs a burst and adds no capacity."
    if absorbed and flat:
        return "holds", f"{text} No backlog grew."
    raise Undecided(text)


def _span(found: Sequence[Digest], name: str) -> str:
    values = [value for one in found for value in one.each("figures", name)]
    return f"{min(values):.2f} to {max(values):.2f}" if values else "an unknown share"


def _slopes(found: Sequence[Digest]) -> str:
    """By how much each backlog grew, and by how much more came than was done."""
    names, told = ("slope_per_s", "arrival_per_s", "service_per_s"), []
    for one in found:
        slope, came, done = (statistics.median(one.each("figures", name) or [0]) for name in names)
        where = (
            f"At a load of 1.2 the backlog in {BROKER_NAMES[one.settings['broker']]} grew by {slope:.0f} jobs a second"
        )
        told.append(f"{where}, and {came - done:.0f} more came a second than were done.")
    return " ".join(told)


def survival(digests: Sequence[Digest]) -> tuple[bool | None, str]:
    """Whether bursts were survived better over a queue, with every broker; and the figures. Undecided where no broker
    was measured."""
    found = burst_points(digests)
    text = f"In bursts the queues completed {_shares(found, 'queue_share')} of the jobs, the pool"
    text += f" {_shares(found, 'pool_share')} of the calls."
    sides = [passes(one.repeats, survives, text) for one in found]
    return (True if all(sides) else None if None in sides else False), text


RULES = (c17,)
