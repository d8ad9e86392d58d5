"""Jobs on RabbitMQ: a durable queue; the worker acknowledges its batch when it is done, or the broker does at once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

import pika
from pika.exceptions import AMQPError

from labs.brokers import open_broker, open_publisher
from labs.brokers.rabbitmq.client import ANSWER_S, CONNECT_S, Link, place_of, root
from labs.model.endpoint import Address, Endpoint, UnreachableError
from labs.model.profile import profile
from labs.scenarios.jobs import Mode
from labs.scenarios.jobs.event_log import Logbook
from labs.scenarios.jobs.producer import Answers, publish_all
from labs.scenarios.jobs.work import LOOK_S, Task, numbers, serve


class Queue:
    """A consumer: RabbitMQ pushes up to `prefetch` jobs, without a limit where it acknowledges by itself."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._automatic = task.mode.name == "rabbitmq-auto-ack"
        self._come: list[tuple[int, bytes]] = []
        self._last_tag = 0
        self.ready = False

    def __enter__(self) -> Self:
        site = self._task.site
        where = pika.ConnectionParameters(**place_of(site), socket_timeout=CONNECT_S, stack_timeout=ANSWER_S)
        try:
            self._connection: Any = pika.BlockingConnection(where)
            self._channel = self._connection.channel()
            if not self._automatic:  # RabbitMQ ignores the limit where it acknowledges by itself
                self._channel.basic_qos(prefetch_count=self._task.prefetch)
            self._channel.basic_consume(self._task.name, self._on_message, auto_ack=self._automatic)
        except AMQPError as error:
            raise UnreachableError(f"RabbitMQ at {site.host}:{site.port} does not answer: {root(error)}.") from error
        self.ready = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection.is_open:
            self._connection.close()

    def _on_message(self, _channel: Any, method: Any, _properties: Any, body: bytes) -> None:
        self._come.append((method.delivery_tag, body))

    def take(self, most: int) -> Sequence[int]:
        """What has been pushed; the first of it is waited for."""
        until_s = time.monotonic() + LOOK_S
        self._connection.process_data_events(time_limit=0)
        while not self._come and (left_s := until_s - time.monotonic()) > 0:
            self._connection.process_data_events(time_limit=left_s)
        taken, self._come = self._come[:most], self._come[most:]
        self._last_tag = taken[-1][0] if taken else self._last_tag
        return numbers([body for _, body in taken])

    def release(self) -> None:
        """One acknowledgement for all that were taken."""
        if not self._automatic:
            self._channel.basic_ack(self._last_tag, multiple=True)


def work(task: Task, log: Logbook) -> None:
    """A worker on RabbitMQ."""
    with Queue(task) as source:
        serve(source, log, task.prefetch)


class Desk:
    """The sender's side: persistent messages with confirms."""

    def __init__(self, mode: Mode, endpoint: Endpoint, name: str) -> None:
        self._address = Address(endpoint, profile(mode.profile), name)
        self._broker = open_broker(endpoint, self._address.profile, name)
        self._link = Link(endpoint)
        self._undo = ExitStack()

    def __enter__(self) -> Self:
        self._undo.enter_context(self._broker)
        self._link.open()
        self._undo.callback(self._link.close)
        self._channel = self._link.channel()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undo.close()

    def hand_in(self, answers: Answers, port: int) -> None:
        """Jobs are published and confirmed."""
        with open_publisher(self._address) as publisher:
            publish_all(publisher, answers)

    def left(self) -> int:
        """What is ready in the queue; and one more while a dead worker still counts as a consumer, for what it held
        is put back only when it no longer does."""
        channel, queue = self._channel, self._address.name
        answer = self._link.call(
            channel, "count the queue", lambda done: channel.queue_declare(queue, passive=True, callback=done)
        )
        return int(answer.method.message_count) + max(int(answer.method.consumer_count) - 1, 0)

    def about(self) -> dict[str, object]:
        """The server's version and what the queue promises."""
        return {"server": self._broker.version(), "durability": self._broker.durability()}
