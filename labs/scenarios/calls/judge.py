"""CallRun -> numbers. Pure arithmetic on the facts: how long callers were held up, how calls ended, what came too late.

A call is unknown when nothing proves how it ended: it was due and never begun, or never came back, or was never
confirmed where confirmation was asked for. Unknown is not refused, and not lost.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from labs.judge.latency import NS_PER_MS, ladder_ms, mean_ms
from labs.judge.limit import BUSY
from labs.judge.soundness import stood_still
from labs.model.facts import Facts
from labs.model.run import NEVER, NOT_SAID, Column
from labs.model.workload import NS_PER_S
from labs.scenarios.calls.board import Outcome
from labs.scenarios.calls.facts import CallRun

Rows = npt.NDArray[np.bool_]
ENDS = {"answered": Outcome.ANSWERED, "refused": Outcome.REFUSED, "timed_out": Outcome.TIMED_OUT, "sent": Outcome.SENT}


def judge(run: CallRun) -> Facts:
    """All numbers of one run."""
    back = came_back(run)
    blocked_ns, never = (run["returned_ns"] - run["start_ns"])[back], never_came_back(run)
    return {
        "ends": ends(run),
        "blocked_ms": _rounded(ladder_ms(blocked_ns, never) | {"mean": mean_ms(blocked_ns, never)}),
        "waited_ms": _rounded(ladder_ms(waited_ns(run), never)) if run.plan.open else None,
        "late_ms": _rounded(ladder_ms(late_ns(run))) if run.plan.open else None,
        "per_s": per_s(run),
        "done_meanwhile": done_meanwhile(run),
        "cores": run.facts.get("cores") or {},
        "client_bound": client_bound(run),
        "away": away(run) if run.plan.returns_s else None,
        "over": run.over,
        "trouble": run.trouble,
    }


def void(run: CallRun) -> str:
    """Why nothing is known from a run, because the machine stood still; empty if something is."""
    return stood_still(run.facts.get("pauses", ()), [run[name] for name in ("start_ns", "returned_ns", "done_ns")])


def refused_unasked(run: CallRun) -> tuple[int, int, str]:
    """How many calls were refused while the service was there, of how many, and what was said first. While it is away
    to be refused is an answer."""
    refused = 0 if run.plan.returns_s else int((run["outcome"] == Outcome.REFUSED).sum())
    return refused, int((run["start_ns"] != NEVER).sum()), run.trouble or NOT_SAID


def _rounded(ladder: dict[str, float | None]) -> dict[str, float | None]:
    return {name: None if ms is None else round(ms, 4) for name, ms in ladder.items()}


def came_back(run: CallRun) -> Rows:
    """The calls whose caller got its way: an answer, a confirmation where it wanted one, or its own time back."""
    good: Rows = np.isin(run["outcome"], (Outcome.ANSWERED, Outcome.SENT))
    return good


def never_came_back(run: CallRun) -> int:
    """The calls that were begun and got neither their way nor a no: given up, or unknown. They wait for ever in every
    percentile; who was refused was told at once that there is nothing to wait for."""
    told = came_back(run) | (run["outcome"] == Outcome.REFUSED)
    return int(((run["start_ns"] != NEVER) & ~told).sum())


def ends(run: CallRun) -> dict[str, int]:
    """How many calls there were and how they ended."""
    found = {name: int((run["outcome"] == code).sum()) for name, code in ENDS.items()}
    calls = len(run["outcome"])
    return {"calls": calls} | found | {"unknown": calls - sum(found.values())}


def waited_ns(run: CallRun) -> Column:
    """Due to answered, for the calls that were; shape (answered,). Open loops only."""
    good = run["outcome"] == Outcome.ANSWERED
    waited: Column = (run["returned_ns"] - run["due_ns"])[good]
    return waited


def late_ns(run: CallRun) -> Column:
    """Due to begun: its caller was still waiting for the call before, or had no processor. Open loops only."""
    begun = run["start_ns"] != NEVER
    late: Column = (run["start_ns"] - run["due_ns"])[begun]
    return late


def per_s(run: CallRun) -> float | None:
    """Calls that came back, a second, from the first one's start to the last one's end; None of none."""
    back = came_back(run)
    if not back.any():
        return None
    took_ns = int(run["returned_ns"][back].max() - run["start_ns"][back].min())
    return round(int(back.sum()) / max(took_ns, 1) * NS_PER_S, 2)


def done_meanwhile(run: CallRun) -> int:
    """What the service had done when the last caller had its time back."""
    if not came_back(run).any():
        return 0
    free_ns = run["returned_ns"].max()
    return int(((run["done_ns"] != NEVER) & (run["done_ns"] <= free_ns)).sum())


def client_bound(run: CallRun) -> bool:
    """Whether the callers' process had no processor time left: then a rate says nothing about the carrier."""
    used = (run.facts.get("cores") or {}).get("callers")
    return used is not None and used > BUSY


def away(run: CallRun) -> Facts:
    """What callers saw while the service was away: those with little patience and those with more, apart.

    `told_ms` is the shortest and the longest time until a caller knew that it would get no answer, `answered_ms` the
    same until it had one; None if there was no such caller. `for_nobody` are calls that the service did after it had
    come back, when their callers had given up.
    """
    hasty: Rows = np.arange(len(run["outcome"])) % run.plan.callers % 2 == 1
    gone = np.isin(run["outcome"], (Outcome.TIMED_OUT, Outcome.REFUSED))
    return {
        "back_ms": round(run.facts["back_ns"] / NS_PER_MS, 1) if run.facts.get("back_ns") else None,
        "hasty": _group(run, hasty),
        "patient": _group(run, ~hasty),
        "for_nobody": int((gone & (run["done_ns"] != NEVER)).sum()),
    }


def _group(run: CallRun, those: Rows) -> Facts:
    took_ns, outcome = run["returned_ns"] - run["due_ns"], run["outcome"]
    counts = {name: int((those & (outcome == ENDS[name])).sum()) for name in ("answered", "refused", "timed_out")}
    return {
        "calls": int(those.sum()),
        **counts,
        "unknown": int(those.sum()) - sum(counts.values()),
        "told_ms": _span(took_ns[those & np.isin(outcome, (Outcome.REFUSED, Outcome.TIMED_OUT))]),
        "answered_ms": _span(took_ns[those & (outcome == Outcome.ANSWERED)]),
    }


def _span(values: Column) -> list[float] | None:
    return [round(float(one) / NS_PER_MS, 2) for one in (values.min(), values.max())] if len(values) else None
