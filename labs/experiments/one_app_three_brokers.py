"""L8.1 One Celery app, three brokers: the same application, the same questions, what works on which.

Claims C70 and C71. Celery runs in an environment of its own, as real worker processes.
"""

from __future__ import annotations

from collections.abc import Sequence

from labs.experiments import stack_verdicts
from labs.experiments.base import Control, Experiment, Option, Settings
from labs.experiments.celery_rounds import Trials, pinned_client, rounds, summed
from labs.judge.card import card
from labs.judge.repeats import Summed
from labs.model.digest import Card, Digest
from labs.model.endpoint import Endpoint
from labs.model.figures import Repeat
from labs.model.observer import Observer
from labs.model.profile import BROKERS
from labs.scenarios.stack_tasks import LEASE_S, WAYS, Way, way_of
from labs.show.looks.stack_tasks import TASKS_GUESS, TASKS_LOOK
from labs.show.short.stack_tasks import one_app

NAME = "one-app-three-brokers"
REPEATS = 5
FIGURES = (
    ("basic", "took_ms"), ("countdown", "waited_s"), ("priority", "ahead"), ("rate", "sent_per_s"), ("rate", "per_s"),
)  # fmt: skip
FAULT_METHOD = "SIGKILL to the worker and to every process of its pool, its death read from its exit status"


def run(settings: Settings, observer: Observer) -> list[Digest]:
    """One digest a way, its broker put through the checklist once a repeat. StackError where Celery cannot be had."""
    from labs.scenarios.stack_tasks.checklist import run as ask
    from labs.scenarios.stack_tasks.judge import judged

    def once(way: Way, here: Endpoint, part: Observer) -> Trials:
        return judged(ask(way, here, part))

    def digest_here(way: Way, repeats: list[Repeat], here: Endpoint) -> Digest:
        return digest(way, repeats, _card(way, here, len(repeats)))

    return rounds([way_of(name) for name in settings["ways"]], settings, observer, once, digest_here)


def digest(way: Way, repeats: Sequence[Repeat], on_card: Card) -> Digest:
    """One point of the lab."""
    return Digest(
        lab=NAME,
        settings={"way": way.name, "label": way.label, "broker": way.broker},
        repeats=list(repeats),
        card=on_card,
        **sum_up(repeats),
    )


def sum_up(repeats: Sequence[Repeat]) -> Summed:
    """The figures beside the words."""
    known = {name: [one["trials"].get(row, {}).get(name) for one in repeats] for row, name in FIGURES}
    return summed(known, repeats)


def _card(way: Way, here: Endpoint, repeats: int) -> Card:
    from labs.scenarios.stack_tasks.settings import told

    more: dict[str, object] = {
        "client": pinned_client(way.broker),
        "workers": "real processes, prefork, Celery's own prefetch of 4 tasks a process",
        "transport": told(way),
        "lease": f"{LEASE_S} s until Redis gives a task out again, {LEASE_S + 1} s until Kafka misses a worker",
        "fault_method": FAULT_METHOD,
    }
    return card(here, None, {}, more, repeats=repeats)


LAB = Experiment(
    name=NAME,
    number="L8.1",
    title="One Celery app, three brokers",
    question="Which of Celery’s abilities does an application keep on Redis, RabbitMQ and Kafka?",
    short=one_app,
    claims=("C70", "C71"),
    controls=(
        Control("ways", "On", "many", list(WAYS), tuple(Option(o.name, o.label) for o in WAYS.values()), sets="way"),
    ),
    grid=lambda: [{"ways": [name], "repeats": REPEATS} for name in WAYS],
    run=run,
    rules=stack_verdicts.RULES,
    beside=stack_verdicts.BESIDE,
    needs=BROKERS,
    sum_up=sum_up,
    point_s=30.0,
    quiet=False,
    look=TASKS_LOOK,
    guess=TASKS_GUESS,
)  # fmt: skip
