"""What is right, read out of a lab's digests. Each function is the answer of one exercise in book.toml.

NoTruth where the run does not say: a point is missing, or it did not show what the exercise is about.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from labs.model.digest import Digest
from labs.pages.exercises.answers import Plain
from labs.pages.exercises.questions import Exercise
from labs.show.looks.price import BEHIND


class NoTruth(Exception):  # noqa: N818 - a state of the run, not a failure
    """The run does not say what is right; the text names what to run."""


Digests = Sequence[Digest]
ALIKE = 1.5
"""Within this ratio a call took as long as before: eight of them share one machine."""
GAINED, TOO_NEAR = 1.05, 0.02
"""A larger window is worth it above that ratio, and so near to it nobody can say."""
NEAR = 1.1
"""Within this ratio two figures of one run are the same."""


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
    found = [one for one in digests if all(one.settings.get(name) == value for name, value in settings.items())]
    if not found:
        said = ", ".join(f"{name} = {value}" for name, value in settings.items())
        raise NoTruth(f"Your run does not have the point that the exercise asks about: run it with {said}.")
    return found[-1]


def _lost(digest: Digest) -> float:
    """Jobs lost in all repeats. NoTruth if one repeat cannot say."""
    values = digest.each("figures", "lost")
    if len(values) < len(digest.repeats):
        raise NoTruth(f"What became of the jobs of {digest.settings['label']} is unknown in this run. Run it again.")
    return float(sum(values))


def _p50(digest: Digest, step: str) -> float:
    """A median, ms. NoTruth where there were too few calls for one."""
    value = digest.number(step, "p50")
    if value is None:
        raise NoTruth(f"{digest.settings['label']}: too few calls for a median in this run. Run it again.")
    return float(value)


def eight_callers(digests: Digests) -> float:
    """Calls a second of eight callers over kept connections, 20 ms of service time."""
    return float(point(digests, carrier="http-kept", service_ms=20, callers=8).median["per_s"])


def slower_than_asking(digests: Digests) -> frozenset[str]:
    """Kafka's confirmations that held the caller up longer than a call over a kept connection, in every repeat."""
    asked = point(digests, carrier="http-kept", service_ms=0, callers=1)
    found = set()
    for confirm in ("none", "each", "window"):
        told = point(digests, carrier="kafka", service_ms=0, callers=1, confirm=confirm)
        low, high = (_range(one) for one in (asked, told))
        if high[0] > low[1]:
            found.add(confirm)
        elif high[1] > low[0]:
            raise NoTruth(f"HTTP and Kafka with confirmation {confirm!r} were alike in this run. Run both once more.")
    return frozenset(found)


def _range(digest: Digest) -> tuple[float, float]:
    values = digest.each("blocked_ms", "p50")
    if len(values) < len(digest.repeats):
        raise NoTruth(f"{digest.settings['label']}: too few calls for a median in this run. Run it again.")
    return min(values), max(values)


def what_changed(digests: Digests) -> str:
    """More calls under way, each as long as before: the run has to show both."""
    one, eight = (point(digests, carrier="http-kept", service_ms=20, callers=number) for number in (1, 8))
    longer = _p50(eight, "blocked_ms") / _p50(one, "blocked_ms")
    more = float(eight.median["per_s"]) / float(one.median["per_s"])
    if not 1 / ALIKE < longer < ALIKE or more < ALIKE:
        raise NoTruth("In this run the machine was too busy for eight callers. Run both once more.")
    return "throughput"


def added_by_the_broker(digests: Digests) -> float:
    """Milliseconds that a question over RabbitMQ takes longer than over HTTP, at the median."""
    usual = {"rate_per_s": 200, "body_bytes": 100, "service": "up"}
    broker, direct = (point(digests, carrier=name, **usual) for name in ("rabbitmq-reply", "http-kept"))
    added = _p50(broker, "waited_ms") - _p50(direct, "waited_ms")
    if added <= 0:
        raise NoTruth("In this run the broker added nothing, which says that the machine was busy. Run both once more.")
    return added


def reply_is_gone(digests: Digests) -> str:
    """By the documents (Direct Reply-To is at most once); the run shows at least that it works while both are there."""
    for name in ("redis-pair", "rabbitmq-reply", "kafka-reply"):
        point(digests, carrier=name, service="up")
    return "rabbitmq-reply"


def shop_grid(digests: Digests) -> dict[str, str]:
    """A matter of definition; the run has to have an answer at once and one later, so that both are known to work."""
    for name in ("http-kept", "http-202"):
        point(digests, carrier=name, service="up")
    places = {"price-in-basket": "ask", "yearly-report": "ask-later"}
    return places | {"confirmation-mail": "tell-one", "price-changed": "tell-all"}


def kafka_over_redis(digests: Digests) -> float:
    """How many times the memory of Redis Kafka's is, the brokers alone."""
    kafka, redis = (point(digests, carrier=name, guarantee="survives") for name in ("kafka", "redis"))
    return float(kafka.median["broker_mb"]) / float(redis.median["broker_mb"])


def smallest_settings(digests: Digests) -> frozenset[str]:
    """What has another value in the RabbitMQ pair that loses nothing than in the one that loses jobs."""
    best, safe = (point(digests, carrier="rabbitmq", guarantee=name) for name in ("best", "survives"))
    if not _lost(best) or _lost(safe):
        raise NoTruth("The two promises did not differ here: one has to lose jobs, the other none. Run it again.")
    first, second = best.setup["client"], safe.setup["client"]
    return frozenset(name for name in second if first.get(name) != second[name])


def survivors(digests: Digests) -> frozenset[str]:
    """Forms without a broker that keep their work over a restart: the run has to have shown that HTTP 202 does not."""
    if not _lost(point(digests, carrier="later", guarantee="best")):
        raise NoTruth("In this run the service behind HTTP 202 lost nothing, which proves nothing. Run it again.")
    return frozenset({"outbox-table", "webhook-retried"})


def one_over_the_wait(digests: Digests) -> float:
    """Persistent messages a second with one under way; the run has to show that they are one over the mean wait."""
    found = point(digests, way="persistent-1")
    per_s, predicted = float(found.median["per_s"]), 1000 / float(found.median["confirm_ms"]["mean"] or 0)
    if not 1 / NEAR < per_s / predicted < NEAR:
        raise NoTruth("In this run the client itself took time between two messages. Run persistent-1 once more.")
    return per_s


def enough_under_way(digests: Digests) -> str:
    """The smallest window after which ten times as many gain less than a twentieth; the largest if none is."""
    windows = ("1", "10", "100", "1000")
    rates = [float(point(digests, way=f"persistent-{window}").median["per_s"]) for window in windows]
    for window, now, wider in zip(windows, rates, rates[1:], strict=False):
        if abs(wider / now - GAINED) < TOO_NEAR:
            raise NoTruth(
                f"Ten times more than {window} gained so nearly a twentieth that it is chance. Run both again."
            )
        if wider < GAINED * now:
            return window
    return windows[-1]


def why_fewer_bytes(digests: Digests) -> str:
    """By the documents on classic queues; the run has to show that a reader that kept up saved bytes.

    Asked of transient messages: for persistent ones a reader saved no bytes in the book's recording (RabbitMQ 4.3).
    """
    alone, read = (point(digests, way=name).median for name in ("transient-100", "transient-100-read"))
    more, less = (one["disk_bytes_per_message"] for one in (alone, read))
    behind = read["behind"]
    if more is None or less is None or behind is None:
        raise NoTruth("What the broker wrote could not be seen where this ran. Run both on Linux, on this machine.")
    if behind > BEHIND or less * NEAR > more:
        raise NoTruth("In this run the reader did not keep up, or it saved too few bytes to tell. Run both once more.")
    return "acknowledged"


TRUTHS: Mapping[str, Callable[[Digests], Plain]] = {
    one.__name__: one
    for one in (
        eight_callers,
        slower_than_asking,
        what_changed,
        added_by_the_broker,
        reply_is_gone,
        shop_grid,
        kafka_over_redis,
        smallest_settings,
        survivors,
        one_over_the_wait,
        enough_under_way,
        why_fewer_bytes,
    )
}
