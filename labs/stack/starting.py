"""Start brokers by the first backend that can: all of them by one, because the labs compare them with each other.

Where a broker does not start, `auto` says so and starts all of them by the next backend. Only where no backend can have
all, each broker comes from the first that can have it; and where a broker cannot be had at all, nothing is started,
unless the caller goes on with what there is (`labs lab`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from labs.model import environ
from labs.model.endpoint import Endpoint
from labs.model.errors import StackError
from labs.stack import backends, native, users
from labs.stack.containers.project import Contained
from labs.stack.native.launch import Launch
from labs.stack.ports import free_ports
from labs.stack.state import OtherLoginError

Report = Callable[[str], None]
_LACKING = "LABS_LACKING"
WAYS = {"compose": "in a container", "native": "natively"}


class Starting:
    """One start of some brokers: by which backend each may still be had, and why not by the others."""

    def __init__(
        self, backend: str, owner: str, report: Report, undo: ExitStack, *, host_network: bool, alone: bool
    ) -> None:
        self.backend, self.owner, self.report, self.undo = backends.asked(backend), owner, report, undo
        self.host_network, self.alone = host_network, alone
        self.failed: dict[tuple[str, str], StackError] = {}
        self.found: dict[str, Endpoint] = {}

    def start(self, brokers: Sequence[str], lacking: dict[str, str] | None) -> dict[str, Endpoint]:
        """All of the brokers; with `lacking` those that can be had, and in it why the others cannot."""
        real = [name for name in brokers if name != "memory"]
        kinds = self._kinds(real, lacking is not None)
        if "memory" in brokers:  # a part of ours, never in a container
            self._by("native", ["memory"])
        rest = real
        while rest:
            kind, group = self._next(kinds, rest)
            if not group or (self._hopeless(kinds, rest) and lacking is None):
                break
            try:
                self._by(kind, group)
            except OtherLoginError as error:  # another backend would show an empty broker in place of the user's data
                if lacking is None:
                    raise
                self.failed |= {(one, error.broker): error for one in kinds}
            except StackError as error:
                named = [error.broker] if error.broker in group else group
                self.failed |= {(kind, name): error for name in named}
                self._say(kinds, kind, rest, error, lacking is not None)
            rest = [name for name in rest if name not in self.found]
        if rest and lacking is None:
            raise self._why(kinds, rest)
        if lacking is not None:
            lacking |= {name: self._why(kinds, [name]).happened for name in rest}
        return self.found

    def _kinds(self, real: Sequence[str], some: bool) -> list[str]:
        """The backends to try, in this order."""
        if self.backend != "auto" or not real:
            return [backends.choose(self.backend, real)[0]]
        try:
            first, reason = backends.choose("auto", real)
        except StackError:
            if not some:
                raise
            return ["native"]  # that not all can be had does not mean that none can
        self.report(f"backend {first}: {reason}")
        # Whoever asks for the machine's own network has decided on containers: those are what is measured.
        return [first] if first == "native" or self.host_network else ["compose", "native"]

    def _next(self, kinds: Sequence[str], rest: Sequence[str]) -> tuple[str, list[str]]:
        """The first backend that may have all of the rest, or else the one that may have most of it."""
        left = {kind: [name for name in rest if (kind, name) not in self.failed] for kind in kinds}
        kind = max(kinds, key=lambda one: len(left[one]))  # of equals the first
        return kind, left[kind]

    def _hopeless(self, kinds: Sequence[str], rest: Sequence[str]) -> list[str]:
        """Those that no backend has started."""
        return [name for name in rest if all((kind, name) in self.failed for kind in kinds)]

    def _by(self, kind: str, group: list[str]) -> None:
        """Start the group by that backend. StackError, with nothing of it left, if one does not start."""
        with ExitStack() as undo:
            started: Launch | Contained
            if kind == "compose":
                backends.sweep_containers(self.report)  # also those whose record went with a deleted folder
                ports = free_ports(group, self.owner, self.report)
                started = Contained(group, self.owner, ports, self.report, host_network=self.host_network)
            else:
                for name in group:
                    _fetch(name, self.report)
                started = Launch(group, self.owner, free_ports(group, self.owner, self.report), self.report)
            session = self.owner == "session"
            undo.callback(users.first(started, self.report, alone=self.alone) if session else started.stop)
            found = started.wait()
            if self.owner == "user":
                started.release()
            self.undo.push(undo.pop_all())
        self.found |= found

    def _say(self, kinds: Sequence[str], kind: str, rest: Sequence[str], error: StackError, some: bool) -> None:
        """What did not start, why, and what is tried next."""
        then, group = self._next(kinds, rest)
        if not group or (self._hopeless(kinds, rest) and not some):
            return
        kept = " What they keep in containers stays there." if then != kind and self.owner == "user" else ""
        self.report(f"{error.broker or ', '.join(rest)} did not start {WAYS[kind]}: {error.happened}")
        self.report(f"Now {', '.join(group)} {WAYS[then]}.{kept}")

    def _why(self, kinds: Sequence[str], rest: Sequence[str]) -> StackError:
        """One error for a broker that no backend has started."""
        name = self._hopeless(kinds, rest)[0]
        errors = {kind: self.failed[kind, name] for kind in kinds}
        *_, last = errors.values()
        if len({error.happened for error in errors.values()}) == 1:
            return last
        happened = "; ".join(f"{WAYS[kind]}: {error.happened.rstrip('.')}" for kind, error in errors.items())
        others = [one for one in rest if one != name]
        to_do = f"The others alone: labs up {' '.join(others)}" if others and self.owner == "user" else last.to_do
        return StackError(f"starting {name}", f"{happened}.", to_do, broker=name)


def _fetch(broker: str, report: Report) -> None:
    try:
        native.fetch([broker], report)
    except StackError as error:
        error.broker = broker
        raise


def start(  # noqa: PLR0913 - one keyword per fact; the caller owns them all
    brokers: Sequence[str],
    backend: str,
    owner: str,
    *,
    report: Report,
    undo: ExitStack,
    host_network: bool = False,
    lacking: dict[str, str] | None = None,
    alone: bool = False,
) -> dict[str, Endpoint]:
    """Brokers, by the first backend that can have them; `undo` ends what was started. `alone`: nobody shares them.

    StackError, with nothing left running, if one cannot be had; with `lacking`, that is filled instead.
    """
    if not brokers:
        return {}
    starting = Starting(backend, owner, report, undo, host_network=host_network, alone=alone)
    with ExitStack() as mine:
        starting.undo = mine
        found = starting.start(brokers, lacking)
        undo.push(mine.pop_all())
    return found


def known_lacking(lacking: dict[str, str]) -> dict[str, str]:
    """The variable by which notebooks know what their `labs lab` could not start, so that none waits for it again."""
    return {_LACKING: json.dumps(lacking)} if lacking else {}


def refuse_lacking(brokers: Sequence[str]) -> None:
    """StackError, at once, if `labs lab` has tried one of these brokers in vain."""
    known = json.loads(environ.read(_LACKING) or "{}")
    for broker in brokers:
        if broker in known:
            happened = f"`labs lab` could not start it ({known[broker].rstrip('.')})."
            to_do = f"Mend that, then start `labs lab` again or this broker alone: labs up {broker}"
            raise StackError(f"using {broker}", happened, to_do, broker=broker)
