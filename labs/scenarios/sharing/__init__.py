"""Work shared among three workers, one of whom is slower: ways to hand out the same jobs, and how long they all take.

A job is a wait, as for a payment service, so how long one takes does not depend on the machine's load. All jobs are
there at once; the time counts from the first one begun to the last one done, and is held against the ideal.
"""

from __future__ import annotations

from dataclasses import dataclass

from labs.model.profile import UnknownNameError
from labs.model.text import counted

WORKERS, SLOWED = 3, 5
"""How many workers there are, and how many times as long a job takes the slow one."""
WORK_MS = 160
JOBS = 20
"""So many that the slow worker ends its last job as the others end theirs, when each takes one job at a time: whoever
only pulls can reach the ideal, and a busy machine may take 35 ms of each job from it before it is 15 % late."""


@dataclass(frozen=True)
class Way:
    """A way to hand out jobs. `mode` is that of labs/scenarios/jobs whose worker takes them; without a broker `profile`
    is empty."""

    name: str
    label: str
    broker: str
    profile: str
    mode: str
    many: int = 1
    """RabbitMQ's prefetch, Kafka's partitions, or the calls that are under way at once."""
    in_share_group: bool = False
    """The workers are members of Kafka's share group, not of a consumer group."""

    @property
    def policy(self) -> str:
        """By what the balancer chooses; empty of a broker."""
        return "" if self.profile else self.name.removeprefix("http-").removesuffix("-burst")


_HTTP, _RABBITMQ, _KAFKA = ("none", "", "http-no-retry"), ("rabbitmq", "rabbitmq-confirms", "rabbitmq-manual-ack"), (
    "kafka", "kafka-acks-all", "kafka-commit-after"
)  # fmt: skip
PREFETCH, PARTITIONS = (1, 10, 200), (2, 4, 8)
SHARED = (1, 4)
"""Partitions of a share group: fewer than there are workers, and more."""
_ALL = (
    Way("http-round-robin", "HTTP, round robin", *_HTTP, WORKERS),
    Way("http-least-connections", "HTTP, least connections", *_HTTP, WORKERS),
    Way("http-least-connections-burst", "HTTP, least connections, all calls at once", *_HTTP, JOBS),
    *(Way(f"rabbitmq-prefetch-{n}", f"RabbitMQ, prefetch {n}", *_RABBITMQ, n) for n in PREFETCH),
    Way("redis-list", "Redis list, BLMOVE", "redis", "redis-list-everysec", "redis-lmove"),
    Way("redis-stream", "Redis stream, group", "redis", "redis-stream-everysec", "redis-stream"),
    *(Way(f"kafka-partitions-{n}", f"Kafka, {n} partitions", *_KAFKA, n) for n in PARTITIONS),
    *(
        Way(f"kafka-share-{n}", f"Kafka share group, {counted(n, 'partition')}", *_KAFKA, n, in_share_group=True)
        for n in SHARED
    ),
)
WAYS: dict[str, Way] = {way.name: way for way in _ALL}


def way_of(name: str) -> Way:
    """The way of that name, or UnknownNameError with the nearest ones."""
    if name not in WAYS:
        raise UnknownNameError("way to share the work", name, list(WAYS))
    return WAYS[name]


def slow_worker(seed: int) -> int:
    """Which worker is slow, from 1: nobody chooses that, so each round has another one."""
    return 1 + seed % WORKERS


def work_ms(slow: int) -> list[int]:
    """How long a job takes each worker, in their order."""
    return [WORK_MS * (SLOWED if number == slow else 1) for number in range(1, WORKERS + 1)]


def ideal_ms(jobs: int, each_ms: list[int]) -> int:
    """The least time in which these workers can do so many jobs, a job at a time and none shared: when the last of the
    first `jobs` ends comes, if nobody ever waits."""
    return sorted(took * number for took in each_ms for number in range(1, jobs + 1))[jobs - 1]
