"""The ways in which a call from one service reaches another, by name."""

from __future__ import annotations

from dataclasses import dataclass

from labs.model.profile import UnknownNameError

SYNC = "sync"
"""In place of a broker, where there is none."""


@dataclass(frozen=True)
class Carrier:
    """One way for a call. `profile` sets the broker up; it is empty where there is none."""

    name: str
    label: str
    broker: str
    profile: str
    module: str
    asks: bool = True
    unconfirmed: str = ""
    """The profile of a carrier that tells, where nobody asks for a confirmation."""
    replies: bool = False
    """Whether the answers need an address of their own at the broker."""

    def profile_for(self, confirm: str) -> str:
        """The profile under which the broker keeps what this way of confirming promises."""
        return self.unconfirmed if self.unconfirmed and confirm == "none" else self.profile


_TELL = "fire_and_forget"


_ALL = (
    Carrier("http-new", "HTTP/1.1, new connection", SYNC, "", "by_http"),
    Carrier("http-kept", "HTTP/1.1, kept connection", SYNC, "", "by_http"),
    Carrier("http-202", "HTTP/1.1, answered 202 at once", SYNC, "", "by_http"),
    Carrier("grpc", "gRPC", SYNC, "", "by_grpc"),
    Carrier("redis", "Redis list", "redis", "redis-list-everysec", _TELL, asks=False),
    Carrier(
        "rabbitmq", "RabbitMQ queue", "rabbitmq", "rabbitmq-confirms", _TELL, asks=False,
        unconfirmed="rabbitmq-persistent",
    ),
    Carrier("kafka", "Kafka topic", "kafka", "kafka-acks-all", _TELL, asks=False, unconfirmed="kafka-acks-0"),
    Carrier("redis-pair", "Redis, two lists", "redis", "redis-list-none", "on_redis"),
    Carrier("rabbitmq-reply", "RabbitMQ, Direct Reply-To", "rabbitmq", "rabbitmq-transient", "on_rabbitmq"),
    Carrier("kafka-reply", "Kafka, two topics", "kafka", "kafka-acks-1", "on_kafka", replies=True),
)  # fmt: skip


CARRIERS: dict[str, Carrier] = {carrier.name: carrier for carrier in _ALL}


def carrier_of(name: str) -> Carrier:
    """The carrier of that name, or UnknownNameError with the nearest ones."""
    if name not in CARRIERS:
        raise UnknownNameError("carrier", name, list(CARRIERS))
    return CARRIERS[name]


CONFIRMS = ("none", "each", "window")
