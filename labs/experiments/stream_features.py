"""L6.4b Ask the server: what can this Redis do for the groups of a stream, and which version brought it? No claim."""

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
from labs.model.stream_features import COMMANDS, FEATURES
from labs.show.looks.stream_features import STREAM_FEATURES_LOOK

NAME = "stream-features"
REPEATS = 5


def run(settings: Settings, observer: Observer) -> list[Digest]:
    """One digest a feature, each tried once a repeat."""
    features, repeats = settings["ways"], settings.get("repeats", 1)
    with place("redis", observer) as endpoint:
        assert endpoint  # it is named
        found = [_asked(endpoint, features, observer.part(at, repeats)) for at in range(repeats)]
        on_card = card(endpoint, None, {}, {"messages": "four entries a trial"}, repeats=repeats)
    return [digest(name, [one[name] for one in found], endpoint.version, on_card) for name in features]


def _asked(endpoint: Endpoint, features: Sequence[str], observer: Observer) -> dict[str, Repeat]:
    from contextlib import closing

    from labs.brokers.redis.admin import client
    from labs.brokers.redis.client import typed
    from labs.scenarios.pending.features import judged
    from labs.scenarios.pending.trials import site
    from labs.scenarios.queues.server import since

    found: dict[str, Repeat] = {}
    with typed(endpoint), closing(client(endpoint)) as link:
        dated = since(link, list(COMMANDS.values()))
    with site(endpoint) as seen:
        for at, name in enumerate(features):
            observer.check(f"before the trial of {FEATURES[name]}")
            observer.progress(at / len(features), FEATURES[name])
            start_s = time.monotonic()
            trial = judged(name, seen(name))
            told = {COMMANDS[name]: dated[COMMANDS[name]]} if name in COMMANDS else {}
            found[name] = {"trials": {name: trial}, "since": told, "took_s": round(time.monotonic() - start_s, 3)}
    return found


def digest(feature: str, repeats: Sequence[Repeat], version: str, on_card: Card) -> Digest:
    """One point of the lab."""
    settings = {"way": feature, "label": FEATURES[feature], "broker": "redis"}
    setup = {"version": version}
    return Digest(lab=NAME, settings=settings, setup=setup, repeats=list(repeats), card=on_card, **sum_up(repeats))  # type: ignore[arg-type]


def sum_up(repeats: Sequence[Repeat]) -> Summed:
    """How long the trial took; what it found is said by its word."""
    return {"median": {"took_s": known_median([one["took_s"] for one in repeats], 3)}, "spread": {}}


LAB = Experiment(
    name=NAME,
    number="L6.4b",
    title="Ask the server for its streams",
    question="What can this Redis do for the groups of a stream, and which version brought it?",
    controls=(
        Control("ways", "Feature", "many", list(FEATURES), tuple(Option(*one) for one in FEATURES.items()), sets="way"),
    ),
    grid=lambda: [{"ways": [name], "repeats": REPEATS} for name in FEATURES],
    run=run,
    needs=("redis",),
    sum_up=sum_up,
    point_s=1.0,
    quiet=False,
    look=STREAM_FEATURES_LOOK,
)
