"""L5.4 The latency ladder: how long does a message take, at the median and at the worst?

Open loop, counted from the due time. Claims C48 and C58.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from labs.experiments import ladder_verdicts
from labs.experiments.base import Control, Experiment, Option, Settings
from labs.judge.digest import digest, run_card, sum_up
from labs.judge.latency import end_to_end_ns, ladder_ms
from labs.judge.limit import young
from labs.model.digest import Digest
from labs.model.endpoint import BrokerError, Endpoint
from labs.model.figures import BEYOND
from labs.model.observer import Observer
from labs.model.paths import new_run_file
from labs.model.profile import BROKERS, RUNGS, Profile, profile
from labs.model.run import Run
from labs.model.workload import Workload, workload
from labs.show.short.latency import latency_ladder

NAME = "latency-ladder"
PROFILES = {
    "redis": {0: "redis-stream-none", 1: "redis-stream-rdb", 2: "redis-stream-everysec", 3: "redis-stream-always"},
    "rabbitmq": {0: "rabbitmq-transient", 1: "rabbitmq-persistent", 2: "rabbitmq-confirms", 3: "rabbitmq-quorum"},
    "kafka": {0: "kafka-acks-0", 2: "kafka-acks-all", 3: "kafka-flush"},
}
MISSING = {
    (
        "kafka",
        1,
    ): "Kafka has no setting that survives a clean stop and not a killed process; acks=1 or all is stronger.",
    **{(b, 4): "Surviving a lost machine needs more machines than one." for b in BROKERS},
}
LABELS = {"redis": "Redis", "rabbitmq": "RabbitMQ", "kafka": "Kafka"}
LINGERS = {"default": "as its Python client comes", "java": "5 ms, as its Java client comes"}
"""How long Kafka's client waits for more messages to fill a batch. A point of Kafka says which; no other has it."""
RATES = (250, 1000, 2000, 4000)
WARM_ROUNDS = 20
LIVE_S = 3.0
"""Of judged load, unless `seconds` says otherwise: a reader waits for it. One pause of 30 ms makes the p99 then."""
ARRIVALS = ("poisson", "uniform")
"""At random, as the messages of many senders come, or evenly spaced, which meets no other message in its way."""
HEADLINE, OTHERS = {"seconds": 30, "repeats": 5}, {"seconds": 10, "repeats": 3}
"""How long and how often a point is recorded. In 30 s a pause must take 300 ms to make the p99 alone. Points whose
figures stand in sentences and verdicts are headline points."""
ENOUGH = 110 * BEYOND
"""Messages judged, at least: with these a p99 has more than ten samples beyond it."""


class BrokenRunError(BrokerError):
    """The broker or a client failed during a run; the facts up to then are on disk."""


def profile_for(broker: str, rung: int) -> Profile | None:
    """The profile of a broker at a rung of the durability ladder; None where it has no setting for it."""
    name = PROFILES[broker].get(rung)
    return profile(name) if name else None


def chosen_profiles(settings: Settings) -> dict[str, Profile]:
    """Broker -> profile: each broker's own rung from `rungs`, if there is one, else one rung for all that have it.

    Raises ValueError with the reason when no chosen broker has a setting for the rung.
    """
    shared = {broker: int(settings["rung"]) for broker in settings["brokers"]}
    rungs = shared | settings.get("rungs", {})
    found = {b: profile_for(b, int(rungs[b])) for b in shared}
    have = {broker: one for broker, one in found.items() if one}
    if not have:
        raise ValueError(" ".join(dict.fromkeys(MISSING[b, settings["rung"]] for b in found)))
    if settings.get("linger") == "java" and "kafka" in have:
        if have["kafka"].name != PROFILES["kafka"][2]:
            raise ValueError(f"Kafka with the Java client's linger is there at one rung only: {RUNGS[2]}.")
        have["kafka"] = profile("kafka-linger")
    return have


def plan(settings: Settings) -> Workload:
    """The schedule of the first round: a second of warm-up, then as long as asked, and long enough for a p99."""
    rate, arrivals = settings["rate_per_s"], settings.get("arrivals", ARRIVALS[0])
    seconds = max(float(settings.get("seconds", LIVE_S)), ENOUGH / rate)
    size, seed = settings["body_bytes"], settings.get("seed", 1)
    return workload("steady", rate_per_s=rate, body_bytes=size, duration_s=seconds, arrivals=arrivals, seed=seed)


def run(settings: Settings, observer: Observer) -> list[Digest]:
    """One digest a broker, and one for the harness itself (the memory server): repeats are interleaved."""
    from labs import stack

    chosen, schedule = chosen_profiles(settings), plan(settings)
    repeats = settings.get("repeats", 1)
    runs: dict[str, list[Run]] = {name: [] for name in (*chosen, "memory")}
    with stack.session((*chosen, "memory"), report=partial(observer.progress, 0.0)) as endpoints:
        order = list(_rounds(list(runs), repeats, schedule.seed - 1))
        for step, (number, broker) in enumerate(order):
            using = chosen.get(broker) or profile("memory")
            part = observer.part(step, len(order), LABELS.get(broker, "the harness alone"))
            drawn = replace(schedule, seed=schedule.seed + number)  # all of a round meet the same arrivals
            runs[broker].append(_measured(endpoints[broker], using, drawn, part))
        cards = {b: run_card(endpoints[b], p, runs[b]) for b, p in chosen.items()}
    point = {name: getattr(schedule, name) for name in ("rate_per_s", "body_bytes", "arrivals")}
    point["judged_s"] = schedule.duration_s
    floor = digest(NAME, point, runs["memory"], profile("memory"), {}).median["latency_ms"]
    own = {"kafka": point | {"linger": settings.get("linger", "default")}}
    return [replace(digest(NAME, own.get(b, point), runs[b], p, cards[b]), floor_ms=floor) for b, p in chosen.items()]


def _measured(endpoint: Endpoint, using: Profile, schedule: Workload, observer: Observer) -> Run:
    """One run, which is kept."""
    from labs.record.recorder import record

    return _kept(record(endpoint, using, schedule, observer))


def warm_up(observer: Observer) -> dict[str, Any]:
    """Load Kafka until it has warmed up; how it did in the first run after its start and in the last."""
    from labs import stack
    from labs.record.recorder import record

    using, schedule, found = profile("kafka-acks-all"), workload("steady"), []
    with stack.session(("kafka",), report=partial(observer.progress, 0.0)) as endpoints:
        for turn in range(WARM_ROUNDS):
            found.append(
                _kept(record(endpoints["kafka"], using, schedule, observer.part(turn, WARM_ROUNDS, "warm-up")))
            )
            if not young(found[-1], "kafka"):
                break
    ladders = [ladder_ms(end_to_end_ns(run)) for run in (found[0], found[-1])]
    first, last = ({step: round(ladder[step] or 0, 4) for step in ("p50", "p99")} for ladder in ladders)
    return {"kafka_first_ms": first, "kafka_warm_ms": last, "kafka_warm_up_runs": len(found)}


def _kept(run: Run) -> Run:
    """Save the raw run; raise BrokenRunError if the broker failed on the way."""
    path = new_run_file(NAME, run.profile)
    run.save(path)
    if run.trouble:
        raise BrokenRunError(
            f"The run on {run.profile} broke: {run.trouble}. What had been recorded is kept in {path.name}; "
            "see `labs status`, then run it again."
        )
    return run


def _rounds(names: list[str], repeats: int, before: int = 0) -> Iterator[tuple[int, str]]:
    """ABBA order: every other round, those `before` counted, is turned round: a drift of the machine hits all alike.

    The harness alone is measured in every other round: it is a reference, not a contestant.
    """
    for number in range(repeats):
        now = names if number % 2 == 0 else [name for name in names if name != "memory"]
        yield from ((number, name) for name in (now if (before + number) % 2 == 0 else reversed(now)))


def grid() -> list[Settings]:
    """Four rates at rung 2; every other rung, a larger body, and arrivals at even distances at the default rate."""
    points = [(2, rate, 100, "poisson", HEADLINE) for rate in RATES] + [(2, 1000, 100, "uniform", HEADLINE)]
    points += [(rung, 1000, 100, "poisson", HEADLINE if rung != 1 else OTHERS) for rung in (0, 1, 3)]
    points += [(2, 1000, 1000, "poisson", OTHERS)]
    named = ("rung", "rate_per_s", "body_bytes", "arrivals")
    found = [{"brokers": list(BROKERS)} | how | dict(zip(named, point, strict=True)) for *point, how in points]
    return [*found, found[RATES.index(1000)] | {"brokers": ["kafka"], "linger": "java"}]


def _rung_options() -> Iterator[Option]:
    for rung, survives in enumerate(RUNGS):
        reason = MISSING["kafka", 4] if rung == len(RUNGS) - 1 else ""
        yield Option(rung, survives, reason)


LAB = Experiment(
    name=NAME,
    number="L5.4",
    title="The latency ladder",
    question="How long does a message take to arrive, at the median and at the worst?",
    short=latency_ladder,
    claims=("C48", "C58"),
    controls=(
        Control(
            "brokers",
            "Brokers",
            "many",
            list(BROKERS),
            tuple(Option(b, LABELS[b]) for b in BROKERS),
            alias="broker",
            sets="broker",
        ),
        Control("rate_per_s", "Rate", "slider", 1000, unit="messages/s", low=100, high=5000, alias="rate"),
        Control("rung", "Survives", "steps", 2, tuple(_rung_options()), per="brokers", own="rungs"),
        Control(
            "body_bytes",
            "Payload",
            "choice",
            100,
            tuple(Option(n, f"{n:,} B") for n in (100, 1000, 10_000)),
            "B",
            alias="payload",
        ),
        Control(
            "arrivals",
            "Arrivals",
            "choice",
            ARRIVALS[0],
            (Option("poisson", "at random (Poisson)"), Option("uniform", "evenly spaced")),
        ),
        Control("linger", "Kafka waits", "choice", "default", tuple(Option(*one) for one in LINGERS.items())),
    ),
    grid=grid,
    run=run,
    sum_up=sum_up,
    point_s=100.0,
    rules=ladder_verdicts.RULES,
    missing=MISSING,
    warm_up=warm_up,
    far=True,
)
