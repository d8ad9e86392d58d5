"""Runs of messages -> digest: the few kB of JSON that charts, pages and panels read, with the run card on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import cast

from labs.judge import soundness
from labs.judge.card import broker_cpu, card
from labs.judge.latency import (
    confirm_ns,
    curve_ms,
    end_to_end_ns,
    ladder_ms,
    lateness_ns,
    mean_ms,
    never_answered,
    never_came,
    never_handed_over,
    service_ns,
    stalls,
)
from labs.judge.limit import bottleneck, cpu_cores, disturbed, void, worker_busy, young
from labs.judge.loss import account, refused_messages
from labs.judge.repeats import Summed, median_of, spread_of, worst_verdict
from labs.model import clock_offset
from labs.model.digest import Card, Digest, Table
from labs.model.endpoint import Endpoint
from labs.model.figures import Chosen, Ledger, Repeat
from labs.model.profile import Profile
from labs.model.run import NEVER, NOT_SAID, REFUSAL, Run


def repeat(run: Run, broker: str) -> Repeat:
    """All numbers of one run, computed from its columns; shape as in `digest`."""
    latency, never = end_to_end_ns(run), never_came(run)
    stamp, why = bottleneck(run, broker)
    cpu = {role: None if cores is None else round(cores, 3) for role, cores in cpu_cores(run).items()}
    ledger = cast("Ledger", asdict(account(run)))
    return {
        "count": len(latency) + never,
        "never": never,
        "stalls": stalls(run),
        "latency_ms": _rounded(ladder_ms(latency, never)),
        "service_ms": _rounded(ladder_ms(service_ns(run), never)),
        "lateness_ms": _rounded(ladder_ms(lateness_ns(run), never_handed_over(run))),
        "confirm_ms": _confirmed(run) if run.acknowledges else None,
        "curve": [[round(q, 5), round(ms, 4)] for q, ms in curve_ms(latency, never)],
        "delivered": ledger["delivered"],
        "ledger": ledger,
        "cpu": cpu,
        "stamp": stamp,
        "why": why,
        "saturated": bool(worker_busy(run)),
        "contaminated": disturbed(run),
        "young": young(run, broker),
        "trouble": run.trouble,
    }


def _confirmed(run: Run) -> dict[str, float | None]:
    """Also the mean, for a confirmation blocks who waits for it, and the median hides the few long ones."""
    waited, never = confirm_ns(run), never_answered(run)
    return _rounded(ladder_ms(waited, never) | {"mean": mean_ms(waited, never)})


def _rounded(ladder: Mapping[str, float | None]) -> dict[str, float | None]:
    return {name: None if ms is None else round(ms, 4) for name, ms in ladder.items()}


def digest(lab: str, settings: Table, runs: Sequence[Run], profile: Profile, on_card: Card) -> Digest:
    """One measured point of a lab from its repeats. `settings` is what the reader chose for this broker."""
    counted = soundness.counted(runs, void, _refused)
    repeats = [repeat(run, profile.broker) for run in counted.runs]
    named = {"broker": profile.broker, "profile": profile.name, "label": profile.label, "rung": profile.rung}
    found = Digest(
        lab=lab,
        settings=cast("Chosen", {**settings, **named}),
        repeats=repeats,
        card=on_card,
        **sum_up(repeats),
    )
    return counted.told_by(found)


def sum_up(repeats: Sequence[Repeat]) -> Summed:
    """Medians and ranges of the latencies of a point, its commonest stamp and its worst verdict."""
    ladders = {name: [r[name] for r in repeats] for name in ("latency_ms", "service_ms", "lateness_ms")}
    waited = [ladder for r in repeats if (ladder := r["confirm_ms"]) and "mean" in ladder]  # older ones have none
    ladders |= {"confirm_ms": waited} if len(waited) == len(repeats) else {}
    median = {name: median_of(each) for name, each in ladders.items()}
    words = {
        "stamp": Counter(r["stamp"] for r in repeats).most_common(1)[0][0],
        "verdict": worst_verdict([r["ledger"]["verdict"] for r in repeats]),
    }
    return {"median": median | words, "spread": spread_of(ladders["latency_ms"])}


def _refused(run: Run) -> soundness.Refusals:
    return refused_messages(run), int((run["sent_ns"] != NEVER).sum()), str(run.facts.get(REFUSAL) or NOT_SAID)


def run_card(endpoint: Endpoint, profile: Profile, runs: Sequence[Run]) -> dict[str, object]:
    """The card of a point of messages: also what they weighed."""
    last = runs[-1]
    workers = {"workers": f"Dask, {clock_offset.sentence(last.facts['clocks'])}"} if "clocks" in last.facts else {}
    more = {"payload_bytes": last.workload.body_bytes, **broker_cpu(endpoint), **workers}
    others = [cpu_cores(run)["foreign"] for run in runs]
    return card(endpoint, profile, last.facts, more, repeats=len(runs), others=others)
