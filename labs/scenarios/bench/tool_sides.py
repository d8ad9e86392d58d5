"""Sides that are a vendor's tool: redis-benchmark, PerfTest, Kafka's ProducerPerformance and ConsumerPerformance."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import cache, partial
from typing import Any

import numpy as np

from labs.brokers import open_broker
from labs.model.endpoint import Endpoint
from labs.model.profile import Profile, profile
from labs.scenarios.bench.base import Setting, Side
from labs.scenarios.bench.lifting import Liftable, Variant
from labs.scenarios.bench.sides import filled, tool
from labs.scenarios.bench.tools import Rate, kafka_perf, redis_benchmark

REDIS_MESSAGES = 4_000_000
RABBITMQ_S, RABBITMQ_WINDOW = 12.0, 500
KAFKA_MESSAGES, KAFKA_WARM = 4_000_000, 1_000_000
BODY = b"x" * 100
CHARACTERS = bytes(range(33, 127))
"""Of a line of text: drawn from these, a byte carries six and a half bits, so nothing packs it into much less."""


def benchmark_best(command: str, share: float = 1.0) -> Side:
    """redis-benchmark at the best of its best settings, on a `share` of the messages."""

    def side(**other: int) -> Side:
        def run(here: Setting) -> Rate:
            count = max(here.count(round(REDIS_MESSAGES * share)), 20_000)
            return redis_benchmark.best(here.endpoint, command, messages=count, **other)

        return tool(run)

    return Liftable(
        side(),
        [
            _window("pipelines twice as deep", side(deeper=2)),
            _client("a second thread of the tool and as many connections again", side(threads=2)),
            _no_queue("a second key", "the tool writes to one key"),
        ],
    )


def perf_test_side(part: Callable[..., Rate], seconds: float = RABBITMQ_S) -> Side:
    """PerfTest, producing or end to end, for so long."""

    def side(window: int = RABBITMQ_WINDOW, **other: int) -> Side:
        def run(here: Setting) -> Rate:
            return part(here.endpoint, seconds=max(here.seconds(seconds), 3.0), confirms=window, **other)

        return tool(run)

    return Liftable(
        side(),
        [
            _window(f"a window of {2 * RABBITMQ_WINDOW:,}", side(2 * RABBITMQ_WINDOW)),
            _client("a second publisher of the tool to the same queue", side(clients=2)),
            _queue("queue", "a second queue with a publisher of the tool's own", side(clients=2, queues=2)),
        ],
    )


@cache
def unlike_bodies(count: int = 20_000, seed: int = 1) -> tuple[bytes, ...]:
    """Bodies of 100 random characters each, as hard to compress as text in a line can be."""
    drawn = np.random.default_rng(seed).integers(0, len(CHARACTERS), (count, len(BODY)))
    return tuple(row.tobytes() for row in np.frombuffer(CHARACTERS, np.uint8)[drawn])


@contextmanager
def _topics(endpoint: Endpoint, using: Profile, count: int = 1) -> Iterator[list[str]]:
    names = [f"labs-bench-{secrets.token_hex(4)}" for _ in range(count)]
    with ExitStack() as opened:
        for name in names:
            opened.enter_context(open_broker(endpoint, using, name))
        yield names


def _sizes(here: Setting, share: float = 1.0) -> tuple[int, int]:
    """Messages that count, and those before them that do not."""
    count = max(here.count(round(KAFKA_MESSAGES * share)), 1000)
    return count, max(count * KAFKA_WARM // KAFKA_MESSAGES, 1000)


def produces(name: str, share: float = 1.0, compression: str = "none", *, alike: bool = True) -> Side:
    """ProducerPerformance with the acks of that profile, on a `share` of the messages; `alike`: one body for all."""
    using = profile(name)

    def side(tools: int = 1, topics: int = 1, wider: int = 1) -> Side:
        def run(here: Setting) -> Rate:
            endpoint, (count, warm) = here.endpoint, _sizes(here, share / tools)
            bodies = (BODY,) if alike else unlike_bodies()
            told: dict[str, Any] = {
                "acks": str(using.settings["acks"]),
                "warm": warm,
                "compression": compression,
                "wider": wider,
            }
            with _topics(endpoint, using, topics) as names, ThreadPoolExecutor(tools) as threads:
                call = partial(kafka_perf.produce, endpoint, messages=count, bodies=bodies, **told)
                return _sum(list(threads.map(lambda at: call(topic=names[at % topics]), range(tools))))

        return tool(run)

    return Liftable(
        side(),
        [
            _window("batches and a buffer twice as large", side(wider=2)),
            _client("a second tool on the same partition", side(tools=2)),
            _queue("partition", "a second partition with a tool of its own", side(tools=2, topics=2)),
        ],
    )


def _sum(rates: Sequence[Rate]) -> Rate:
    """Several tools at the same time as one: what each says of its own time, added."""
    together = sum(one.per_s for one in rates)
    messages = sum(one.messages for one in rates)
    return replace(rates[0], messages=messages, seconds=messages / together if together else 0.0)


def _window(what: str, side: Side) -> Variant:
    return Variant("window", what, "what the tool had under way was the limit", side)


def _client(what: str, side: Side) -> Variant:
    return Variant("client", what, "the tool was the limit", side)


def _queue(word: str, what: str, side: Side) -> Variant:
    return Variant("queue", what, f"one {word} was the limit", side)


def _no_queue(what: str, why_not: str) -> Variant:
    return Variant("queue", what, "", None, why_not)


def reads(name: str) -> Side:
    """ConsumerPerformance on a topic that is filled before."""
    using = profile(name)

    def run(here: Setting) -> Rate:
        endpoint, (count, warm) = here.endpoint, _sizes(here)
        with _topics(endpoint, using) as (topic,):
            filled(endpoint, using, topic, count + warm)
            return kafka_perf.consume(endpoint, topic, count, len(BODY), warm=warm)

    return tool(run)
