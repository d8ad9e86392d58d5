"""What is right, read out of a lab's digests. Each function is the answer of one exercise in book.toml.

NoTruth where the run does not say: a point is missing, or it did not show what the exercise is about.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from labs.digest import Digest
from labs.exercises.answers import Plain
from labs.exercises.questions import Exercise


class NoTruth(Exception):  # noqa: N818 - a state of the run, not a failure
    """The run does not say what is right; the text names what to run."""


Digests = Sequence[Digest]


def truth(asked: Exercise, digests: Digests) -> Plain:
    """What is right by these digests. Raises NoTruth."""
    try:
        found = TRUTHS[asked.truth](digests)
    except (KeyError, TypeError, ValueError, IndexError, ZeroDivisionError, AttributeError) as error:
        raise NoTruth(f"This run of {asked.lab} cannot say: a figure is missing or damaged. Run it again.") from error
    if isinstance(found, float) and not math.isfinite(found):
        raise NoTruth(f"This run of {asked.lab} cannot say: a figure is not finite. Run it again.")
    return found


def point(digests: Digests, **settings: Any) -> Digest:
    """The newest point with these settings. NoTruth names what has to be run."""
    found = [one for one in digests if all(one["settings"].get(name) == value for name, value in settings.items())]
    if not found:
        said = ", ".join(f"{name} = {value}" for name, value in settings.items())
        raise NoTruth(f"Your run does not have the point that the exercise asks about: run it with {said}.")
    return found[-1]


def _lost(digest: Digest) -> float:
    """Jobs lost in all repeats. NoTruth if one repeat cannot say."""
    values = [repeat["figures"]["lost"] for repeat in digest["repeats"]]
    if None in values:
        raise NoTruth(f"What became of the jobs of {digest['settings']['label']} is unknown in this run. Run it again.")
    return float(sum(values))


def kafka_over_redis(digests: Digests) -> float:
    """How many times the memory of Redis Kafka's is, the brokers alone."""
    kafka, redis = (point(digests, carrier=name, guarantee="survives") for name in ("kafka", "redis"))
    return float(kafka["median"]["broker_mb"]) / float(redis["median"]["broker_mb"])


def smallest_settings(digests: Digests) -> frozenset[str]:
    """What has another value in the RabbitMQ pair that loses nothing than in the one that loses jobs."""
    best, safe = (point(digests, carrier="rabbitmq", guarantee=name) for name in ("best", "survives"))
    if not _lost(best) or _lost(safe):
        raise NoTruth("The two promises did not differ here: one has to lose jobs, the other none. Run it again.")
    first, second = best["setup"]["client"], safe["setup"]["client"]
    return frozenset(name for name in second if first.get(name) != second[name])


def survivors(digests: Digests) -> frozenset[str]:
    """Forms without a broker that keep their work over a restart: the run has to have shown that HTTP 202 does not."""
    if not _lost(point(digests, carrier="later", guarantee="best")):
        raise NoTruth("In this run the service behind HTTP 202 lost nothing, which proves nothing. Run it again.")
    return frozenset({"outbox-table", "webhook-retried"})


TRUTHS: Mapping[str, Callable[[Digests], Plain]] = {
    one.__name__: one for one in (kafka_over_redis, smallest_settings, survivors)
}
