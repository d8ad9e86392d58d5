"""RabbitMQ, survives a killed worker: the broker keeps a message until the worker says that it is done."""

from collections.abc import Callable
from typing import Any

import pika

from labs.model.endpoint import Endpoint

SETTINGS: dict[str, Any] = {"durable": True, "auto_ack": False}


def connection(place: Endpoint) -> pika.BlockingConnection:
    """A connection."""
    login = pika.PlainCredentials(place.username, place.password)
    return pika.BlockingConnection(pika.ConnectionParameters(place.host, place.port, credentials=login))


def prepare(place: Endpoint) -> None:
    """The queue: what is sent to none is thrown away."""
    with connection(place) as link:
        link.channel().queue_declare("first-survives", durable=SETTINGS["durable"])


def send(place: Endpoint, body: bytes) -> None:
    """Through the default exchange to the queue of that name."""
    with connection(place) as link:
        link.channel().basic_publish("", "first-survives", body)


def receive(place: Endpoint, handle: Callable[[bytes], None]) -> None:
    """The first message that comes, acknowledged after the work."""
    with connection(place) as link:
        channel = link.channel()
        for method, _properties, body in channel.consume("first-survives", auto_ack=SETTINGS["auto_ack"]):
            handle(body)
            channel.basic_ack(method.delivery_tag)
            break
