"""The whole contract put to services: all rows at once, each under names of its own, gone afterwards."""

from __future__ import annotations

import contextlib
import secrets
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import psutil

from labs.brokers import journal
from labs.model.endpoint import BrokerError, Endpoint
from labs.model.observer import Observer
from labs.scenarios.switching import Service
from labs.scenarios.switching.contract import (
    COMES_WITHIN_S,
    CONTRACT,
    KILLED_AT,
    MOST_MB,
    WITHIN_S,
    History,
    Row,
)
from labs.scenarios.switching.counting import own_code
from labs.scenarios.switching.desk import UP_WITHIN_S, Desk
from labs.scenarios.switching.place import CHANNELS, Place
from labs.scenarios.switching.processes import Process
from labs.scenarios.switching.shop import SESSION_S, Ledger

ANSWERS_WITHIN_S, LOOK_S = 30.0, 0.05
SUFFIXES, KEYS = ("", "-later", "-parked", "-all"), ("-unacked", "-unacked-index", "-unacked-mutex")
LAST_S = 1.0
"""What the ledger says last is not yet said to the broker: the acknowledgement, or that it failed."""
HOPELESS = 30
"""Who begins an order so often has no delay and no end."""
KILL = "redelivery"
PARTS = {False: "whole", True: "plain"}


@dataclass(frozen=True)
class Site:
    """One service at one broker; `python` runs its files."""

    service: Service
    endpoint: Endpoint
    python: Sequence[str]


@dataclass
class Trial:
    """A row under way: its workers, its ledger, and what was seen beside it."""

    site: Site
    row: Row
    plain: bool
    place: Place
    ledger: Ledger
    workers: list[Process] = field(default_factory=list)
    facts: dict[str, float] = field(default_factory=dict)
    sent_s: float = 0.0
    begun_s: float = 0.0
    settled_s: float = 0.0
    rested_mb: float = 0.0

    def history(self) -> History:
        """What is known of it so far."""
        return History(self.ledger.rows(), dict(self.facts))

    def told(self, channel: str = "") -> dict[str, Any]:
        """What a process of it is told."""
        service, place = self.site.service, asdict(self.place)
        about = {"path": str(service.path), "plain": self.plain, "place": place, "ledger": str(self.ledger.path)}
        return about | {"channel": channel, "label": f"{service.name} in the row {self.row.name}"}

    def start(self, channel: str) -> None:
        """One worker more."""
        self.workers.append(Process("work", self.told(channel), self.site.python))


def run(sites: Sequence[Site], observer: Observer) -> dict[Site, dict[str, dict[str, History]]]:
    """Site -> part -> row -> what happened: `whole` all rows, `plain` those for which the file has code of its own."""
    for site in sites:
        if site.endpoint.tls or site.endpoint.servers:
            raise BrokerError(
                f"{site.endpoint.where} wants TLS or is a cluster, and these services connect to one in plain text."
            )
    with tempfile.TemporaryDirectory(prefix="labs-shop-") as folder, contextlib.ExitStack() as undo:
        trials = [one for site in sites for one in _trials(site, Path(folder))]
        for site in sites:
            undo.enter_context(_named(site.endpoint, [one for one in trials if one.site is site]))
        desks = {key: undo.enter_context(_desk(one)) for key, one in {_key(one): one for one in trials}.items()}
        undo.callback(_end, trials)
        _begin(trials, desks, observer)
        _watch(trials, observer)
        _end(trials)
        return {site: _asked([one for one in trials if one.site is site], desks) for site in sites}


def _key(trial: Trial) -> tuple[str, bool]:
    return trial.site.service.name, trial.plain


def _trials(site: Site, folder: Path) -> list[Trial]:
    """All rows of the whole file, and those of what is left without our own code that have some."""
    own, here, found = set(own_code(site.service.path.read_text("utf-8"))), site.endpoint, []
    for plain in PARTS:
        for row in CONTRACT.values():
            if not plain or row.name in own:
                name = f"shop-{secrets.token_hex(4)}-{row.name}"
                place = Place(here.host, here.port, here.username, here.password, name)
                found.append(Trial(site, row, plain, place, Ledger(folder / name)))
    return found


@contextlib.contextmanager
def _named(endpoint: Endpoint, trials: Sequence[Trial]) -> Iterator[None]:
    """Whatever the services make under these names is gone afterwards, also after a kill of ours."""
    exchanges = [one.place.name(channel) for one in trials if one.row.workers for channel in CHANNELS]
    made = journal.note(
        endpoint,
        [name + end for name in exchanges for end in SUFFIXES]
        + [one.place.prefix + end for one in trials for end in KEYS],
        exchanges=exchanges if endpoint.broker == "rabbitmq" else (),
    )
    try:
        yield
    finally:
        admin = import_module(f"labs.brokers.{endpoint.broker}.admin")
        journal.settle(made, lambda entry: admin.undo(endpoint, entry))


@contextlib.contextmanager
def _desk(trial: Trial) -> Iterator[Desk]:
    """The desk of one part of a service."""
    desk = Desk(lambda: Process("desk", trial.told(), trial.site.python))
    try:
        yield desk
    finally:
        desk.process.end()


Desks = Mapping[tuple[str, bool], Desk]


def _begin(trials: Sequence[Trial], desks: Desks, observer: Observer) -> None:
    """Everything is there, every worker runs, every order is sent."""
    observer.progress(0.05, "preparing queues, streams and topics")
    for desk in desks.values():
        desk.process.hear(UP_WITHIN_S)
    for trial in trials:
        if trial.row.workers:
            desks[_key(trial)].ask(trial.place, ANSWERS_WITHIN_S, do="prepare")
    for trial in trials:
        for channel in trial.row.workers:
            trial.start(channel)
    for trial in trials:
        for worker in trial.workers:
            worker.hear(UP_WITHIN_S)
    up_s = time.monotonic()
    for trial in sorted(trials, key=lambda one: (one.row.settles_s, one.row.name == KILL)):
        observer.check("before the orders are sent")
        time.sleep(max(up_s + trial.row.settles_s - time.monotonic(), 0))
        if trial.row.workers:
            _send(trial, desks[_key(trial)], observer)


def _send(trial: Trial, desk: Desk, observer: Observer) -> None:
    observer.progress(0.2, f"sending the orders of the row {trial.row.name}")
    if trial.row.filling:
        trial.rested_mb = _resident_mb(trial)
    orders = [asdict(one) for one in trial.row.orders]
    desk.ask(trial.place, ANSWERS_WITHIN_S, do="send", orders=orders, filling=trial.row.filling)
    trial.sent_s = time.monotonic()
    _look(trial)


def _resident_mb(trial: Trial) -> float:
    try:
        return float(psutil.Process(trial.workers[0].child.pid).memory_info().rss / 1e6)
    except psutil.Error:
        return 0.0


def _watch(trials: Sequence[Trial], observer: Observer) -> None:
    """Until each row has what it wants, or has waited for it long enough."""
    open_ = [one for one in trials if one.row.workers]
    began_s = time.monotonic()
    while open_:
        observer.check("while the orders are handled")
        observer.progress(0.3 + min((time.monotonic() - began_s) / 40, 0.6), "orders are handled")
        for trial in open_:
            _look(trial)
        over = [one for one in open_ if _over(one)]
        _end(over)  # who tries for ever would take the processor from the others
        open_ = [one for one in open_ if one not in over]
        time.sleep(LOOK_S)


def _look(trial: Trial) -> None:
    """Kill or weigh the worker, in the rows that ask for it."""
    begun = trial.history().of("begun")
    if begun and not trial.begun_s:
        trial.begun_s = time.monotonic()
    if trial.row.name == KILL and not trial.facts and any(one["order"] == KILLED_AT for one in begun):
        trial.workers[0].kill()
        trial.facts["killed"] = float(not trial.history().of("paid", KILLED_AT))
        trial.start("orders")
        trial.begun_s = time.monotonic() + SESSION_S
    if trial.row.filling:
        grew = _resident_mb(trial) - trial.rested_mb
        trial.facts["grew_mb"] = round(max(grew, trial.facts.get("grew_mb", 0.0)), 1)


def _over(trial: Trial) -> bool:
    now = time.monotonic()
    if trial.row.settled(trial.history()):
        trial.settled_s = trial.settled_s or now
        return now > trial.settled_s + LAST_S
    if trial.row.filling and trial.facts.get("grew_mb", 0.0) > MOST_MB:
        return True
    if max(trial.history().counts("begun").values(), default=0) > HOPELESS:
        return True
    return now > (trial.begun_s + WITHIN_S if trial.begun_s else trial.sent_s + COMES_WITHIN_S)


def _end(trials: Sequence[Trial]) -> None:
    for trial in trials:
        for worker in trial.workers:
            if worker.child.poll() is None:
                worker.child.terminate()
    for trial in trials:
        for worker in trial.workers:
            worker.end()


def _asked(trials: Sequence[Trial], desks: Desks) -> dict[str, dict[str, History]]:
    """The histories, with what can be read again and what lies parked."""
    found: dict[str, dict[str, History]] = {PARTS[one.plain]: {} for one in trials}
    for trial in trials:
        rows = found[PARTS[trial.plain]]
        if trial.row.name == "parked":
            parked = desks[_key(trial)].numbers(trial.place, "parked", 1)
            rows["parked"] = replace(trial.history(), parked=parked)
        elif trial.row.name == "replay":
            done = next(one for one in trials if one.row.name == "done" and one.plain == trial.plain)
            read = desks[_key(trial)].numbers(done.place, "again", len(trial.row.orders))
            rows["replay"] = replace(done.history(), read=read)
        else:
            rows[trial.row.name] = trial.history()
    return found
