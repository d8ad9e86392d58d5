"""One cell measured: real workers in their package set, on a virtual host of their own."""

from __future__ import annotations

import json
import secrets
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import quote

from labs import stack
from labs.brokers.rabbitmq.management import ask
from labs.model.endpoint import BrokerError, Endpoint
from labs.model.observer import Observer
from labs.scenarios.upgrade import FEATURE, Client, Heard, Seen, Server
from labs.stack import packages

HERE = Path(__file__).parent
COMES_UP_S, ANSWERS_S = 30.0, 30.0
"""Bounds, not measures: on a busy machine Celery takes long to come up."""
RECOVERS_S = 3.0
"""A worker that has met an error starts anew by itself; for so long it may."""
Report = Callable[[str], None]


@contextmanager
def broker(server: Server, backend: str, report: Report) -> Iterator[Endpoint]:
    """A RabbitMQ of our own of that kind, gone afterwards. A container is of one release only."""
    native = backend == "native" or server.suite == "trixie"
    with stack.arena(
        "rabbitmq",
        "native" if native else "compose",
        settings=server.lines,
        suite=server.suite if native else "",
        report=report,
    ) as arena:
        yield arena.endpoint


def look(endpoint: Endpoint, client: Client, observer: Observer) -> Seen:
    """Start a worker, send it a task, ping it, and start a second one of its name while the first hangs."""
    place = f"labs-{secrets.token_hex(4)}"
    ask(endpoint, "PUT", "vhosts", place)  # what one release declares another need not accept
    ask(endpoint, "PUT", "permissions", place, endpoint.username, body=dict.fromkeys(RIGHTS, ".*"))
    try:
        return _looked(endpoint, place, client, observer)
    finally:
        ask(endpoint, "DELETE", "vhosts", place)


RIGHTS = ("configure", "write", "read")


def permitted(endpoint: Endpoint) -> str:
    """What the broker says of such queues: permitted or denied, and what its package has as its default."""
    found = [one for one in ask(endpoint, "GET", "deprecated-features") if one.get("name") == FEATURE]
    return ", ".join(str(one[name]) for one in found for name in ("state", "deprecation_phase") if name in one)


def _looked(endpoint: Endpoint, place: str, client: Client, observer: Observer) -> Seen:
    login = f"{quote(endpoint.username, '')}:{quote(endpoint.password, '')}"
    address = {"LABS_ADDRESS": f"amqp://{login}@{endpoint.host}:{endpoint.port}/{quote(place, '')}"}
    told, report = json.dumps(dict(client.settings)), partial(observer.progress, 0.0)
    begin = partial(packages.program, client.packages, environment=address, report=report)
    began_s = time.monotonic()
    with begin(HERE / "worker.py", "worker@shop", told) as first:
        start = heard(first, ("ready",), COMES_UP_S, observer)
        ready_s = time.monotonic() - began_s if start.well else None
        task = heard(first, ("done",), ANSWERS_S, observer) if start.well else None
        observer.progress(0.5, f"{client.label}: a ping by remote control")
        with begin(HERE / "asker.py", told) as asker:
            ping = heard(asker, ("pong",), ANSWERS_S, observer)
        second = None
        if start.well:
            observer.progress(0.7, f"{client.label}: a second worker of the same name")
            first.signal(signal.SIGSTOP)
            with begin(HERE / "worker.py", "worker@shop", told) as other:
                second = heard(other, ("ready",), COMES_UP_S, observer)
    return Seen(start, task, ping, second, ready_s, permitted(endpoint))


def heard(program: packages.Program, wanted: Sequence[str], within_s: float, observer: Observer) -> Heard:
    """Listen until it says one of the words, has ended, or does not recover from an error. BrokerError of silence."""
    errors: list[str] = []
    give_up_s = time.monotonic() + within_s
    while (now_s := time.monotonic()) < give_up_s:
        observer.check("while a worker starts")
        line = program.line(0.1)
        said = json.loads(line) if line and line.startswith('{"what"') else {}
        if said.get("what") in wanted:
            return Heard(True, "".join(errors[:1]), len(errors))
        if said.get("what") in ("error", "nobody"):
            errors.append(str(said["words"] or "nobody answered"))
            give_up_s = min(give_up_s, now_s + RECOVERS_S) if len(errors) == 1 else give_up_s
        if line is None and program.code is not None:
            break
    if not errors and program.code is None:
        raise BrokerError(f"Celery said nothing for {within_s:.0f} s. Is the machine very busy? Run it again.")
    return Heard(False, (errors or [last(program.errors())])[0], len(errors), program.code)


def last(text: str) -> str:
    """The last line of what was written to standard error."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it ended without a word"
