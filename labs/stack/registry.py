"""Which brokers of ours run at this moment: what is written down, proven anew each time it is asked."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterator

import psutil

from labs.model import paths
from labs.model.endpoint import Endpoint
from labs.model.errors import StackError
from labs.model.facts import Facts
from labs.stack import state
from labs.stack.external import given, urls, yours
from labs.stack.processes import is_alive, listeners

Record = Facts


def endpoint(broker: str, record: Record) -> Endpoint:
    """What the record says about a broker, as clients want it."""
    entry = record["brokers"][broker]
    user, password = state.secrets()[broker] if broker in ("redis", "rabbitmq") else ("", "")
    return Endpoint(
        broker=broker,
        host="127.0.0.1",
        port=int(record["ports"][broker]),
        username=user,
        password=password,
        admin_port=int(record["ports"]["rabbitmq-admin"]) if broker == "rabbitmq" else 0,
        stream_port=int(record["ports"].get("rabbitmq-stream", 0)) if broker == "rabbitmq" else 0,
        pids=(entry["pid"],) if entry["pid"] else (),
        backend=record["backend"],
        container=entry.get("container", ""),
        version=entry.get("version", ""),
        data_dir=entry.get("data_dir", ""),
    )


def entries() -> Iterator[tuple[Record, str, Facts]]:
    """Every broker in every record."""
    for record in state.stacks():
        for name, entry in record.get("brokers", {}).items():
            yield record, name, entry


def is_mine(record: Record) -> bool:
    """This process started that session, or a living ancestor did: a kernel uses the brokers of its `labs lab`."""
    if record["owner"] != "session" or record["ending"] or not lives(record):
        return False
    if record["owner_pid"] == os.getpid():
        return True
    with contextlib.suppress(psutil.Error):
        return any(parent.pid == record["owner_pid"] for parent in psutil.Process().parents())
    return False


def owner_lives(record: Record) -> bool:
    """The process that started the stack still runs."""
    return is_alive(record["owner_pid"], record["owner_start"])


def is_led(record: Record) -> bool:
    """A native stack's supervisor still runs; where it does not, the kernel has killed the brokers."""
    head = record.get("supervisor")
    return not head or is_alive(head["pid"], head["start"])


def lives(record: Record) -> bool:
    """A session that somebody has and that is led: what is left of a killed one is not a session."""
    return owner_lives(record) and is_led(record)


def is_of(record: Record, place: Endpoint) -> bool:
    """Whether that broker is one of this stack."""
    ours = place.broker in record.get("brokers", {}) and not place.is_given
    return ours and record["ports"].get(place.broker) == place.port


def runs(record: Record, name: str, entry: Facts) -> bool:
    """The broker's process, start time and port, or its container, are at this moment those written down."""
    if entry["state"] != "ready":
        return False
    if record["backend"] == "compose" and not entry["pid"]:  # an engine in a virtual machine shows no pids
        from labs.stack.containers import docker

        with contextlib.suppress(StackError):
            return docker.running(record["project"]).get(name) == "running"
        return False
    if not is_alive(entry["pid"], entry["start"]):
        return False
    return record["backend"] == "compose" or ("127.0.0.1", record["ports"][name]) in listeners(entry["pid"])


def running(*, mine: bool = False, without: Collection[str] = ()) -> dict[str, Endpoint]:
    """The brokers of `labs up` or of the environment, and with `mine` also those of our own sessions, if proven.

    Stacks whose id is in `without` are passed over.
    """
    found = given.endpoints()
    for record, name, entry in entries():
        known = record["owner"] == "user" and record.get("committed") and not record["ending"]
        known = known or (mine and record["id"] not in without and is_mine(record))
        if known and runs(record, name, entry):
            found[name] = endpoint(name, record)
    return found


def describe(found: Endpoint) -> Facts:
    """How to connect, without a password: it says in which file or variable that is."""
    about = {
        "state": "frozen" if any(_is_stopped(pid) for pid in found.pids) else "running",
        "backend": found.backend,
        "version": found.version,
        "host": found.host,
        "port": found.port,
        "user": found.username,
        "tls": found.tls is not None,
        "stream_port": found.stream_port,
        "url": urls.client_url(found),
    }
    if found.is_given:
        variable = f"LABS_{found.broker.upper()}_PASSWORD"
        return about | {"address": urls.shown(found), "secret_variable": variable if found.password else ""}
    return about | {
        "admin_port": found.admin_port,
        "secret_file": str(paths.home() / "secrets.json") if found.username else "",
        "pids": list(found.pids),
        "container": found.container,
        "data_dir": found.data_dir,
    }


def usable() -> Facts:
    """The brokers of the user's, each met. BrokerError or AddressError of the first that cannot be used."""
    return {name: describe(place) for name, place in yours.endpoints(yours.named()).items()}


def _is_stopped(pid: int) -> bool:
    with contextlib.suppress(psutil.Error):
        return bool(psutil.Process(pid).status() == psutil.STATUS_STOPPED)
    return False
