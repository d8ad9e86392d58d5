"""The run card: what a sceptic has to know of a point. Broker, client, machine, what survives, settings, date."""

from __future__ import annotations

import platform
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version

from labs.model import machine as of_machine
from labs.model import processors
from labs.model.endpoint import Endpoint
from labs.model.profile import RUNGS, Profile

CLIENTS = {"redis": ("redis", "hiredis"), "rabbitmq": ("pika",), "kafka": ("kafka-python",)}
BACKENDS = {"native": "native processes", "compose": "containers, published ports"}
LOOPBACK = ("127.0.0.1", "localhost", "::1")
SERVERS = {"redis": "Redis", "rabbitmq": "RabbitMQ", "kafka": "Apache Kafka", "memory": "memory server"}
UNSEEN = "not seen from here, so whether it was the limit is not known"
MACHINE = ("processor", "virtual", "memory", "system")
SERVER = ("runtime", "origin", "heap", "given", "file_system")
"""Lines that a card has of its machine and of a broker's server, each in words or `not seen from here`."""
FLUSH = "fsync_ms"


def card(
    endpoint: Endpoint | None,
    using: Profile | None,
    facts: Mapping[str, object],
    more: Mapping[str, object],
    *,
    repeats: int,
    others: Sequence[float | None] = (),
) -> dict[str, object]:
    """The lines that all points have, and `more`, which wins. Without a broker `endpoint` and `using` are None.

    `facts` are those of the last run, where it kept any; `others` the cores that other programs used, one a repeat.
    """
    lines: dict[str, object] = {"broker": "none", "backend": BACKENDS["native"]}
    if endpoint:
        lines = {"broker": broker_of(endpoint, facts), "client": client_of(endpoint.broker), "replicas": 1}
        lines |= {"backend": backend_of(endpoint), "durability": facts.get("durability") or {}}
        lines |= about_server(endpoint, facts)
    if using:
        lines["rung"] = f"{using.rung}: {RUNGS[using.rung]}"
    lines |= machine(facts, pids=endpoint.pids if endpoint else (), others=others)
    return lines | {"date": facts.get("date") or time.strftime("%Y-%m-%d"), "repeats": repeats, **more}


def machine(
    facts: Mapping[str, object] | None = None, *, pids: Sequence[int] = (), others: Sequence[float | None] = ()
) -> dict[str, object]:
    """Which machine it was and what of it could be used: by a run's facts, or else by what these processes may use."""
    known = dict(facts) if facts and "processors" in facts else None
    said = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return {"machine": said, **of_machine.told(), **processors.for_card(known, pids=pids, others=others)}


def about_server(endpoint: Endpoint, facts: Mapping[str, object]) -> dict[str, object]:
    """What stands behind the version, as the server told the run or whoever started it; empty of the memory server."""
    known = facts.get("about") or endpoint.about
    return {name: known[name] for name in (*SERVER, FLUSH) if name in known} if isinstance(known, Mapping) else {}


def about_several(endpoints: Sequence[Endpoint]) -> dict[str, object]:
    """The same of several brokers, each by its name."""
    told = [(SERVERS[one.broker], about_server(one, {})) for one in endpoints]
    found: dict[str, object] = {}
    for name in SERVER:
        each = {who: known[name] for who, known in told if name in known}
        if each:
            words = "; ".join(f"{who}: {said}" for who, said in each.items())
            found[name] = each if name == "given" else words
    return found


def broker_of(endpoint: Endpoint, facts: Mapping[str, object]) -> str:
    """The server and its version, as it told a run or whoever started it."""
    return f"{SERVERS[endpoint.broker]} {facts.get('server') or endpoint.version or 'unknown'}"


def client_of(broker: str) -> str:
    """The idiomatic client and its version, and what reads its bytes."""
    names = CLIENTS.get(broker, ())
    return ", ".join(f"{name} {version(name)}" for name in names) or "own loopback protocol"


def backend_of(endpoint: Endpoint) -> str:
    """How the broker is run, in words. Of a given one no name is told: a card may be published."""
    if endpoint.is_given:
        return f"a broker of yours, {'on this machine' if endpoint.host in LOOPBACK else 'elsewhere'}"
    return BACKENDS.get(endpoint.backend, endpoint.backend)


def broker_cpu(endpoint: Endpoint | None) -> dict[str, str]:
    """A line for points that say who was the limit, where the broker's processes are not to be seen."""
    return {"broker_cpu": UNSEEN} if endpoint and not endpoint.pids else {}
