"""Undo what killed runs have left on brokers: what they made and what they changed, by what they had written down.

Only what an entry of this home names is touched, and only when whoever wrote it is dead: on a broker of the user's a
name that looks like one of ours may be another machine's.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

from labs.brokers import journal
from labs.brokers.journal import Entry, Made
from labs.model.endpoint import GIVEN, BrokerError, Endpoint
from labs.model.errors import StackError
from labs.model.workload import NS_PER_S
from labs.stack import registry, state
from labs.stack.external import given, urls, yours

KEEP_S = 30 * 86_400.0
"""A broker that was not met for so long will not be; what lies on it is its owner's to remove."""
_ADAPTERS = {broker: f"labs.brokers.{broker}.admin" for broker in ("redis", "rabbitmq", "kafka")}
Report = Callable[[str], None]


def mend(report: Report) -> None:
    """Undo what dead runs left on every broker that can be reached now; say what was done, and what has to wait."""
    if not (left := journal.entries()):
        return
    dead = [found for entry in left if (found := journal.claim(entry))]
    try:
        if dead:
            _mend(dead, report)
    finally:
        for found in dead:
            found.let_go()


def mend_if_free(report: Report) -> None:
    """The same for a command that only looks: not while another command starts or stops brokers."""
    if journal.entries():
        with contextlib.suppress(StackError), state.locked(lambda _line: None, patience_s=0.0):
            mend(report)


def before_stop(brokers: dict[str, Endpoint], report: Report) -> None:
    """Put back what runs, dead or alive, have set on brokers that are about to stop: they save by what is set."""
    for entry in journal.entries():
        endpoint = brokers.get(entry.place.broker)
        if endpoint and entry.change.wanted and entry.place.is_at(endpoint):
            try:
                import_module(_ADAPTERS[entry.place.broker]).force_back(endpoint, entry)
            except BrokerError as error:
                report(f"the settings of {entry.place} could not be put back: {error}")


def _mend(dead: list[Made], report: Report) -> None:
    known, silent = list(_known()), set[str]()
    for found in dead:
        entry = found.entry
        endpoint = next((one for one in known if entry.place.is_at(one)), None) or _open_door(entry)
        if endpoint is None or str(entry.place) in silent:
            _forget_or_keep(found, report)
            continue
        try:
            import_module(_ADAPTERS[entry.place.broker]).undo(endpoint, found)
        except (BrokerError, OSError) as error:
            silent.add(str(entry.place))
            report(f"what a run that was killed left on {entry.place} is still there: {error}")
        else:
            back = ", its settings put back" if entry.change.wanted else ""
            report(f"{entry.place}: {_things(entry)} of a killed run (pid {entry.pid}) removed{back}")


def _things(entry: Entry) -> str:
    return ", ".join((*entry.names, *entry.users, *entry.exchanges))


def _known() -> Iterator[Endpoint]:
    """Every broker that can be asked now: of each stack of this home, and those that the user has named."""
    for record, name, entry in registry.entries():
        if name in _ADAPTERS and registry.runs(record, name, entry):
            yield registry.endpoint(name, record)
    yield from given.endpoints().values()
    for broker, text in yours.named().items():
        with contextlib.suppress(urls.AddressError):
            yield urls.endpoint(broker, text)


def _open_door(entry: Entry) -> Endpoint | None:
    """A broker of the user's that wants no login can be asked whether or not it is named now."""
    place = entry.place
    if place.data or place.login:
        return None
    return Endpoint(
        place.broker, place.host, place.port, backend=GIVEN, vhost=place.vhost, tls=place.tls, servers=place.servers
    )


def _forget_or_keep(found: Made, report: Report) -> None:
    """What lay on a broker whose data is gone is gone; the rest waits until its broker runs or is named again."""
    entry = found.entry
    if _is_gone(entry) or time.time() - entry.at_ns / NS_PER_S > KEEP_S:
        found.undone()
    elif not entry.place.data:
        report(f"{_things(entry)} on your {entry.place} was left by a killed run, and waits for a login to be removed")


def _is_gone(entry: Entry) -> bool:
    """Of a broker of ours: its data went with it, as a session's does."""
    data = entry.place.data
    if not data.startswith("container "):
        return bool(data) and not Path(data).exists()
    container, project = data.removeprefix("container "), f"{state.user_project()}-"
    there = [one.get("container") for record in state.stacks() for one in record.get("brokers", {}).values()]
    session = container.startswith(project) and not container.startswith(f"{project}{entry.place.broker}")
    return session and container not in there
