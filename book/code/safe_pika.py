"""RabbitMQ with pika: a publish that tells what became of it, and a worker that acknowledges after the work."""

import uuid
from collections.abc import Callable

import pika
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import AMQPError, NackError, UnroutableError


class RefusedError(Exception):
    """The message is not there, and the broker said so."""


class UnknownError(Exception):
    """Nobody knows. Connect anew and publish it again under its name; the worker must bear what comes twice."""


def connect(host: str = "localhost", port: int = 5672) -> pika.BlockingConnection:
    told = pika.ConnectionParameters(
        host,
        port,
        heartbeat=30,  # seconds: a server that has gone is noticed; keep a message's work shorter than this
        blocked_connection_timeout=10,  # a server that lacks memory or disk takes nothing: wait no longer for it
    )
    return pika.BlockingConnection(told)


def open_channel(connection: pika.BlockingConnection, queue: str) -> BlockingChannel:
    channel = connection.channel()
    channel.confirm_delivery()  # from here on a publish waits for the broker's answer
    dead = f"{queue}.dead"
    channel.queue_declare(dead, durable=True, arguments={"x-queue-type": "quorum"})
    kept = {
        "x-queue-type": "quorum",  # flushed before it is confirmed; on three nodes, by two of them
        "x-overflow": "reject-publish",  # a full queue refuses and drops nothing
        "x-delivery-limit": 5,  # what fails so often goes to the dead ones, which somebody has to read
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": dead,
        "x-dead-letter-strategy": "at-least-once",
    }
    channel.queue_declare(queue, durable=True, arguments=kept)
    return channel


def publish(channel: BlockingChannel, queue: str, body: bytes, name: str = "") -> str:
    """Give the message's name when the broker has it, and raise if not."""
    name = name or uuid.uuid4().hex
    told = pika.BasicProperties(delivery_mode=pika.DeliveryMode.Persistent, message_id=name)
    try:
        channel.basic_publish("", queue, body, told, mandatory=True)
    except UnroutableError as error:  # mandatory: else a message that no queue takes is dropped and confirmed
        raise RefusedError(f"no queue takes {name}") from error
    except NackError as error:
        raise RefusedError(f"the broker refused {name}") from error
    except AMQPError as error:  # the connection broke, or the server took nothing in time
        raise UnknownError(f"no answer for {name}") from error
    return name


def work_off(channel: BlockingChannel, queue: str, work: Callable[[str, bytes], None], idle_s: float = 5) -> None:
    """Work until nothing has come for so many seconds."""
    channel.basic_qos(prefetch_count=10)  # so many at most are with this worker when it dies
    for method, properties, body in channel.consume(queue, inactivity_timeout=idle_s):
        if method is None:
            break
        try:
            work(properties.message_id, body)
        except Exception:
            channel.basic_reject(method.delivery_tag)  # it comes again, up to the limit; a nack would not be counted
        else:
            channel.basic_ack(method.delivery_tag)  # after the work, never before it
    channel.cancel()  # what was fetched and not begun goes back
