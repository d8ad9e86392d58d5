"""Where a broker is, which one it is, the errors it can raise, and all that a worker needs to open a client."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from labs.model.facts import Facts
from labs.model.profile import Profile
from labs.model.text import BROKER_NAMES

GIVEN = "given"
EXAMPLES = {
    "redis": "rediss://broker.example:6379",
    "rabbitmq": "amqps://broker.example:5671/",
    "kafka": "kafka+ssl://broker.example:9093",
}
"""What an address of the user's own looks like."""


class BrokerError(Exception):
    """Something a broker or its client refused or failed to do."""


class UnreachableError(BrokerError):
    """No broker answers at the endpoint, or the connection broke."""


class RefusedError(BrokerError):
    """The broker answered and said no to the whole request (limits, rights, settings)."""


@dataclass(frozen=True)
class Endpoint:
    """Where one broker is, how to log in, and the proof that it is ours.

    `pids` are the root processes as seen from this machine; empty where they cannot be seen
    (a container inside a virtual machine). `port` is the client port, `admin_port` the
    RabbitMQ management port and `stream_port` that of its stream protocol, or 0. `ready_s` are the seconds from
    the order to start it until the first message had gone round; 0 where somebody else started it. `tls` is None, or
    the paths of (authority, own certificate, its key) with "" for none; `servers` are all places where a cluster may
    be asked. A backend "given" is a broker of the user's: nothing of it is changed but what we made ourselves.
    `about` is what the running server tells of itself for the run card; empty where nobody has asked it.
    """

    broker: str
    host: str
    port: int
    username: str = ""
    password: str = field(default="", repr=False)
    admin_port: int = 0
    stream_port: int = 0
    pids: tuple[int, ...] = ()
    backend: str = "native"
    container: str = ""
    version: str = ""
    data_dir: str = ""
    ready_s: float = field(default=0.0, compare=False)
    tls: tuple[str, str, str] | None = None
    vhost: str = "/"
    servers: tuple[tuple[str, int], ...] = ()
    sasl: str = "PLAIN"
    about: Facts = field(default_factory=dict, compare=False, repr=False)

    @property
    def where(self) -> str:
        """As a sentence names it: Redis at 127.0.0.1:6379."""
        return f"{BROKER_NAMES[self.broker]} at {self.host}:{self.port}"

    @property
    def is_given(self) -> bool:
        """A broker of the user's, named by an address: not ours to set, stop or break."""
        return self.backend == GIVEN


def _port_name(profile: Profile) -> str:
    return "stream_port" if profile.adapter == "rabbitmq_stream" else "port"


def client_port(endpoint: Endpoint, profile: Profile) -> int:
    """The port that clients under this profile connect to: a stream has one of its own."""
    return int(getattr(endpoint, _port_name(profile)))


def at_port(endpoint: Endpoint, profile: Profile, port: int) -> Endpoint:
    """The endpoint with another port for such clients, as when something stands between."""
    if _port_name(profile) == "stream_port":
        return replace(endpoint, stream_port=port)
    return replace(endpoint, port=port)


@dataclass(frozen=True)
class Address:
    """All that a worker process needs to open its own client: picklable."""

    endpoint: Endpoint
    profile: Profile
    name: str


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
