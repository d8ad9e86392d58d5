"""L4.4b Ask the server: what can its queues do with a message that is late, urgent or bad?

It judges no claim: bad-message, on the same page, looks at its points for C67.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from labs.experiments.base import Control, Experiment, Option, Settings, place
from labs.judge.card import card
from labs.judge.repeats import Summed, known_median
from labs.model.digest import Card, Digest
from labs.model.endpoint import Endpoint
from labs.model.figures import Repeat
from labs.model.observer import Observer
from labs.model.queue_features import QUEUES, TRIALS
from labs.show.looks.features import FEATURES_LOOK

NAME = "feature-rows"
REPEATS = 5


def run(settings: Settings, observer: Observer) -> list[Digest]:
    """One digest: every trial on that kind of queue, once a repeat."""
    kind, repeats = settings["queue"], settings.get("repeats", 1)
    with place("rabbitmq", observer) as endpoint:
        assert endpoint  # it is named
        found = [_asked(endpoint, kind, observer.part(at, repeats, QUEUES[kind])) for at in range(repeats)]
        on_card = card(endpoint, None, {}, {"messages": "persistent, each confirmed"}, repeats=repeats)
    return [digest(kind, found, endpoint.version, on_card)]


def _asked(endpoint: Endpoint, kind: str, observer: Observer) -> Repeat:
    from labs.scenarios.features.judge import judged
    from labs.scenarios.features.trials import site

    start_s, trials = time.monotonic(), {}
    with site(endpoint, kind) as seen:
        for at, trial in enumerate(TRIALS):
            observer.check(f"before the trial {trial}")
            observer.progress(at / len(TRIALS), f"{QUEUES[kind]}: {trial.replace('_', ' ')}")
            trials[trial] = judged(trial, seen(trial))
    return {"trials": trials, "took_s": round(time.monotonic() - start_s, 1)}


def digest(kind: str, repeats: Sequence[Repeat], version: str, on_card: Card) -> Digest:
    """One point of the lab."""
    settings = {"queue": kind, "label": QUEUES[kind], "broker": "rabbitmq"}
    setup = {"version": version}
    return Digest(lab=NAME, settings=settings, setup=setup, repeats=list(repeats), card=on_card, **sum_up(repeats))  # type: ignore[arg-type]


def sum_up(repeats: Sequence[Repeat]) -> Summed:
    """How long the trials took; what they found is said by their words."""
    return {"median": {"took_s": known_median([one["took_s"] for one in repeats], 1)}, "spread": {}}


LAB = Experiment(
    name=NAME,
    number="L4.4b",
    title="Ask the server for its features",
    question="What can a queue of this RabbitMQ do with a message that is late, urgent or bad?",
    controls=(
        Control("queue", "Queue", "choice", "quorum", tuple(Option(name, label) for name, label in QUEUES.items())),
    ),
    grid=lambda: [{"queue": name, "repeats": REPEATS} for name in QUEUES],
    run=run,
    needs=("rabbitmq",),
    sum_up=sum_up,
    point_s=3.0,
    quiet=False,
    look=FEATURES_LOOK,
)
