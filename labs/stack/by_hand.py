"""A running broker for code that a reader writes: what its client is told, and names that are gone afterwards."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module

from labs import stack
from labs.brokers import journal
from labs.model import environ
from labs.model.endpoint import Endpoint
from labs.model.errors import StackError
from labs.model.facts import Facts
from labs.model.text import BROKER_NAMES

NEEDS = "Nothing was run here: this cell needs a running {0}. Start one with `labs up`, and leave LABS_MODE unset."


@dataclass(frozen=True)
class Here:
    """Where the broker is, as its client wants it told, and two names (keys, queues, topics) for the reader's own.

    In Kafka both are topics of one partition and are there: its broker makes none by itself.
    """

    client: Facts
    name: str
    other: str
    endpoint: Endpoint


def _redis(endpoint: Endpoint) -> Facts:
    from labs.brokers.redis.client import secured

    login = {"username": endpoint.username or None, "password": endpoint.password or None}
    return {"host": endpoint.host, "port": endpoint.port, **login, "ssl": endpoint.tls is not None, **secured(endpoint)}


def _rabbitmq(endpoint: Endpoint) -> Facts:
    from labs.brokers.rabbitmq.client import place_of

    return place_of(endpoint)


def _kafka(endpoint: Endpoint) -> Facts:
    from labs.brokers.kafka.client import Site

    return Site(endpoint).config


TOLD: dict[str, Callable[[Endpoint], Facts]] = {"redis": _redis, "rabbitmq": _rabbitmq, "kafka": _kafka}


@contextlib.contextmanager
def running(broker: str) -> Iterator[Here | None]:
    """The broker that runs, or one that is started for the length of the block; what is made under the names is gone
    afterwards. In recorded mode, and in mode auto where none can be had, it says what is needed and gives None.
    """
    mode = environ.read("LABS_MODE") or "auto"
    with contextlib.ExitStack() as undo:
        here = None
        if mode == "recorded":
            print(NEEDS.format(BROKER_NAMES[broker]))
        else:
            try:
                here = undo.enter_context(_named(broker))
            except StackError as error:
                if mode == "live":
                    raise
                print(f"{NEEDS.format(BROKER_NAMES[broker])} {error}")
        yield here


@contextlib.contextmanager
def _named(broker: str) -> Iterator[Here]:
    with stack.session((broker,), report=lambda _line: None) as found:
        endpoint, name = found[broker], f"by-hand-{secrets.token_hex(3)}"
        here = Here(TOLD[broker](endpoint), name, f"{name}-2", endpoint)
        made = journal.note(endpoint, (here.name, here.other))
        try:
            if broker == "kafka":
                _make_topics(here)
            yield here
        finally:
            journal.settle(made, lambda entry: import_module(f"labs.brokers.{broker}.admin").undo(endpoint, entry))


def _make_topics(here: Here) -> None:
    from kafka import KafkaAdminClient

    with contextlib.closing(KafkaAdminClient(**here.client)) as admin:
        topics = {name: {"num_partitions": 1, "replication_factor": 1} for name in (here.name, here.other)}
        admin.create_topics(topics, wait_for_metadata=True)
