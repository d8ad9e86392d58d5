"""The sides of the rows: our generator on one of its lanes, a vendor's tool, the truth under a frozen broker."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from labs.brokers import on_lane, open_broker, open_publisher
from labs.brokers.base import Publisher
from labs.judge.latency import NS_PER_MS, confirm_ns, end_to_end_ns, ladder_ms, lateness_ns, percentile
from labs.judge.limit import bottleneck, busiest_threads, cpu_cores, still_waiting, void
from labs.judge.loss import account, refusal
from labs.judge.saturation import machine_full
from labs.judge.throughput import confirmed_per_s, counted_ns, delivered_per_s, halves
from labs.model.endpoint import Address, BrokerError, Endpoint, RefusedError
from labs.model.message import encode, filler
from labs.model.observer import Part
from labs.model.processors import room_in
from labs.model.profile import Profile, profile
from labs.model.run import Run
from labs.model.workload import NS_PER_S, Ceiling, Workload
from labs.record.load_generator import QUIET_S
from labs.record.recorder import record
from labs.record.usage import per_message
from labs.scenarios.bench.base import Figure, Result, Setting, Side, VoidError
from labs.scenarios.bench.guard import limit, turn
from labs.scenarios.bench.tools import Rate


def alone(name: str, lane: str, load: Ceiling, part: Part = "produce") -> Side:
    """Our generator in a closed loop, every message stamped and accounted for; a lost one makes the round void."""

    def side(here: Setting) -> Figure:
        using = on_lane(profile(name), lane)
        with turn(here.endpoint) as took:
            run = record(here.endpoint, using, here.load(load), here.observer, part)
        sound(run, using, lane)
        rate = confirmed_per_s(run) if part == "produce" else delivered_per_s(run)
        stamp, why = bottleneck(run, using.broker)
        said, more, cores = ledger_said(run, using, part), _more(run, using, part), cpu_cores(run)
        threads, full = busiest_threads(run), machine_full(cores, room_in(run.facts))
        return Figure(rate, took.took_s, cores, why, took.foreign, said, stamp, more, threads, full)

    return side


def sound(run: Run, using: Profile, lane: str) -> None:
    """VoidError where the machine stood still, RefusedError where messages were refused, BrokerError where it broke."""
    if why := void(run):
        raise VoidError(f"{using.name} on the {lane} lane: {why}: the round is void. Run it again.")
    if why := refusal(run):
        raise RefusedError(f"{using.name} on the {lane} lane: {why}. A rate with refusals is none: the round is void.")
    if run.trouble:
        raise BrokerError(f"{using.name} on the {lane} lane broke: {run.trouble}")


def by_time(run: Run, part: Part) -> Result:
    """Of a round by time: the seconds that count, and the second half's rate over the first's; nothing of another."""
    if (span := counted_ns(run)) is None:
        return {}
    ratio = halves(run, part)
    return {"counted_s": (span[1] - span[0]) / NS_PER_S, "halves": ratio}


def _more(run: Run, using: Profile, part: Part) -> Result:
    """How long the confirmations took, what the broker wrote to disk, and how far a reader was behind."""
    found: Result = {"disk_bytes_per_message": per_message(run), **by_time(run, part)}
    if using.promise.acknowledges:
        waited = confirm_ns(run)
        mean = {"mean": float(waited.mean()) / NS_PER_MS if len(waited) else None}
        found["confirm_ms"] = {name: ms for name, ms in ladder_ms(waited).items() if name in ("p50", "p99")} | mean
    return found | ({"behind": still_waiting(run)} if part == "both" else {})


def ledger_said(run: Run, using: Profile, part: Part) -> str:
    """What became of the messages, in words; BrokerError where one was lost."""
    found = account(run)
    if found.lost or found.unexpected:
        raise BrokerError(f"{using.name}: {found.lost} lost, {found.unexpected} unexpected: the round is void")
    said = f"{using.label}; {found.acknowledged:,} of {found.attempted:,} acknowledged"
    return said if part == "produce" else f"{said}, {found.delivered:,} delivered, {found.duplicated:,} twice"


def tool(run: Callable[[Setting], Rate]) -> Side:
    """A vendor's tool: a function of the broker and of the length of the round."""

    def side(here: Setting) -> Figure:
        with turn(here.endpoint) as took:
            found = run(here)
        if took.void:
            raise VoidError(f"{found.tool}: {took.void}: the round is void. Run it again.")
        who, stamp = limit(here.endpoint.broker, took, float(os.cpu_count() or 1))
        said = f"{found.said}: {found.command}"
        return Figure(found.per_s, took.took_s, took.cores, who, took.foreign, said, stamp, {"tool": found.said})

    return side


def publish_all(publisher: Publisher, load: Ceiling) -> None:
    """The same batch again and again, in a window, until the last is confirmed; BrokerError if one is not."""
    batch = encode(0, np.zeros(load.batch, np.int64), filler(load.body_bytes))
    sent = answered = 0
    while answered < load.messages:
        while sent < load.messages and sent - answered + load.batch <= load.window:
            publisher.publish(batch[: load.messages - sent])
            sent += min(load.batch, load.messages - sent)
        news = publisher.poll(QUIET_S)
        if not len(news.confirmed) or len(news.refused):
            said = f", the first with: {news.why}" if news.why else news.held and f"; {news.held}"
            raise BrokerError(f"{answered:,} of {sent:,} messages confirmed, then {len(news.refused):,} refused{said}")
        answered += len(news.confirmed)


def filled(endpoint: Endpoint, using: Profile, name: str, messages: int) -> None:
    """Put so many messages into an address that is open, for a reader to come."""
    with open_publisher(Address(endpoint, on_lane(using, "fast"), name)) as publisher:
        publish_all(publisher, Ceiling(messages=messages, window=20_000, batch=2000))


def unstamped(name: str, load: Ceiling) -> Side:
    """Producing on the fast lane without stamps and record, in this process: what accounting is held against."""

    def side(here: Setting) -> Figure:
        using = on_lane(profile(name), "fast")
        size = replace(load, messages=max(here.count(load.messages), 10 * load.window), warmup_messages=0)
        address = f"labs-bench-{secrets.token_hex(4)}"
        with open_broker(here.endpoint, using, address):
            with open_publisher(Address(here.endpoint, using, address)) as publisher, turn(here.endpoint) as took:
                began_s = time.monotonic()
                publish_all(publisher, size)
                rate = size.messages / (time.monotonic() - began_s)
            who, stamp = limit(using.broker, took)
        return Figure(rate, took.took_s, took.cores, who, took.foreign, using.label, stamp)

    return side


def frozen_p99(name: str, frozen_s: float, load: Workload) -> tuple[Side, Side]:
    """(reported p99, analytic p99), ms, with the broker frozen `frozen_s` at the start of each second.

    Both come from the same run: the analytic one is computed from when the freezes really began and ended.
    """
    from labs.scenarios.faults import freezing

    using, waiting = on_lane(profile(name), "fast"), dict[str, Figure]()

    def run_once(here: Setting) -> None:
        with turn(here.endpoint) as took, freezing(here.endpoint, frozen_s=frozen_s) as freezes:
            run = record(here.endpoint, using, load, here.observer)
        due_ns = run["due_ns"][load.warmup_messages :] + run.facts["start_ns"]
        waits_ns = sum(np.where((due_ns >= a) & (due_ns < b), b - due_ns, 0) for a, b in freezes)
        for side, values in (("reported", end_to_end_ns(run)), ("analytic", np.asarray(waits_ns))):
            p99_ms = (percentile(values, 0.99) or 0) / NS_PER_MS
            said = f"{len(freezes)} freezes"
            waiting[side] = Figure(p99_ms, took.took_s, took.cores, "the freeze", took.foreign, said)

    def taken(side: str) -> Side:
        def take(here: Setting) -> Figure:
            if side not in waiting:
                run_once(here)
            return waiting.pop(side)

        return take

    return taken("reported"), taken("analytic")


def lateness(name: str, lane: str, load: Workload) -> tuple[Side, Side]:
    """(lateness p99, period), µs: how late the generator hands over, against the time between two messages."""

    def late(here: Setting) -> Figure:
        using = on_lane(profile(name), lane)
        with turn(here.endpoint) as took:
            run = record(here.endpoint, using, load, here.observer)
        value = (percentile(lateness_ns(run), 0.99) or 0) / 1000
        return Figure(value, took.took_s, took.cores, "the timer", took.foreign, using.label)

    def period(_here: Setting) -> Figure:
        return Figure(NS_PER_S / load.rate_per_s / 1000, 0.0, said=f"1 s / {load.rate_per_s:g}")

    return late, period
