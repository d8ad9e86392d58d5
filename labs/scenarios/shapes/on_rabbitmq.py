"""Shapes on RabbitMQ: a queue, a fanout exchange with a queue a group, the same with one active consumer, a stream."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import NackError, UnroutableError
from pika.spec import Basic, BasicProperties

from labs.brokers.rabbitmq.client import blocking_channel, typed
from labs.model.shapes import Crew
from labs.scenarios.shapes.work import LOOK_S, AtWork, Desk, Source, Task, group_name, owned

PREFETCH = 1
"""A consumer that is at work is given nothing more: whoever is free has the next one."""
STREAM_PREFETCH = 10
COPIED = ("rabbitmq-fanout", "rabbitmq-single")
"""Where an exchange gives each group's queue a copy."""
SINGLE = {"x-single-active-consumer": True}
STREAM = {"x-queue-type": "stream"}
FROM_START = {"x-stream-offset": "first"}


class Consumer:
    """RabbitMQ pushes what the prefetch allows; an acknowledgement makes room for the next."""

    ready = True

    def __init__(self, task: Task, channel: BlockingChannel) -> None:
        self._channel, name = channel, task.shape.name
        self._come: list[tuple[int, bytes]] = []
        self._tag = 0
        of_group = task.of_group if name in COPIED else task.name
        from_start = FROM_START if name == "rabbitmq-stream" else {}
        channel.basic_qos(prefetch_count=STREAM_PREFETCH if from_start else PREFETCH)
        channel.basic_consume(of_group, self._on_message, arguments=from_start)

    def _on_message(self, _channel: object, method: Basic.Deliver, _properties: object, body: bytes) -> None:
        self._come.append((method.delivery_tag, body))

    def take(self) -> Sequence[bytes]:
        """What has been pushed; the first of it is waited for."""
        until_s, turn = time.monotonic() + LOOK_S, self._channel.connection.process_data_events
        turn(time_limit=0)
        while not self._come and (left_s := until_s - time.monotonic()) > 0:
            turn(time_limit=left_s)
        taken, self._come = self._come, []
        self._tag = taken[-1][0] if taken else self._tag
        return [body for _, body in taken]

    def release(self) -> None:
        """Acknowledge all that was taken."""
        self._channel.basic_ack(self._tag, multiple=True)


@contextmanager
def source(task: Task) -> Iterator[Source]:
    """Connected and subscribed."""
    with typed(task.endpoint), blocking_channel(task.endpoint) as channel:
        yield Consumer(task, channel)


class _Sender:
    """Publishes one message and waits for its confirmation."""

    consumers: Sequence[AtWork] = ()

    def __init__(self, task: Task, channel: BlockingChannel, exchange: str, queues: Sequence[str]) -> None:
        self._task, self._channel, self._exchange, self._queues = task, channel, exchange, queues
        channel.confirm_delivery()

    def send(self, key: str, body: bytes) -> bool:
        """The key travels as the message's type: no shape here looks at it."""
        properties, to = BasicProperties(delivery_mode=2, type=key), "" if self._exchange else self._queues[0]
        with typed(self._task.endpoint):
            try:
                self._channel.basic_publish(self._exchange, to, body, properties, mandatory=True)
            except (NackError, UnroutableError):
                return False
        return True

    def left(self) -> int:
        """What is ready in the queues; a stream keeps all that it was given."""
        if self._task.shape.name == "rabbitmq-stream":
            return 0
        with typed(self._task.endpoint):
            found = [self._channel.queue_declare(name, passive=True) for name in self._queues]
        return sum(int(one.method.message_count) for one in found)

    def settled(self) -> bool:
        """RabbitMQ has answered each consumer before it was ready."""
        return True


@contextmanager
def desk(task: Task, crew: Crew) -> Iterator[Desk]:
    """Queues and exchange are there before anybody reads or sends."""
    shape, copied = task.shape.name, task.shape.name in COPIED
    queues = [group_name(task.name, letter) for letter in crew.letters] if copied else [task.name]
    exchange, kind = (task.name if copied else ""), _kind(shape)
    with (
        typed(task.endpoint),
        blocking_channel(task.endpoint) as channel,
        owned(task.endpoint, queues, [exchange] if exchange else []),
    ):
        if exchange:
            channel.exchange_declare(exchange, "fanout", durable=True)
        for name in queues:
            channel.queue_declare(name, durable=True, arguments=kind)
            if exchange:
                channel.queue_bind(name, exchange)
        yield _Sender(task, channel, exchange, queues)


def _kind(shape: str) -> dict[str, Any]:
    """What makes a queue another one than usual."""
    found: dict[str, dict[str, Any]] = {"rabbitmq-single": SINGLE, "rabbitmq-stream": STREAM}
    return found.get(shape, {})
