"""What RabbitMQ tells of a queue, by its management API; and a user of our own that may not publish."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pika import BasicProperties
from pika.exceptions import AMQPError, ChannelClosedByBroker

from labs.brokers import journal, open_broker
from labs.brokers.rabbitmq.admin import undo
from labs.brokers.rabbitmq.client import blocking_channel, said_of, typed
from labs.brokers.rabbitmq.management import ask
from labs.model.endpoint import Endpoint, UnreachableError
from labs.model.profile import profile
from labs.scenarios.seeing import GAP_S, HELD, LATER_S, WAITING, Answer, Mode, Policed, Told

KNOWN_WITHIN_S = 12.0
"""The management API counts every five seconds."""
LOOK_S = 0.2


@contextlib.contextmanager
def place(mode: Mode, endpoint: Endpoint, name: str) -> Iterator[dict[str, object]]:
    """The queue of the run, gone afterwards; gives the server's version and what the queue promises."""
    with open_broker(endpoint, profile(mode.profile), name) as broker:
        yield {"server": broker.version(), "durability": broker.durability()}


def tell(_mode: Mode, endpoint: Endpoint, name: str) -> Told:
    """Plant the work and ask for it."""
    with typed(endpoint), blocking_channel(endpoint, heartbeat=0) as channel:
        began_s = time.time()
        _send(channel, name, HELD)
        for _ in range(HELD):
            channel.basic_get(name)
        time.sleep(GAP_S)
        _send(channel, name, WAITING)
        time.sleep(LATER_S)
        queue = _known(endpoint, name)
        now_s = time.time()
    ready, held = (Answer(queue[of], f"management API, {of}") for of in ("messages_ready", "messages_unacknowledged"))
    stamp = queue.get("head_message_timestamp")
    how = "management API, head_message_timestamp, where the sender sets a timestamp"
    return Told(ready, held, Answer(now_s - stamp if stamp else None, how), planted_s=now_s - began_s)


def _send(channel: Any, name: str, number: int) -> None:
    for _ in range(number):
        channel.basic_publish("", name, b"job", BasicProperties(delivery_mode=2, timestamp=int(time.time())))


def _known(endpoint: Endpoint, name: str) -> dict[str, Any]:
    """What the API says of the queue, once it has counted all of it. UnreachableError if it never does."""
    give_up_s = time.monotonic() + KNOWN_WITHIN_S
    while True:
        found: dict[str, Any] = ask(endpoint, "GET", "queues", endpoint.vhost, name)
        if found.get("messages") == HELD + WAITING and "head_message_timestamp" in found:
            return found
        if time.monotonic() > give_up_s:
            raise UnreachableError(
                f"{endpoint.where}: its management API did not count {name} in {KNOWN_WITHIN_S:g} s."
            )
        time.sleep(LOOK_S)


def police(_mode: Mode, endpoint: Endpoint, name: str) -> Policed:
    """A user without the right to write publishes; then it has the right, and does it again. It is gone afterwards."""
    user, password = f"{name}-user", secrets.token_hex(16)
    made = journal.note(endpoint, (), users=[user])
    try:
        ask(endpoint, "PUT", "users", user, body={"password": password, "tags": ""})
        found = [_tried(endpoint, user, password, name, write) for write in ("^$", ".*")]
        return Policed(found[0], not found[1], by="a user without the permission to write")
    finally:
        journal.settle(made, lambda entry: undo(endpoint, entry))


def _tried(endpoint: Endpoint, user: str, password: str, name: str, write: str) -> str:
    """What RabbitMQ says to a publish of the user with this permission; empty where it confirms it."""
    right = {"configure": "^$", "read": "^$", "write": write}
    ask(endpoint, "PUT", "permissions", endpoint.vhost, user, body=right)
    try:
        with blocking_channel(replace(endpoint, username=user, password=password)) as channel:
            channel.confirm_delivery()
            channel.basic_publish("", name, b"job", BasicProperties(delivery_mode=2))
    except ChannelClosedByBroker as error:
        return said_of(error).replace(f"user '{user}'", "this user")
    except AMQPError as error:
        raise UnreachableError(f"{endpoint.where}: a publish of a user of ours broke: {error!r}.") from error
    return ""
