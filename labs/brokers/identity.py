"""Which broker an entry in the journal is about: enough to know it again and, where it wants no login, to reach it."""

from __future__ import annotations

from dataclasses import dataclass

from labs.model.endpoint import Endpoint


@dataclass(frozen=True)
class Place:
    """The broker of an entry: enough to know it again, and to reach it if it wants no login."""

    broker: str
    host: str
    port: int
    username: str = ""
    login: bool = False
    vhost: str = "/"
    tls: tuple[str, str, str] | None = None
    servers: tuple[tuple[str, int], ...] = ()
    data: str = ""
    """Where a broker of ours keeps its data, which tells it from all others; empty for one of the user's."""

    def is_at(self, endpoint: Endpoint) -> bool:
        """Whether that is the broker: the same data, or of one of the user's the same address."""
        if self.broker != endpoint.broker:
            return False
        if self.data:
            return self.data == data_of(endpoint)
        places = endpoint.servers or ((endpoint.host, endpoint.port),)
        return any(place in places for place in self.all_servers) and self.vhost == endpoint.vhost

    @property
    def all_servers(self) -> tuple[tuple[str, int], ...]:
        """Every (host, port) where it may be asked."""
        return self.servers or ((self.host, self.port),)

    def __str__(self) -> str:
        return f"{self.broker} at {self.host}:{self.port}"


def place_of(endpoint: Endpoint) -> Place:
    """The broker as an entry names it."""
    return Place(
        endpoint.broker,
        endpoint.host,
        endpoint.port,
        endpoint.username,
        bool(endpoint.password),
        endpoint.vhost,
        endpoint.tls,
        endpoint.servers,
        data_of(endpoint),
    )


def data_of(endpoint: Endpoint) -> str:
    """What tells a broker of ours from every other, over its stops and starts: its folder or its container."""
    return f"container {endpoint.container}" if endpoint.container else endpoint.data_dir
