"""L1.2 One question, three carriers: the same question by HTTP, by gRPC and over a broker, and nobody there to answer.

Claims C06, C08 and, with burst-or-overload, C15.
"""

from __future__ import annotations

from labs.experiments import question_verdicts
from labs.experiments.base import Control, Experiment, Option, Settings
from labs.experiments.calling import measured, sum_up
from labs.model.carriers import CARRIERS, carrier_of
from labs.model.digest import Digest
from labs.model.observer import Observer
from labs.model.profile import BROKERS
from labs.scenarios.calls.plan import Plan
from labs.show.looks import QUESTION_LOOK
from labs.show.short.calls import one_question

NAME = "one-question"
NAMES = ("http-kept", "grpc", "http-202", "redis-pair", "rabbitmq-reply", "kafka-reply")
LATER = "http-202"
RATES, SIZES = (50, 200, 500), (100, 10_000)
USUAL_RATE = 200
CALLERS, AWAY_CALLERS = 16, 20
SAMPLES, LONGEST_S, SHORTEST_S = 1_100, 5.5, 2.2
"""A p99 needs a thousand answers; at the lowest rate that would take too long, and the p99 is left out."""
RETURNS_S, HASTY_S = 2.0, 0.5
REPEATS = 5


def plan_of(settings: Settings) -> Plan:
    """As many calls as a p99 needs, within reason; with the service away each caller asks once."""
    rate, size = settings["rate_per_s"], settings["body_bytes"]
    if settings["service"] == "stopped":
        return Plan(
            callers=AWAY_CALLERS, calls=AWAY_CALLERS, rate_per_s=AWAY_CALLERS, body_bytes=size, patience_s=8.0,
            hasty_s=HASTY_S, returns_s=RETURNS_S,
        )  # fmt: skip
    length_s = min(max(SAMPLES / rate, SHORTEST_S), LONGEST_S) if rate >= USUAL_RATE else SHORTEST_S
    return Plan(callers=CALLERS, calls=round(rate * length_s), rate_per_s=rate, body_bytes=size)


def run(settings: Settings, observer: Observer) -> list[Digest]:
    """One digest: the carrier at this rate and size, or what its callers see while the service is away."""
    carrier, plan = carrier_of(settings["carrier"]), plan_of(settings)
    named = {"service": settings["service"], "body_bytes": plan.body_bytes}
    if not plan.returns_s:
        named |= {"rate_per_s": settings["rate_per_s"]}
    return [measured(NAME, carrier, plan, named, settings.get("repeats", 1), observer)]


def grid() -> list[Settings]:
    """Every carrier at the usual rate, two sizes, and with the service away; all but one at the other rates."""
    sizes, rates = [(USUAL_RATE, size) for size in SIZES], [(rate, 100) for rate in RATES if rate != USUAL_RATE]
    up = [
        (name, rate, size, "up")
        for rate, size in sizes + rates
        for name in NAMES
        if rate == USUAL_RATE or name != LATER
    ]
    points = up + [(name, USUAL_RATE, 100, "stopped") for name in NAMES]
    return [
        {"carrier": name, "rate_per_s": rate, "body_bytes": size, "service": service, "repeats": REPEATS}
        for name, rate, size, service in points
    ]


LAB = Experiment(
    name=NAME,
    number="L1.2",
    title="One question, three carriers",
    question="What does a question cost when a broker carries it, and what does the caller see when nobody answers?",
    short=one_question,
    claims=("C06", "C08", "C15"),
    controls=(
        Control("carrier", "Carrier", "choice", "http-kept", tuple(Option(n, CARRIERS[n].label) for n in NAMES)),
        Control("body_bytes", "Payload, bytes", "choice", 100, tuple(Option(n, f"{n:,}") for n in SIZES), unit="B"),
        Control(
            "rate_per_s", "Questions a second", "choice", USUAL_RATE, tuple(Option(n, f"{n}") for n in RATES),
            unit="/s", alias="rate",
        ),
        Control(
            "service", "Service", "choice", "up", (Option("up", "up"), Option("stopped", "stopped, back after a while"))
        ),
    ),
    grid=grid,
    run=run,
    rules=question_verdicts.RULES,
    beside=(question_verdicts.BESIDE,),
    needs=BROKERS,
    sum_up=sum_up,
    point_s=6.0,
    look=QUESTION_LOOK,
)  # fmt: skip
