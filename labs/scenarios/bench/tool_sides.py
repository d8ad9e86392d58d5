"""Sides that are a vendor's tool: redis-benchmark, PerfTest, Kafka's ProducerPerformance and ConsumerPerformance."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np

from labs.brokers import open_broker
from labs.model.endpoint import Endpoint
from labs.model.profile import Profile, profile
from labs.scenarios.bench.base import Setting, Side
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

    def run(here: Setting) -> Rate:
        count = here.count(round(REDIS_MESSAGES * share))
        return redis_benchmark.best(here.endpoint, command, messages=max(count, 20_000))

    return tool(run)


def perf_test_side(part: Callable[..., Rate], seconds: float = RABBITMQ_S) -> Side:
    """PerfTest, producing or end to end, for so long."""

    def run(here: Setting) -> Rate:
        return part(here.endpoint, seconds=max(here.seconds(seconds), 3.0), confirms=RABBITMQ_WINDOW)

    return tool(run)


@cache
def unlike_bodies(count: int = 20_000, seed: int = 1) -> tuple[bytes, ...]:
    """Bodies of 100 random characters each, as hard to compress as text in a line can be."""
    drawn = np.random.default_rng(seed).integers(0, len(CHARACTERS), (count, len(BODY)))
    return tuple(row.tobytes() for row in np.frombuffer(CHARACTERS, np.uint8)[drawn])


@contextmanager
def _topic(endpoint: Endpoint, using: Profile) -> Iterator[str]:
    name = f"labs-bench-{secrets.token_hex(4)}"
    with open_broker(endpoint, using, name):
        yield name


def _sizes(here: Setting, share: float = 1.0) -> tuple[int, int]:
    """Messages that count, and those before them that do not."""
    count = max(here.count(round(KAFKA_MESSAGES * share)), 1000)
    return count, max(count * KAFKA_WARM // KAFKA_MESSAGES, 1000)


def produces(name: str, share: float = 1.0, compression: str = "none", *, alike: bool = True) -> Side:
    """ProducerPerformance with the acks of that profile, on a `share` of the messages; `alike`: one body for all."""
    using = profile(name)

    def run(here: Setting) -> Rate:
        endpoint, (count, warm) = here.endpoint, _sizes(here, share)
        with _topic(endpoint, using) as topic:
            acks = str(using.settings["acks"])
            bodies = (BODY,) if alike else unlike_bodies()
            return kafka_perf.produce(endpoint, topic, count, bodies, acks=acks, warm=warm, compression=compression)

    return tool(run)


def reads(name: str) -> Side:
    """ConsumerPerformance on a topic that is filled before."""
    using = profile(name)

    def run(here: Setting) -> Rate:
        endpoint, (count, warm) = here.endpoint, _sizes(here)
        with _topic(endpoint, using) as topic:
            filled(endpoint, using, topic, count + warm)
            return kafka_perf.consume(endpoint, topic, count, len(BODY), warm=warm)

    return tool(run)
