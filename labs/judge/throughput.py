"""Run -> messages a second. Pure functions, for closed loops above all; times are ns after the start."""

from __future__ import annotations

from collections.abc import Sequence

from labs.model.observer import Part
from labs.model.run import NEVER, Column, Run, first_rows
from labs.model.workload import NS_PER_S, Ceiling

HALVES = 0.1
"""Two halves of what was counted that differ by more are not one rate."""


def confirmed_per_s(run: Run) -> float:
    """Messages confirmed a second: those after the warm-up, from the first of them handed over to the last answer."""
    if (span := counted_ns(run)) is not None:
        return _in(answers(run), *span)
    judged = slice(run.workload.warmup_messages, None)
    confirmed, sent = run["confirmed_ns"][judged], run["sent_ns"][judged]
    known = confirmed != NEVER
    if not known.any():
        return 0.0
    return _per_s(int(known.sum()), int(confirmed[known].max()) - int(sent[sent != NEVER].min()))


def delivered_per_s(run: Run) -> float:
    """Messages delivered a second, each once, after the warm-up: from the first handed over to the last delivery.

    Where reading was timed alone, from the first delivery on, which then does not count.
    """
    first = _first_deliveries(run)
    if (span := counted_ns(run)) is not None:
        return _in(first, *span)
    if len(first) < 2:
        return 0.0
    if run.facts.get("part") == "consume":
        began = int(first.min())
        return _per_s(int((first > began).sum()), int(first.max()) - began)
    sent = run["sent_ns"][run.workload.warmup_messages :]
    return _per_s(len(first), int(first.max()) - int(sent[sent != NEVER].min()))


def heard_by_all_per_s(heard: Sequence[Run]) -> float:
    """Messages a second that every reader of one sending had: the slowest reader's rate."""
    return min(delivered_per_s(run) for run in heard)


def deliveries_per_s(heard: Sequence[Run]) -> float:
    """Deliveries a second to all readers of one sending, each message once a reader: from the first handed over to the
    last delivery of all."""
    first = [_first_deliveries(run) for run in heard]
    if (span := counted_ns(heard[0])) is not None:
        return sum(_in(one, *span) for one in first)
    if not (count := sum(map(len, first))):
        return 0.0
    sent = heard[0]["sent_ns"][heard[0].workload.warmup_messages :]
    ended = max(int(one.max(initial=0)) for one in first)
    return _per_s(count, ended - int(sent[sent != NEVER].min()))


def common_ns(runs: Sequence[Run], counted: str = "confirmed_ns") -> tuple[int, int]:
    """When all of several runs were at work, ns on the machine's clock: from the first message of the last to begin to
    the last answer (or delivery) of the first to end. Empty where they were never at work together."""
    began, ended = [], []
    for run in runs:
        sent, confirmed = (run[name][run[name] != NEVER] for name in ("sent_ns", counted))
        if not len(confirmed):
            return 0, 0
        span = counted_ns(run)
        began.append(run.facts["start_ns"] + (span[0] if span else int(sent.min())))
        ended.append(run.facts["start_ns"] + int(confirmed.max()))
    return max(began), max(*began, min(ended))


def common_per_s(runs: Sequence[Run], counted: str = "confirmed_ns") -> float:
    """Messages confirmed (or delivered) a second to all of several runs together, while all were at work."""
    began, ended = common_ns(runs, counted)
    count = 0
    for run in runs:
        at_ns = run[counted][run[counted] != NEVER] + run.facts["start_ns"]
        count += int(((at_ns > began) & (at_ns <= ended)).sum())
    return _per_s(count, ended - began)


def ended_by_time(run: Run) -> bool:
    """Whether it was a closed loop that time ended, of sending or of both: a late reader's time is its own."""
    load = run.workload
    return isinstance(load, Ceiling) and load.counted_s > 0 and run.facts.get("part") != "consume"


def counted_ns(run: Run) -> tuple[int, int] | None:
    """When counting began and ended in a closed loop by time, ns after the start; None in every other run."""
    load = run.workload
    if not ended_by_time(run) or not isinstance(load, Ceiling):
        return None
    sent = run["sent_ns"][run["sent_ns"] != NEVER]
    began = (int(sent.min()) if len(sent) else 0) + round(load.warmup_s * NS_PER_S)
    last = max(int(run[name].max(initial=0)) for name in ("sent_ns", "confirmed_ns"))
    return began, min(began + round(load.counted_s * NS_PER_S), max(last, began))


def answers(run: Run) -> Column:
    """When each answer came, ns after the start."""
    known: Column = run["confirmed_ns"][run["confirmed_ns"] != NEVER]
    return known


def halves(run: Run, part: Part) -> float | None:
    """The rate of the second half of what was counted over that of the first; None where the run is not by time, or in
    a half nothing came."""
    if (span := counted_ns(run)) is None:
        return None
    at_ns = answers(run) if part == "produce" else _first_deliveries(run)
    middle = sum(span) // 2
    first, second = _in(at_ns, span[0], middle), _in(at_ns, middle, span[1])
    return second / first if first and second else None


def is_steady(ratio: float) -> bool:
    """Whether the halves are within 10 % of each other."""
    return 1 / (1 + HALVES) <= ratio <= 1 + HALVES


def _in(at_ns: Column, began: int, ended: int) -> float:
    """Events a second between two times. They come many at a time, so that it counts from the last of them before the
    first time to the last before the second."""
    known = at_ns[at_ns <= ended]
    before = known[known <= began]
    first, last = int(before.max()) if len(before) else began, int(known.max()) if len(known) else began
    return _per_s(int((known > first).sum()), last - first)


def _first_deliveries(run: Run) -> Column:
    """When each message after the warm-up, or by time each message, arrived the first time; shape (arrived,)."""
    first = first_rows(run)[0 if ended_by_time(run) else run.workload.warmup_messages :]
    at_ns: Column = run["delivered_ns"][first[first != NEVER]]
    return at_ns


def _per_s(count: int, took_ns: int) -> float:
    return count * NS_PER_S / took_ns if took_ns > 0 else 0.0
