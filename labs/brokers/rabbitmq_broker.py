"""RabbitMQ as a broker of the labs: declares the queue that a profile asks for, and deletes it."""

from __future__ import annotations

import contextlib
from types import TracebackType
from typing import Any, Self

from labs.brokers.base import BrokerError, Endpoint
from labs.brokers.rabbitmq_link import Link
from labs.profile import Profile


class Broker:
    """One RabbitMQ under one profile; `name` is the queue. It connects when asked: nobody pumps it in between."""

    def __init__(self, endpoint: Endpoint, profile: Profile, name: str) -> None:
        self._endpoint = endpoint
        self._settings = profile.settings
        self._name = name

    def __enter__(self) -> Self:
        """Declares the queue anew."""
        self._delete()
        self._declare()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Deletes the queue; a server that is gone keeps it."""
        with contextlib.suppress(BrokerError):
            self._delete()

    def _delete(self) -> None:
        with contextlib.closing(Link(self._endpoint)) as link:
            link.open()
            channel = link.channel()
            link.call(channel, "delete the queue", lambda done: channel.queue_delete(self._name, callback=done))

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
