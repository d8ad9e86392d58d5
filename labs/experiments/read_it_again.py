"""L5.5 Keep it, read it again: everything was read and acknowledged. What does a second reader get, and what is kept?

Eleven ways to keep messages on three brokers. Part of claim C65.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from labs.experiments.base import Control, Experiment, Option, Settings, place
from labs.experiments.rules import Said, Undecided, point, rule, seen
from labs.judge import soundness
from labs.judge.card import card
from labs.judge.repeats import Summed, agreement, known_median, known_range
from labs.model.digest import Card, Digest
from labs.model.endpoint import Endpoint
from labs.model.figures import Repeat
from labs.model.observer import Observer
from labs.model.paths import new_run_file
from labs.model.profile import BROKERS
from labs.scenarios.keeping import BODY_BYTES, MESSAGES, WAYS, Way, way_of
from labs.show.looks.keeping import KEEPING_GUESS, KEEPING_LOOK, again_of
from labs.show.short.keeping import read_it_again

if TYPE_CHECKING:
    from labs.scenarios.keeping.facts import History

NAME = "read-it-again"
ROUNDS = 5
COUNTS = ("published", "again", "holes", "doubled", "reordered", "from_time", "early", "late", "at_end", "old_at_end",
          "balances", "accounts")  # fmt: skip
FIGURES = ("first", "bytes_acked", "bytes_left", "smallest_step", "total_live", "total_again", "per_s")


def run(settings: Settings, observer: Observer) -> list[Digest]:
    """One digest: the chosen way to keep, once a seed."""
    from labs.scenarios.keeping.conductor import run as keep

    way, repeats = way_of(settings["mode"]), settings.get("repeats", 1)
    runs: list[tuple[History, float]] = []
    with place(way.broker, observer) as endpoint:
        assert endpoint is not None  # every way has a broker
        for at in range(repeats):
            start_s = time.monotonic()
            found = keep(way, endpoint, settings.get("seed", 1) + at, observer.part(at, repeats, way.label))
            found.save(new_run_file(NAME, way.name))
            runs.append((found, time.monotonic() - start_s))
        return [digest(way, runs, _card(endpoint, [one for one, _ in runs]))]


def digest(way: Way, runs: Sequence[tuple[History, float]], on_card: Card) -> Digest:
    """One point of the lab from its runs and the seconds that each took."""
    from labs.experiments.keeping_pictures import course
    from labs.scenarios.keeping.judge import void

    counted = soundness.counted(runs, lambda one: void(one[0]))
    repeats = [_repeat(one, took_s) for one, took_s in counted.runs]
    last = counted.runs[-1][0]
    found = Digest(
        lab=NAME,
        settings={"mode": way.name, "label": way.label, "broker": way.broker},
        setup={"settings": {name: str(value) for name, value in last.facts.get("settings", {}).items()}},
        repeats=repeats,
        card=on_card,
        pictures={"course": course(last, way).to_json()},
        **sum_up(repeats),
    )
    return counted.told_by(found)


def _repeat(run: History, took_s: float) -> Repeat:
    from labs.scenarios.keeping.judge import judge

    tally = judge(run)
    return {
        "outcome": tally.outcome,
        "verdict": "kept" if tally.known else "unknown",
        "ends": {name: getattr(tally, name) for name in COUNTS},
        "figures": {name: getattr(tally, name) for name in FIGURES},
        "trouble": run.trouble,
        "took_s": round(took_s, 1),
    }


def sum_up(repeats: Sequence[Repeat]) -> Summed:
    """On what the repeats agree, and the medians and ranges of what each counted."""
    known: dict[str, list[float | None]] = {name: [one["ends"][name] for one in repeats] for name in COUNTS}
    known |= {name: [one["figures"][name] for one in repeats] for name in FIGURES}
    median = agreement(repeats) | {name: known_median(values, 1) for name, values in known.items()}
    median["took_s"] = known_median([one["took_s"] for one in repeats], 1)
    return {"median": median, "spread": {name: known_range(values) for name, values in known.items()}}


def _card(endpoint: Endpoint, runs: Sequence[History]) -> dict[str, object]:
    told = "published in batches, each acknowledged by the broker and by a reader before the next"
    more = {"messages": f"{MESSAGES:,}, {told}", "payload_bytes": BODY_BYTES}
    return card(endpoint, None, runs[-1].facts, more, repeats=len(runs))


def grid() -> list[Settings]:
    """Every way to keep."""
    return [{"mode": name, "repeats": ROUNDS} for name in WAYS]


def _all(repeat: Repeat) -> bool:
    """Whether the second reader got every message, once and in order."""
    ends = repeat["ends"]
    return ends["again"] == ends["published"] > 0 and not ends["doubled"] and not ends["reordered"]


@rule("C65")
def c65(digests: Sequence[Digest]) -> Said:
    """The half of it that this lab can say: whether a second reader gets all of the history from Kafka as it is made; a
    stream of RabbitMQ stands beside it."""
    kafka = point(digests, "a Kafka topic as it is made", mode="kafka-all")
    text = f"When all had been acknowledged, a second reader got {again_of(kafka)} from a Kafka topic"
    stream = [one for one in digests if one.settings.get("mode") == "rabbitmq-all"]
    text += "".join(f" and {again_of(one)} from a RabbitMQ stream" for one in stream) + "."
    if any(one["verdict"] != "kept" for one in kafka.repeats):
        raise Undecided(f"{text} Not every round is known to have read to the end.")
    whole = seen(kafka, _all)
    if whole is None:
        raise Undecided(f"{text} The rounds differ on whether it was all.")
    return ("holds" if whole else "never held"), text


LAB = Experiment(
    name=NAME,
    number="L5.5",
    title="Keep it, read it again",
    question="Everything was read and acknowledged. What does a second reader get, and what is still kept?",
    short=read_it_again,
    claims=("C65",),
    controls=(
        Control("mode", "Kept by", "choice", "kafka-all", tuple(Option(w.name, w.label) for w in WAYS.values())),
    ),
    grid=grid,
    run=run,
    rules=(c65,),
    needs=BROKERS,
    sum_up=sum_up,
    point_s=9.0,
    quiet=False,
    look=KEEPING_LOOK,
    guess=KEEPING_GUESS,
)
