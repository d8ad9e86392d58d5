"""Calls over RabbitMQ with Direct Reply-To: questions wait in a queue, answers go to their caller without one.

The pseudo-queue amq.rabbitmq.reply-to keeps nothing: an answer whose caller has gone is dropped.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

import pika
from pika.adapters.blocking_connection import BlockingChannel

from labs.brokers.rabbitmq.client import blocking_channel, typed
from labs.scenarios.calls.board import HEAD
from labs.scenarios.calls.service import LOOK_S, Line, Service, Task, unshared

REPLY_TO = "amq.rabbitmq.reply-to"
PREFETCH = 100


def serve(task: Task, service: Service) -> None:
    """Take a question, send the answer where it says."""
    site = task.address().endpoint
    with typed(site), blocking_channel(site) as channel:
        channel.basic_qos(prefetch_count=PREFETCH)
        service.up()
        for method, asked, body in channel.consume(task.name, inactivity_timeout=LOOK_S):
            if method is not None:
                service.work(body)
                about = pika.BasicProperties(correlation_id=asked.correlation_id)
                channel.basic_publish("", asked.reply_to, body, about)
                channel.basic_ack(method.delivery_tag)
            if service.stopped:
                channel.cancel()
                return


class _Line(Line):
    """One caller's channel: it has to consume answers before it may ask."""

    def __init__(self, task: Task, channel: BlockingChannel) -> None:
        self._task, self._channel = task, channel
        self._heard: set[str] = set()
        channel.basic_consume(REPLY_TO, self._on_answer, auto_ack=True)

    def _on_answer(self, _channel: object, _method: object, about: pika.BasicProperties, _body: bytes) -> None:
        self._heard.add(about.correlation_id)

    def ask(self, body: bytes, patience_s: float) -> None:
        """Publish the question and turn the connection's crank until its answer is there."""
        number, until_s = str(HEAD.unpack_from(body)[0]), time.monotonic() + patience_s
        self._heard.clear()
        about = pika.BasicProperties(reply_to=REPLY_TO, correlation_id=number)
        with typed(self._task.address().endpoint):
            self._channel.basic_publish("", self._task.name, body, about)
            while number not in self._heard:
                if (left_s := until_s - time.monotonic()) <= 0:
                    raise TimeoutError(f"RabbitMQ: no answer came for {patience_s:g} s")
                self._channel.connection.process_data_events(time_limit=left_s)


@contextlib.contextmanager
def line(task: Task, _port: int, _caller: int) -> Iterator[_Line]:
    """A connection of its own for each caller, as pika wants one a thread."""
    site = task.address().endpoint
    with typed(site), blocking_channel(site) as channel:
        yield _Line(task, channel)


lines = unshared(line)
