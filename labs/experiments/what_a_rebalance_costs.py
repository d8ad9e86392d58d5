"""L5.2b What a rebalance costs: a member joins, one leaves, one is killed. Who stops, and for how long? No claim."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from labs.experiments.base import Control, Experiment, Option, Settings, place
from labs.judge import soundness
from labs.judge.card import card
from labs.judge.repeats import summed_figures
from labs.model.digest import Card, Digest
from labs.model.endpoint import Endpoint
from labs.model.figures import Repeat
from labs.model.observer import Observer
from labs.model.paths import new_run_file
from labs.model.profile import profile
from labs.scenarios.rebalance import NAMES, WAYS, Way, way_of
from labs.show.looks.rebalance import REBALANCE_GUESS, REBALANCE_LOOK

if TYPE_CHECKING:
    from labs.scenarios.rebalance.facts import RebalanceRun

NAME = "what-a-rebalance-costs"
REPEATS = 5


def run(settings: Settings, observer: Observer) -> list[Digest]:
    """One digest a way, each once a repeat."""
    from labs.scenarios.rebalance.conductor import run as run_way

    ways, repeats, found = [way_of(name) for name in settings["ways"]], settings.get("repeats", 1), []
    with place("kafka", observer) as endpoint:
        assert endpoint  # it is named
        for at, way in enumerate(ways):
            runs: list[tuple[RebalanceRun, float]] = []
            for turn in range(repeats):
                start_s = time.monotonic()
                done = run_way(way, endpoint, observer.part(at * repeats + turn, len(ways) * repeats))
                done.save(new_run_file(NAME, way.name))
                runs.append((done, time.monotonic() - start_s))
            found.append(digest(way, runs, on_card(way, endpoint, [one for one, _ in runs])))
    return found


def digest(way: Way, runs: Sequence[tuple[RebalanceRun, float]], its_card: Card) -> Digest:
    """One point of the lab from its runs and the seconds that each took; its picture is that of the last one."""
    from labs.experiments.rebalance_pictures import lanes
    from labs.scenarios.rebalance.judge import void

    counted = soundness.counted(runs, lambda one: void(one[0]))
    repeats = [_repeat(one, took_s) for one, took_s in counted.runs]
    found = Digest(
        lab=NAME,
        settings={"way": way.name, "label": way.label, "broker": "kafka"},
        repeats=repeats,
        card=its_card,
        pictures={"lanes": lanes(counted.runs[-1][0]).to_json()},
        **summed_figures(repeats),
    )
    return counted.told_by(found)


def _repeat(run: RebalanceRun, took_s: float) -> Repeat:
    from labs.scenarios.rebalance import judge

    tallies = judge.judge(run)
    known: dict[str, float | None] = {"skipped": judge.skipped(run)}
    for name in NAMES:
        tally = tallies.get(name) if judge.whole(run) else None
        for one in judge.FIGURES:
            value = getattr(tally, one) if tally else None
            known[f"{name}_{one}"] = None if value is None else round(value, 3)
    return {"figures": known, "took_s": round(took_s, 1), "trouble": run.said}


def on_card(way: Way, endpoint: Endpoint, runs: Sequence[RebalanceRun]) -> Card:
    """The run card of a point."""
    from labs.scenarios.rebalance import BEAT_MS, PARTITIONS, RATE_PER_S, SESSION_MS
    from labs.scenarios.rebalance.conductor import client

    theirs = "told by your server, and not changed by the lab"
    more: dict[str, object] = {
        "client": client(),
        "records": f"{RATE_PER_S} a second in each of {PARTITIONS} partitions, by a timetable; done when it was read",
        "consumers": "each is a process with a client of its own, which commits by itself every 5 s and when it leaves",
        "heartbeat": theirs if way.new and endpoint.is_given else f"every {BEAT_MS / 1000:g} s",
        "session": theirs if way.new and endpoint.is_given else f"{SESSION_MS / 1000:g} s",
    }
    return card(endpoint, profile("kafka-acks-all"), runs[-1].facts, more, repeats=len(runs))


LAB = Experiment(
    name=NAME,
    number="L5.2b",
    title="What a rebalance costs",
    question="A member of a group comes, goes or dies: who stops, and for how long?",
    controls=(
        Control(
            "ways", "The group agrees by", "many", list(WAYS), tuple(Option(w.name, w.label) for w in WAYS.values()),
            sets="way",
        ),
    ),
    grid=lambda: [{"ways": [name], "repeats": REPEATS} for name in WAYS],
    run=run,
    needs=("kafka",),
    sum_up=summed_figures,
    point_s=21.0,
    quiet=False,
    look=REBALANCE_LOOK,
    guess=REBALANCE_GUESS,
)  # fmt: skip
