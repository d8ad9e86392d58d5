"""Publish, read along and acknowledge, wait, then read again from three places: run(...) -> History.

All of it happens in this process, one thing after the other: no figure of this lab hangs on who is faster.
"""

from __future__ import annotations

import math
import os
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from labs.model.endpoint import BrokerError, Endpoint
from labs.model.observer import UNOBSERVED, Observer
from labs.model.workload import NS_PER_S
from labs.record.watchdog import Watchdog
from labs.scenarios.keeping import BATCH, BODY_BYTES, MESSAGES, Append, Begin, Held, Reader, Site, Way
from labs.scenarios.keeping.bookings import Booking, bookings, read, written
from labs.scenarios.keeping.facts import History, columns_of

EVERY_S = 0.25
"""How often the broker is asked what it holds while nothing happens; before that, after each batch."""
COMES_WITHIN_S, EMPTY_S = 15.0, 1.0
"""A message that is there is waited for so long; a reader to whom nothing comes asks so often whether there is one."""
SHRINKS_WITHIN_S = 20.0
"""Compaction is work of the broker's own, which it begins when it has time for it."""


@dataclass
class _Log:
    """What happens, as it happens."""

    start_ns: int = field(default_factory=time.monotonic_ns)
    start_s: float = field(default_factory=time.time)
    sent: list[tuple[int, int]] = field(default_factory=list)
    looks: list[tuple[int, Held]] = field(default_factory=list)
    got: dict[Begin, list[tuple[Booking, int]]] = field(default_factory=dict)
    acknowledged_ns: int = 0
    asked_ns: int = 0
    settled: bool = True

    def now_ns(self) -> int:
        return time.monotonic_ns() - self.start_ns

    def append(self, append: Append, bodies: Sequence[bytes]) -> None:
        """Publish a batch and note when it went and when the broker had all of it."""
        went_ns = self.now_ns()
        append(bodies)
        self.sent += [(went_ns, self.now_ns())] * len(bodies)

    def look(self, site: Site) -> Held:
        found = site.held()
        self.looks.append((self.now_ns(), found))
        return found

    def follow(self, who: Begin, reader: Reader, last: int, is_empty: Callable[[], bool]) -> None:
        """Take and acknowledge until message `last` has come, or nothing is there."""
        came, quiet_s = self.got.setdefault(who, []), time.monotonic()
        asked_s = quiet_s
        while not came or came[-1][0].number < last:
            if bodies := reader.take():
                now_ns = self.now_ns()
                came += [(read(body), now_ns) for body in bodies]
                reader.acknowledge()
                quiet_s = asked_s = time.monotonic()
            elif time.monotonic() - quiet_s > COMES_WITHIN_S:
                self.settled = False
                return
            elif time.monotonic() - asked_s > EMPTY_S:
                asked_s = time.monotonic()
                if is_empty():
                    return


def run(way: Way, endpoint: Endpoint, seed: int = 1, observer: Observer = UNOBSERVED) -> History:
    """One run. What the broker refuses on the way is data: it stands in `trouble`. CancelledError on a cancel."""
    name = f"labs-{os.getpid()}-{secrets.token_hex(4)}"
    log, trouble = _Log(), ""
    with Watchdog() as watchdog, way.site(way, endpoint, name) as site:
        log = _Log()
        bodies = [written(one) for one in bookings(seed)]
        try:
            with site.writer() as append:
                _publish(log, way, site, append, bodies[:MESSAGES], observer=observer)
                _wait(log, way, site, observer)
                # A client of RabbitMQ can name a time in whole seconds only.
                asked_s = math.ceil(log.start_s + way.write_s / 3)
                log.asked_ns = round((asked_s - log.start_s) * NS_PER_S)
                _read_again(log, site, append, bodies[MESSAGES:], asked_s * 1000, observer=observer)
        except BrokerError as error:
            trouble = str(error)
        pauses = watchdog.facts(log.start_ns)
    facts = site.facts | {"date": time.strftime("%Y-%m-%d")} | ({"pauses": pauses} if pauses else {})
    columns = columns_of(log.sent, log.looks, log.got)
    settled = log.settled and not trouble
    return History(way.name, columns, log.acknowledged_ns, log.asked_ns, MESSAGES, settled, trouble, facts)


def _publish(log: _Log, way: Way, site: Site, append: Append, bodies: Sequence[bytes], *, observer: Observer) -> None:
    """An even stream of batches, with a reader beside it that acknowledges each."""
    with site.reader("live") as reader:
        log.start_ns, log.start_s = time.monotonic_ns(), time.time()
        batches = range(0, len(bodies), BATCH)
        for at, begin in enumerate(batches):
            observer.check("while messages are published")
            observer.progress(0.4 * at / len(batches), "published, read and acknowledged")
            time.sleep(max(at * way.write_s / len(batches) - log.now_ns() / NS_PER_S, 0.0))
            batch = bodies[begin : begin + BATCH]
            log.append(append, batch)
            log.follow("live", reader, begin + len(batch) - 1, _never)
            log.look(site)
    log.acknowledged_ns = log.now_ns()


def _never() -> bool:
    """What was published and read by nobody is there."""
    return False


def _wait(log: _Log, way: Way, site: Site, observer: Observer) -> None:
    """Nothing happens but what the broker does by itself."""
    begun_s = time.monotonic()
    while (gone_s := time.monotonic() - begun_s) < way.idle_s or (
        way.limit == "latest" and gone_s < SHRINKS_WITHIN_S and not _shrunk(log.look(site))
    ):
        observer.check("after all was acknowledged")
        observer.progress(0.4 + 0.3 * min(gone_s / way.idle_s, 1.0), "all acknowledged; the broker is watched")
        log.look(site)
        time.sleep(EVERY_S)
    log.look(site)


def _shrunk(held: Held) -> bool:
    """Whether half of what was published is gone."""
    return held.kept_bytes is not None and held.kept_bytes < MESSAGES * BODY_BYTES / 2


def _read_again(
    log: _Log, site: Site, append: Append, more: Sequence[bytes], at_ms: int, *, observer: Observer
) -> None:
    """From the first message that is there, from a time, and from the end, where new ones come."""
    again: tuple[tuple[float, Begin], ...] = ((0.7, "first"), (0.8, "time"))
    for share, who in again:
        observer.check("before reading again")
        observer.progress(share, "reading again")
        with site.reader(who, at_ms) as reader:
            log.follow(who, reader, MESSAGES - 1, lambda: site.held().records == 0)
    log.look(site)
    observer.progress(0.9, "reading from the end")
    with site.reader("end") as reader:
        log.append(append, more)
        log.follow("end", reader, MESSAGES + len(more) - 1, _never)
    log.look(site)
