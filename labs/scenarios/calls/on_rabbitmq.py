"""Calls over RabbitMQ with Direct Reply-To: questions wait in a queue, answers go to their caller without one.

The pseudo-queue amq.rabbitmq.reply-to keeps nothing: an answer whose caller has gone is dropped.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import pika
from pika.exceptions import AMQPError

from labs.brokers.rabbitmq.client import ANSWER_S, CONNECT_S, place_of, root
from labs.model.endpoint import Endpoint, UnreachableError
from labs.scenarios.calls.board import HEAD
from labs.scenarios.calls.service import LOOK_S, Desk, Task, Unshared

REPLY_TO = "amq.rabbitmq.reply-to"
PREFETCH = 100


@contextlib.contextmanager
def _channel(site: Endpoint) -> Iterator[Any]:
    """A channel on a connection of its own, with pika's errors as ours."""
    where = pika.ConnectionParameters(**place_of(site), socket_timeout=CONNECT_S, stack_timeout=ANSWER_S)
    with _typed(site):
        connection = pika.BlockingConnection(where)
        try:
            yield connection.channel()
        finally:
            with contextlib.suppress(AMQPError):
                connection.close()


@contextlib.contextmanager
def _typed(site: Endpoint) -> Iterator[None]:
    try:
        yield
    except AMQPError as error:
        raise UnreachableError(
            f"RabbitMQ at {site.host}:{site.port} does not answer: {root(error)}. Is it running? Start it with: labs up"
        ) from error


def serve(task: Task, desk: Desk) -> None:
    """Take a question, send the answer where it says."""
    with _channel(task.address().endpoint) as channel:
        channel.basic_qos(prefetch_count=PREFETCH)
        desk.up()
        for method, asked, body in channel.consume(task.name, inactivity_timeout=LOOK_S):
            if method is not None:
                desk.work(body)
                about = pika.BasicProperties(correlation_id=asked.correlation_id)
                channel.basic_publish("", asked.reply_to, body, about)
                channel.basic_ack(method.delivery_tag)
            if desk.stopped:
                channel.cancel()
                return


class _Line:
    """One caller's channel: it has to consume answers before it may ask."""

    def __init__(self, task: Task, channel: Any) -> None:
        self._task, self._channel = task, channel
        self._heard: set[str] = set()
        channel.basic_consume(REPLY_TO, self._on_answer, auto_ack=True)

    def _on_answer(self, _channel: Any, _method: Any, about: Any, _body: bytes) -> None:
        self._heard.add(about.correlation_id)

    def ask(self, body: bytes, patience_s: float) -> None:
        """Publish the question and turn the connection's crank until its answer is there."""
        number, until_s = str(HEAD.unpack_from(body)[0]), time.monotonic() + patience_s
        self._heard.clear()
        about = pika.BasicProperties(reply_to=REPLY_TO, correlation_id=number)
        with _typed(self._task.address().endpoint):
            self._channel.basic_publish("", self._task.name, body, about)
            while number not in self._heard:
                if (left_s := until_s - time.monotonic()) <= 0:
                    raise TimeoutError(f"RabbitMQ: no answer came for {patience_s:g} s")
                self._channel.connection.process_data_events(time_limit=left_s)


class Station(Unshared):
    """The callers' side: each has a connection of its own, as pika wants one a thread."""

    @contextlib.contextmanager
    def line(self, _caller: int) -> Iterator[_Line]:
        """One caller's way to the service."""
        with _channel(self._task.address().endpoint) as channel:
            yield _Line(self._task, channel)
