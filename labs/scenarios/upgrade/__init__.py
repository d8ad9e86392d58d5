"""The upgrade trap: a Celery worker of one release meets a RabbitMQ of another, with and without two settings.

Celery's queues for remote control and for events were neither durable nor exclusive. RabbitMQ calls such queues
deprecated, and from 4.3 its makers ship it so that it refuses them. Debian's own package of 4.3 is patched to permit
them, so that both defaults are set here by the line of configuration that sets them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from labs.model.profile import UnknownNameError

FEATURE = "transient_nonexcl_queues"
"""What RabbitMQ calls those queues."""
PERMIT = f"deprecated_features.permit.{FEATURE}"
EXCLUSIVE = {"control_queue_exclusive": True, "event_queue_exclusive": True}
"""Celery's two settings; from 5.7 on both are so where nobody says anything."""


@dataclass(frozen=True)
class Server:
    """A RabbitMQ: of which release of Debian its packages are, and the lines of configuration that make its default."""

    name: str
    label: str
    short: str
    suite: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Client:
    """A Celery: its set of packages, and what its application is told."""

    name: str
    label: str
    packages: str
    settings: Mapping[str, bool] = field(default_factory=dict)


SERVERS = {
    one.name: one
    for one in (
        Server("before", "RabbitMQ before 4.3", "RabbitMQ before 4.3", "trixie"),
        Server("refuses", "RabbitMQ 4.3 as its makers ship it", "RabbitMQ 4.3", "forky", (f"{PERMIT} = false",)),
        Server("permits", "RabbitMQ 4.3 told to permit", "RabbitMQ 4.3 that permits", "forky", (f"{PERMIT} = true",)),
    )
}
CLIENTS = {
    one.name: one
    for one in (
        Client("old", "Celery 5.6.3", "celery-5.6"),
        Client("old-told", "Celery 5.6.3, two settings", "celery-5.6", EXCLUSIVE),
        Client("new", "Celery 5.7.0", "celery-5.7"),
        Client("new-told", "Celery 5.7.0, two settings", "celery-5.7", EXCLUSIVE),
    )
}


def server_of(name: str) -> Server:
    """The server of that name, or UnknownNameError with the nearest ones."""
    if name not in SERVERS:
        raise UnknownNameError("server", name, list(SERVERS))
    return SERVERS[name]


@dataclass(frozen=True)
class Heard:
    """What came of one start or one question: whether it went well, else the first error in its own words.

    `errors` is how many there were until we stopped listening; `code` is its exit code, None while it runs."""

    well: bool
    error: str = ""
    errors: int = 0
    code: int | None = None


@dataclass(frozen=True)
class Seen:
    """A cell: a worker's start, a task that it is sent, a ping by remote control, and a second worker of the same name
    while the first one hangs. None was not tried."""

    start: Heard
    task: Heard | None
    ping: Heard
    second: Heard | None
    ready_s: float | None
    permitted: str = ""
    """What the broker says of the feature: permitted or denied; empty where it cannot be asked."""
