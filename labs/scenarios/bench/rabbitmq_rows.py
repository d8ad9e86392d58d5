"""RabbitMQ: our fast lane against PerfTest, its streams against its queues, pika against the fast lane."""

from __future__ import annotations

from collections.abc import Callable

from labs.model.endpoint import Endpoint
from labs.model.workload import Ceiling
from labs.scenarios.bench.base import Goal, Row, Side
from labs.scenarios.bench.sides import ours, tool, unstamped
from labs.scenarios.bench.tools import Rate, perf_test

FAST = Ceiling(messages=200_000, window=500, batch=100, warmup_messages=20_000)
SLOW = Ceiling(messages=60_000, window=500, batch=100, warmup_messages=6_000)
STREAM = Ceiling(messages=3_000_000, window=20_000, batch=1000, warmup_messages=200_000)
TOOL_S = 12.0


def perf_test_side(part: Callable[..., Rate], seconds: float = TOOL_S) -> Side:
    """PerfTest, producing or end to end, for so long."""

    def run(endpoint: Endpoint, scale: float) -> Rate:
        return part(endpoint, seconds=max(seconds * scale, 3.0), confirms=FAST.window)

    return tool(run)


RABBITMQ = (
    Row(
        "rabbitmq-produce",
        "rabbitmq",
        "fast",
        "RabbitMQ, producing, persistent, confirms, window 500",
        "our fast lane",
        "PerfTest",
        (ours("rabbitmq-confirms", "fast", FAST), perf_test_side(perf_test.produce)),
        Goal(low=1.0),
        promise="durable classic queue, persistent, confirmed",
    ),
    Row(
        "rabbitmq-end-to-end",
        "rabbitmq",
        "fast",
        "RabbitMQ, end to end, persistent, confirms, window 500",
        "our fast lane",
        "PerfTest",
        (ours("rabbitmq-confirms", "fast", FAST, "both"), perf_test_side(perf_test.end_to_end)),
        Goal(low=1.0),
        promise="durable classic queue, persistent, confirmed, acknowledged",
    ),
    Row(
        "rabbitmq-stream",
        "rabbitmq",
        "fast",
        "RabbitMQ, a stream against a queue, every message confirmed",
        "stream protocol",
        "AMQP, persistent, confirms",
        (ours("rabbitmq-stream", "fast", STREAM), ours("rabbitmq-confirms", "fast", FAST)),
        Goal(low=20.0),
        promise="durable and confirmed on both sides",
    ),
    Row(
        "rabbitmq-accounted",
        "rabbitmq",
        "fast",
        "RabbitMQ, end to end with full accounting, against producing alone without stamps",
        "end to end, accounted",
        "producing, unstamped",
        (ours("rabbitmq-confirms", "fast", FAST, "both"), unstamped("rabbitmq-confirms", FAST)),
        Goal(low=0.5),
    ),
    Row(
        "rabbitmq-idiomatic",
        "rabbitmq",
        "idiomatic",
        "RabbitMQ, pika with confirms, batched as well as it allows",
        "pika",
        "our fast lane",
        (ours("rabbitmq-confirms", "idiomatic", SLOW), ours("rabbitmq-confirms", "fast", FAST)),
        Goal(low=0.3),
    ),
)
