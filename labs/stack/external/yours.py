"""Brokers of the user's own, named by LABS_REDIS_URL, LABS_RABBITMQ_URL and LABS_KAFKA_URL (or `labs run --redis ...`).

They win over what runs here. Meeting one logs in and asks for its version; it writes nothing and changes nothing.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from labs.brokers.connection import SecureError, prove, what_to_do
from labs.model import environ
from labs.model.endpoint import BrokerError, Endpoint, RefusedError, UnreachableError
from labs.model.errors import StackError
from labs.stack import handshake
from labs.stack.external import urls

CONNECT_S, MEET_S = 2.0, 4.0
"""A broker that has not answered by then is not waited for: no command takes more than five seconds to say so."""
Outcome = Endpoint | BrokerError


def variable(broker: str) -> str:
    """The name of the variable that holds its address."""
    return f"LABS_{broker.upper()}_URL"


def name(broker: str, text: str) -> Callable[[], None]:
    """From now on this process and its children use the broker at that address, until what is given back is called.

    AddressError if it is none.
    """
    urls.endpoint(broker, text)
    return environ.put({variable(broker): text})


def named() -> dict[str, str]:
    """Broker -> address, of those that are named."""
    return {broker: text for broker in urls.SCHEMES if (text := environ.read(variable(broker)))}


def endpoints(brokers: Iterable[str]) -> dict[str, Endpoint]:
    """Those of `brokers` that are named, each met at least once by this process. BrokerError, AddressError."""
    known = named()
    bare = {one: urls.endpoint(one, known[one]) for one in dict.fromkeys(brokers) if one in known}
    return {broker: _or_raise(found) for broker, found in _met(bare).items()}


def seen() -> dict[str, Endpoint | str]:
    """Each one that is named: where it is, or why it cannot be used."""
    bare, found = {}, dict[str, Endpoint | str]()
    for broker, text in named().items():
        try:
            bare[broker] = urls.endpoint(broker, text)
        except urls.AddressError as error:
            found[broker] = str(error)
    return found | {name: one if isinstance(one, Endpoint) else str(one) for name, one in _met(bare).items()}


def spare(broker: str, what: str) -> None:
    """StackError if the broker is one of the user's: `what` would harm or misjudge it."""
    if broker in named():
        raise StackError(
            what,
            f"{variable(broker)} or --{broker} names a broker of yours, and this is done to our own alone.",
            f"Leave it out (unset {variable(broker)}) and one of our own is started.",
        )


def meet(bare: Endpoint) -> Endpoint:
    """The endpoint with its version, after a login; asked once per process. BrokerError says what was wrong."""
    return _or_raise(_met({bare.broker: bare})[bare.broker])


_KNOWN: dict[Endpoint, Endpoint] = {}


def _or_raise(found: Outcome) -> Endpoint:
    if isinstance(found, BrokerError):
        raise found
    return found


def _met(bare: dict[str, Endpoint]) -> dict[str, Outcome]:
    """Each one met, or what was wrong with it: all at the same time, and none for longer than MEET_S."""
    found: dict[str, Outcome] = {name: _KNOWN[here] for name, here in bare.items() if here in _KNOWN}
    asked = {name: here for name, here in bare.items() if name not in found}
    answers: dict[str, Outcome] = {}
    visits = [threading.Thread(target=_visit, args=(here, answers), daemon=True) for here in asked.values()]
    until_s = time.monotonic() + MEET_S
    for visit in visits:
        visit.start()
    for visit in visits:
        visit.join(max(0.0, until_s - time.monotonic()))
    for name, here in asked.items():
        found[name] = one = answers.get(here.broker) or UnreachableError(
            f"{here.where} has not answered within {MEET_S:g} s. {what_to_do(here)}"
        )
        if isinstance(one, Endpoint):
            _KNOWN[here] = one
    return {name: found[name] for name in bare}


def _visit(here: Endpoint, answers: dict[str, Outcome]) -> None:
    """Greet a broker, log in, ask for its version; what a client library makes of a stranger is one line of ours."""
    try:
        handshake.greet(here, CONNECT_S)
        answers[here.broker] = replace(here, version=_VERSIONS[here.broker](here))
    except BrokerError as error:
        bare = not isinstance(error, SecureError | RefusedError) and str(here.port) not in str(error)
        answers[here.broker] = error if not bare else UnreachableError(_strange(here, error))
    except Exception as error:  # each client has its own zoo of errors for what is no broker of its kind
        answers[here.broker] = UnreachableError(_strange(here, error))


def _strange(here: Endpoint, error: Exception) -> str:
    said = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    return f"{here.where} answers, but not as one does: {said[:200]}. {what_to_do(here)}"


def _redis(here: Endpoint) -> str:
    from labs.brokers.redis.client import Link

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
    from labs.brokers.rabbitmq.client import Link

    prove(here, CONNECT_S, wholly=True)
    with contextlib.closing(Link(here)) as link:
        link.open()
        return str(link.connection.server_properties["version"])


def _kafka(here: Endpoint) -> str:
    from labs.brokers import open_broker
    from labs.brokers.kafka.fast import client
    from labs.model.profile import profile

    client.meet(here)
    return open_broker(here, profile("kafka-acks-all"), "labs-never-made").version()


_VERSIONS: dict[str, Callable[[Endpoint], str]] = {"redis": _redis, "rabbitmq": _rabbitmq, "kafka": _kafka}
