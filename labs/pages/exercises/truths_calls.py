"""What is right in chapter 1, about calls and about the cost of a broker."""

from __future__ import annotations

from labs.model.digest import Digest
from labs.pages.exercises.truths import Digests, NoTruth, answer, point

ALIKE = 1.5
"""Within this ratio a call took as long as before: eight of them share one machine."""


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


@answer
def eight_callers(digests: Digests) -> float:
    """Calls a second of eight callers over kept connections, 20 ms of service time."""
    return float(point(digests, carrier="http-kept", service_ms=20, callers=8).median["per_s"])


@answer
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


@answer
def what_changed(digests: Digests) -> str:
    """More calls under way, each as long as before: the run has to show both."""
    one, eight = (point(digests, carrier="http-kept", service_ms=20, callers=number) for number in (1, 8))
    longer = _p50(eight, "blocked_ms") / _p50(one, "blocked_ms")
    more = float(eight.median["per_s"]) / float(one.median["per_s"])
    if not 1 / ALIKE < longer < ALIKE or more < ALIKE:
        raise NoTruth("In this run the machine was too busy for eight callers. Run both once more.")
    return "throughput"


@answer
def added_by_the_broker(digests: Digests) -> float:
    """Milliseconds that a question over RabbitMQ takes longer than over HTTP, at the median."""
    usual = {"rate_per_s": 200, "body_bytes": 100, "service": "up"}
    broker, direct = (point(digests, carrier=name, **usual) for name in ("rabbitmq-reply", "http-kept"))
    added = _p50(broker, "waited_ms") - _p50(direct, "waited_ms")
    if added <= 0:
        raise NoTruth("In this run the broker added nothing at the median, so there is no difference to grade.")
    return added


@answer
def reply_is_gone(digests: Digests) -> str:
    """By the documents (Direct Reply-To is at most once); the run shows at least that it works while both are there."""
    for name in ("redis-pair", "rabbitmq-reply", "kafka-reply"):
        point(digests, carrier=name, service="up")
    return "rabbitmq-reply"


@answer
def shop_grid(digests: Digests) -> dict[str, str]:
    """A matter of definition; the run has to have an answer at once and one later, so that both are known to work."""
    for name in ("http-kept", "http-202"):
        point(digests, carrier=name, service="up")
    places = {"price-in-basket": "ask", "yearly-report": "ask-later"}
    return places | {"confirmation-mail": "tell-one", "price-changed": "tell-all"}


@answer
def kafka_over_redis(digests: Digests) -> float:
    """How many times the memory of Redis Kafka's is, the brokers alone."""
    kafka, redis = (point(digests, carrier=name, guarantee="survives") for name in ("kafka", "redis"))
    return float(kafka.median["broker_mb"]) / float(redis.median["broker_mb"])


@answer
def smallest_settings(digests: Digests) -> frozenset[str]:
    """What has another value in the RabbitMQ pair that loses nothing than in the one that loses jobs."""
    best, safe = (point(digests, carrier="rabbitmq", guarantee=name) for name in ("best", "survives"))
    if not _lost(best) or _lost(safe):
        raise NoTruth("The two promises did not differ here: one has to lose jobs, the other none. Run it again.")
    first, second = best.setup["client"], safe.setup["client"]
    return frozenset(name for name in second if first.get(name) != second[name])


@answer
def survivors(digests: Digests) -> frozenset[str]:
    """Forms without a broker that keep their work over a restart: the run has to have shown that HTTP 202 does not."""
    if not _lost(point(digests, carrier="later", guarantee="best")):
        raise NoTruth("In this run the service behind HTTP 202 lost nothing, which proves nothing. Run it again.")
    return frozenset({"outbox-table", "webhook-retried"})
