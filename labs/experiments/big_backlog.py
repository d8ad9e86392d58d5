"""L7.2 A big backlog and many readers: what publishing onto a backlog and further readers cost, bytes a message.

Claim C66, and C65 with replay's lab.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from labs.experiments import backlog_verdicts
from labs.experiments.base import Control, Experiment, Option, Settings, place
from labs.judge import soundness
from labs.judge.card import card
from labs.judge.repeats import Summed, known_median, known_range
from labs.model.digest import Card, Digest
from labs.model.endpoint import Endpoint
from labs.model.figures import Repeat
from labs.model.observer import Observer
from labs.model.paths import new_run_file
from labs.model.profile import BROKERS, profile
from labs.scenarios.backlog import LIVE, LOADS, PACED_AT, RECORDED, WAYS, Lengths, Load, Way, load_of, way_of
from labs.show.looks.backlog import BACKLOG_GUESS, BACKLOG_LOOK
from labs.show.short.backlog import big_backlog

if TYPE_CHECKING:
    from labs.scenarios.backlog.facts import BacklogRun

NAME = "big-backlog"
ROUNDS = 5
WARM_RUNS, RISES = 8, 1.05
"""Kafka is loaded until a run is not faster than the one before by that factor, and so often at the most."""


def run(settings: Settings, observer: Observer) -> list[Digest]:
    """One digest a chosen way: the backlog, and all numbers of readers, once a repeat."""
    load, ways = load_of(settings["backlog"]), [way_of(name) for name in settings["ways"]]
    return [_one(way, load, settings, observer.part(at, len(ways), way.label)) for at, way in enumerate(ways)]


def _one(way: Way, load: Load, settings: Settings, observer: Observer) -> Digest:
    from labs.scenarios.backlog.conductor import run as run_backlog

    runs: list[BacklogRun] = []
    repeats, lasts = settings.get("repeats", 1), RECORDED if settings.get("recorded") else LIVE
    with place(way.broker, observer) as endpoint:
        assert endpoint
        for at in range(repeats):
            part = observer.part(at, repeats, way.label)
            found = run_backlog(way, load, endpoint, settings.get("seed", 1) + at, part, lasts)
            found.save(new_run_file(NAME, way.name))
            runs.append(found)
        return digest(way, load, runs, _card(way, load, endpoint, runs, lasts))


def warm_up(observer: Observer) -> dict[str, Any]:
    """Load Kafka until it is no faster than before; its rate into an empty topic, messages a second, at first and at
    last. A rate onto the backlog is held against one into an empty topic, and which of them comes first is drawn:
    where Java still compiles, the later one wins."""
    from labs.scenarios.backlog.conductor import run as run_backlog
    from labs.scenarios.backlog.judge import judge

    way, load, per_s = WAYS["kafka-topic"], LOADS["small"], list[float]()
    with place(way.broker, observer) as endpoint:
        assert endpoint
        for at in range(WARM_RUNS):
            found = run_backlog(way, load, endpoint, at, observer.part(at, WARM_RUNS, "warm-up"))
            per_s.append(judge(found)["figures"]["empty_per_s"] or 0.0)
            if at and per_s[-1] < per_s[-2] * RISES:
                break
    return {"kafka_first_per_s": per_s[0], "kafka_warm_per_s": per_s[-1], "kafka_warm_up_runs": len(per_s)}


def digest(way: Way, load: Load, runs: Sequence[BacklogRun], on_card: Card) -> Digest:
    """One point of the lab from its runs."""
    from labs.scenarios.backlog.judge import judge, void

    counted = soundness.counted(runs, void)
    repeats = [judge(one) for one in counted.runs]
    found = Digest(
        lab=NAME,
        settings={
            "way": way.name,
            "label": way.label,
            "broker": way.broker,
            "backlog": load.name,
            "body_bytes": load.body_bytes,
        },
        setup={"backlog": load.label, "messages": load.messages, "paced_at": PACED_AT},
        repeats=repeats,
        card=on_card,
        **sum_up(repeats),
    )
    return counted.told_by(found)


def sum_up(repeats: Sequence[Repeat]) -> Summed:
    """The median and the range of each figure over the repeats."""
    values = {name: [one["figures"][name] for one in repeats] for name in repeats[0]["figures"]}
    median = {name: known_median(each, 6) for name, each in values.items()}
    return {"median": {"figures": median}, "spread": {name: known_range(each) for name, each in values.items()}}


def _card(way: Way, load: Load, endpoint: Endpoint, runs: Sequence[BacklogRun], lasts: Lengths) -> dict[str, object]:
    more = {
        "payload_bytes": load.body_bytes,
        "client": "frames of our own, in batches; each reader is a process of its own",
        "backlog": f"{load.label}; up to {load.window:,} messages without an answer",
        "rates": f"{lasts.pairs} times {lasts.publish_s:g} s onto the backlog and as often into an empty place, "
        f"by turns; {lasts.read_s:g} s for each number of readers, and {lasts.paced_s:g} s at {PACED_AT} of the rate "
        "with one",
        "memory_is": "what the broker's processes hold (RSS), without pages of files that the kernel keeps",
    }
    return card(endpoint, profile(way.profile), runs[-1].facts, more, repeats=len(runs))


LAB = Experiment(
    name=NAME,
    number="L7.2",
    title="A big backlog and many readers",
    question="Does publishing slow down onto a big backlog, and what does each further reader cost?",
    short=big_backlog,
    claims=("C65", "C66"),
    controls=(
        Control(
            "ways",
            "Way",
            "many",
            ["kafka-topic", "rabbitmq-classic"],
            tuple(Option(one.name, one.label) for one in WAYS.values()),
            sets="way",
        ),
        Control("backlog", "Backlog", "choice", "big", tuple(Option(one.name, one.label) for one in LOADS.values())),
    ),
    grid=lambda: [{"ways": [way], "backlog": load, "repeats": ROUNDS} for load in LOADS for way in WAYS],
    run=run,
    warm_up=warm_up,
    rules=backlog_verdicts.RULES,
    needs=BROKERS,
    sum_up=sum_up,
    point_s=9.0,
    quiet=False,
    look=BACKLOG_LOOK,
    guess=BACKLOG_GUESS,
)
