"""The article's own figures, reached and missed: the same broker, asked in several ways."""

from __future__ import annotations

from labs.model.profile import BROKERS
from labs.model.published import published
from labs.model.text import BROKER_NAMES
from labs.model.workload import Ceiling
from labs.scenarios.bench.base import Figure, Goal, Row, Setting, Side
from labs.scenarios.bench.kafka_rows import FAST as KAFKA_FAST
from labs.scenarios.bench.rabbitmq_rows import FAST as RABBITMQ_FAST
from labs.scenarios.bench.rabbitmq_rows import STREAM
from labs.scenarios.bench.redis_rows import FAST as REDIS_FAST
from labs.scenarios.bench.sides import ours

ONE = Ceiling(messages=10_000, window=1, batch=1, warmup_messages=500)
"""Each message waits for the answer to the one before it."""
REACHED, MISSED = Goal(low=1.0), Goal(high=0.1)
WAYS: tuple[tuple[str, str, str, str, Ceiling, Goal], ...] = (
    ("redis-one", "redis-stream-none", "idiomatic", "redis-py, XADD one by one", ONE, MISSED),
    (
        "redis-batched",
        "redis-stream-none",
        "idiomatic",
        "redis-py, XADD in pipelines",
        Ceiling(messages=200_000, window=2048, batch=512, warmup_messages=10_000),
        Goal(),
    ),
    ("redis-fast", "redis-pubsub", "fast", "raw frames, PUBLISH in a window", REDIS_FAST, REACHED),
    ("rabbitmq-one", "rabbitmq-confirms", "idiomatic", "pika, persistent, one by one", ONE, MISSED),
    (
        "rabbitmq-batched",
        "rabbitmq-confirms",
        "idiomatic",
        "pika, persistent, confirms in a window",
        Ceiling(messages=60_000, window=500, batch=100, warmup_messages=5000),
        Goal(),
    ),
    ("rabbitmq-fast", "rabbitmq-confirms", "fast", "raw frames, persistent, confirms", RABBITMQ_FAST, Goal()),
    ("rabbitmq-stream", "rabbitmq-stream", "fast", "stream protocol, confirms", STREAM, REACHED),
    ("kafka-one", "kafka-acks-all", "idiomatic", "kafka-python, one by one", ONE, MISSED),
    (
        "kafka-batched",
        "kafka-acks-all",
        "idiomatic",
        "kafka-python, batches",
        Ceiling(messages=100_000, window=20_000, batch=2000, warmup_messages=10_000),
        Goal(),
    ),
    ("kafka-fast", "kafka-acks-all", "fast", "raw record batches, acks=all", KAFKA_FAST, REACHED),
)


def said_by_the_article(broker: str) -> Side:
    """The published figure, which needs no run."""
    figure = published()[f"article-{broker}"]

    def side(_here: Setting) -> Figure:
        return Figure(figure.per_s, 0.0, said=f"{figure.source}; {figure.conditions}")

    return side


def _row(name: str, profile: str, lane: str, way: str, load: Ceiling, goal: Goal) -> Row:
    broker = next(one for one in BROKERS if name.startswith(one))
    title = f"{BROKER_NAMES[broker]} against the article: {way}"
    sides = (ours(profile, lane, load), said_by_the_article(broker))
    return Row(f"article-{name}", broker, "article", title, way, "the article", sides, goal, warm_rounds=1)


ARTICLE = tuple(_row(*way) for way in WAYS)
