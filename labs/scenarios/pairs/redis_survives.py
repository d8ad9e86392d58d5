"""Redis, survives a killed worker: a stream and a group. What was given out stays pending until it is acknowledged."""

from collections.abc import Callable
from typing import Any

import redis

from labs.model.endpoint import Endpoint

SETTINGS: dict[str, Any] = {"id": "0", "mkstream": True, "count": 1, "block": 20_000, "min_idle_time": 1000}


def client(place: Endpoint) -> redis.Redis:
    """A connection, made when it is used."""
    return redis.Redis(host=place.host, port=place.port, username=place.username, password=place.password)


def prepare(place: Endpoint) -> None:
    """The group: it has to be there before anybody reads."""
    with client(place) as link:
        link.xgroup_create("first-survives", "workers", id=SETTINGS["id"], mkstream=SETTINGS["mkstream"])


def send(place: Endpoint, body: bytes) -> None:
    """To the end of the stream."""
    with client(place) as link:
        link.xadd("first-survives", {"body": body})


def receive(place: Endpoint, handle: Callable[[bytes], None]) -> None:
    """Look for what a dead worker left, else wait for something new; acknowledge after the work."""
    idle_ms, count, block_ms = SETTINGS["min_idle_time"], SETTINGS["count"], SETTINGS["block"]
    with client(place) as link:
        found: Any = link.xautoclaim("first-survives", "workers", "me", idle_ms, count=count)[1]
        if not found:
            read: Any = link.xreadgroup("workers", "me", {"first-survives": ">"}, count=count, block=block_ms)
            found = read[0][1] if read else []
        for entry, fields in found:
            handle(fields[b"body"])
            link.xack("first-survives", "workers", entry)
