"""Run -> numbers. Pure functions; latency counts from when a message was due."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from labs.model import clock_offset
from labs.model.run import NEVER, Run, chunks, first_rows
from labs.model.workload import NS_PER_S, Ceiling, Workload

NS_PER_MS = 1_000_000
BEYOND = 10
"""A percentile is printed only with this many samples beyond it (measuring.md 8.5)."""
QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999}
Nanoseconds = npt.NDArray[np.int64]


class NoLatencyError(ValueError):
    """A closed loop sends when the broker lets it, so what its messages waited says nothing about any other load."""


def timetable(run: Run) -> Workload:
    """The open loop of a run. NoLatencyError if it was a closed one."""
    if isinstance(run.workload, Ceiling):
        raise NoLatencyError(
            f"{run} was a closed loop, which finds a ceiling and has no latency. Record an open loop for it."
        )
    return run.workload


def _until_arrival(run: Run, since_ns: Nanoseconds) -> Nanoseconds:
    """From `since_ns`, one a message, to the first arrival of each judged message that arrived. Piece by piece: of ten
    million messages each column in between would be 80 MB."""
    warm = timetable(run).warmup_messages
    first, since_ns = first_rows(run)[warm:], since_ns[warm:]
    took, done = np.empty(int((first != NEVER).sum()), np.int64), 0
    for part in chunks(len(first)):
        arrived = first[part] != NEVER
        piece = run["delivered_ns"][first[part][arrived]] - since_ns[part][arrived]
        took[done : done + len(piece)] = piece
        done += len(piece)
    return took


def end_to_end_ns(run: Run) -> Nanoseconds:
    """Due to first delivery, for each judged message that arrived; shape (arrived after the warm-up,)."""
    return _clocks_allow(run, _until_arrival(run, run["due_ns"]))


def service_ns(run: Run) -> Nanoseconds:
    """Handed over to first delivery, for the same messages: `end_to_end_ns` less the producer's own lateness.

    What waited because the producer was late is left out, as a closed loop does: a lower bound of
    the broker's part, where `end_to_end_ns` is the upper one.
    """
    return _clocks_allow(run, _until_arrival(run, run["sent_ns"]))


def _clocks_allow(run: Run, took: Nanoseconds) -> Nanoseconds:
    """The same, unless the clocks at both ends are less sure than what was measured with them: then NoLatencyError."""
    wrong_ns = clock_offset.wrong_by_ns(run.facts)
    if wrong_ns and len(took) and wrong_ns > clock_offset.TOLERATED * (median := float(np.median(took))):
        raise NoLatencyError(
            f"{run} has no latency: the clocks of producer and consumer are known to {wrong_ns / NS_PER_MS:.3f} ms, "
            f"the median is {median / NS_PER_MS:.3f} ms, and more than {clock_offset.TOLERATED:.0%} of it is too much. "
            "What was lost and how much went through is not touched by that; "
            "for a latency put both workers on one machine."
        )
    return took


def whole_second_ns(run: Run) -> Nanoseconds:
    """`end_to_end_ns` as a tool sees it that stamps a message with the second in which it was due, and no fraction.

    The stamp is cut off, the arrival is not: up to a second too long. The seconds are those of the run's own clock.
    """
    began_ns = int(run.facts.get("start_ns", 0))
    return _until_arrival(run, (began_ns + run["due_ns"]) // NS_PER_S * NS_PER_S - began_ns)


def lateness_ns(run: Run) -> Nanoseconds:
    """Due to handed over: what the generator itself was late, for each judged message that was sent."""
    judged = slice(timetable(run).warmup_messages, None)
    sent = run["sent_ns"][judged]
    late: Nanoseconds = (sent - run["due_ns"][judged])[sent != NEVER]
    return late


def confirm_ns(run: Run) -> Nanoseconds:
    """Handed over to confirmed, for each judged message that the broker confirmed."""
    judged = slice(run.workload.warmup_messages, None)
    sent, confirmed = run["sent_ns"][judged], run["confirmed_ns"][judged]
    waited: Nanoseconds = (confirmed - sent)[confirmed != NEVER]
    return waited


def percentile(values: Nanoseconds, quantile: float) -> int | None:
    """Nearest-rank percentile: always a value that was observed; None with fewer than ten samples beyond it."""
    rank = math.ceil(round(quantile * len(values), 6))
    if len(values) == 0 or len(values) - rank < BEYOND:
        return None
    return int(np.partition(values, max(rank, 1) - 1)[max(rank, 1) - 1])


def ladder_ms(values: Nanoseconds) -> dict[str, float | None]:
    """p50, p90, p99, p999 and max in ms; None where there are too few samples to say."""
    steps: dict[str, float | None] = {}
    for name, quantile in QUANTILES.items():
        value = percentile(values, quantile)
        steps[name] = None if value is None else value / NS_PER_MS
    return steps | {"max": int(values.max()) / NS_PER_MS if len(values) else None}


def curve_ms(values: Nanoseconds, points: int = 32) -> list[tuple[float, float]]:
    """(quantile, ms) pairs, evenly spaced on the axis log(1/(1-q)), as far as ten samples lie beyond."""
    if len(values) <= BEYOND:
        return []
    last = math.log(len(values) / BEYOND)
    quantiles: Sequence[float] = [1 - math.exp(-last * step / (points - 1)) for step in range(points)]
    ordered = np.sort(values)
    ranks = [min(max(math.ceil(round(q * len(values), 6)), 1), len(values) - BEYOND) for q in quantiles]
    return [(q, int(ordered[rank - 1]) / NS_PER_MS) for q, rank in zip(quantiles, ranks, strict=True)]
