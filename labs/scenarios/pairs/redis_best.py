"""Redis, best effort: a list. Who pops a message has it alone, and it dies with him."""

from collections.abc import Callable

import redis

from labs.model.endpoint import Endpoint

SETTINGS = {"timeout": 20}


def client(place: Endpoint) -> redis.Redis:
    """A connection, made when it is used."""
    return redis.Redis(host=place.host, port=place.port, username=place.username, password=place.password)


def send(place: Endpoint, body: bytes) -> None:
    """To the end of the list."""
    with client(place) as link:
        link.rpush("first-best", body)


def receive(place: Endpoint, handle: Callable[[bytes], None]) -> None:
    """Take one from the front, then do the work."""
    with client(place) as link:
        found = link.blpop(["first-best"], **SETTINGS)
        if found:
            handle(found[1])
