"""One run as the recorder sees it: who works, when it begins, when it has settled, and who used the processor."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypedDict

from labs.brokers import journal
from labs.brokers.base import Broker
from labs.model import processors
from labs.model.columns import Rows
from labs.model.endpoint import Address, BrokerError
from labs.model.facts import Facts
from labs.model.observer import Observer, Part
from labs.model.workload import Load
from labs.record import workers
from labs.record.load_generator import QUIET_S, Slot
from labs.record.processes import Job, await_ready
from labs.record.spool import Spool
from labs.record.threads import Threads
from labs.record.usage import Cpu, Written, tree, written
from labs.record.watchdog import Watchdog
from labs.record.worker_pool import Pool

READY_WITHIN_S = 30.0
SAMPLE_EVERY_S = 0.1


def waiting(observer: Observer) -> AbstractContextManager[None]:
    """Inside, whoever waits for another run to end says so as progress, and a cancel ends it: CancelledError."""

    def told(text: str) -> None:
        observer.check("while waiting for another run")
        observer.progress(0.0, text)

    return journal.waiting(told)


class End(TypedDict):
    """How a run ended as far as one reader goes."""

    settled: bool
    trouble: str


@dataclass
class Reader:
    """One that reads: the pool it comes from, and the spool in which it writes down what it gets."""

    pool: Pool
    spool: Spool
    job: Job | None = None
    trouble: str = ""
    settled: bool = False

    @property
    def gone(self) -> bool:
        """It was at work and has ended."""
        return self.job is not None and self.job.done


class Watching:
    """One run as this process sees it: a producer, those who read, and the person who may cancel."""

    def __init__(
        self, readers: Sequence[Reader], address: Address, load: Load, observer: Observer, threads: Threads
    ) -> None:
        self.readers, self.address, self.load, self.observer = readers, address, load, observer
        self.threads = threads
        self.pool, self.spool = readers[0].pool, readers[0].spool
        self.board, self.boards = self.pool.board, [reader.pool.board for reader in readers]
        self.trouble, self.start_ns = "", 0
        self.processors: Facts = {}
        self.disk: tuple[Written | None, Written | None] = None, None

    def run(self, broker: Broker, part: Part, rows: Sequence[Rows], watchdog: Watchdog) -> None:
        """Start who is needed and watch until the run has settled or cannot; then say so to all."""
        if part == "both":
            self.invite()
        self.producing = self.pool.submit("producer", workers.produce, self.address, self.load, self.spool)
        self.await_ready()
        self.observer.connected()
        cpu = self.start(rows)
        self.guard(watchdog)
        if part != "both":
            self.until_produced(cpu)
        if part == "consume":
            self.invite()
            self.await_ready()
            self.guard(watchdog)
            cpu.hand_over(self.board[Slot.CONSUMER_PID])
        if part != "produce":
            self.watch_over(cpu, broker)
        cpu.sample(last=True)
        self.disk = self.disk[0], written(self.address.endpoint.pids)
        self.processors = self.looked.until(processors.look(self.address.endpoint.pids))
        for board in self.boards:
            board[Slot.STOP] = 1
        self.trouble = self.producing.trouble(self.pool.patience_s)
        for reader in self.readers:
            if reader.job:
                reader.trouble = reader.job.trouble(self.pool.patience_s)

    def end_of(self, reader: Reader) -> End:
        """Whether it has settled for this reader, and what broke for it or for the producer."""
        return {"settled": reader.settled, "trouble": "; ".join(filter(None, (self.trouble, reader.trouble)))}

    def invite(self) -> None:
        """Set the readers to work."""
        for reader in self.readers:
            reader.job = reader.pool.submit("consumer", workers.consume, self.address, self.load.messages, reader.spool)

    def await_ready(self) -> None:
        """Until all that were started are connected. UnreachableError if one is not."""
        jobs = [*(reader.job for reader in self.readers if reader.job), self.producing]
        await_ready(jobs, READY_WITHIN_S, self.observer, "the first message")

    def start(self, rows: Sequence[Rows]) -> Cpu:
        """Say when the first message leaves."""
        board, endpoint = self.board, self.address.endpoint
        self.disk = written(endpoint.pids), None
        self.looked = processors.look(endpoint.pids)
        start_ns = self.start_ns = time.monotonic_ns() + self.pool.lead_ns
        consumers = [tree([one[Slot.CONSUMER_PID]]) for one in self.boards]
        pids = {
            "broker": tree(endpoint.pids),
            "producer": tree([board[Slot.PRODUCER_PID]]),
            "consumer": consumers[0],
        }
        for one in self.boards:
            one[Slot.START_NS] = start_ns
        self.spool.note(start_ns=start_ns)  # takes its time on a busy disk, so the workers are told first
        self.threads.start_ns = start_ns
        return Cpu(start_ns, pids, rows[0], list(zip(consumers[1:], rows[1:], strict=True)), self.threads)

    def guard(self, watchdog: Watchdog) -> None:
        """Have it seen whether somebody stops a worker."""
        numbered = {f"consumer {at}" if at > 1 else "consumer": one for at, one in enumerate(self.boards, 1)}
        consumers = {name: board[Slot.CONSUMER_PID] for name, board in numbered.items()}
        watchdog.watch({"producer": self.board[Slot.PRODUCER_PID], **consumers})

    def look(self, cpu: Cpu, share: float, text: str) -> None:
        """Sample, report, and see whether anybody still wants to know."""
        cpu.sample()
        self.observer.check(f"after {self.board[Slot.SENT]:,} messages")
        self.observer.progress(share, text)

    def until_produced(self, cpu: Cpu) -> None:
        """Until the producer has its last answer."""
        whole = self.load.messages
        while not self.producing.done:
            sent = self.board[Slot.SENT]
            self.look(cpu, sent / whole, f"{sent:,} of {whole:,} produced")
            self.producing.wait(SAMPLE_EVERY_S)
        cpu.sample(last=True)

    def watch_over(self, cpu: Cpu, broker: Broker) -> None:
        """Until each reader has all that was handed over, or nothing came for QUIET_S, or none is left. Those who are
        left have settled, if the broker still answers where something is missing."""
        whole = self.load.messages
        arrived, heard_s, expected = [0], time.monotonic(), whole + 1
        while left := [reader for reader in self.readers if not reader.gone]:
            now = [reader.pool.board[Slot.ARRIVED] for reader in left]
            fewest = min(now)
            self.look(cpu, min(self.board[Slot.SENT], fewest or self.board[Slot.SENT]) / whole, _said(fewest, whole))
            produced = self.producing.done
            if produced and expected > whole:
                expected = self.spool.handed_over()
            if now != arrived or not produced:
                arrived, heard_s = now, time.monotonic()
            if produced and (fewest >= expected or time.monotonic() - heard_s > QUIET_S):
                time.sleep(SAMPLE_EVERY_S)  # a duplicate of the last message would come now
                settled = fewest >= expected or quietly(broker.version) is not None
                for reader in left:
                    reader.settled = settled
                return
            time.sleep(SAMPLE_EVERY_S)


def _said(arrived: int, whole: int) -> str:
    return f"{arrived:,} of {whole:,} arrived"


def quietly(ask: Callable[[], Any]) -> Any:
    """What a broker says; None if it does not."""
    try:
        return ask()
    except BrokerError:
        return None
