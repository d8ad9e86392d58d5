"""Run -> messages a second. Pure functions, for closed loops above all; times are ns after the start."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from labs.model.run import NEVER, Column, Run, first_rows
from labs.model.workload import NS_PER_S

STEADY = 0.05
"""Three windows in a row that differ by less from their mean are steady (measuring.md 8.5)."""
IN_A_ROW = 3


def confirmed_per_s(run: Run) -> float:
    """Messages confirmed a second: those after the warm-up, from the first of them handed over to the last answer."""
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
        began.append(run.facts["start_ns"] + int(sent.min()))
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


def _first_deliveries(run: Run) -> Column:
    """When each message after the warm-up arrived, the first time; shape (arrived,)."""
    first = first_rows(run)[run.workload.warmup_messages :]
    at_ns: Column = run["delivered_ns"][first[first != NEVER]]
    return at_ns


def _per_s(count: int, took_ns: int) -> float:
    return count * NS_PER_S / took_ns if took_ns > 0 else 0.0


def course(run: Run, window_s: float = 1.0) -> list[float]:
    """Messages a second in each whole window from the first event on: delivered ones, or confirmed if nobody read."""
    at = np.sort(run["delivered_ns"]) if len(run["delivered_ns"]) else np.sort(run["confirmed_ns"])
    at = at[at != NEVER]
    if not len(at):
        return []
    window_ns = round(window_s * NS_PER_S)
    number = (at - at[0]) // window_ns
    return [float(n) / window_s for n in np.bincount(number)[:-1]]


def steady(run: Run, window_s: float = 1.0) -> bool | None:
    """Whether three windows in a row lie within 5 % of their mean; None where there are fewer than three."""
    rates = course(run, window_s)
    if len(rates) < IN_A_ROW:
        return None
    threes = (np.array(rates[at : at + IN_A_ROW]) for at in range(len(rates) - IN_A_ROW + 1))
    return any(bool((np.abs(three / three.mean() - 1) <= STEADY).all()) for three in threes if three.mean())
