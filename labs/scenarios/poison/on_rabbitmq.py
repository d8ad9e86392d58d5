"""Bad messages on RabbitMQ: what a queue is declared with, and what a worker answers when a message has failed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import ChannelClosedByBroker
from pika.spec import Basic, BasicProperties

from labs.brokers.rabbitmq.client import blocking_channel, said_of, typed
from labs.scenarios.poison import AGAIN_MS, LIMIT, RETRY_MOST_MS, RETRY_MS, TRIES
from labs.scenarios.poison.work import LOOK_S, Desk, LacksError, Source, Taken, Task, owned

PREFETCH = 1
"""A worker that is at work is given nothing more."""
PERSISTENT = BasicProperties(delivery_mode=2)
QUORUM = {"x-queue-type": "quorum"}
DELAYED = {"x-delayed-retry-type": "failed", "x-delayed-retry-min": RETRY_MS, "x-delayed-retry-max": RETRY_MOST_MS}


def arguments(task: Task) -> dict[str, Any]:
    """What the queue of a way is declared with."""
    to_dead = dead_letters_to(task.dead)
    return {
        "rabbitmq-requeue": to_dead,
        "rabbitmq-nack": QUORUM | to_dead,
        "rabbitmq-limit": QUORUM | to_dead,
        "rabbitmq-dead-letter": QUORUM | to_dead,
        "rabbitmq-retry-queue": QUORUM | dead_letters_to(task.retry),
        "rabbitmq-delayed": QUORUM | to_dead | DELAYED | {"x-delivery-limit": LIMIT},
    }[task.way.name]


def dead_letters_to(queue: str) -> dict[str, Any]:
    """The default exchange brings them to the queue of that name."""
    return {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": queue}


class Worker:
    """RabbitMQ pushes what the prefetch allows; an answer makes room for the next."""

    def __init__(self, task: Task, channel: BlockingChannel) -> None:
        self._task, self._channel = task, channel
        self._come: list[Taken] = []
        channel.basic_qos(prefetch_count=PREFETCH)
        channel.basic_consume(task.name, self._on_message)

    def _on_message(self, _channel: object, method: Basic.Deliver, properties: BasicProperties, body: bytes) -> None:
        self._come.append(Taken(int(body), (method.delivery_tag, properties)))

    def take(self) -> Sequence[Taken]:
        """What has been pushed; it is waited for."""
        until_s, turn = time.monotonic() + LOOK_S, self._channel.connection.process_data_events
        while not self._come and (left_s := until_s - time.monotonic()) > 0:
            turn(time_limit=left_s)
        taken, self._come = self._come, []
        return taken

    def done(self, one: Taken) -> None:
        """Acknowledged."""
        self._channel.basic_ack(one.held[0])

    def failed(self, one: Taken) -> None:
        """As the way has it."""
        ways = {"rabbitmq-requeue": self._give_back, "rabbitmq-nack": self._give_back}
        ways |= {"rabbitmq-limit": self._count, "rabbitmq-delayed": self._count}
        ways.get(self._task.way.name, self._let_go)(one)

    def _give_back(self, one: Taken) -> None:
        """Back into the queue. On 4.3 no limit counts it."""
        self._channel.basic_nack(one.held[0], requeue=True)

    def _count(self, one: Taken) -> None:
        """Back into the queue, as a delivery that failed."""
        self._channel.basic_reject(one.held[0], requeue=True)

    def _let_go(self, one: Taken) -> None:
        """To where the queue's dead letters go; from the retry queue for the last time to our own."""
        tag, properties = one.held
        if waited(properties, self._task.retry) >= TRIES - 1:
            self._park(one)
        else:
            self._channel.basic_reject(tag, requeue=False)

    def _park(self, one: Taken) -> None:
        """The worker's own dead letter: published, and only then acknowledged."""
        self._channel.basic_publish("", self._task.dead, b"%d" % one.number, PERSISTENT)
        self._channel.basic_ack(one.held[0])


def waited(properties: BasicProperties, queue: str) -> int:
    """How often a message has been in the retry queue, by the broker's own header."""
    deaths = (properties.headers or {}).get("x-death", [])
    return sum(int(one["count"]) for one in deaths if one["queue"] == queue)


@contextmanager
def source(task: Task) -> Iterator[Source]:
    """Connected and subscribed."""
    with typed(task.endpoint), blocking_channel(task.endpoint) as channel:
        channel.confirm_delivery()
        yield Worker(task, channel)


class Sender:
    """Publishes with confirms, and reads the dead letters back."""

    def __init__(self, task: Task, channel: BlockingChannel) -> None:
        self._task, self._channel = task, channel
        channel.confirm_delivery()

    def send(self, number: int) -> None:
        """Persistent and confirmed."""
        with typed(self._task.endpoint):
            self._channel.basic_publish("", self._task.name, b"%d" % number, PERSISTENT, mandatory=True)

    def dead(self) -> int:
        """By the queue's own count."""
        with typed(self._task.endpoint):
            return int(self._channel.queue_declare(self._task.dead, passive=True).method.message_count)

    def letters(self) -> list[int]:
        """Taken out one by one."""
        found: list[int] = []
        with typed(self._task.endpoint):
            while True:
                method, _, body = self._channel.basic_get(self._task.dead, auto_ack=True)
                if method is None:
                    return found
                found.append(int(body))


@contextmanager
def desk(task: Task) -> Iterator[Desk]:
    """The queue, its dead letters, and where the way has one the queue in which a message waits."""
    with typed(task.endpoint), blocking_channel(task.endpoint) as channel, owned(task):
        channel.queue_declare(task.dead, durable=True)
        if task.way.name == "rabbitmq-retry-queue":
            back = {"x-message-ttl": AGAIN_MS} | dead_letters_to(task.name)
            channel.queue_declare(task.retry, durable=True, arguments=QUORUM | back)
        try:
            channel.queue_declare(task.name, durable=True, arguments=arguments(task))
        except ChannelClosedByBroker as error:
            raise LacksError(said_of(error)) from error
        yield Sender(task, channel)
