"""Sides in which our generator has company: several subscribers of one producer, several producers."""

from __future__ import annotations

from functools import partial

from labs.brokers import on_lane
from labs.judge.limit import bottleneck, busiest_threads, cpu_cores
from labs.judge.loss import account
from labs.judge.saturation import machine_full
from labs.judge.shared_limit import limit, producing_cores, reading_cores
from labs.judge.throughput import common_ns, common_per_s, confirmed_per_s, deliveries_per_s, heard_by_all_per_s
from labs.model.observer import Part
from labs.model.profile import profile
from labs.model.run import Run
from labs.model.workload import NS_PER_S, Ceiling
from labs.record.recorder import record_fan_out, record_together
from labs.scenarios.bench.base import Figure, Setting, Side
from labs.scenarios.bench.guard import turn
from labs.scenarios.bench.sides import by_time, ledger_said, sound

FATES = ("attempted", "acknowledged", "delivered", "lost", "duplicated", "unexpected", "unknown", "verdict")
"""Of a ledger what a digest keeps for each subscriber or producer."""


def fanned_out(name: str, lane: str, load: Ceiling, readers: int) -> Side:
    """Our generator with so many subscribers, each with a ledger of its own; a message that one of them lost makes the
    round void. The figure is what every subscriber had; `more` has publishes and deliveries a second."""

    def side(here: Setting) -> Figure:
        using = on_lane(profile(name), lane)
        with turn(here.endpoint) as took:
            heard = record_fan_out(here.endpoint, using, here.load(load), here.observer, readers=readers)
        for number, run in enumerate(heard, 1):
            sound(run, using, f"{lane} (subscriber {number} of {readers})")
            said = ledger_said(run, using, "both")
        cores = cpu_cores(heard[0]) if readers == 1 else reading_cores(heard)
        threads = busiest_threads(heard[0])
        many = partial(limit, cores, using.broker, took.room, threads)
        stamp, why = bottleneck(heard[0], using.broker) if readers == 1 else many()
        more = {
            "publishes_per_s": confirmed_per_s(heard[0]),
            "deliveries_per_s": deliveries_per_s(heard),
            "ledgers": [ledger_of(run) for run in heard],
            **by_time(heard[0], "both"),
        }
        full = machine_full(cores | {"foreign": took.foreign}, took.room)
        rate = heard_by_all_per_s(heard)
        return Figure(rate, took.took_s, cores, why, took.foreign, said, stamp, more, threads, full)

    return side


def together(
    name: str, lane: str, load: Ceiling, publishers: int, part: Part = "produce", *, shared: bool = False
) -> Side:
    """So many publishers, each with a queue of its own (or, `shared`, all with one) and a load of this size, begun
    together; with `part` both, each with a reader of its queue. A ledger for each, and one lost message makes the round
    void. The figure is what all had confirmed, or delivered, while all were at work."""

    def side(here: Setting) -> Figure:
        using, size = on_lane(profile(name), lane), here.load(load)
        with turn(here.endpoint) as took:
            runs = record_together(here.endpoint, using, size, here.observer, runs=publishers, part=part, shared=shared)
        for number, run in enumerate(runs, 1):
            sound(run, using, f"{lane} (publisher {number} of {publishers})")
        each = [ledger_said(run, using, part) for run in runs]
        said = f"{publishers} publishers, {each[0]} each"
        counted = "confirmed_ns" if part == "produce" else "delivered_ns"
        cores, (began, ended), threads = producing_cores(runs), common_ns(runs, counted), busiest_threads(runs[0])
        stamp, why = limit(cores, using.broker, took.room, threads)
        full = machine_full(cores | {"foreign": took.foreign}, took.room)
        more = {"common_s": round((ended - began) / NS_PER_S, 3), "ledgers": [ledger_of(run) for run in runs]}
        more |= by_time(runs[0], part)
        rate = common_per_s(runs, counted)
        return Figure(rate, took.took_s, cores, why, took.foreign, said, stamp, more, threads, full)

    return side


def ledger_of(run: Run) -> dict[str, int | str]:
    """The ledger of one of them, for the digest."""
    found = account(run)
    return {fate: getattr(found, fate) for fate in FATES}
