"""record(endpoint, profile, workload) -> Run: three processes, one clock, no judgement.

The producer and the consumer run on `concurrent.futures` executors and write into the run's spool as they go; this
process only watches: it samples CPU time, decides when a run has settled, and puts together what was written.
"""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections.abc import Callable
from concurrent.futures import wait
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Literal

from labs import workers
from labs.brokers import open_broker
from labs.brokers.base import Address, Broker, BrokerError, Endpoint, UnreachableError
from labs.cpu import Cpu, tree
from labs.crew import HIRE, Crew, Job, Role, trouble_of
from labs.outbox import QUIET_S, Slot
from labs.profile import Profile
from labs.rows import Rows
from labs.runs import Run
from labs.spool import Spool, spooled
from labs.workload import Load
from labs.written import Written, as_fact, written

READY_WITHIN_S = 30.0
SAMPLE_EVERY_S = 0.1
READY: dict[Role, Slot] = {"producer": Slot.PRODUCER_READY, "consumer": Slot.CONSUMER_READY}
Progress = Callable[[float, str], None]


class CancelledError(Exception):
    """The reader asked for the run to stop."""


def say_nothing(_fraction: float, _text: str) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True)
class Watch:
    """Who follows a run: told the progress (0 to 1, a few words), asked whether to stop."""

    progress: Progress = say_nothing
    cancelled: Callable[[], bool] = lambda: False


NOBODY = Watch()


Part = Literal["both", "produce", "consume"]
"""What of a run is timed: producing and consuming at once, producing alone, or reading what lies there."""


def record(endpoint: Endpoint, profile: Profile, load: Load, watch: Watch = NOBODY, part: Part = "both") -> Run:
    """Run a load against a broker and return the facts.

    With `part` produce nobody reads, so what was acknowledged stays unknown; with consume the reader begins when all
    has been produced. Raises UnreachableError if the broker does not answer at the start, CancelledError on a
    cancel and ValueError where a reader that comes late gets nothing. A broker that fails during the run is data: the
    run says so in `trouble`.
    """
    if part == "consume" and profile.promise.late_subscriber == "misses":
        raise ValueError(f"{profile.label} keeps nothing for a reader that comes late: there is no reading alone")
    name = f"labs-{os.getpid()}-{secrets.token_hex(4)}"
    facts = {"part": part, "lane": profile.lane, "date": time.strftime("%Y-%m-%d")}
    with spooled(profile, load, (CancelledError, BrokerError), facts=facts) as spool:
        with (
            open_broker(endpoint, profile, name) as broker,
            HIRE.get()() as hands,
            closing(Rows(spool.folder, ["cpu"])) as rows,
        ):
            spool.note(**hands.facts(ended=False))
            watching = _Watching(hands, Address(endpoint, profile, name), load, spool, watch)
            settled, trouble = watching.run(broker, part, rows)
            told = {"server": _quietly(broker.version), "durability": _quietly(broker.durability) or {}}
            told |= hands.facts(ended=True) | {"broker_disk_bytes": as_fact(*watching.disk)}
        return spool.assemble(settled=settled, trouble=trouble, all_sent=not watching.troubles["producer"], facts=told)


class _Watching:
    """One run as this process sees it: a board, two jobs, and the reader who may cancel."""

    def __init__(self, hands: Crew, address: Address, load: Load, spool: Spool, watch: Watch) -> None:
        self.hands, self.board, self.address, self.load, self.spool = hands, hands.board, address, load, spool
        self.watch, self.jobs = watch, dict[Role, Job]()
        self.troubles: dict[Role, str] = {}
        self.disk: tuple[Written | None, Written | None] = None, None

    def run(self, broker: Broker, part: Part, rows: Rows) -> tuple[bool, str]:
        """Start who is needed, watch until the run has settled (True) or cannot; and what broke."""
        if part == "both":
            self.hire("consumer")
        self.hire("producer")
        self.await_ready()
        cpu = self.start(rows)
        if part != "both":
            self.until_produced(cpu)
        if part == "consume":
            self.hire("consumer")
            self.await_ready()
            cpu.hand_over(self.board[Slot.CONSUMER_PID])
        settled = "consumer" in self.jobs and self.watch_over(cpu, broker)
        self.disk = self.disk[0], written(self.address.endpoint.pids)
        self.board[Slot.STOP] = 1
        for role, job in sorted(self.jobs.items(), reverse=True):
            self.troubles[role] = trouble_of(job, role, self.hands.patience_s)
        return settled, "; ".join(filter(None, self.troubles.values()))

    def hire(self, role: Role) -> None:
        """Set one to work on the load."""
        if role == "producer":
            self.jobs[role] = self.hands.hire(role, workers.produce, self.address, self.load, self.spool)
        else:
            self.jobs[role] = self.hands.hire(role, workers.consume, self.address, self.load.messages, self.spool)

    def await_ready(self) -> None:
        """Until all who were hired are connected. UnreachableError if one is not."""
        deadline = time.monotonic() + READY_WITHIN_S
        while not all(self.board[READY[role]] for role in self.jobs):
            if self.watch.cancelled():
                raise CancelledError("cancelled before the first message")
            for role, job in self.jobs.items():
                if job.done() and not self.board[READY[role]]:
                    raise UnreachableError(trouble_of(job, role) or f"the {role} ended before the start")
            if time.monotonic() > deadline:
                raise UnreachableError(f"the workers were not connected after {READY_WITHIN_S:.0f} s")
            time.sleep(0.005)

    def start(self, rows: Rows) -> Cpu:
        """Say when the first message leaves."""
        board, endpoint = self.board, self.address.endpoint
        self.disk = written(endpoint.pids), None
        start_ns = time.monotonic_ns() + self.hands.lead_ns
        pids = {
            "broker": tree(endpoint.pids),
            "producer": tree([board[Slot.PRODUCER_PID]]),
            "consumer": tree([board[Slot.CONSUMER_PID]]),
        }
        board[Slot.START_NS] = start_ns
        # Takes its time on a busy disk, so the workers are told first.
        self.spool.note(start_ns=start_ns, scheduling=_scheduling(board[Slot.PRODUCER_PID]))
        return Cpu(start_ns, pids, rows)

    def look(self, cpu: Cpu, share: float, text: str) -> None:
        """Sample, report, and see whether anybody still wants to know."""
        cpu.sample()
        if self.watch.cancelled():
            raise CancelledError(f"cancelled after {self.board[Slot.SENT]:,} messages")
        self.watch.progress(share, text)

    def until_produced(self, cpu: Cpu) -> None:
        """Until the producer has its last answer."""
        whole = self.load.messages
        while not self.jobs["producer"].done():
            sent = self.board[Slot.SENT]
            self.look(cpu, sent / whole, f"{sent:,} of {whole:,} produced")
            wait([self.jobs["producer"]], SAMPLE_EVERY_S)
        cpu.sample()

    def watch_over(self, cpu: Cpu, broker: Broker) -> bool:
        """Until all that was handed over has arrived or nothing came for QUIET_S (True), or the consumer ended."""
        producing, board, whole = self.jobs["producer"], self.board, self.load.messages
        arrived, heard_s, expected = 0, time.monotonic(), whole + 1
        while True:
            share = min(board[Slot.SENT], board[Slot.ARRIVED] or board[Slot.SENT]) / whole
            self.look(cpu, share, f"{board[Slot.ARRIVED]:,} of {whole:,} arrived")
            if self.jobs["consumer"].done():
                return False
            produced = producing.done()
            if produced and expected > whole:
                expected = self.spool.handed_over()
            if board[Slot.ARRIVED] != arrived or not produced:
                arrived, heard_s = board[Slot.ARRIVED], time.monotonic()
            if produced and (arrived >= expected or time.monotonic() - heard_s > QUIET_S):
                time.sleep(SAMPLE_EVERY_S)  # a duplicate of the last message would come now
                return arrived >= expected or _quietly(broker.version) is not None
            time.sleep(SAMPLE_EVERY_S)


def _scheduling(pid: int) -> str:
    """How the producer's process gets its core: `ordinary` or `real-time`; `unknown` where it cannot be asked.

    `pid`: 0 if it is on another machine.
    """
    if sys.platform != "linux" or not pid:
        return "unknown"
    try:
        return "real-time" if os.sched_getscheduler(pid) == os.SCHED_FIFO else "ordinary"
    except OSError:
        return "unknown"


def _quietly(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except BrokerError:
        return None
