"""Jobs on RabbitMQ: a durable queue; the worker acknowledges its batch when it is done, or the broker does at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial

from pika.adapters.blocking_connection import BlockingChannel
from pika.spec import Basic

from labs.brokers.rabbitmq.client import Link, blocking_channel, typed
from labs.model.endpoint import Address
from labs.scenarios.jobs import Mode
from labs.scenarios.jobs.producer import broker_desk
from labs.scenarios.jobs.work import LOOK_S, Task, numbers, serving

AUTOMATIC = "rabbitmq-auto-ack"


def settings(mode: Mode, prefetch: int) -> dict[str, object]:
    """What this code sets, addresses and names aside."""
    automatic = mode.name == AUTOMATIC
    sent: dict[str, object] = {"durable": True, "delivery_mode": 2, "confirm_delivery": True}
    return sent | {"auto_ack": automatic} | ({} if automatic else {"prefetch_count": prefetch, "multiple": True})


class Queue:
    """A consumer: RabbitMQ pushes up to `prefetch` jobs, without a limit where it acknowledges by itself."""

    ready = True

    def __init__(self, task: Task, channel: BlockingChannel) -> None:
        self._channel, self._automatic = channel, task.mode.name == AUTOMATIC
        self._come: list[tuple[int, bytes]] = []
        self._last_tag = 0
        if not self._automatic:  # RabbitMQ ignores the limit where it acknowledges by itself
            channel.basic_qos(prefetch_count=task.prefetch)
        channel.basic_consume(task.name, self._on_message, auto_ack=self._automatic)

    def _on_message(self, _channel: object, method: Basic.Deliver, _properties: object, body: bytes) -> None:
        self._come.append((method.delivery_tag, body))

    def take(self, most: int) -> Sequence[int]:
        """What has been pushed; the first of it is waited for."""
        until_s, turn = time.monotonic() + LOOK_S, self._channel.connection.process_data_events
        turn(time_limit=0)
        while not self._come and (left_s := until_s - time.monotonic()) > 0:
            turn(time_limit=left_s)
        taken, self._come = self._come[:most], self._come[most:]
        self._last_tag = taken[-1][0] if taken else self._last_tag
        return numbers([body for _, body in taken])

    def release(self) -> None:
        """One acknowledgement for all that were taken."""
        if not self._automatic:
            self._channel.basic_ack(self._last_tag, multiple=True)


@contextmanager
def source(task: Task) -> Iterator[Queue]:
    """Subscribed to the queue of the run."""
    with typed(task.site), blocking_channel(task.site) as channel:
        yield Queue(task, channel)


@contextmanager
def counting(address: Address) -> Iterator[Callable[[], int]]:
    """Counts what is ready in the queue; and one more while a dead worker still counts as a consumer, for what it held
    is put back only when it no longer does."""
    link = Link(address.endpoint)
    with closing(link):
        link.open()
        channel = link.channel()

        def left() -> int:
            ask = partial(channel.queue_declare, address.name, passive=True)
            answer = link.call(channel, "count the queue", lambda done: ask(callback=done)).method
            return int(answer.message_count) + max(int(answer.consumer_count) - 1, 0)

        yield left


work, desk = serving(source), partial(broker_desk, counting)
