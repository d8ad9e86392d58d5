"""L8.3 Run twice: a Celery task that takes longer than Redis's visibility time-out, on two real workers.

It judges no claim: one-app-three-brokers, in the same chapter, names its points for C70.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial

from labs.experiments.base import Control, Experiment, Option, Settings
from labs.judge.card import card
from labs.judge.repeats import Summed, known_median, known_range
from labs.model.digest import Card, Digest
from labs.model.endpoint import Endpoint
from labs.model.figures import Repeat
from labs.model.observer import Observer
from labs.scenarios.stack_tasks import PACKAGES
from labs.scenarios.stack_tasks.twice import PROCESSES, WAYS, WORKERS, Twice, judged, way_of
from labs.show.looks.twice import TWICE_GUESS, TWICE_LOOK
from labs.show.pictures.lanes import Lanes
from labs.show.short.twice import run_twice

NAME = "run-twice"
REPEATS = 5


def run(settings: Settings, observer: Observer) -> list[Digest]:
    """One digest a way, its task sent once a repeat. StackError where Celery cannot be had."""
    from labs import stack
    from labs.stack import packages

    ways, repeats = [way_of(name) for name in settings["ways"]], settings.get("repeats", 1)
    report = partial(observer.progress, 0.0)
    packages.python(PACKAGES, report)
    brokers = tuple(dict.fromkeys(way.broker for way in ways))
    with stack.session(brokers, settings.get("backend", "auto"), report=report) as endpoints:
        found = []
        for at, way in enumerate(ways):
            here = endpoints[way.broker]
            parts = (observer.part(at * repeats + turn, len(ways) * repeats, way.label) for turn in range(repeats))
            found.append(digest(way, [_once(way, here, part) for part in parts], _card(way, here, repeats)))
    return found


def _once(way: Twice, here: Endpoint, observer: Observer) -> Repeat:
    from labs.scenarios.stack_tasks.twice import run as send_it

    began_s = time.monotonic()
    return {"trials": {"task": judged(send_it(way, here, observer))}, "took_s": round(time.monotonic() - began_s, 1)}


def digest(way: Twice, repeats: Sequence[Repeat], on_card: Card) -> Digest:
    """One point of the lab."""
    return Digest(
        lab=NAME,
        settings={"way": way.name, "label": way.label, "broker": way.broker},
        setup={"lease_s": way.lease_s if way.broker == "redis" else None, "task_s": way.task_s, "late": way.late},
        repeats=list(repeats),
        card=on_card,
        pictures={"lanes": lanes(way, repeats[-1]).to_json()},
        **sum_up(repeats),
    )


def lanes(way: Twice, repeat: Repeat) -> Lanes:
    """A lane a worker, a bar a run of the task."""
    from labs.show.looks.twice import AGAIN, FIRST, STATES
    from labs.show.pictures.base import About
    from labs.show.pictures.items import Item

    items = []
    for at, one in enumerate(repeat["trials"]["task"]["runs"]):
        end_ns = None if one["end_s"] is None else int(one["end_s"] * 1e9)
        state = AGAIN if at else FIRST
        items.append(Item(one["worker"], f"run {at + 1} of the task", int(one["at_s"] * 1e9), end_ns, state))
    about = About(
        under=f"{way.label}: a bar is a run of the one task.", command=f"labs run {NAME} --set ways={way.name}"
    )
    return Lanes(WORKERS, STATES, tuple(items), (), ("run", "runs"), "made", about)


def sum_up(repeats: Sequence[Repeat]) -> Summed:
    """How often the task was run, and what a repeat takes."""
    known = {"times": [one["trials"]["task"].get("times") for one in repeats], "took_s": [o["took_s"] for o in repeats]}
    median = {name: known_median(values, 2) for name, values in known.items()}
    return {"median": median, "spread": {name: known_range(values) for name, values in known.items()}}


def _card(way: Twice, here: Endpoint, repeats: int) -> Card:
    from labs.stack import packages

    pinned = packages.versions(PACKAGES)
    looks = f"every {way.looks_s:g} s" if way.looks_s else "as by itself: every 10 s, of which each tenth searches"
    client = {"redis": "redis", "rabbitmq": "amqp"}[way.broker]
    more: dict[str, object] = {
        "client": ", ".join(f"{name} {pinned[name]}" for name in ("celery", "kombu", client)),
        "workers": f"{len(WORKERS)} real ones of {PROCESSES} processes each, which take one task a process in hand",
        "task": f"waits {way.task_s:g} s, acknowledged {'when it is done' if way.late else 'before it is begun'}",
    }
    if way.broker == "redis":
        more |= {"visibility time-out": f"{way.lease_s} s (an hour by itself)", "kombu looks": looks}
    return card(here, None, {}, more, repeats=repeats)


LAB = Experiment(
    name=NAME,
    number="L8.3",
    title="Run twice",
    question="How often is one Celery task run that takes longer than its broker waits?",
    short=run_twice,
    controls=(
        Control("ways", "Task", "many", ["two"], tuple(Option(o.name, o.label) for o in WAYS.values()), sets="way"),
    ),
    grid=lambda: [{"ways": [name], "repeats": REPEATS} for name in WAYS],
    run=run,
    needs=("redis", "rabbitmq"),
    sum_up=sum_up,
    point_s=14.0,
    quiet=False,
    look=TWICE_LOOK,
    guess=TWICE_GUESS,
)
