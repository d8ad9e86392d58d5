"""Brokers of the user's own, named by LABS_REDIS_URL, LABS_RABBITMQ_URL and LABS_KAFKA_URL (or `labs run --redis ...`).

They win over what runs here. Meeting one logs in and asks for its version; it writes nothing and changes nothing.
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from labs.brokers.base import BrokerError, Endpoint, RefusedError
from labs.brokers.doors import prove
from labs.stack import urls
from labs.stack.state import StackError


def variable(broker: str) -> str:
    """The name of the variable that holds its address."""
    return f"LABS_{broker.upper()}_URL"


def name(broker: str, text: str) -> None:
    """From now on this process and its children use the broker at that address. AddressError if it is none."""
    urls.endpoint(broker, text, os.environ)
    os.environ[variable(broker)] = text


def named() -> dict[str, str]:
    """Broker -> address, of those that are named."""
    return {broker: text for broker in urls.SCHEMES if (text := os.environ.get(variable(broker), ""))}


def endpoints(brokers: Iterable[str]) -> dict[str, Endpoint]:
    """Those of `brokers` that are named, each met at least once by this process. BrokerError, AddressError."""
    known = named()
    return {one: meet(urls.endpoint(one, known[one], os.environ)) for one in dict.fromkeys(brokers) if one in known}


def seen() -> dict[str, Endpoint | str]:
    """Each one that is named: where it is, or why it cannot be used."""
    found: dict[str, Endpoint | str] = {}
    for broker in named():
        try:
            found |= endpoints([broker])
        except (BrokerError, urls.AddressError) as error:
            found[broker] = str(error)
    return found


def spare(broker: str, what: str) -> None:
    """StackError if the broker is one of the user's: `what` would harm or misjudge it."""
    if broker in named():
        raise StackError(
            what,
            f"{variable(broker)} or --{broker} names a broker of yours, and this is done to our own alone.",
            f"Leave it out (unset {variable(broker)}) and one of our own is started.",
        )


@functools.cache
def meet(bare: Endpoint) -> Endpoint:
    """The endpoint with its version, after a login; asked once per process. BrokerError says what was wrong."""
    return replace(bare, version=_VERSIONS[bare.broker](bare))


def _redis(here: Endpoint) -> str:
    from labs.brokers.redis_link import CONNECT_S, Link

    prove(here, CONNECT_S, wholly=True)
    with contextlib.closing(Link(here)) as link:
        link.open()
        try:
            about = link.ask("INFO", "server")
        except RefusedError as error:
            if "NOAUTH" not in str(error):
                return ""  # this user may not ask, which is no reason not to measure
            raise RefusedError(f"{error} Set LABS_REDIS_PASSWORD, and LABS_REDIS_USER if it has one.") from error
    said = about.decode(errors="replace").splitlines()
    lines = dict(line.split(":", 1) for line in said if ":" in line)
    return str(lines.get("redis_version", ""))


def _rabbitmq(here: Endpoint) -> str:
    from labs.brokers.rabbitmq_link import CONNECT_S, Link

    prove(here, CONNECT_S, wholly=True)
    with contextlib.closing(Link(here)) as link:
        link.open()
        properties: Any = link.connection.server_properties
        return str(properties["version"])


def _kafka(here: Endpoint) -> str:
    from labs.brokers import open_broker
    from labs.brokers.fast import kafka_link
    from labs.profile import profile

    kafka_link.meet(here)
    return open_broker(here, profile("kafka-acks-all"), "labs-never-made").version()


_VERSIONS: dict[str, Callable[[Endpoint], str]] = {"redis": _redis, "rabbitmq": _rabbitmq, "kafka": _kafka}
