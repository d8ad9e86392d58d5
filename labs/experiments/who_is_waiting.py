"""L1.1 Who is waiting? How long a call blocks its caller, and whether the service's own time is in that.

Claims C07 and C09.
"""

from __future__ import annotations

from labs.experiments import waiting_verdicts
from labs.experiments.base import Control, Experiment, Option, Settings
from labs.experiments.calling import measured, sum_up
from labs.model.carriers import CARRIERS, CONFIRMS, SYNC, carrier_of
from labs.model.digest import Digest
from labs.model.observer import Observer
from labs.scenarios.calls.plan import Plan
from labs.show.looks import WAITING_LOOK
from labs.show.looks.calls import CONFIRM_WORDS
from labs.show.short.calls import who_is_waiting

NAME = "who-is-waiting"
NAMES = ("http-new", "http-kept", "http-202", "grpc", "redis", "rabbitmq", "kafka")
ASKED = tuple(name for name in NAMES if CARRIERS[name].broker == SYNC)
TOLD = tuple(name for name in NAMES if name not in ASKED)
SERVICE_MS, CALLERS = (0, 5, 20, 50), (1, 2, 4, 8, 16, 32)
USUAL_MS, MANY = 20, 8
REPEATS = 5


def plan_of(settings: Settings) -> Plan:
    """A second of calls, and as much more as thirty calls of this length take: a median needs them."""
    service_ms = settings["service_ms"]
    return Plan(
        callers=settings["callers"],
        duration_s=max(1.0, 35 * service_ms / 1000),
        service_ms=service_ms,
        confirm=settings["confirm"],
        patience_s=10.0,
    )


def run(settings: Settings, observer: Observer) -> list[Digest]:
    """One digest: the carrier at this service time, with this confirmation and so many callers."""
    carrier, plan = carrier_of(settings["carrier"]), plan_of(settings)
    named = {"service_ms": plan.service_ms, "callers": plan.callers, "way": carrier.name, "body_bytes": plan.body_bytes}
    if not carrier.asks:
        named |= {"confirm": plan.confirm, "way": f"{carrier.name}/{plan.confirm}"}
    return [measured(NAME, carrier, plan, named, settings.get("repeats", 1), observer)]


def grid() -> list[Settings]:
    """One caller at three service times, whoever confirms; many callers where the caller waits."""
    ways = [(name, "each") for name in ASKED] + [(name, confirm) for name in TOLD for confirm in CONFIRMS]
    points = [(name, confirm, ms, 1) for ms in (USUAL_MS, 0, 50) for name, confirm in ways]
    points += [(name, "each", USUAL_MS, MANY) for name in ASKED]
    points += [(name, "each", USUAL_MS, 32) for name in ("http-kept", "grpc")]
    return [
        {"carrier": name, "confirm": confirm, "service_ms": ms, "callers": callers, "repeats": REPEATS}
        for name, confirm, ms, callers in points
    ]


LAB = Experiment(
    name=NAME,
    number="L1.1",
    title="Who is waiting?",
    question="How long does a call block its caller, and does that depend on the service?",
    short=who_is_waiting,
    claims=("C07", "C09"),
    controls=(
        Control("carrier", "Carrier", "choice", "http-kept", tuple(Option(n, CARRIERS[n].label) for n in NAMES)),
        Control(
            "confirm", "Confirmation (brokers)", "choice", "each", tuple(Option(n, CONFIRM_WORDS[n]) for n in CONFIRMS)
        ),
        Control(
            "service_ms",
            "Service time, ms",
            "choice",
            USUAL_MS,
            tuple(Option(n, f"{n}") for n in SERVICE_MS),
            unit="ms",
        ),
        Control("callers", "Callers at once", "choice", 1, tuple(Option(n, f"{n}") for n in CALLERS)),
    ),
    grid=grid,
    run=run,
    rules=waiting_verdicts.RULES,
    needs=TOLD,
    sum_up=sum_up,
    point_s=5.0,
    look=WAITING_LOOK,
)
