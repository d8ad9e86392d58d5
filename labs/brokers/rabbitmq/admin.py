"""RabbitMQ as a broker of the labs: declares the queue that a profile asks for, and deletes it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from functools import partial
from types import TracebackType
from typing import Any, Self

from labs.brokers import journal
from labs.brokers.journal import Made
from labs.brokers.rabbitmq.client import Link
from labs.model.endpoint import Endpoint
from labs.model.profile import Profile


def undo(endpoint: Endpoint, found: Made) -> None:
    """Delete the queues, streams and exchanges that an entry names; BrokerError leaves the entry as it is."""
    with contextlib.closing(Link(endpoint)) as link:
        link.open()
        channel = link.channel()
        for name in found.entry.names:
            link.call(channel, "delete the queue", partial(_delete, channel.queue_delete, name))
        for name in found.entry.exchanges:
            link.call(channel, "delete the exchange", partial(_delete, channel.exchange_delete, name))
    found.undone()


def _delete(how: Callable[..., Any], name: str, done: Callable[[Any], None]) -> None:
    how(name, callback=done)


class Broker:
    """One RabbitMQ under one profile; `name` is the queue. It connects when asked: nobody pumps it in between."""

    def __init__(self, endpoint: Endpoint, profile: Profile, name: str, more: Sequence[str] = ()) -> None:
        self._endpoint = endpoint
        self._settings = profile.settings
        self._name, self._names = name, (name, *more)
        self._made: Made | None = None

    def __enter__(self) -> Self:
        """Declares the queue anew."""
        try:
            self._delete_old()
            self._declare()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Deletes the queue; of a server that is gone the next command does it."""
        found, self._made = self._made, None
        journal.settle(found, partial(undo, self._endpoint))

    def _delete_old(self) -> None:
        with contextlib.closing(Link(self._endpoint)) as link:
            link.open()
            channel = link.channel()
            # Not before: of a broker that does not let us in nothing is noted.
            self._made = journal.note(self._endpoint, self._names)
            link.call(channel, "delete the queue", partial(_delete, channel.queue_delete, self._name))

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
            properties: Any = link.connection.server_properties
            return str(properties["version"])

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
