"""What the labs of Celery share: packages, a session of the brokers, each way so many times, and what a card says."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol, TypeVar

from labs.experiments.base import Settings
from labs.judge.repeats import Summed, known_median, known_range
from labs.model.digest import Digest
from labs.model.endpoint import Endpoint
from labs.model.figures import Repeat
from labs.model.observer import Observer
from labs.scenarios.stack_tasks import PACKAGES

CLIENTS = {"redis": "redis", "rabbitmq": "amqp", "kafka": "confluent-kafka"}
"""By broker, the package through which kombu speaks to it."""


class On(Protocol):
    """A way to run Celery: what it is called, and its broker."""

    @property
    def label(self) -> str:
        """As a reader sees it."""

    @property
    def broker(self) -> str:
        """One of profile.BROKERS."""


W = TypeVar("W", bound=On)
Trials = Mapping[str, Mapping[str, Any]]


def rounds(
    ways: Sequence[W],
    settings: Settings,
    observer: Observer,
    once: Callable[[W, Endpoint, Observer], Trials],
    digest: Callable[[W, list[Repeat], Endpoint], Digest],
) -> list[Digest]:
    """One digest a way, of as many repeats as `settings` ask for: what `once` found in each, and how long it took.

    StackError where Celery cannot be had or a broker does not start.
    """
    from labs import stack
    from labs.stack import packages

    repeats, report = settings.get("repeats", 1), partial(observer.progress, 0.0)
    packages.python(PACKAGES, report)
    brokers, found = tuple(dict.fromkeys(way.broker for way in ways)), []
    with stack.session(brokers, settings.get("backend", "auto"), report=report) as endpoints:
        for at, way in enumerate(ways):
            here, done = endpoints[way.broker], list[Repeat]()
            for turn in range(repeats):
                began_s = time.monotonic()
                trials = once(way, here, observer.part(at * repeats + turn, len(ways) * repeats, way.label))
                done.append({"trials": trials, "took_s": round(time.monotonic() - began_s, 1)})
            found.append(digest(way, done, here))
    return found


def summed(known: dict[str, list[float | None]], repeats: Sequence[Repeat]) -> Summed:
    """Median and range of these figures, a value a repeat, and of the time that a repeat took."""
    known = known | {"took_s": [one["took_s"] for one in repeats]}
    median = {name: known_median(values, 2) for name, values in known.items()}
    return {"median": median, "spread": {name: known_range(values) for name, values in known.items()}}


def pinned_client(broker: str) -> str:
    """Celery and what it speaks to that broker with, by their versions."""
    from labs.stack import packages

    pinned = packages.versions(PACKAGES)
    return ", ".join(f"{name} {pinned[name]}" for name in ("celery", "kombu", CLIENTS[broker]))
