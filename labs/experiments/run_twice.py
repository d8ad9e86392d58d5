"""L8.3 Run twice: a Celery task that takes longer than Redis's visibility time-out, on two real workers.

It judges no claim: one-app-three-brokers, in the same chapter, names its points for C70.
"""

from __future__ import annotations

from collections.abc import Sequence

from labs.experiments.base import Control, Experiment, Option, Settings
from labs.experiments.celery_rounds import Trials, pinned_client, rounds, summed
from labs.judge.card import card
from labs.judge.repeats import Summed
from labs.model.digest import Card, Digest
from labs.model.endpoint import Endpoint
from labs.model.figures import Repeat
from labs.model.observer import Observer
from labs.scenarios.stack_tasks.twice import PROCESSES, WAYS, WORKERS, Twice, judged, way_of
from labs.show.looks.twice import TWICE_GUESS, TWICE_LOOK
from labs.show.pictures.lanes import Lanes
from labs.show.short.twice import run_twice

NAME = "run-twice"
REPEATS = 5


def run(settings: Settings, observer: Observer) -> list[Digest]:
    """One digest a way, its task sent once a repeat. StackError where Celery cannot be had."""
    from labs.scenarios.stack_tasks.twice import run as send_it

    def once(way: Twice, here: Endpoint, part: Observer) -> Trials:
        return {"task": judged(send_it(way, here, part))}

    def digest_here(way: Twice, repeats: list[Repeat], here: Endpoint) -> Digest:
        return digest(way, repeats, _card(way, here, len(repeats)))

    return rounds([way_of(name) for name in settings["ways"]], settings, observer, once, digest_here)


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
    return summed({"times": [one["trials"]["task"].get("times") for one in repeats]}, repeats)


def _card(way: Twice, here: Endpoint, repeats: int) -> Card:
    looks = f"every {way.looks_s:g} s" if way.looks_s else "as by itself: every 10 s, of which each tenth searches"
    more: dict[str, object] = {
        "client": pinned_client(way.broker),
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
