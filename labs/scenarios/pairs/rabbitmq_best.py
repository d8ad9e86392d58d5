"""RabbitMQ, best effort: a message counts as done when it is on its way to the worker."""

from collections.abc import Callable
from typing import Any

import pika

from labs.model.endpoint import Endpoint

SETTINGS: dict[str, Any] = {"durable": True, "auto_ack": True}


def connection(place: Endpoint) -> pika.BlockingConnection:
    """A connection."""
    login = pika.PlainCredentials(place.username, place.password)
    return pika.BlockingConnection(pika.ConnectionParameters(place.host, place.port, credentials=login))


def prepare(place: Endpoint) -> None:
    """The queue: what is sent to none is thrown away."""
    with connection(place) as link:
        link.channel().queue_declare("first-best", durable=SETTINGS["durable"])


def send(place: Endpoint, body: bytes) -> None:
    """Through the default exchange to the queue of that name."""
    with connection(place) as link:
        link.channel().basic_publish("", "first-best", body)


def receive(place: Endpoint, handle: Callable[[bytes], None]) -> None:
    """The first message that comes."""
    with connection(place) as link:
        for _method, _properties, body in link.channel().consume("first-best", auto_ack=SETTINGS["auto_ack"]):
            handle(body)
            break
