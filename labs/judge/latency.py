"""Run -> numbers. Pure functions; latency counts from when a message was due."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from labs.model import clock_offset
from labs.model.figures import BEYOND, QUANTILES
from labs.model.run import NEVER, Run, chunks, first_rows
from labs.model.workload import NS_PER_S, Ceiling, Workload

NS_PER_MS = 1_000_000
STALL_NS = 10 * NS_PER_MS
"""Beyond the p99 and slower than this, the limit of C48 (claims.csv), a message was stalled."""
APART_NS = 100 * NS_PER_MS
"""Stalled messages with less than this between the arrival of one and the due time of the next were held up by one
event: runs declustering (Coles 2001, An Introduction to Statistical Modeling of Extreme Values, 5.3.2). The run is ten
times STALL_NS, and what our own monitor can tell apart, which looks every 100 ms."""
POINTS = 32
"""Of a curve."""
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


def never_came(run: Run) -> int:
    """Judged messages that were handed over and had not come when the run ended, which was QUIET_S after the last
    arrival: infinitely late. In the ledger's words the lost, the unknown and the unconfirmed; but not the refused, for
    their sender was told that they would not come. 0 where nobody read."""
    if run.facts.get("part") == "produce":
        return 0
    gone = (run["sent_ns"] != NEVER) & (run["refused_ns"] == NEVER) & (first_rows(run) == NEVER)
    return int(gone[timetable(run).warmup_messages :].sum())


def never_handed_over(run: Run) -> int:
    """Judged messages that were due and never sent, because the producer ended before: its lateness is infinite."""
    return int((run["sent_ns"][timetable(run).warmup_messages :] == NEVER).sum())


def never_answered(run: Run) -> int:
    """Judged messages that were handed over and neither confirmed nor refused: their caller waits for ever."""
    judged = slice(run.workload.warmup_messages, None)
    answered = (run["confirmed_ns"] != NEVER) | (run["refused_ns"] != NEVER)
    return int(((run["sent_ns"] != NEVER) & ~answered)[judged].sum())


def stalls(run: Run) -> int:
    """How many separate events held messages up: of those that came, the ones beyond their p99 that took longer than
    STALL_NS and lie together in time. What never came is told as such, and is no stall."""
    judged, took = slice(timetable(run).warmup_messages, None), end_to_end_ns(run)
    due = run["due_ns"][judged][first_rows(run)[judged] != NEVER]
    slow = took > max(STALL_NS, percentile(took, 0.99) or 0)
    begins, ends = due[slow], np.maximum.accumulate((due + took)[slow])
    return int(len(begins) > 0) + int((begins[1:] - ends[:-1] >= APART_NS).sum())


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


def percentile(values: Nanoseconds, quantile: float, never: int = 0) -> float | None:
    """Nearest-rank percentile of these and of so many that never came: always a value that was observed, infinite among
    those that never came; None with fewer than ten samples beyond it."""
    count = len(values) + never
    rank = max(math.ceil(round(quantile * count, 6)), 1)
    if count == 0 or count - rank < BEYOND:
        return None
    return math.inf if rank > len(values) else int(np.partition(values, rank - 1)[rank - 1])


def ladder_ms(values: Nanoseconds, never: int = 0) -> dict[str, float | None]:
    """p50, p90, p99, p999 and max in ms; None where there are too few samples to say, infinite among the `never`."""
    steps: dict[str, float | None] = {}
    for name, quantile in QUANTILES.items():
        value = percentile(values, quantile, never)
        steps[name] = None if value is None else value / NS_PER_MS
    most = math.inf if never else int(values.max()) / NS_PER_MS if len(values) else None
    return steps | {"max": most}


def mean_ms(values: Nanoseconds, never: int = 0) -> float | None:
    """The mean in ms, infinite where one never came: a caller who is blocked by each in turn waits the sum of them."""
    return math.inf if never else float(values.mean()) / NS_PER_MS if len(values) else None


def curve_quantiles(count: int, never: int = 0) -> list[tuple[float, int]]:
    """Where a curve of so many samples has points, and their ranks: evenly spaced on the axis log(1/(1-q)), as far as
    ten samples lie beyond, and none among the `never`."""
    if count <= BEYOND:
        return []
    last = math.log(count / BEYOND)
    quantiles = [1 - math.exp(-last * step / (POINTS - 1)) for step in range(POINTS)]
    ranks = [min(max(math.ceil(round(q * count, 6)), 1), count - BEYOND) for q in quantiles]
    return [(q, rank) for q, rank in zip(quantiles, ranks, strict=True) if rank <= count - never]


def curve_ms(values: Nanoseconds, never: int = 0) -> list[tuple[float, float]]:
    """(quantile, ms) pairs at `curve_quantiles`: the line ends where the messages that never came begin."""
    ordered = np.sort(values)
    return [(q, int(ordered[rank - 1]) / NS_PER_MS) for q, rank in curve_quantiles(len(values) + never, never)]
