"""Start, find, prove, break and stop brokers: the only part that touches processes and containers.

`up` starts brokers that stay until `down`; `session` gives brokers for as long as the caller lives.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psutil

from labs.brokers.base import Endpoint
from labs.stack import launch, native, state
from labs.stack.processes import MARK_HOME, family, is_alive, listeners, marks, send, start_of
from labs.stack.state import StackError

__all__ = ["BROKERS", "StackError", "doctor", "down", "freeze", "kill", "session", "status", "thaw", "up"]

BROKERS = ("redis", "rabbitmq", "kafka")
Report = Callable[[str], None]


def up(brokers: Sequence[str] = BROKERS, backend: str = "auto", *, report: Report = print) -> dict[str, Endpoint]:
    """Start what does not run yet; it stays until `down`. All or nothing. A second call finds them and says so."""
    with state.locked(report):
        launch.sweep(report)
        _drop_dead_stacks()
        found = {name: endpoint for name, endpoint in _running("user").items() if name in brokers}
        for name, endpoint in found.items():
            report(f"{name} {endpoint.version}: already running on {endpoint.host}:{endpoint.port}")
        missing = [name for name in dict.fromkeys(brokers) if name not in found]
        if missing:
            _choose(backend, missing, report)
            native.fetch(missing, report)
            started = launch.Launch(missing, "user", launch.free_ports(missing, "user"), report)
            try:
                found |= started.wait()
                started.release()
            except BaseException:
                started.stop()
                raise
    return {name: found[name] for name in dict.fromkeys(brokers)}


@contextmanager
def session(
    brokers: Sequence[str] = BROKERS, backend: str = "auto", *, report: Report = print, own: bool = False
) -> Iterator[dict[str, Endpoint]]:
    """The brokers for the length of the block: those that `up` or a session above us started, else our own.

    Our own end with this process. With `own`, none is shared: for whoever means to break them.
    """
    started: launch.Launch | None = None
    try:
        with state.locked(report):
            launch.sweep(report)
            shared = {} if own else _running("user") | _running("session", _ancestors())
            found = {name: endpoint for name, endpoint in shared.items() if name in brokers}
            missing = [name for name in dict.fromkeys(brokers) if name not in found]
            if missing:
                _choose(backend, missing, report)
                native.fetch(missing, report)
                started = launch.Launch(missing, "session", launch.free_ports(missing, "session"), report)
                found |= started.wait()
        yield {name: found[name] for name in dict.fromkeys(brokers)}
    finally:
        if started:
            started.stop()


def down(*, reset: bool = False, report: Report = print) -> None:
    """Stop what `up` started and sweep what killed commands left; `reset` deletes the brokers' data as well."""
    with state.locked(report):
        launch.sweep(report)
        stopped = [record for record in state.stacks() if record["owner"] == "user"]
        for record in stopped:
            report(f"stopping {', '.join(record['brokers'])}")
            launch.stop_stack(record)
        launch.sweep(report)
        if not stopped:
            report("nothing of `labs up` is running")
        if reset:
            shutil.rmtree(state.home() / "data", ignore_errors=True)
            (state.home() / "secrets.json").unlink(missing_ok=True)
            report("data and passwords deleted")


def status() -> dict[str, Any]:
    """Where each broker is, proven at this moment. Holds no password: it says in which file they are."""
    running = _running("user")
    brokers = {name: _describe(running[name]) if name in running else {"state": "stopped"} for name in BROKERS}
    brokers |= {name: _describe(endpoint) for name, endpoint in running.items()}
    for record in state.stacks():
        for name, entry in record["brokers"].items():
            if record["owner"] == "user" and entry["state"] == "dead" and name not in running:
                brokers[name] = {"state": "dead", "why": entry["why"], "log": entry["log"]}
    sessions = [
        {"owner_pid": record["owner_pid"], "brokers": {name: record["ports"][name] for name in record["brokers"]}}
        for record in state.stacks()
        if record["owner"] == "session" and is_alive(record["owner_pid"], record["owner_start"])
    ]
    return {"home": str(state.home()), "brokers": brokers, "sessions": sessions}


def doctor() -> dict[str, Any]:
    """What this machine has, what is missing, and the one command that cures it."""
    from labs.stack import doctor as module

    return module.examine(BROKERS)


def freeze(endpoint: Endpoint) -> None:
    """Stop the broker's processes without ending them (SIGSTOP). StackError unless they are proven ours."""
    _signal(endpoint, signal.SIGSTOP)


def thaw(endpoint: Endpoint) -> None:
    """Let a frozen broker go on (SIGCONT)."""
    _signal(endpoint, signal.SIGCONT)


def kill(endpoint: Endpoint) -> None:
    """End the broker at once (SIGKILL), as a crash would."""
    _signal(endpoint, signal.SIGKILL)


def _signal(endpoint: Endpoint, number: int) -> None:
    known = {
        (name, entry["pid"])
        for record in state.stacks()
        for name, entry in record["brokers"].items()
        if is_alive(entry["pid"], entry["start"])
    }
    for pid in endpoint.pids:
        if (endpoint.broker, pid) not in known or marks(pid).get(MARK_HOME) != str(state.home()):
            raise StackError(
                f"sending {signal.Signals(number).name} to {endpoint.broker}",
                f"pid {pid} is not a broker that we started.",
                "Only our own brokers are ever broken: take the endpoint from `up` or `session`.",
            )
    for pid in [one for root in endpoint.pids for one in family(root)]:
        send(pid, number)


def _ancestors() -> set[int]:
    """This process and those above it: a notebook's kernel shares the brokers of the `labs lab` that serves it."""
    return {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}


def _running(owner: str, owner_pids: set[int] | None = None) -> dict[str, Endpoint]:
    """Brokers of that owner whose process, start time, marks and port are at this moment those we wrote down."""
    found = {}
    for record in state.stacks():
        if record["owner"] != owner or not record.get("committed", owner == "session"):
            continue
        if owner_pids is not None and record["owner_pid"] not in owner_pids:
            continue
        for name, entry in record["brokers"].items():
            endpoint = launch.endpoint(name, record)
            if is_alive(entry["pid"], entry["start"]) and (endpoint.host, endpoint.port) in listeners(entry["pid"]):
                found[name] = endpoint
    return found


def _describe(endpoint: Endpoint) -> dict[str, Any]:
    schemes = {"redis": "redis", "rabbitmq": "amqp", "kafka": "kafka"}
    login = f"{endpoint.username}@" if endpoint.username else ""
    frozen = any(start_of(pid) and psutil.Process(pid).status() == "stopped" for pid in endpoint.pids)
    return {
        "state": "frozen" if frozen else "running",
        "backend": endpoint.backend,
        "version": endpoint.version,
        "host": endpoint.host,
        "port": endpoint.port,
        "admin_port": endpoint.admin_port,
        "url": f"{schemes.get(endpoint.broker, 'tcp')}://{login}{endpoint.host}:{endpoint.port}",
        "secret_file": str(state.home() / "secrets.json") if endpoint.username else "",
        "pids": list(endpoint.pids),
        "container": endpoint.container,
        "data_dir": endpoint.data_dir,
    }


def _drop_dead_stacks() -> None:
    """A stack whose brokers have all died only holds its file and its epmd: end it before a new one starts."""
    for record in state.stacks():
        alive = any(is_alive(entry["pid"], entry["start"]) for entry in record["brokers"].values())
        if record["owner"] == "user" and record["backend"] == "native" and not alive:
            launch.stop_stack(record)


def _choose(backend: str, brokers: Sequence[str], report: Report) -> str:
    """Native, for the moment; os.environ may say otherwise."""
    del brokers, report
    return backend if backend != "auto" else os.environ.get("LABS_BACKEND", "native")
