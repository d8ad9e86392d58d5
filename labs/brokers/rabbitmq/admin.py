"""RabbitMQ as a broker of the labs: declares the queue that a profile asks for, and deletes it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from functools import partial

from pika.frame import Method

from labs.brokers.journal import Made
from labs.brokers.lifetime import Owned
from labs.brokers.rabbitmq.client import Link
from labs.brokers.rabbitmq.management import delete_user
from labs.model.endpoint import Endpoint
from labs.model.profile import Profile

LONGEST = 255
"""Bytes of a name, by the protocol."""


def undo(endpoint: Endpoint, found: Made) -> None:
    """Delete queues, streams, exchanges and users that an entry names; BrokerError leaves the entry as it is."""
    for user in found.entry.users:
        delete_user(endpoint, user)
    with contextlib.closing(Link(endpoint)) as link:
        link.open()
        channel = link.channel()
        for name in filter(_can_be, found.entry.names):
            link.call(channel, "delete the queue", partial(_delete, channel.queue_delete, name))
        for name in filter(_can_be, found.entry.exchanges):
            link.call(channel, "delete the exchange", partial(_delete, channel.exchange_delete, name))
    found.undone()


def _can_be(name: str) -> bool:
    """Whether a thing can be called so at all. An entry that names another would be in the way of every later command:
    pika refuses to ask for it."""
    return len(name.encode()) <= LONGEST


def _delete(how: Callable[..., object], name: str, done: Callable[[Method], None]) -> None:
    how(name, callback=done)


class Broker(Owned):
    """One RabbitMQ under one profile; `name` is the queue. It connects when asked: nobody pumps it in between."""

    def __init__(self, endpoint: Endpoint, profile: Profile, name: str, more: Sequence[str] = ()) -> None:
        super().__init__(endpoint, name, more)
        self._settings = profile.settings

    def _undo(self, made: Made) -> None:
        undo(self._endpoint, made)

    def _make(self) -> None:
        """Declares the queue anew."""
        with contextlib.closing(Link(self._endpoint)) as link:
            link.open()
            channel = link.channel()
            self._note()
            link.call(channel, "delete the queue", partial(_delete, channel.queue_delete, self._name))
        self._declare()

    def _declare(self) -> str:
        """Declares the queue and gives the server's version; RefusedError if it exists with other settings."""
        kind = {"x-queue-type": self._settings["queue"]}
        with contextlib.closing(Link(self._endpoint)) as link:
            link.open()
            channel = link.channel()
            link.call(
                channel,
                "declare the queue",
                lambda done: channel.queue_declare(self._name, durable=True, arguments=kind, callback=done),
            )
            return str(link.connection.server_properties["version"])

    def backlog(self) -> int | None:
        """Messages ready in the queue; those given to a consumer count again when it is gone."""
        with contextlib.closing(Link(self._endpoint)) as link:
            link.open()
            channel = link.channel()
            found = link.call(
                channel,
                "look at the queue",
                lambda done: channel.queue_declare(self._name, passive=True, callback=done),
            )
            return int(found.method.message_count)

    def version(self) -> str:
        """As the server says when greeting."""
        return self._declare()

    def durability(self) -> dict[str, str]:
        """The queue's settings, confirmed by declaring it again, and those of the messages, which are the client's."""
        self._declare()
        return {
            "queue": f"durable, {self._settings['queue']}",
            "messages": "persistent" if self._settings["persistent"] else "transient",
            "confirms": "on" if self._settings["confirms"] else "off",
        }
