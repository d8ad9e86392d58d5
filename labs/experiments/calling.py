"""What the two labs about calls share: a point from its repeats, and its run card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, cast

from labs.experiments.base import place
from labs.judge import soundness
from labs.judge.card import broker_cpu, card
from labs.judge.repeats import Summed, known_median, median_of, spread_of
from labs.model.carriers import Carrier
from labs.model.digest import Card, Digest
from labs.model.endpoint import Endpoint
from labs.model.figures import Chosen, Repeat
from labs.model.observer import Observer
from labs.model.paths import new_run_file
from labs.model.profile import profile
from labs.model.text import enumerated
from labs.scenarios.calls.plan import Plan

if TYPE_CHECKING:
    from labs.scenarios.calls.facts import CallRun

SYNC_CLIENTS = {"by_http": ("httpx", "uvicorn"), "by_grpc": ("grpcio", "grpcio")}
STEPS = ("blocked_ms", "waited_ms", "late_ms")
SLEEP = "the service sleeps, as if it waited for a disk or a neighbour; {0} such waits at a time"


def measured(
    lab: str, carrier: Carrier, plan: Plan, named: Mapping[str, object], repeats: int, observer: Observer
) -> Digest:
    """One point: the plan, so many times; every run's facts are kept."""
    from labs.scenarios.calls.conductor import run as run_calls

    runs = []
    with place(carrier.broker if carrier.profile else "", observer) as endpoint:
        for at in range(repeats):
            found = run_calls(carrier, endpoint, plan, observer.part(at, repeats, carrier.label))
            found.save(new_run_file(lab, carrier.name))
            runs.append(found)
        on_card = _card(carrier, plan, endpoint, runs)
    return digest(lab, carrier, named, runs, on_card)


def digest(lab: str, carrier: Carrier, named: Mapping[str, object], runs: Sequence[CallRun], on_card: Card) -> Digest:
    """One point of a lab from its runs. `named` are the settings that make the point."""
    from labs.scenarios.calls.judge import judge, refused_unasked, void

    counted = soundness.counted(runs, void, refused_unasked)
    repeats = [judge(one) for one in counted.runs]
    found = Digest(
        lab=lab,
        settings=cast("Chosen", {"carrier": carrier.name, "label": carrier.label, "broker": carrier.broker, **named}),
        repeats=cast("list[Repeat]", repeats),
        card=on_card,
        **sum_up(cast("list[Repeat]", repeats)),
    )
    return counted.told_by(found)


def sum_up(repeats: Sequence[Repeat]) -> Summed:
    """Medians and ranges of how long callers were held up, the rate, and whether mostly our client was the limit."""
    tables = cast("Sequence[Mapping[str, Any]]", repeats)
    ladders = {name: [one[name] for one in tables] for name in STEPS if tables[0][name]}
    rates = [one["per_s"] for one in tables]
    whole = {
        "per_s": None if None in rates else known_median(rates, 2),
        "client_bound": sum(one["client_bound"] for one in tables) * 2 > len(tables),
    }
    spread = {name: spread_of(parts) for name, parts in ladders.items()}
    return {"median": {name: median_of(parts) for name, parts in ladders.items()} | whole, "spread": spread}


def _card(carrier: Carrier, plan: Plan, endpoint: Endpoint | None, runs: Sequence[CallRun]) -> dict[str, object]:
    from labs.scenarios.calls.service import WORKERS

    using = profile(carrier.profile_for(plan.confirm)) if endpoint else None
    service = SLEEP.format(WORKERS) if plan.service_ms else "answers at once"
    more = {"payload_bytes": plan.body_bytes, "calls": _said(plan), "service": service, **broker_cpu(endpoint)}
    if not endpoint:
        more["client"] = _client(carrier)
    return card(endpoint, using, runs[-1].facts, more, repeats=len(runs))


def _client(carrier: Carrier) -> str:
    names = dict.fromkeys(SYNC_CLIENTS[carrier.module])
    return enumerated([f"{name} {version(name)}" for name in names])


def _said(plan: Plan) -> str:
    if plan.open:
        return f"{plan.calls:,} by {plan.callers} callers, {plan.rate_per_s:g}/s, timed from when they were due"
    return f"at most {plan.calls:,} or {plan.duration_s:g} s, by {plan.callers} callers; the next when one is back"
