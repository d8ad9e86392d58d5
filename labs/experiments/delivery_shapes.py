"""L3.3 Delivery shapes: who gets a message when several consumers are there, in groups and without?

Nine shapes on three brokers, the same messages and the same consumers. Claims C30, C34, C46 and C55.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from labs.experiments import shape_verdicts
from labs.experiments.base import Control, Experiment, Option, Settings, place
from labs.judge import soundness
from labs.judge.card import card
from labs.judge.repeats import Summed, agreement, known_median, known_range
from labs.model.digest import Card, Digest
from labs.model.figures import Chosen, Repeat, figure
from labs.model.observer import Observer
from labs.model.paths import new_run_file
from labs.model.profile import BROKERS
from labs.model.shapes import IN_A_ROW, SHAPES, UNKNOWN, Crew, Shape, shape_of
from labs.show.looks import SHAPE_GUESS, SHAPE_LOOK
from labs.show.short.shapes import delivery_shapes

if TYPE_CHECKING:
    from labs.scenarios.shapes.facts import ShapeRun

NAME = "delivery-shapes"
REPEATS = 5
PARTITIONS = 6
SHARE = "kafka-share"
COUNTS = ("messages", "refused", "owed", "missing", "again", "idle", "overtaken")


def run(settings: Settings, observer: Observer) -> list[Digest]:
    """One digest: the chosen shape with these consumers, once a seed."""
    from labs.scenarios.shapes.conductor import run as deliver
    from labs.scenarios.shapes.plan import Plan

    shape, repeats = shape_of(settings["mode"]), settings.get("repeats", 1)
    crew = Crew(settings["groups"], settings["members"])
    runs: list[tuple[ShapeRun, float]] = []
    with place(shape.broker, observer) as endpoint:
        assert endpoint is not None  # every shape has a broker
        for at in range(repeats):
            start_s, part = time.monotonic(), observer.part(at, repeats, shape.label)
            plan = Plan(settings.get("seed", 1) + at)
            found = deliver(shape, endpoint, crew, plan, partitions=settings["partitions"], observer=part)
            found.save(new_run_file(NAME, shape.name))
            runs.append((found, time.monotonic() - start_s))
        on_card = card(endpoint, None, runs[-1][0].facts, _more(shape), repeats=repeats)
    return [digest(shape, settings["partitions"], runs, on_card)]


def digest(shape: Shape, partitions: int, runs: Sequence[tuple[ShapeRun, float]], on_card: Card) -> Digest:
    """One point of the lab from its runs and the seconds that each took."""
    from labs.scenarios.shapes.judge import void

    crew = runs[0][0].crew
    counted = soundness.counted(runs, lambda one: void(one[0]))
    repeats = [_repeat(one, took_s) for one, took_s in counted.runs]
    settings: Chosen = {"mode": shape.name, "label": shape.label, "broker": shape.broker}
    settings |= {"groups": crew.groups, "members": crew.members}
    if shape.partitioned:
        settings |= {"partitions": partitions}
    return counted.told_by(Digest(lab=NAME, settings=settings, repeats=repeats, card=on_card, **sum_up(repeats)))


def _repeat(run: ShapeRun, took_s: float) -> Repeat:
    from labs.scenarios.shapes.judge import deliveries, judge

    tally = judge(run)
    broken = "broken" if tally.missing or tally.again else "kept"
    return {
        "seed": run.seed,
        "outcome": tally.outcome,
        "verdict": "unknown" if tally.outcome == UNKNOWN else broken,
        "deliveries": {name: getattr(tally, name) for name in COUNTS},
        "counts": tally.counts,
        "done": [list(column) for column in zip(*deliveries(run), strict=True)],
        "took_s": round(took_s, 1),
        "trouble": run.trouble,
    }


def sum_up(repeats: Sequence[Repeat]) -> Summed:
    """To whom messages went, on what the repeats agree, and the counts."""
    known = {name: [figure(one, "deliveries", name) for one in repeats] for name in COUNTS}
    median = agreement(repeats) | {name: known_median(values) for name, values in known.items()}
    median["took_s"] = known_median([one["took_s"] for one in repeats], 1)
    return {"median": median, "spread": {name: known_range(values) for name, values in known.items()}}


def _more(shape: Shape) -> dict[str, object]:
    from labs.scenarios.shapes.conductor import BODY_BYTES
    from labs.scenarios.shapes.plan import KEYS, Plan

    plan = Plan(0)
    every, quick, slow = (f"{one * 1000:g} ms" for one in (plan.every_s, plan.quick_s, plan.slow_s))
    takes = f"each takes {quick}, and {plan.slow:.0%} of them {slow}"
    found: dict[str, object] = {
        "payload_bytes": BODY_BYTES,
        "messages": f"{plan.messages}, one every {every}; {takes}",
        "keys": f"{len(KEYS)}, {IN_A_ROW} messages in a row each",
        "consumers": "each has a thread and a connection of its own, all in one process",
    }
    if shape.name == SHARE:
        from labs.scenarios.groups import forming

        del found["payload_bytes"]  # the program's own records, of about as many bytes as their text has
        found |= {"client": forming.client(), "records": "each message is a batch of its own, of about 60 bytes"}
        found["consumers"] = "each has a thread and a client of its own; a process a group"
    return found


def grid() -> list[Settings]:
    """Every shape with one group of three and with two; the groups' ways with three of two; two workers; and Kafka
    with fewer, as many and more partitions than members; its share group where all members have the one partition."""
    points = [(name, groups, 3, PARTITIONS) for groups in (1, 2) for name in SHAPES]
    points += [(name, 3, 2, PARTITIONS) for name in ("redis-stream", "rabbitmq-fanout", "kafka-group")]
    in_order = ("redis-list", "redis-stream", "rabbitmq-queue", "rabbitmq-single", "kafka-group")
    points += [(name, 1, 2, PARTITIONS) for name in in_order]
    points += [("kafka-group", 1, 4, number) for number in (1, 2, 3, PARTITIONS)]
    points += [(SHARE, groups, 3, 1) for groups in (1, 2)]
    return [
        {"mode": name, "groups": groups, "members": members, "partitions": partitions, "repeats": REPEATS}
        for name, groups, members, partitions in points
    ]


def _numbers(*values: int) -> tuple[Option, ...]:
    return tuple(Option(one, f"{one}") for one in values)


LAB = Experiment(
    name=NAME,
    number="L3.3",
    title="Delivery shapes",
    question="Who gets a message when several consumers are there?",
    short=delivery_shapes,
    claims=("C30", "C34", "C46", "C55"),
    controls=(
        Control(
            "mode", "Shape", "choice", "kafka-group", tuple(Option(one.name, one.label) for one in SHAPES.values())
        ),
        Control("groups", "Groups", "choice", 2, _numbers(1, 2, 3)),
        Control("members", "Consumers in a group", "choice", 3, _numbers(2, 3, 4)),
        Control("partitions", "Partitions (Kafka)", "choice", PARTITIONS, _numbers(1, 2, 3, PARTITIONS)),
    ),
    grid=grid,
    run=run,
    rules=shape_verdicts.RULES,
    needs=BROKERS,
    sum_up=sum_up,
    point_s=3.0,
    quiet=False,
    look=SHAPE_LOOK,
    guess=SHAPE_GUESS,
)
