"""record(endpoint, profile, workload) -> Run: three processes, one clock, no judgement.

The producer and the consumer are processes of their own and write into the run's spool as they go; this process only
watches: it samples CPU time, decides when a run has settled, and puts together what was written.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, closing, contextmanager
from contextvars import copy_context
from threading import Barrier, BrokenBarrierError, Event, Lock
from typing import Self

from labs.brokers import open_broker
from labs.brokers.base import Broker
from labs.model.columns import Rows
from labs.model.endpoint import Address, BrokerError, Endpoint
from labs.model.observer import UNOBSERVED, CancelledError, Observer, Part, say_nothing
from labs.model.profile import Profile
from labs.model.run import Run
from labs.model.workload import Load
from labs.record.monitor import READY_WITHIN_S, Reader, Watching, quietly, waiting
from labs.record.spool import spooled
from labs.record.threads import Threads
from labs.record.usage import as_fact
from labs.record.watchdog import Watchdog
from labs.record.worker_pool import POOL, pool

__all__ = ["record", "record_fan_out", "record_together"]


def record(
    endpoint: Endpoint, profile: Profile, load: Load, observer: Observer = UNOBSERVED, part: Part = "both"
) -> Run:
    """Run a load against a broker and return the facts.

    With `part` produce nobody reads, so what was acknowledged stays unknown; with consume the reader begins when all
    has been produced. Raises UnreachableError if the broker does not answer at the start, CancelledError on a
    cancel and ValueError where a reader that comes late gets nothing. A broker that fails during the run is data: the
    run says so in `trouble`.
    """
    return _recorded(endpoint, profile, load, observer, part=part)[0]


def record_fan_out(
    endpoint: Endpoint, profile: Profile, load: Load, observer: Observer = UNOBSERVED, *, readers: int
) -> list[Run]:
    """One producer and several readers, each of whom is to get every message: a run a reader, all of the same sending.

    Raises as `record` does, and ValueError where readers share the messages or would work elsewhere.
    """
    if readers > 1 and profile.promise.late_subscriber != "misses":
        raise ValueError(f"Readers of {profile.label} share its messages: only subscribers get a copy each")
    _only_here(readers, "readers")
    return _recorded(endpoint, profile, load, observer, readers=readers)


def record_together(  # noqa: PLR0913 - what is recorded, and how many of it
    endpoint: Endpoint,
    profile: Profile,
    load: Load,
    observer: Observer = UNOBSERVED,
    *,
    runs: int,
    part: Part = "produce",
    shared: bool = False,
) -> list[Run]:
    """So many runs, each with workers and an address of its own, begun together on one broker; producers that are
    `shared` have one address together, which nobody reads.

    Raises as `record` does, for the run that failed first; the others end then.
    """
    _only_here(runs, "producers")
    if shared and part != "produce":
        raise ValueError("Producers share an address only while nobody reads: no reader can tell whose a message is")
    gate, stop = Barrier(runs), Event()

    def await_all() -> None:
        try:
            gate.wait(READY_WITHIN_S)
        except BrokenBarrierError:
            raise CancelledError("another of the runs did not begin") from None

    def give_up() -> None:
        stop.set()
        gate.abort()

    def one(number: int) -> Run:
        progress = observer.progress if number == 0 else say_nothing
        each = Observer(progress, lambda: stop.is_set() or observer.cancelled(), await_all)
        try:
            return _recorded(endpoint, profile, load, each, part=part, at=at)[0]
        except BaseException:
            give_up()
            raise

    with ExitStack() as opened, ThreadPoolExecutor(runs) as threads:
        at = opened.enter_context(_shared(endpoint, profile)) if shared else None
        # A thread begins with an empty context, and where the workers come from is a variable of the context.
        jobs = [threads.submit(copy_context().run, one, number) for number in range(runs)]
        try:
            wait(jobs)
        except BaseException:
            give_up()
            raise
    return _all_or_the_cause(jobs)


def _all_or_the_cause(jobs: Sequence[Future[Run]]) -> list[Run]:
    """The runs; or what broke the first of them, and not that the others were told to stop."""
    errors = [error for job in jobs if (error := job.exception())]
    if errors:
        raise next((error for error in errors if not isinstance(error, CancelledError)), errors[0])
    return [job.result() for job in jobs]


class _Opened:
    """A broker that somebody else has opened: runs in several threads may ask it, one at a time."""

    def __init__(self, broker: Broker, name: str) -> None:
        self._broker, self.name, self._turn = broker, name, Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        """Whoever opened it leaves it."""

    def version(self) -> str:
        """As the broker says."""
        with self._turn:
            return self._broker.version()

    def durability(self) -> dict[str, str]:
        """As the broker says."""
        with self._turn:
            return self._broker.durability()

    def backlog(self) -> int | None:
        """As the broker says."""
        with self._turn:
            return self._broker.backlog()


@contextmanager
def _shared(endpoint: Endpoint, profile: Profile) -> Iterator[_Opened]:
    name = _name()
    with open_broker(endpoint, profile, name) as broker:
        yield _Opened(broker, name)


def _name() -> str:
    return f"labs-{os.getpid()}-{secrets.token_hex(4)}"


def _only_here(count: int, who: str) -> None:
    if count > 1 and POOL.get() is not pool:
        raise ValueError(f"Several {who} work on this machine only. Run it here, or choose a run with one.")


def _recorded(  # noqa: PLR0913 - what is recorded, and how
    endpoint: Endpoint,
    profile: Profile,
    load: Load,
    observer: Observer,
    *,
    part: Part = "both",
    readers: int = 1,
    at: _Opened | None = None,
) -> list[Run]:
    """A run for each reader, at an address that is open or at one of its own."""
    if part == "consume" and profile.promise.late_subscriber == "misses":
        raise ValueError(f"{profile.label} keeps nothing for a reader that comes late: there is no reading alone")
    name = at.name if at else _name()
    facts = {"part": part, "lane": profile.lane, "date": time.strftime("%Y-%m-%d")}
    with spooled(profile, load, (CancelledError, BrokerError), facts=facts) as spool:
        with (
            waiting(observer),
            at or open_broker(endpoint, profile, name) as broker,
            POOL.get()() as workers,
            ExitStack() as more,
        ):
            further = [Reader(more.enter_context(pool()), spool.further(n)) for n in range(2, readers + 1)]
            rows = [more.enter_context(closing(Rows(one.folder, ["cpu"]))) for one in (spool, *spool.all_further())]
            spool.note(**workers.facts(ended=False))
            heard, address = [Reader(workers, spool), *further], Address(endpoint, profile, name)
            threads = more.enter_context(closing(Threads(spool.folder)))
            watching = Watching(heard, address, load, observer, threads)
            with Watchdog() as watchdog:
                watching.run(broker, part, rows, watchdog)
            told = {"server": quietly(broker.version), "durability": quietly(broker.durability) or {}}
            told |= workers.beside(watching.processors, watchdog.facts(watching.start_ns))
            told |= workers.facts(ended=True) | {"broker_disk_bytes": as_fact(*watching.disk)}
            told |= {"threads": threads.names}
        ends = [watching.end_of(reader) for reader in watching.readers]
        first = spool.assemble(**ends[0], all_sent=not watching.trouble, facts=told)
        others = zip(further, ends[1:], strict=True)
        return [first, *(reader.spool.as_heard_by(first, **end) for reader, end in others)]
