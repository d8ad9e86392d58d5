"""The words of RabbitMQ, in pika. `channel` is open; `name` and `other` are names that nobody else has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pika
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import AMQPConnectionError, NackError

from labs.brokers.rabbitmq.client import place_of
from labs.model.endpoint import Endpoint
from labs.model.facts import Facts
from labs.scenarios.words import refused

SETTINGS: dict[str, dict[str, str]] = {}
WAIT_S = 30
"""What is waited for comes within that time, on a busy machine too."""


@contextmanager
def stage(endpoint: Endpoint, name: str) -> Iterator[dict[str, Any]]:
    """One connection with one channel; `client` is what pika is told of the server."""
    client = place_of(endpoint)
    with closing(pika.BlockingConnection(pika.ConnectionParameters(**client))) as connection:
        yield {"channel": connection.channel(), "client": client, "name": name, "other": f"{name}-2"}


def names(name: str) -> tuple[list[str], list[str]]:
    """Queues and exchanges may have the same name."""
    return [name, f"{name}-2"], [name, f"{name}-2"]


def exchange(channel: BlockingChannel, name: str) -> None:
    """It keeps nothing."""
    channel.exchange_declare(name, "fanout")
    channel.basic_publish(name, "", b"no queue is bound")
    channel.queue_declare(name, durable=True)
    channel.queue_bind(name, name)
    channel.basic_publish(name, "", b"one queue is bound")
    assert channel.basic_get(name)[2] == b"one queue is bound"


def binding(channel: BlockingChannel, name: str) -> None:
    """The queue chooses by the key that the publisher gave."""
    channel.exchange_declare(name, "topic")
    channel.queue_declare(name, durable=True)
    channel.queue_bind(name, name, "order.*.paid")
    for key in ("order.7.sent", "order.7.paid"):
        channel.basic_publish(name, key, key.encode())
    assert channel.basic_get(name)[2] == b"order.7.paid"


def queue(channel: BlockingChannel, name: str) -> None:
    """First in, first out, each once."""
    channel.queue_declare(name, durable=True)
    for body in (b"first", b"second"):
        channel.basic_publish("", name, body)
    taken = [channel.basic_get(name, auto_ack=True)[2] for _ in range(3)]
    assert taken == [b"first", b"second", None]


def publisher_confirm(channel: BlockingChannel, name: str) -> None:
    """With confirms a publish ends with a yes or a no."""
    channel.queue_declare(name, durable=True, arguments={"x-max-length": 1, "x-overflow": "reject-publish"})
    channel.confirm_delivery()
    channel.basic_publish("", name, b"fits in")  # pika returns when the yes has come
    assert refused(NackError, channel.basic_publish, "", name, b"one too many")


def acknowledgement(channel: BlockingChannel, name: str) -> None:
    """Handed out is not gone."""
    channel.queue_declare(name, durable=True)
    channel.basic_publish("", name, b"work")
    deliveries = channel.consume(name, inactivity_timeout=WAIT_S)
    channel.basic_nack(next(deliveries)[0].delivery_tag, requeue=True)
    again, _, _ = next(deliveries)
    assert again.redelivered
    channel.basic_ack(again.delivery_tag)


def prefetch(channel: BlockingChannel, name: str) -> None:
    """So many unacknowledged messages and no more."""
    channel.queue_declare(name, durable=True)
    for _ in range(5):
        channel.basic_publish("", name, b"work")
    channel.basic_qos(prefetch_count=2)
    deliveries = channel.consume(name, inactivity_timeout=1.5)
    assert [next(deliveries)[2] for _ in range(3)] == [b"work", b"work", None]


def dead_letter_exchange(channel: BlockingChannel, name: str, other: str) -> None:
    """What is rejected goes somewhere, with its reason."""
    channel.queue_declare(other, durable=True)
    dead_to = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": other}
    channel.queue_declare(name, durable=True, arguments=dead_to)
    channel.basic_publish("", name, b"bad")
    channel.basic_reject(channel.basic_get(name)[0].delivery_tag, requeue=False)
    _, properties, body = next(channel.consume(other, inactivity_timeout=WAIT_S))
    assert (body, properties.headers["x-first-death-reason"]) == (b"bad", "rejected")


def time_to_live(channel: BlockingChannel, name: str, other: str) -> None:
    """The broker itself takes it out."""
    channel.queue_declare(other, durable=True)
    dead_to = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": other}
    channel.queue_declare(name, durable=True, arguments={"x-message-ttl": 50, **dead_to})
    channel.basic_publish("", name, b"fresh for 50 ms")
    _, properties, _ = next(channel.consume(other, inactivity_timeout=WAIT_S))
    assert properties.headers["x-first-death-reason"] == "expired"


def alternate_exchange(channel: BlockingChannel, name: str, other: str) -> None:
    """Where goes what no binding takes."""
    channel.exchange_declare(other, "fanout")
    channel.queue_declare(other, durable=True)
    channel.queue_bind(other, other)
    channel.exchange_declare(name, "direct", arguments={"alternate-exchange": other})
    channel.basic_publish(name, "no such key", b"not lost")
    assert channel.basic_get(other)[2] == b"not lost"


def quorum_queue(channel: BlockingChannel, name: str) -> None:
    """It counts how often a message came back."""
    channel.queue_declare(name, durable=True, arguments={"x-queue-type": "quorum"})
    channel.basic_publish("", name, b"work")
    deliveries = channel.consume(name, inactivity_timeout=WAIT_S)
    channel.basic_reject(next(deliveries)[0].delivery_tag, requeue=True)
    _, properties, _ = next(deliveries)
    assert properties.headers["x-delivery-count"] == 1


def stream(channel: BlockingChannel, name: str) -> None:
    """Read twice by readers who acknowledge."""
    channel.queue_declare(name, durable=True, arguments={"x-queue-type": "stream"})
    channel.basic_publish("", name, b"kept")
    channel.basic_qos(prefetch_count=1)
    for _ in range(2):
        method, _, body = next(channel.consume(name, arguments={"x-stream-offset": "first"}, inactivity_timeout=30))
        channel.basic_ack(method.delivery_tag)
        channel.cancel()
        assert body == b"kept"


def virtual_host(client: Facts, name: str) -> None:
    """A connection is to one of them."""
    elsewhere = pika.ConnectionParameters(**{**client, "virtual_host": name})
    assert f"vhost {name} not found" in refused(AMQPConnectionError, pika.BlockingConnection, elsewhere)


PROOFS = (
    exchange, binding, queue, publisher_confirm, acknowledgement, prefetch, dead_letter_exchange, time_to_live,
    alternate_exchange, quorum_queue, stream, virtual_host,
)  # fmt: skip
