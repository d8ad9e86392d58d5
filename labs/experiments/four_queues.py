"""L6.3 Four queues in one server: what each of Redis's own ways to pass messages on can do, by the same seven trials.

And since when the server has their commands, by its own word. Claims C59, C60 and C63.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from labs.experiments import queue_verdicts
from labs.experiments.base import Control, Experiment, Option, Settings
from labs.judge.card import card
from labs.judge.repeats import Summed, known_median, known_range
from labs.model.digest import Card, Digest
from labs.model.endpoint import Endpoint
from labs.model.figures import Repeat
from labs.model.observer import Observer
from labs.model.profile import profile
from labs.scenarios.queues import MESSAGES, TRIALS, WAYS, Way, way_of
from labs.show.looks.queues import QUEUES_GUESS, QUEUES_LOOK
from labs.show.short.queues import four_queues

NAME = "four-queues"
REPEATS = 5
KEEPS_NOTHING = "redis-pubsub"
"""The profile under which the keys are made: it changes no setting of the server."""
FIGURES = {"killed": ("lost",), "offline": ("heard",), "slow": ("behind_mb", "held_mb")}
FAULT_METHOD = "SIGKILL to the worker's process, its death read from its exit status"


def run(settings: Settings, observer: Observer) -> list[Digest]:
    """One digest a way, each put through every trial, once a repeat."""
    from labs import stack

    ways = [way_of(name) for name in settings["ways"]]
    repeats, found = settings.get("repeats", 1), []
    backend, report = settings.get("backend", "auto"), partial(observer.progress, 0.0)
    with stack.session(("redis",), backend, report=report) as endpoints:
        here = endpoints["redis"]
        for at, way in enumerate(ways):
            done = [
                _once(way, here, observer.part(at * repeats + turn, len(ways) * repeats, way.label))
                for turn in range(repeats)
            ]
            found.append(digest(way, [one for one, _ in done], done[-1][1], _card(here, repeats, done[-1][1])))
    return found


def _once(way: Way, here: Endpoint, observer: Observer) -> tuple[Repeat, dict[str, Any]]:
    """One repeat, and what the server says of itself. Nothing of it stays on the server, whatever happens."""
    from contextlib import closing

    from labs.brokers import open_broker
    from labs.brokers.redis.admin import client
    from labs.brokers.redis.client import typed
    from labs.scenarios.queues import server
    from labs.scenarios.queues.trials import keys

    began_s, name = time.monotonic(), f"labs-{os.getpid()}-{secrets.token_hex(4)}"
    with open_broker(here, profile(KEEPS_NOTHING), name, keys(name)) as broker:
        with typed(here), closing(client(here)) as link:
            since = server.since(link)
            about = {"limit": server.subscriber_limit(link), "server": broker.version()}
        about |= {"durability": broker.durability(), "brought": _brought(way, since)}
        trials = _trials(way, here, name, since, observer)
    repeat: Repeat = {
        "trials": trials,
        "since": since,
        "newest": "" if about["brought"] else server.newest(since[one] for one in way.commands),
        "took_s": round(time.monotonic() - began_s, 1),
    }
    return repeat, about


def _brought(way: Way, since: Mapping[str, str]) -> dict[str, str]:
    """The commands of the way that the server lacks, and what version of Redis brought each."""
    from labs.scenarios.queues import server

    return {name: server.BROUGHT.get(name, "a later version") for name in server.lacking(since, way.commands)}


def _trials(
    way: Way, here: Endpoint, name: str, since: Mapping[str, str], observer: Observer
) -> dict[str, dict[str, Any]]:
    """Every trial's word and figures; `absent` of all where the server lacks a command of the way."""
    from labs.scenarios.queues import server
    from labs.scenarios.queues.judge import judged
    from labs.scenarios.queues.trials import Site, history, key_of

    found: dict[str, dict[str, Any]] = {}
    for at, trial in enumerate(TRIALS):
        observer.check(f"before the trial {trial}")
        observer.progress(at / len(TRIALS), f"{way.label}: {trial.replace('_', ' ')}")
        if server.lacking(since, way.commands):
            found[trial] = {"outcome": "absent"}
        elif trial == "slow" and here.is_given:
            found[trial] = {"outcome": "unmeasured"}  # 52 MB may make a reader's own Redis evict what is his
        else:
            site = Site(here, way.name, key_of(name, trial))
            found[trial] = judged(trial, history(trial, site, observer.silently()))
    return found


def digest(way: Way, repeats: Sequence[Repeat], about: Mapping[str, Any], on_card: Card) -> Digest:
    """One point of the lab."""
    return Digest(
        lab=NAME,
        settings={"way": way.name, "label": way.label, "broker": "redis"},
        setup={"commands": list(way.commands), "limit": about["limit"], "brought": about["brought"]},
        repeats=list(repeats),
        card=on_card,
        **sum_up(repeats),
    )


def sum_up(repeats: Sequence[Repeat]) -> Summed:
    """The figures beside the words: what a kill cost, how far a subscriber fell behind, what was held for it."""
    known = {
        name: [one["trials"].get(trial, {}).get(name) for one in repeats]
        for trial, names in FIGURES.items() for name in names
    }  # fmt: skip
    median = {name: known_median(values) for name, values in known.items()}
    median["took_s"] = known_median([one["took_s"] for one in repeats], 1)
    return {"median": median, "spread": {name: known_range(values) for name, values in known.items()}}


def _card(here: Endpoint, repeats: int, about: Mapping[str, Any]) -> Card:
    from labs.scenarios.queues.trials import SLOW_BYTES, SLOW_MESSAGES

    limit = about["limit"]
    more: dict[str, object] = {
        "messages": f"{MESSAGES} a trial; {SLOW_MESSAGES} of {SLOW_BYTES:,} bytes for the slow reader",
        "fault_method": FAULT_METHOD,
    }
    if limit:
        more["subscriber_limit"] = f"{limit['hard']:,} B, or {limit['soft']:,} B for {limit['seconds']} s"
    return card(here, None, about, more, repeats=repeats)


def grid() -> list[Settings]:
    """Every way."""
    return [{"ways": [name], "repeats": REPEATS} for name in WAYS]


LAB = Experiment(
    name=NAME,
    number="L6.3",
    title="Four queues in one server",
    question="Which of Redis’s own queues does what you need, and since when?",
    short=four_queues,
    claims=("C59", "C60", "C63"),
    controls=(
        Control("ways", "Way", "many", list(WAYS), tuple(Option(o.name, o.label) for o in WAYS.values()), sets="way"),
    ),
    grid=grid,
    run=run,
    rules=queue_verdicts.RULES,
    needs=("redis",),
    sum_up=sum_up,
    point_s=4.0,
    quiet=False,
    look=QUEUES_LOOK,
    guess=QUEUES_GUESS,
)  # fmt: skip
