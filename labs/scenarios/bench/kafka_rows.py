"""Kafka: our fast lane against ProducerPerformance and ConsumerPerformance, the idiomatic lane against the fast one."""

from __future__ import annotations

import secrets
from functools import cache

import numpy as np

from labs.brokers import open_broker
from labs.model.endpoint import Endpoint
from labs.model.profile import profile
from labs.model.workload import Ceiling
from labs.scenarios.bench.base import Goal, Row, Side
from labs.scenarios.bench.sides import filled, ours, tool, unstamped
from labs.scenarios.bench.tools import Rate, kafka_perf

FAST = Ceiling(messages=4_000_000, window=50_000, batch=5000, warmup_messages=400_000)
SLOW = Ceiling(messages=100_000, window=20_000, batch=2000, warmup_messages=10_000)
TOOL_MESSAGES, TOOL_WARM = 4_000_000, 1_000_000
BODY = b"x" * 100
CHARACTERS = bytes(range(33, 127))
"""Of a line of text: drawn from these, a byte carries six and a half bits, so nothing packs it into much less."""


@cache
def unlike_bodies(count: int = 20_000, seed: int = 1) -> tuple[bytes, ...]:
    """Bodies of 100 random characters each, as hard to compress as text in a line can be."""
    drawn = np.random.default_rng(seed).integers(0, len(CHARACTERS), (count, len(BODY)))
    return tuple(row.tobytes() for row in np.frombuffer(CHARACTERS, np.uint8)[drawn])


def produces(name: str, share: float = 1.0, compression: str = "none", *, alike: bool = True) -> Side:
    """ProducerPerformance with the acks of that profile, on a `share` of the messages; `alike`: one body for all."""
    using = profile(name)

    def run(endpoint: Endpoint, scale: float) -> Rate:
        topic = f"labs-bench-{secrets.token_hex(4)}"
        count, warm = (max(round(number * share * scale), 1000) for number in (TOOL_MESSAGES, TOOL_WARM))
        with open_broker(endpoint, using, topic):
            acks = str(using.settings["acks"])
            bodies = (BODY,) if alike else unlike_bodies()
            return kafka_perf.produce(endpoint, topic, count, bodies, acks=acks, warm=warm, compression=compression)

    return tool(run)


def _reads(name: str) -> Side:
    using = profile(name)

    def run(endpoint: Endpoint, scale: float) -> Rate:
        topic = f"labs-bench-{secrets.token_hex(4)}"
        count, warm = (max(round(number * scale), 1000) for number in (TOOL_MESSAGES, TOOL_WARM))
        with open_broker(endpoint, using, topic):
            filled(endpoint, using, topic, count + warm)
            return kafka_perf.consume(endpoint, topic, count, len(BODY), warm=warm)

    return tool(run)


KAFKA = (
    Row(
        "kafka-produce",
        "kafka",
        "fast",
        "Kafka, producing with acks=all",
        "our fast lane",
        "ProducerPerformance",
        (ours("kafka-acks-all", "fast", FAST), produces("kafka-acks-all")),
        Goal(low=2.0),
        promise="acknowledged from the page cache of one node",
    ),
    Row(
        "kafka-produce-acks-1",
        "kafka",
        "fast",
        "Kafka, producing with acks=1",
        "our fast lane",
        "ProducerPerformance",
        (ours("kafka-acks-1", "fast", FAST), produces("kafka-acks-1")),
        Goal(low=2.0),
        promise="acknowledged from the page cache of one node",
    ),
    Row(
        "kafka-consume",
        "kafka",
        "fast",
        "Kafka, reading what lies there",
        "our fast lane",
        "ConsumerPerformance",
        (ours("kafka-acks-all", "fast", FAST, "consume"), _reads("kafka-acks-all")),
        Goal(low=1.0),
        promise="every message read once; ours compares checksums, the tool does not",
    ),
    Row(
        "kafka-accounted",
        "kafka",
        "fast",
        "Kafka, end to end with full accounting, against producing alone without stamps",
        "end to end, accounted",
        "producing, unstamped",
        (ours("kafka-acks-all", "fast", FAST, "both"), unstamped("kafka-acks-all", FAST)),
        Goal(low=0.5),
    ),
    Row(
        "kafka-idiomatic",
        "kafka",
        "idiomatic",
        "Kafka, kafka-python batched as well as it allows",
        "kafka-python",
        "our fast lane",
        (ours("kafka-acks-all", "idiomatic", SLOW), ours("kafka-acks-all", "fast", FAST)),
    ),
)
