"""Runs with a fault -> the bill: what was promised, what was there afterwards, and a verdict of three values.

A fault that left no evidence has not happened, and then nothing was kept: the verdict is unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import cast

from labs.judge import soundness
from labs.judge.digest import run_card
from labs.judge.latency import timetable
from labs.judge.limit import void
from labs.judge.loss import Ledger, account, loss_window_s, refusal
from labs.judge.repeats import Summed, agreement, known_median, known_range
from labs.model.digest import Digest, Table
from labs.model.endpoint import Endpoint
from labs.model.figures import Chosen, Middle, Repeat, figure
from labs.model.figures import Ledger as Counts
from labs.model.profile import Profile
from labs.model.run import Run
from labs.model.workload import NS_PER_S

OUTCOMES = ("none lost", "some lost", "all lost", "did not start", "unknown", "mixed")


def outcome(run: Run, ledger: Ledger) -> str:
    """One word of OUTCOMES for one run."""
    if "did_not_start" in run.facts:
        return "did not start"
    if void(run) or not happened(run) or not run.settled or not ledger.acknowledged:
        return "unknown"
    if ledger.lost == ledger.acknowledged:
        return "all lost"
    return "some lost" if ledger.lost else "none lost"


def happened(run: Run) -> bool:
    """The fault left evidence, and struck while messages were on their way."""
    fault = run.facts.get("fault") or {}
    return bool(fault.get("text")) and fault.get("sent_then", 0) > 0


def verdict(run: Run, ledger: Ledger) -> str:
    """Whether every acknowledged message survived: kept, broken or unknown."""
    words = {"none lost": "kept", "some lost": "broken", "all lost": "broken"}
    word = words.get(outcome(run, ledger), "unknown")
    return "broken" if ledger.unexpected and word == "kept" else word


def repeat(run: Run) -> Repeat:
    """The bill of one run; shares in 0..1, times in seconds."""
    ledger, fault = account(run), run.facts.get("fault") or {}
    at_ns = int(fault.get("at_ns", 0))
    return {
        "seed": run.facts.get("seed", 0),
        "outcome": outcome(run, ledger),
        "verdict": verdict(run, ledger),
        "lost_share": round(ledger.lost / ledger.acknowledged, 4) if ledger.acknowledged and run.settled else None,
        "ledger": cast("Counts", asdict(ledger)),
        "loss_window_s": loss_window_s(run, at_ns) if happened(run) else None,
        "recovery_s": run.facts.get("recovery_s"),
        "took_s": run.facts.get("took_s"),
        "trouble": run.facts.get("did_not_start", "") or run.trouble,
        **({"refusal": said} if (said := refusal(run)) else {}),
        "fault": {
            "kind": fault.get("kind", "none"),
            "method": fault.get("method", ""),
            "at_s": round(at_ns / NS_PER_S, 3),
            "evidence": fault.get("text", ""),
        },
    }


def bill(lab: str, settings: Table, runs: Sequence[Run], using: Profile) -> Digest:
    """One point of a fault lab from its runs, one a seed. `settings` is what the reader chose besides the profile."""
    counted = soundness.counted(runs, void)
    repeats, last = [repeat(run) for run in counted.runs], counted.runs[-1]
    named = {"broker": using.broker, "profile": using.name, "label": using.label, "rung": using.rung}
    plan = {"rate_per_s": timetable(last).rate_per_s, "body_bytes": last.workload.body_bytes}
    pids = tuple(last.facts.get("pids", ()))
    here = Endpoint(using.broker, "127.0.0.1", 0, backend=last.facts.get("backend", "native"), pids=pids)
    found = Digest(
        lab=lab,
        settings=cast("Chosen", {**settings, **named, **plan}),
        repeats=repeats,
        **sum_up(repeats),
        card=run_card(here, using, counted.runs) | _told(last, repeats[-1]),
    )
    return counted.told_by(found)


def _told(run: Run, one: Repeat) -> dict[str, object]:
    """How the fault was made, and after how long the kernel would have written by itself."""
    after_s = run.facts.get("written_back_s")
    return {"fault_method": one["fault"]["method"]} | ({} if after_s is None else {"written_back_s": after_s})


def sum_up(repeats: Sequence[Repeat]) -> Summed:
    """The repeats as one, and the ranges of what was lost and of how long they took."""
    ranges = {name: known_range([_number(r, name) for r in repeats]) for name in ("lost_share", "lost", "took_s")}
    return {"median": middle(repeats), "spread": ranges}


def middle(repeats: Sequence[Repeat]) -> Middle:
    """The repeats as one: their outcome (mixed if they disagree), how many agree with it, and medians."""
    names = ("lost_share", "lost", "acknowledged", "loss_window_s", "recovery_s", "took_s")
    medians = {name: known_median([_number(r, name) for r in repeats]) for name in names}
    return cast("Middle", agreement(repeats) | medians)


def _number(one: Repeat, name: str) -> float | None:
    return figure(one, "ledger", name) if name in ("lost", "acknowledged") else figure(one, name)
