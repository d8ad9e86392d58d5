"""L2.2 Burst or overload? A pool of HTTP workers and a queue with as many, asked at the same moments.

Claims C17 and, with one-question, C15; C10 is read in documents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from labs.experiments import burst_verdicts, question_verdicts
from labs.experiments.base import Control, Experiment, Option, Settings, place
from labs.experiments.burst_pictures import course
from labs.judge import soundness
from labs.judge.card import card
from labs.judge.repeats import Summed, known_median, known_range, worst_verdict
from labs.model.digest import Card, Digest
from labs.model.endpoint import Endpoint
from labs.model.figures import Repeat
from labs.model.observer import Observer
from labs.model.paths import new_run_file
from labs.model.profile import BROKERS, profile
from labs.model.text import BROKER_NAMES
from labs.show.looks.burst import BURST_GUESS, BURST_LOOK, CHART, said_of
from labs.show.pictures.base import About
from labs.show.short.bursts import burst_or_overload

if TYPE_CHECKING:
    from labs.scenarios.bursts.facts import BurstRun
    from labs.scenarios.bursts.plan import Arrivals

NAME = "burst-or-overload"
REPEATS = 5
LOADS, BURSTS, WORKERS, ACCEPTS = (0.7, 1.2), (1, 4), (16, 20, 24), (20, 2000)
LOCAL = "a pool on Python's own http.server, called from asyncio"


def run(settings: Settings, observer: Observer) -> list[Digest]:
    """One digest: pool and queue under these arrivals, once a seed."""
    from labs.scenarios.bursts import queue_of
    from labs.scenarios.bursts.conductor import run as run_both
    from labs.scenarios.bursts.plan import Arrivals

    queue, repeats = queue_of(settings["broker"]), settings.get("repeats", 1)
    asked = {name: settings[name] for name in ("load", "burst", "workers", "accepts")}
    runs: list[BurstRun] = []
    with place(queue.broker, observer) as endpoint:
        assert endpoint
        for at in range(repeats):
            plan = Arrivals(settings.get("seed", 1) + at, **asked)
            found = run_both(queue, endpoint, plan, observer.part(at, repeats, queue.label))
            found.save(new_run_file(NAME, queue.broker))
            runs.append(found)
        on_card = _card(endpoint, plan, runs)
    return [digest(plan, runs, on_card)]


def digest(plan: Arrivals, runs: Sequence[BurstRun], on_card: Card) -> Digest:
    """One point of the lab from its runs; the picture is of the last."""
    from labs.scenarios.bursts.judge import judge, refused_unasked, void

    counted = soundness.counted(runs, void, refused_unasked)
    repeats, last = [judge(one) for one in counted.runs], counted.runs[-1]
    named = {"load": last.load, "burst": last.burst, "workers": last.workers, "accepts": last.accepts}
    found = Digest(
        lab=NAME,
        settings={"broker": last.broker, "label": said_of(last.broker, **named), **named},  # type: ignore[typeddict-item]
        repeats=repeats,
        card=on_card,
        **sum_up(repeats),
    )
    about = About(under=f"{found.settings['label']}. One run of {last.seconds:g} s of arrivals.", card=on_card)
    picture = course(last, about, plan.bursts_ns).to_json()
    return counted.told_by(replace(found, pictures={CHART: picture}))


def sum_up(repeats: Sequence[Repeat]) -> Summed:
    """The median and the range of each figure over the repeats."""
    values = {name: [one["figures"][name] for one in repeats] for name in repeats[0]["figures"]}
    median = {name: known_median(each) for name, each in values.items()}
    spread = {name: known_range(each) for name, each in values.items()}
    verdict = worst_verdict([one["verdict"] for one in repeats])
    return {"median": {"verdict": verdict, "figures": median}, "spread": {"figures": spread}}


def _card(endpoint: Endpoint, plan: Arrivals, runs: Sequence[BurstRun]) -> dict[str, object]:
    from labs.scenarios.bursts import PATIENCE_S, SERVICE_S, queue_of
    from labs.scenarios.jobs.producer import BODY_BYTES

    queue, last = queue_of(endpoint.broker), runs[-1]
    more = {
        "payload_bytes": BODY_BYTES,
        "jobs": f"{plan.jobs:,} in {plan.seconds:g} s, each keeps a worker {SERVICE_S * 1000:g} ms, asleep",
        "pool": f"{LOCAL}: {plan.workers} workers, {plan.accepts:,} callers may wait, a caller waits {PATIENCE_S:g} s",
        "queue": f"{queue.label}, {plan.workers} workers, one job at a time; its count of what waits is {queue.counts}",
    }
    return card(endpoint, profile(queue.mode.profile), last.facts, more, repeats=len(runs))


def _point(broker: str, load: float, **more: int) -> Settings:
    usual = {"burst": 1, "workers": WORKERS[0], "accepts": ACCEPTS[0]}
    return {"broker": broker, "load": load, **usual, **more, "repeats": REPEATS}


def grid() -> list[Settings]:
    """Every broker in bursts and overloaded; RabbitMQ's queue besides without bursts, with more workers, and beside a
    pool that lets everybody wait."""
    found = [_point(broker, load, burst=burst) for load, burst in ((0.7, 4), (1.2, 1)) for broker in BROKERS]
    found += [_point("rabbitmq", 0.7), *(_point("rabbitmq", 1.2, workers=number) for number in WORKERS[1:])]
    return [*found, _point("rabbitmq", 1.2, accepts=ACCEPTS[1])]


def _choice(name: str, label: str, default: object, options: Mapping[Any, str]) -> Control:
    return Control(name, label, "choice", default, tuple(Option(value, text) for value, text in options.items()))


LAB = Experiment(
    name=NAME,
    number="L2.2",
    title="Burst or overload?",
    question="What becomes of the work when more comes than the workers can do, for a second or for good?",
    short=burst_or_overload,
    claims=("C15", "C17"),
    controls=(
        _choice("broker", "Queue", "rabbitmq", {one: BROKER_NAMES[one] for one in BROKERS}),
        _choice("load", "Mean load", 0.7, {0.7: "0.7 of what 16 workers can do", 1.2: "1.2 of it"}),
        _choice("burst", "Arrivals", 4, {1: "at random", 4: "in bursts, 4 times the mean"}),
        _choice("workers", "Workers on each side", 16, {number: f"{number}" for number in WORKERS}),
        _choice("accepts", "Callers that the pool lets wait", 20, {number: f"{number:,}" for number in ACCEPTS}),
    ),
    grid=grid,
    run=run,
    rules=(question_verdicts.c15, *burst_verdicts.RULES),
    beside=("one-question",),
    needs=BROKERS,
    sum_up=sum_up,
    point_s=12.0,
    quiet=False,
    look=BURST_LOOK,
    guess=BURST_GUESS,
)
