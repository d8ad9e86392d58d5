"""Redis: our fast lane against redis-benchmark at its best, our idiomatic lane against our fast one, end to end."""

from __future__ import annotations

from labs.model.endpoint import Endpoint
from labs.model.workload import Ceiling
from labs.scenarios.bench.base import Goal, Row, Side
from labs.scenarios.bench.sides import ours, tool, unstamped
from labs.scenarios.bench.tools import Rate, redis_benchmark

FAST = Ceiling(messages=4_000_000, window=4096, batch=512, warmup_messages=200_000)
SLOW = Ceiling(messages=300_000, window=2048, batch=512, warmup_messages=20_000)
KEPT = Ceiling(messages=800_000, window=4096, batch=512, warmup_messages=50_000)
"""A stream keeps what it gets: more of it would not fit into the memory that the labs give Redis."""
TOOL_MESSAGES = 4_000_000


def benchmark_best(command: str, share: float = 1.0) -> Side:
    """redis-benchmark at the best of its best settings, on a `share` of the messages."""

    def run(endpoint: Endpoint, scale: float) -> Rate:
        return redis_benchmark.best(endpoint, command, messages=max(round(TOOL_MESSAGES * share * scale), 20_000))

    return tool(run)


REDIS = (
    Row(
        "redis-publish",
        "redis",
        "fast",
        "Redis, PUBLISH",
        "our fast lane",
        "redis-benchmark, its best setting",
        (ours("redis-pubsub", "fast", FAST), benchmark_best("PUBLISH")),
        Goal(low=1.0),
        promise="none: nobody is subscribed",
    ),
    Row(
        "redis-xadd",
        "redis",
        "fast",
        "Redis, XADD",
        "our fast lane",
        "redis-benchmark, its best setting",
        (ours("redis-stream-none", "fast", KEPT), benchmark_best("XADD", KEPT.messages / TOOL_MESSAGES)),
        Goal(low=1.0),
        promise="in memory, no persistence",
    ),
    Row(
        "redis-accounted",
        "redis",
        "fast",
        "Redis Pub/Sub, end to end with full accounting, against producing alone without stamps",
        "end to end, accounted",
        "producing, unstamped",
        (ours("redis-pubsub", "fast", FAST, "both"), unstamped("redis-pubsub", FAST)),
        Goal(low=0.5),
    ),
    Row(
        "redis-idiomatic",
        "redis",
        "idiomatic",
        "Redis, XADD through redis-py, batched as well as it allows",
        "redis-py",
        "our fast lane",
        (ours("redis-stream-none", "idiomatic", SLOW), ours("redis-stream-none", "fast", KEPT)),
        Goal(low=0.3),
    ),
)
