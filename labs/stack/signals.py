"""Signals to brokers of ours, and to no other process: each is proven first to be one that we started."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

from labs.model import paths
from labs.model.endpoint import Endpoint
from labs.model.errors import StackError
from labs.model.facts import Facts
from labs.stack import backends, registry
from labs.stack.processes import MARK_BROKER, MARK_HOME, awaited, family, is_alive, marks, parent_of, send
from labs.stack.protocol import is_stopped

STANDS_S = 5.0


@contextmanager
def held(endpoint: Endpoint) -> Iterator[Callable[[int], None]]:
    """A function that signals the broker's processes in microseconds: proven ours once, then held by descriptor."""
    _prove(endpoint, f"holding {endpoint.broker}")
    pids = [one for root in endpoint.pids for one in family(root)]
    with ExitStack() as opened:
        descriptors = [os.pidfd_open(pid) for pid in pids]
        for descriptor in descriptors:
            opened.callback(os.close, descriptor)

        def tell(number: int) -> None:
            for descriptor in descriptors:
                with suppress(ProcessLookupError):
                    signal.pidfd_send_signal(descriptor, number)

        yield tell


def processes_of(endpoint: Endpoint) -> list[int]:
    """Every process that the broker needs: the server, its children, and helpers such as Erlang's epmd.

    Empty where they cannot be seen, as of a container in a virtual machine.
    """
    own = [one for root in endpoint.pids for one in family(root)]
    if endpoint.backend != "native" or not own:
        return own
    beside = [one for one in family(parent_of(own[0])) if marks(one).get(MARK_BROKER) == endpoint.broker]
    return list(dict.fromkeys([*own, *beside]))


def freeze(endpoint: Endpoint) -> None:
    """Stop the broker's processes without ending them (SIGSTOP). StackError unless they are proven ours."""
    _signal(endpoint, signal.SIGSTOP)
    stands = awaited(lambda: all(is_stopped(one) for pid in endpoint.pids for one in family(pid)), STANDS_S, 0.001)
    if not stands:  # a signal takes a moment
        thaw(endpoint)
        raise StackError(f"freezing {endpoint.broker}", "a process does not stand still.", "Try again.")


def thaw(endpoint: Endpoint) -> None:
    """Let a frozen broker go on (SIGCONT)."""
    _signal(endpoint, signal.SIGCONT)


def kill(endpoint: Endpoint) -> None:
    """End the broker at once (SIGKILL), as a crash would."""
    _signal(endpoint, signal.SIGKILL)


def _signal(endpoint: Endpoint, number: signal.Signals) -> None:
    record = _prove(endpoint, f"sending {number.name} to {endpoint.broker}")
    if record["backend"] == "compose" and (not endpoint.pids or os.geteuid() != 0):
        backends.signal_container(endpoint.container, number)
        return
    for pid in [one for first in endpoint.pids for one in family(first)]:
        send(pid, number)


def _prove(endpoint: Endpoint, tried: str) -> registry.Record:
    """The stack that the endpoint belongs to; StackError unless its broker is one that we started."""
    for record, name, entry in registry.entries():
        at = (name, entry["pid"], entry.get("container", ""))
        if at == (endpoint.broker, next(iter(endpoint.pids), 0), endpoint.container) and _is_proven(record, entry):
            return record
    raise StackError(
        tried,
        f"pid {next(iter(endpoint.pids), 'unknown')} on port {endpoint.port} is not a broker that we started.",
        "Only our own brokers are ever broken: take the endpoint from `up` or `session`.",
    )


def _is_proven(record: registry.Record, entry: Facts) -> bool:
    if record["backend"] == "compose":
        return not entry["pid"] or is_alive(entry["pid"], entry["start"])
    return is_alive(entry["pid"], entry["start"]) and marks(entry["pid"]).get(MARK_HOME) == str(paths.home())
