"""L5.2 Log, group, share group: who works on a topic's records, what waits behind a bad one, and what is left of them?

Claim C64.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from labs.experiments import group_verdicts
from labs.experiments.base import Control, Experiment, Option, Settings
from labs.judge import soundness
from labs.judge.card import card
from labs.judge.repeats import summed_figures
from labs.model.digest import Card, Digest
from labs.model.endpoint import Endpoint
from labs.model.figures import Repeat
from labs.model.observer import Observer
from labs.model.paths import new_run_file
from labs.model.profile import profile
from labs.scenarios.groups import (
    FAIL_MS,
    FAILS,
    SIZES,
    SLOWED,
    TROUBLES,
    WAYS,
    WORK_MS,
    Size,
    Trial,
    Trouble,
    Way,
    trial_of,
)
from labs.show.looks.groups import GROUP_GUESS, GROUP_LOOK
from labs.show.short.groups import log_group_share

if TYPE_CHECKING:
    from labs.scenarios.groups.facts import GroupRun

NAME = "log-group-share"
REPEATS = 5
FIGURES = ("makespan_s", "rest_s", "busy", "tries", "overtaken", "behind", "passed", "held", "meanwhile")


def run(settings: Settings, observer: Observer) -> list[Digest]:
    """One digest a way to read, each once a repeat."""
    from labs import stack
    from labs.scenarios.groups.conductor import run as run_trial

    trials = [trial_of(way, settings["size"], settings["trouble"]) for way in settings["ways"]]
    trials = [one for one in trials if one.can_be]
    repeats, found = settings.get("repeats", 1), []
    with stack.session(("kafka",), report=partial(observer.progress, 0.0)) as endpoints:
        for at, trial in enumerate(trials):
            runs: list[tuple[GroupRun, float]] = []
            for turn in range(repeats):
                start_s, part = time.monotonic(), observer.part(at * repeats + turn, len(trials) * repeats, trial.label)
                done = run_trial(trial, endpoints["kafka"], part)
                done.save(new_run_file(NAME, "-".join((trial.way.name, trial.size.name, trial.trouble.name))))
                runs.append((done, time.monotonic() - start_s))
            found.append(digest(trial, runs, _card(trial, endpoints["kafka"], [one for one, _ in runs])))
    return found


def digest(trial: Trial, runs: Sequence[tuple[GroupRun, float]], on_card: Card) -> Digest:
    """One point of the lab from its runs and the seconds that each took; its pictures are those of the last one."""
    from labs.experiments.group_pictures import completion, lanes
    from labs.scenarios.groups.judge import void

    counted = soundness.counted(runs, lambda one: void(one[0]))
    repeats = [_repeat(one, took_s) for one, took_s in counted.runs]
    last = counted.runs[-1][0]
    found = Digest(
        lab=NAME,
        settings={
            "way": trial.way.name,
            "size": trial.size.name,
            "trouble": trial.trouble.name,
            "label": trial.label,
            "broker": "kafka",
            "partitions": trial.size.partitions,
            "consumers": trial.size.consumers,
        },
        setup={"completion": completion(last)},
        repeats=repeats,
        card=on_card,
        pictures={"lanes": lanes(last).to_json()},
        **summed_figures(repeats),
    )
    return counted.told_by(found)


def _repeat(run: GroupRun, took_s: float) -> Repeat:
    from labs.scenarios.groups.judge import judge

    tally = judge(run)
    jobs = run.trial.trouble.jobs
    known = {name: getattr(tally, name) for name in FIGURES}
    known["kept"] = run.kept if run.kept >= 0 else None
    return {
        "had": {str(who): number for who, number in tally.had.items()},
        "jobs": {"once": jobs - tally.undone - tally.twice, "twice": tally.twice, "undone": tally.undone},
        "figures": {name: None if value is None else round(value, 3) for name, value in known.items()},
        "took_s": round(took_s, 1),
        "trouble": run.said,
    }


def _card(trial: Trial, endpoint: Endpoint, runs: Sequence[GroupRun]) -> Card:
    from labs.scenarios.groups import HELD, HOLD_MS, KEYS

    one_by_one = "all in one batch" if trial.trouble.name == "batched" else "one a batch"
    more: dict[str, object] = {
        "client": client_of(trial),
        "records": f"{trial.trouble.jobs} with {KEYS} keys, {one_by_one}, published before anybody takes one",
        "work": f"each waits {trial.trouble.took_ms(0)} ms, as for a payment service, and computes nothing",
        "consumers": "each has a thread and a client of its own, all in one process; each takes a record at a time",
    }
    if trial.trouble.name == "slow":
        more["slow_key"] = f"its records take {WORK_MS * SLOWED} ms"
    if trial.trouble.name == "failing":
        more["failing_record"] = f"its first {FAILS} tries take {FAIL_MS} ms each and fail"
    if trial.trouble.hoards:
        more["holder"] = f"one consumer takes up to {HELD} at once and works {HOLD_MS // 1000} s before one is done"
        more["cap"] = f"{trial.trouble.locks or 2000:,} records in flight in a partition"
    return card(endpoint, profile("kafka-acks-all"), runs[-1].facts, more, repeats=len(runs))


def client_of(trial: Trial) -> str:
    """The client of the consumers, and its version."""
    from labs.judge.card import client_of as course_client
    from labs.scenarios.groups import forming

    return forming.client() if trial.way.needs else course_client("kafka")


def grid() -> list[Settings]:
    """Both ways at every size; a slow key and a failing record; and what a share group alone can meet."""
    points = [(way, size, "none") for size in SIZES for way in WAYS]
    points += [(way, size, trouble) for size, trouble in TROUBLED for way in WAYS]
    points += [("share", "1x4", name) for name, one in TROUBLES.items() if one.share_only]
    return [{"ways": [way], "size": size, "trouble": trouble, "repeats": REPEATS} for way, size, trouble in points]


def _options(some: Iterable[Way | Size | Trouble]) -> tuple[Option, ...]:
    return tuple(Option(one.name, one.label) for one in some)


TROUBLED = (("1x4", "failing"), ("4x4", "failing"), ("4x8", "failing"), ("4x8", "slow"))
SHARE_ONLY = "Only a share group hands out records one by one."

LAB = Experiment(
    name=NAME,
    number="L5.2",
    title="Log, group, share group",
    question="Who works on the records of a topic, and what waits behind a bad one?",
    short=log_group_share,
    claims=("C64",),
    controls=(
        Control("ways", "Read by", "many", list(WAYS), _options(WAYS.values()), sets="way"),
        Control("size", "Partitions and consumers", "choice", "1x4", _options(SIZES.values())),
        Control("trouble", "Trouble", "choice", "failing", _options(TROUBLES.values())),
    ),
    grid=grid,
    run=run,
    rules=group_verdicts.RULES,
    needs=("kafka",),
    sum_up=summed_figures,
    point_s=6.0,
    quiet=False,
    look=GROUP_LOOK,
    guess=GROUP_GUESS,
    why_not={
        ("group", size, name): SHARE_ONLY for size in SIZES for name, one in TROUBLES.items() if one.share_only
    },
)  # fmt: skip
