"""A Redis list: BLMOVE takes the oldest job into a second list, LREM takes it out there when it is done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from labs.model.endpoint import Endpoint
from labs.scenarios.bursts import Queue
from labs.scenarios.jobs import on_redis
from labs.scenarios.jobs.on_redis import source
from labs.scenarios.jobs.producer import BrokerDesk

__all__ = ["desk", "source"]


@contextmanager
def desk(queue: Queue, endpoint: Endpoint, name: str, _workers: int) -> Iterator[BrokerDesk]:
    """RPUSH; what waits is the list's length."""
    with on_redis.desk(queue.mode, endpoint, name) as found:
        yield replace(found, count=lambda: found.broker.backlog() or 0)
