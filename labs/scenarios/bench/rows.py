"""All rows, in the order of the table. The goals are those that this project set itself (measuring.md 9)."""

from __future__ import annotations

from dataclasses import replace

from labs.model.profile import BROKERS, profile
from labs.model.published import published
from labs.model.text import BROKER_NAMES
from labs.model.workload import Ceiling, Workload
from labs.scenarios.bench.base import OVERHEAD_BYTES, ROOM_BYTES, Figure, Goal, Row, Setting, Side
from labs.scenarios.bench.ours import ours
from labs.scenarios.bench.sides import frozen_p99, lateness, unstamped
from labs.scenarios.bench.tool_sides import REDIS_MESSAGES, benchmark_best, perf_test_side, produces, reads
from labs.scenarios.bench.tools import perf_test

REDIS = Ceiling(messages=4_000_000, window=4096, batch=512, warmup_messages=200_000)
REDIS_SLOW = Ceiling(messages=300_000, window=2048, batch=512, warmup_messages=20_000)
KEPT = Ceiling(messages=800_000, window=4096, batch=512, warmup_messages=50_000)
"""A stream keeps what it gets: more of it would not fit into the memory that the labs give Redis."""
RABBITMQ = Ceiling(messages=200_000, window=500, batch=100, warmup_messages=20_000)
RABBITMQ_SLOW = Ceiling(messages=60_000, window=500, batch=100, warmup_messages=6_000)
STREAM = Ceiling(messages=3_000_000, window=20_000, batch=1000, warmup_messages=200_000)
KAFKA = Ceiling(messages=4_000_000, window=50_000, batch=5000, warmup_messages=400_000)
KAFKA_SLOW = Ceiling(messages=100_000, window=20_000, batch=2000, warmup_messages=10_000)
OURS = "our fast lane"


ROOM = -1
"""As many messages as the broker has room for."""


def room(broker: str) -> int:
    """Messages of 100 bytes that find room on that broker while nobody takes them away."""
    return ROOM_BYTES[broker] // (100 + OVERHEAD_BYTES)


def _tool(  # noqa: PLR0913 - what a row says
    name: str, title: str, tool: str, sides: tuple[Side, Side], low: float, promise: str, *, most: int | None = ROOM
) -> Row:
    """Our fast lane against a vendor's tool."""
    broker = name.partition("-")[0]
    found = Row(name, broker, "fast", title, OURS, tool, sides, Goal(low=low), promise=promise, most=most)
    return replace(found, most=room(broker)) if most == ROOM else found


def _kept(name: str) -> int:
    """What of it finds room: as many as come where the broker keeps none."""
    return 0 if name == "redis-pubsub" else room(profile(name).broker)


def _accounted(broker: str, what: str, profile: str, load: Ceiling) -> Row:
    """What our own accounting costs."""
    title = f"{what}, end to end with full accounting, against producing alone without stamps"
    sides = (ours(profile, "fast", load, "both"), unstamped(profile, load))
    words = ("end to end, accounted", "producing, unstamped")
    return Row(f"{broker}-accounted", broker, "fast", title, *words, sides, Goal(low=0.5), most=_kept(profile))


def _idiomatic(broker: str, what: str, library: str, sides: tuple[Side, Side], low: float | None) -> Row:
    """A client library against our fast lane."""
    title = f"{what} batched as well as it allows"
    return Row(
        f"{broker}-idiomatic", broker, "idiomatic", title, library, OURS, sides, Goal(low=low), most=room(broker)
    )


_BENCHMARK, _TOPIC = "redis-benchmark, its best setting", "acknowledged from the page cache of one node"
_QUEUE = "durable classic queue, persistent, confirmed"
_PUSHED = "persistent, confirms, window 500"
COMPARED = (
    _tool(
        "redis-publish", "Redis, PUBLISH", _BENCHMARK,
        (ours("redis-pubsub", "fast", REDIS), benchmark_best("PUBLISH")), 1.0, "none: nobody is subscribed",
        most=0,
    ),
    _tool(
        "redis-xadd", "Redis, XADD", _BENCHMARK,
        (ours("redis-stream-none", "fast", KEPT), benchmark_best("XADD", KEPT.messages / REDIS_MESSAGES)), 1.0,
        "in memory, no persistence",
    ),
    _accounted("redis", "Redis Pub/Sub", "redis-pubsub", REDIS),
    _idiomatic(
        "redis", "Redis, XADD through redis-py,", "redis-py",
        (ours("redis-stream-none", "idiomatic", REDIS_SLOW), ours("redis-stream-none", "fast", KEPT)), 0.3,
    ),
    _tool(
        "rabbitmq-produce", f"RabbitMQ, producing, {_PUSHED}", "PerfTest",
        (ours("rabbitmq-confirms", "fast", RABBITMQ), perf_test_side(perf_test.produce)), 1.0, _QUEUE,
    ),
    _tool(
        "rabbitmq-end-to-end", f"RabbitMQ, end to end, {_PUSHED}", "PerfTest",
        (ours("rabbitmq-confirms", "fast", RABBITMQ, "both"), perf_test_side(perf_test.end_to_end)), 1.0,
        f"{_QUEUE}, acknowledged",
    ),
    Row(
        "rabbitmq-stream", "rabbitmq", "fast", "RabbitMQ, a stream against a queue, every message confirmed",
        "stream protocol", "AMQP, persistent, confirms",
        (ours("rabbitmq-stream", "fast", STREAM), ours("rabbitmq-confirms", "fast", RABBITMQ)), Goal(low=20.0),
        promise="durable and confirmed on both sides", most=room("rabbitmq"),
    ),
    _accounted("rabbitmq", "RabbitMQ", "rabbitmq-confirms", RABBITMQ),
    _idiomatic(
        "rabbitmq", "RabbitMQ, pika with confirms,", "pika",
        (ours("rabbitmq-confirms", "idiomatic", RABBITMQ_SLOW), ours("rabbitmq-confirms", "fast", RABBITMQ)), 0.3,
    ),
    _tool(
        "kafka-produce", "Kafka, producing with acks=all", "ProducerPerformance",
        (ours("kafka-acks-all", "fast", KAFKA), produces("kafka-acks-all")), 2.0, _TOPIC,
    ),
    _tool(
        "kafka-produce-acks-1", "Kafka, producing with acks=1", "ProducerPerformance",
        (ours("kafka-acks-1", "fast", KAFKA), produces("kafka-acks-1")), 2.0, _TOPIC,
    ),
    _tool(
        "kafka-consume", "Kafka, reading what lies there", "ConsumerPerformance",
        (ours("kafka-acks-all", "fast", KAFKA, "consume"), reads("kafka-acks-all")), 1.0,
        "every message read once; ours compares checksums, the tool does not", most=None,
    ),
    _accounted("kafka", "Kafka", "kafka-acks-all", KAFKA),
    _idiomatic(
        "kafka", "Kafka, kafka-python", "kafka-python",
        (ours("kafka-acks-all", "idiomatic", KAFKA_SLOW), ours("kafka-acks-all", "fast", KAFKA)), None,
    ),
)  # fmt: skip

STALLS = {"20": 0.02, "100": 0.1, "500": 0.5}
"""ms -> s. A hundredth of the messages must fall into a stall, or the p99 would not see it: 20 ms in a second do."""
PACED = Workload(rate_per_s=1000, duration_s=10, warmup_s=1)
LATE = {1000: 0.1, 10_000: 0.3, 50_000: 1.0}

STALLED = tuple(
    Row(
        f"p99-under-{name}-ms", "redis", "fast", f"p99 with Redis frozen {name} ms in each second", "reported p99",
        "analytic p99", frozen_p99("redis-pubsub", frozen_s, PACED), Goal(0.95, 1.05), "ms", warm_rounds=0,
    )
    for name, frozen_s in STALLS.items()
)  # fmt: skip
PUNCTUAL = tuple(
    Row(
        f"lateness-{rate}", "redis", "fast", f"lateness p99 at {rate:,}/s", "lateness p99", "period",
        lateness("redis-pubsub", "fast", Workload(rate_per_s=rate, duration_s=4, warmup_s=1, spin=True)),
        Goal(high=goal), "µs", warm_rounds=1,
    )
    for rate, goal in LATE.items()
)  # fmt: skip

ONE = Ceiling(messages=10_000, window=1, batch=1, warmup_messages=500)
"""Each message waits for the answer to the one before it."""
REDIS_BATCHED = Ceiling(messages=200_000, window=2048, batch=512, warmup_messages=10_000)
QUEUED = Ceiling(messages=60_000, window=500, batch=100, warmup_messages=5000)
REACHED, MISSED, SHOWN = Goal(low=1.0), Goal(high=0.1), Goal()
WAYS: tuple[tuple[str, str, str, str, Ceiling, Goal], ...] = (
    ("redis-one", "redis-stream-none", "idiomatic", "redis-py, XADD one by one", ONE, MISSED),
    ("redis-batched", "redis-stream-none", "idiomatic", "redis-py, XADD in pipelines", REDIS_BATCHED, SHOWN),
    ("redis-fast", "redis-pubsub", "fast", "raw frames, PUBLISH to nobody", REDIS, REACHED),
    ("rabbitmq-one", "rabbitmq-confirms", "idiomatic", "pika, persistent, one by one", ONE, MISSED),
    ("rabbitmq-batched", "rabbitmq-confirms", "idiomatic", "pika, persistent, confirms in a window", QUEUED, SHOWN),
    ("rabbitmq-fast", "rabbitmq-confirms", "fast", "raw frames, persistent, confirms", RABBITMQ, SHOWN),
    ("rabbitmq-stream", "rabbitmq-stream", "fast", "stream protocol, confirms", STREAM, REACHED),
    ("kafka-one", "kafka-acks-all", "idiomatic", "kafka-python, one by one", ONE, MISSED),
    ("kafka-batched", "kafka-acks-all", "idiomatic", "kafka-python, batches", KAFKA_SLOW, SHOWN),
    ("kafka-fast", "kafka-acks-all", "fast", "raw record batches, acks=all", KAFKA, REACHED),
)  # fmt: skip


def said_by_the_article(broker: str) -> Side:
    """The published figure, which needs no run."""
    figure = published()[f"article-{broker}"]

    def side(_here: Setting) -> Figure:
        return Figure(figure.per_s, 0.0, said=f"{figure.source}; {figure.conditions}")

    return side


def _article(name: str, profile: str, lane: str, way: str, load: Ceiling, goal: Goal) -> Row:
    broker = next(one for one in BROKERS if name.startswith(one))
    title = f"{BROKER_NAMES[broker]} against the article: {way}"
    sides = (ours(profile, lane, load), said_by_the_article(broker))
    most = _kept(profile)
    return Row(f"article-{name}", broker, "article", title, way, "the article", sides, goal, warm_rounds=1, most=most)


ARTICLE = tuple(_article(*way) for way in WAYS)
ROWS: tuple[Row, ...] = (*COMPARED, *STALLED, *PUNCTUAL, *ARTICLE)
