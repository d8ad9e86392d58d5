"""RabbitMQ at a limit, on pika as it comes: a full queue that refuses or drops, a broker short of memory or disk."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from pika import BasicProperties
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import NackError
from pika.frame import Method

from labs.brokers import journal
from labs.brokers.rabbitmq import admin
from labs.brokers.rabbitmq.client import BLOCKED, NACKED, blocking_channel, typed
from labs.brokers.rabbitmq.management import alarms, mark
from labs.scenarios.limits import MEGABYTES
from labs.scenarios.limits.facts import NO, YES
from labs.scenarios.limits.working import TAKE_S, Task

TRANSIENT, PERSISTENT = BasicProperties(delivery_mode=1), BasicProperties(delivery_mode=2)
"""No broker is restarted here; a message that need not be on disk spares the disk, unless it is the disk that fills."""
PREFETCH = 10


class Sender:
    """Publishes and waits for the confirm of each: a nack is an exception, a blocked connection a call that lasts."""

    def __init__(self, channel: BlockingChannel, task: Task) -> None:
        self._channel, self._queue, self._confirms = channel, task.name, task.mode.looks
        self._how = PERSISTENT if task.mode.own_disk else TRANSIENT
        self._told: list[tuple[int, int]] = []
        self.heard = ""
        if self._confirms:
            channel.confirm_delivery()
            channel.connection.add_on_connection_blocked_callback(self._blocked)

    def _blocked(self, _connection: object, frame: Method) -> None:
        self.heard = BLOCKED.format(frame.method.reason)

    def send(self, number: int, body: bytes) -> str:
        if not self._confirms:
            return self.send_and_forget(body)
        try:
            self._channel.basic_publish("", self._queue, body, self._how)
        except NackError:
            self._told.append((number, NO))
            return NACKED
        self._told.append((number, YES))
        return ""

    def send_and_forget(self, body: bytes) -> str:
        """Without confirms the broker has no way to say no."""
        self._channel.basic_publish("", self._queue, body, self._how)
        return ""

    def told(self) -> Sequence[tuple[int, int]]:
        self._channel.connection.process_data_events(0)
        found, self._told = self._told, []
        return found


class Reader:
    """Takes what is pushed; while it is not asked to, it reads nothing from its socket."""

    def __init__(self, channel: BlockingChannel, queue: str, *, pushed_all: bool) -> None:
        self._channel, self._automatic = channel, pushed_all
        if not pushed_all:
            channel.basic_qos(prefetch_count=PREFETCH)
        self._messages = channel.consume(queue, auto_ack=pushed_all, inactivity_timeout=TAKE_S)

    def take(self) -> Sequence[bytes]:
        method, _, body = next(self._messages)
        if method is None:
            return []
        if not self._automatic:
            self._channel.basic_ack(method.delivery_tag)
        return [body]


class Stage:
    """The queue of the run, and what the management says of memory and disk."""

    def __init__(self, task: Task, arguments: dict[str, object]) -> None:
        self._task, self._arguments, self._alarm, self._seen = task, arguments, task.mode.alarm, False

    def strike(self) -> None:
        """Nothing but the reader goes wrong."""

    def release(self) -> None:
        """Nothing has to be mended."""

    def watch(self) -> str:
        alarmed = bool(self._alarm) and self._alarm in alarms(self._task.endpoint)
        self._seen |= alarmed
        return f"{self._alarm} alarm" if alarmed else ""

    def evidence(self) -> str:
        if self._alarm:
            at = f"{mark(self._task.endpoint, self._alarm) / MEGABYTES:.0f} MB"
            at = f"its mark is {at}" if self._alarm == "memory" else f"its mark is {at} free"
            return f"the management's health check reported a {self._alarm} alarm; {at}" if self._seen else ""
        said = ", ".join(
            f"{name} {value}" for name, value in self._arguments.items() if name.startswith(("x-max", "x-over"))
        )
        return f"the queue was declared with {said}" if said else ""


@contextlib.contextmanager
def stage(task: Task) -> Iterator[tuple[Stage, Task]]:
    """The queue, gone afterwards."""
    arguments: dict[str, object] = {"x-queue-type": "classic"}
    if task.mode.limit_bytes:
        arguments["x-max-length-bytes"] = task.mode.limit_bytes
        arguments["x-overflow"] = "drop-head" if task.mode.name == "rabbitmq-drop-head" else "reject-publish"
    made = journal.note(task.endpoint, [task.name])
    try:
        with typed(task.endpoint), blocking_channel(task.endpoint) as channel:
            channel.queue_declare(task.name, durable=True, arguments=arguments)
        yield Stage(task, arguments), task
    finally:
        journal.settle(made, lambda found: admin.undo(task.endpoint, found))


@contextlib.contextmanager
def sender(task: Task) -> Iterator[Sender]:
    """A publisher on a connection of its own."""
    with typed(task.endpoint), blocking_channel(task.endpoint, heartbeat=0) as channel:
        yield Sender(channel, task)


@contextlib.contextmanager
def reader(task: Task) -> Iterator[Reader]:
    """A consumer on a connection of its own."""
    with typed(task.endpoint), blocking_channel(task.endpoint, heartbeat=0) as channel:
        yield Reader(channel, task.name, pushed_all=task.mode.alarm == "memory")
