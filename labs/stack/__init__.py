"""Start, find, prove, break and stop brokers: the only part that touches processes and containers.

`up` starts brokers that stay until `down`; `session` gives brokers for as long as the caller lives.

Uses model and brokers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from labs.model.endpoint import Endpoint
from labs.model.errors import StackError
from labs.model.facts import Facts
from labs.stack import backends, data, mending, origin, registry, starting, state, users
from labs.stack import sweep as sweeping
from labs.stack.disks import why_not as no_disk
from labs.stack.external import yours
from labs.stack.external.yours import spare
from labs.stack.native import config_lines, suites
from labs.stack.signals import freeze, held, kill, processes_of, thaw
from labs.stack.starting import known_lacking
from labs.stack.survey import status
from labs.stack.testbed import Arena, Evidence, NotStarted, native_arena

__all__ = [
    "BROKERS",
    "Arena",
    "Evidence",
    "NotStarted",
    "StackError",
    "arena",
    "config_lines",
    "doctor",
    "down",
    "freeze",
    "held",
    "kill",
    "kind_of",
    "known_lacking",
    "no_disk",
    "processes_of",
    "session",
    "spare",
    "status",
    "thaw",
    "up",
]

BROKERS = ("redis", "rabbitmq", "kafka")
Report = Callable[[str], None]


def up(brokers: Sequence[str] = BROKERS, backend: str = "auto", *, report: Report = print) -> dict[str, Endpoint]:
    """Start what does not run yet; it stays until `down`. All or nothing: where a broker does not start, none is left.

    A second call finds them and says so.
    """
    with state.locked(report):
        sweeping.sweep(report)
        sweeping.drop_dead()
        found = {name: place for name, place in registry.running().items() if name in brokers}
        found |= yours.endpoints(brokers)
        for name, place in found.items():
            if place.is_given:
                report(f"{name} {place.version}: a broker of yours at {place.host}:{place.port}, nothing is started")
                continue
            if backend not in ("auto", place.backend):
                raise StackError(
                    f"starting {name} by {backend}", f"it already runs by {place.backend}.", "First: labs down"
                )
            report(f"{name} {place.version}: already running on {place.host}:{place.port}")
        backends.stop_unrecorded(report)  # they would hold the ports
        with ExitStack() as undo:
            found |= starting.start(_missing(brokers, found), backend, "user", report=report, undo=undo)
            undo.pop_all()
        mending.mend(report)  # what lay on brokers that did not run until now
    return {name: found[name] for name in dict.fromkeys(brokers)}


@contextmanager
def session(
    brokers: Sequence[str] = BROKERS,
    backend: str = "auto",
    *,
    report: Report = print,
    own: bool = False,
    host_network: bool = False,
    lacking: dict[str, str] | None = None,
) -> Iterator[dict[str, Endpoint]]:
    """The brokers for the length of the block: those that run already, else our own, which end with this process.

    Blocks that overlap share them, whichever began: they end with the last one.

    What the user has named by an address comes first (`yours`), and is an error where it cannot be used. `own` asks
    for brokers that nobody else uses; `host_network` for containers without Docker's port proxy. A broker that does
    not start is an error, unless the caller gives `lacking`, which then says why, and goes on without.
    """
    given = {} if own else yours.endpoints(brokers)
    with ExitStack() as undo:
        with state.locked(report):
            sweeping.sweep(report)
            fresh = own or host_network
            there = {} if fresh else registry.running(mine=True, without=users.not_shared())
            found = {
                name: place
                for name, place in there.items()
                if name in brokers and (backend in ("auto", place.backend) or name == "memory")
            }
            found |= given
            for use in users.join(found):
                undo.callback(use.leave)
            missing = _missing(brokers, found)
            if not own:
                starting.refuse_lacking(missing)
            found |= starting.start(
                missing,
                backend,
                "session",
                report=report,
                undo=undo,
                host_network=host_network,
                lacking=lacking,
                alone=own,
            )
        yield {name: origin.known(found[name]) for name in dict.fromkeys(brokers) if name in found}


@contextmanager
def arena(
    broker: str,
    backend: str = "native",
    *,
    disk: str = "plain",
    settings: Sequence[str] = (),
    suite: str = "",
    report: Report = print,
) -> Iterator[Arena]:
    """A broker of our own to break, with its data on `disk`; `settings` are more arguments or lines for it.

    Only a native one's disk can be slow, full, or cut without root, and only a native one can be of another `suite`, a
    release of Debian.
    """
    if suite:
        with ExitStack() as undo:
            with suites.taken(suite):
                found = undo.enter_context(native_arena(broker, disk=disk, settings=settings, report=report))
            yield found
    elif backend == "compose":
        from labs.stack.containers.testbed import contained_arena

        with contained_arena(broker, disk=disk, settings=settings, report=report) as found:
            yield found
    else:
        with native_arena(broker, disk=disk, settings=settings, report=report) as found:
            yield found


def down(*, reset: bool = False, report: Report = print) -> None:
    """Stop what `up` started and sweep what killed commands left; `reset` deletes the brokers' data as well.

    StackError if some of that data cannot be deleted.
    """
    with state.locked(report):
        sweeping.sweep(report)
        stopped = [record for record in state.stacks() if record["owner"] == "user"]
        if not reset:
            mending.before_stop(registry.running(), report)
        for record in stopped:
            report(f"stopping {', '.join(record['brokers'])}")
            sweeping.stop(record)
        sweeping.sweep(report)
        backends.sweep_containers(report)
        if not stopped and not backends.stop_unrecorded(report):
            report("nothing of `labs up` is running")
        if reset:
            data.delete(report)


def kind_of(backend: str) -> str:
    """What `backend` comes to on this machine: compose or native. StackError where neither can be had."""
    return backends.choose(backends.asked(backend), BROKERS)[0]


def doctor() -> Facts:
    """What this machine has, what is missing, and the one command that cures it."""
    from labs.stack.doctor import examine

    return examine(BROKERS)


def _missing(brokers: Sequence[str], found: dict[str, Endpoint]) -> list[str]:
    return [name for name in dict.fromkeys(brokers) if name not in found]
