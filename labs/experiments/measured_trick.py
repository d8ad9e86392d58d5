"""One round of a trick: every broker plainly, and those that the trick changes once more, with the trick."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from labs.judge.latency import NS_PER_MS, Nanoseconds, confirm_ns, end_to_end_ns, percentile, whole_second_ns
from labs.judge.limit import bottleneck
from labs.model.endpoint import BrokerError, Endpoint
from labs.model.observer import Observer
from labs.model.paths import new_run_file
from labs.model.profile import profile
from labs.model.run import Run
from labs.model.tricks import Setup, Trick
from labs.model.workload import Ceiling, Load, Workload
from labs.scenarios.bench.base import Figure, Setting

Measured = dict[str, Any]
"""value (in the trick's unit, or None), stamp, limit, foreign (cores that others used)."""
Round = dict[tuple[str, bool], Measured]
"""(broker, whether with the trick) -> what was measured."""
PACED = Workload(rate_per_s=800, duration_s=2.0, warmup_s=0.5)
WARM_S = {"kafka": 2.0}
"""What a broker needs besides the first round: Kafka's Java compiles what it runs often."""
CLOSED_S, TRIAL = 2.5, 200
SHORTEST_S, MOST_BYTES = 0.7, 150_000_000
"""A shorter round is over before anybody's processor time can be seen, so it is done again with more messages; as long
as they fit into the memory that the labs give Redis."""
FEWEST, MOST = 1100, 40_000
"""Messages of a closed loop on a broker that stands still: a p99 needs a thousand, a panel has seconds."""


def round_of(chosen: Trick, endpoints: Mapping[str, Endpoint], tilted: Sequence[str], observer: Observer) -> Round:
    """Measure all brokers plainly and those in `tilted` with the trick as well."""
    ways = {"rate": _rates, "cold": _cold, "stamps": _stamps, "omission": _omissions}
    return ways[chosen.how](chosen, endpoints, tilted, observer)


def _rates(chosen: Trick, endpoints: Mapping[str, Endpoint], tilted: Sequence[str], observer: Observer) -> Round:
    jobs = [(broker, False) for broker in endpoints] + [(broker, True) for broker in tilted]
    found: Round = {}
    for at, (broker, with_trick) in enumerate(jobs):
        observer.progress(at / len(jobs), _doing(broker, with_trick))
        setup = (chosen.tilted if with_trick else chosen.plain)[broker]
        found[broker, with_trick] = _long_rate(endpoints[broker], setup, chosen.unit, observer)
    return found


def _doing(broker: str, with_trick: bool) -> str:
    return f"{broker}{', with the trick' if with_trick else ''}"


def rate(endpoint: Endpoint, setup: Setup, unit: str, observer: Observer, scale: float = 1.0) -> Measured:
    """A closed loop's rate, in messages or megabytes a second."""
    return _as_measured(_looped(endpoint, setup, observer, scale), setup, unit)


def _long_rate(endpoint: Endpoint, setup: Setup, unit: str, observer: Observer) -> Measured:
    """The same, done again with more messages where it took less than SHORTEST_S."""
    one = _looped(endpoint, setup, observer, 1.0)
    longer = SHORTEST_S * one.value / setup.messages
    if longer > 1:
        most = MOST_BYTES / (setup.messages * setup.body_bytes)
        one = _looped(endpoint, setup, observer, min(longer, most))
    return _as_measured(one, setup, unit)


def _looped(endpoint: Endpoint, setup: Setup, observer: Observer, scale: float) -> Figure:
    from labs.scenarios.bench.ours import ours

    load = Ceiling(messages=setup.messages, window=setup.window, batch=setup.batch, body_bytes=setup.body_bytes)
    return ours(setup.profile, setup.lane, load)(Setting(endpoint, scale, observer.silently()))


def _as_measured(one: Figure, setup: Setup, unit: str) -> Measured:
    value = one.value * (setup.body_bytes / 1e6 if unit == "MB/s" else 1.0)
    return _measured(value, str(one.stamp), one.limit, one.foreign)


def _measured(value: float | None, stamp: str, limit: str, foreign: float) -> Measured:
    rounded = None if value is None else float(f"{value:.5g}")
    return {"value": rounded, "stamp": stamp, "limit": limit, "foreign": round(foreign, 3)}


def _cold(chosen: Trick, endpoints: Mapping[str, Endpoint], tilted: Sequence[str], observer: Observer) -> Round:
    """Brokers of our own: their first messages are the trick, and after a while under load come the plain ones."""
    from labs import stack

    backend = next(iter(endpoints.values())).backend
    near = backend == "compose" and sys.platform == "linux"
    found: Round = {}
    with stack.session(
        tuple(endpoints), backend, report=partial(observer.progress, 0.0), own=True, host_network=near
    ) as fresh:
        for at, (broker, here) in enumerate(fresh.items()):
            setup = chosen.plain[broker]
            observer.progress(0.3 + 0.7 * at / len(fresh), f"{broker}, only started")
            first = rate(here, setup, chosen.unit, observer)
            if broker in tilted:
                found[broker, True] = first
            observer.progress(0.3 + 0.7 * (at + 0.3) / len(fresh), f"{broker}, warming up")
            _warm(here, setup, observer, first["value"] or 0.0)
            found[broker, False] = _long_rate(here, setup, chosen.unit, observer)
    return found


def _warm(endpoint: Endpoint, setup: Setup, observer: Observer, per_s: float) -> None:
    """Where a broker needs more than the first round, a second one that does not count, sized by that one's rate."""
    if endpoint.broker in WARM_S:
        rate(endpoint, setup, "messages/s", observer, max(per_s * WARM_S[endpoint.broker] / setup.messages, 0.1))


def _stamps(_chosen: Trick, endpoints: Mapping[str, Endpoint], _tilted: Sequence[str], observer: Observer) -> Round:
    """One open loop a broker; the trick is only how its times are read."""
    found: Round = {}
    for at, (broker, here) in enumerate(endpoints.items()):
        observer.progress(at / len(endpoints), _doing(broker, False))
        run, foreign = recorded(here, _chosen.plain[broker], PACED, observer)
        found[broker, False] = _timed(run, end_to_end_ns(run), broker, foreign)
        found[broker, True] = _timed(run, whole_second_ns(run), broker, foreign)
    return found


def _omissions(chosen: Trick, endpoints: Mapping[str, Endpoint], tilted: Sequence[str], observer: Observer) -> Round:
    """Each broker stands still for a while in each second: by a timetable, and asked only when it has answered."""
    from labs.scenarios.faults import freezing

    jobs = [(broker, False) for broker in endpoints] + [(broker, True) for broker in tilted]
    found: Round = {}
    for at, (broker, with_trick) in enumerate(jobs):
        observer.progress(at / len(jobs), f"{_doing(broker, with_trick)}, frozen now and then")
        here, setup = endpoints[broker], (chosen.tilted if with_trick else chosen.plain)[broker]
        load: Load = _in_turn(here, setup, observer) if with_trick else PACED
        with freezing(_seen(here)) as freezes:
            run, foreign = recorded(here, setup, load, observer)
        if not freezes:
            raise BrokerError(f"{broker} did not stand still during the run: nothing is known. Run it again.")
        times = confirm_ns(run) if with_trick else end_to_end_ns(run)
        found[broker, with_trick] = _timed(run, times, broker, foreign) | {"freezes": len(freezes)}
    return found


def _seen(endpoint: Endpoint) -> Endpoint:
    from labs import stack

    if not endpoint.pids:
        raise stack.StackError(
            f"freezing {endpoint.broker}",
            "its processes cannot be seen from here.",
            "Use native brokers: labs up --backend native",
        )
    return endpoint


def _in_turn(endpoint: Endpoint, setup: Setup, observer: Observer) -> Ceiling:
    """A closed loop that lasts some seconds, by the rate of a short trial."""
    trial = Setup(setup.profile, TRIAL, setup.lane, setup.window, setup.batch)
    per_s = rate(endpoint, trial, "messages/s", observer)["value"] or 0.0
    return Ceiling(messages=round(min(max(per_s * CLOSED_S, FEWEST), MOST)), window=1, batch=1)


def recorded(endpoint: Endpoint, setup: Setup, load: Load, observer: Observer) -> tuple[Run, float]:
    """A run, kept as it is, and how many cores others used. BrokerError if it broke."""
    from labs.brokers import on_lane
    from labs.record.recorder import record
    from labs.scenarios.bench.guard import turn
    from labs.scenarios.bench.sides import sound

    using = on_lane(profile(setup.profile), setup.lane)
    with turn(endpoint) as took:
        run = record(
            endpoint,
            using,
            load,
            observer.silently(),
            "produce" if isinstance(load, Ceiling) else "both",
        )
    sound(run, using, setup.lane)
    run.save(new_run_file("how-benchmarks-lie", using.name))
    return run, took.foreign


def _timed(run: Run, times: Nanoseconds, broker: str, foreign: float) -> Measured:
    p99 = percentile(times, 0.99)
    stamp, why = bottleneck(run, broker)
    return _measured(None if p99 is None else p99 / NS_PER_MS, stamp, why, foreign)
