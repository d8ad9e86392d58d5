"""A RabbitMQ queue: each worker is given one job, and the next when it has acknowledged that one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial

from labs.brokers.rabbitmq.client import Link
from labs.model.endpoint import Address, Endpoint
from labs.scenarios.bursts import Queue
from labs.scenarios.jobs.on_rabbitmq import source
from labs.scenarios.jobs.producer import BrokerDesk, broker_desk

__all__ = ["desk", "source"]


@contextmanager
def _ready(address: Address) -> Iterator[Callable[[], int]]:
    """Counts what is ready in the queue; a job that a worker has is not."""
    with closing(Link(address.endpoint)) as link:
        link.open()
        channel = link.channel()
        ask = partial(channel.queue_declare, address.name, passive=True)
        yield lambda: int(link.call(channel, "count the queue", lambda done: ask(callback=done)).method.message_count)


def desk(queue: Queue, endpoint: Endpoint, name: str, _workers: int) -> AbstractContextManager[BrokerDesk]:
    """The labs' publisher, and what is ready."""
    return broker_desk(_ready, queue.mode, endpoint, name)
