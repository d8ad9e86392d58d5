"""record_fault(...) -> Run: load a broker, let a fault happen, start it again, drain it. Facts only, no judgement.

The queue or topic exists, and is on disk, before the load begins. Nobody consumes during the load: what is
there after the fault is what the broker kept. The run is settled only if everything was drained and the
broker itself says that nothing is left.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import asdict, replace

from labs import stack
from labs.brokers import open_broker
from labs.brokers.base import Broker
from labs.brokers.redis.admin import start_arguments
from labs.model import processors
from labs.model.endpoint import Address, BrokerError, UnreachableError, at_port, client_port
from labs.model.facts import Facts
from labs.model.faults import ENDING, NAMES
from labs.model.observer import CancelledError, Observer
from labs.model.profile import Profile
from labs.model.run import Run
from labs.model.workload import NS_PER_S, Workload
from labs.record.load_generator import QUIET_S, Slot
from labs.record.monitor import READY_WITHIN_S
from labs.record.processes import Board, Job, await_ready
from labs.record.spool import Spool, spooled
from labs.record.watchdog import Watchdog
from labs.record.worker_pool import LEAD_NS, pool
from labs.record.workers import consume, produce
from labs.scenarios.faults import Fault
from labs.stack.proxy import Proxy

ENDS_S = 3.0
"""A producer whose broker has gone gets this long to notice; then it is told to stop."""
DRAINS_S = 60.0
SETTLES_S = {"rabbitmq": 2.5}
"""RabbitMQ up to 3.x keeps its queues in Mnesia, whose log holds a write back for up to two seconds (Erlang's disk_log)
before the kernel has it: a power cut within them takes a durable queue that had been declared. Seen in 1 run of 20."""
ADDRESS = "labs-fault"


def record_fault(
    using: Profile,
    workload: Workload,
    fault: Fault,
    observer: Observer,
    *,
    control: bool = False,
    backend: str = "auto",
) -> Run:
    """One load with one fault on a broker of its own. `control`: the same without the fault.

    A broker that does not start again is an outcome: `facts["did_not_start"]` holds its last words.
    """
    stack.spare(using.broker, f"breaking {using.broker}")
    began_s, date = time.monotonic(), time.strftime("%Y-%m-%d")
    settings = start_arguments(using.settings) if using.broker == "redis" else ()
    where, disk = fault.place(backend)
    observer.progress(0.0, f"starting {using.broker}")
    ours = (CancelledError, BrokerError, stack.StackError)
    with spooled(using, workload, ours, facts={"seed": fault.seed, "date": date}) as spool:
        with (
            Watchdog() as watchdog,
            stack.arena(using.broker, where, disk=disk, settings=settings, report=_quiet) as arena,
            open_broker(arena.endpoint, using, ADDRESS) as broker,
        ):
            ordeal = _Ordeal(arena, using, workload, observer, spool)
            ordeal.facts |= {"server": broker.version(), "durability": broker.durability(), "disk": arena.disk}
            here = arena.endpoint
            ordeal.facts |= {"backend": here.backend, "about": here.about, "pids": list(here.pids)}
            if arena.disk != "plain":
                time.sleep(SETTLES_S.get(using.broker, 0.0))
                arena.sync()
            looked = processors.look(here.pids)
            ordeal.facts["producer"] = ordeal.load(None if control else fault)
            ordeal.facts["processors"] = looked.until(processors.look(here.pids))
            trouble, drained = ordeal.aftermath(broker)
        took: Facts = {"took_s": round(time.monotonic() - began_s, 2)}
        took |= {"pauses": pauses} if (pauses := watchdog.facts(ordeal.start_ns)) else {}
        return spool.assemble(settled=drained, trouble=trouble, facts=ordeal.facts | took)


def _quiet(_text: str) -> None:
    """Starting one broker of many is not worth a line."""


class _Ordeal:
    """One broker's way through a load, a fault and a drain; `facts` grows on the way."""

    def __init__(
        self, arena: stack.Arena, using: Profile, workload: Workload, observer: Observer, spool: Spool
    ) -> None:
        self.arena, self.using, self.workload, self.observer, self.spool = arena, using, workload, observer, spool
        self.start_ns = 0
        self.facts: Facts = {}

    def load(self, fault: Fault | None) -> str:
        """Send while the fault happens; the evidence of it goes into the facts. What broke for the producer."""
        length_s = self.workload.duration_s + self.workload.warmup_s
        with ExitStack() as links, pool() as workers:
            board = workers.board
            network = self._network(fault, links)
            here = self.arena.endpoint
            address = Address(at_port(here, self.using, network.port) if network else here, self.using, ADDRESS)
            producing = workers.submit("producer", produce, address, self.workload, self.spool)
            await_ready([producing], READY_WITHIN_S, self.observer, "the first message")
            board[Slot.START_NS] = self.start_ns = time.monotonic_ns() + LEAD_NS
            if fault:
                self._sleep_until(self.start_ns + int(fault.at_s * NS_PER_S), board)
                self._strike(fault, board, network)
            self._await_end(producing, ENDS_S if fault and fault.kind in ENDING else length_s + 2 * ENDS_S)
            board[Slot.STOP] = 1
            return producing.trouble()

    def _network(self, fault: Fault | None, links: ExitStack) -> Proxy | None:
        """What can be cut between the client and the broker; nothing unless it will be."""
        if fault is None or fault.kind != "cut":
            return None
        here = replace(self.arena.endpoint, port=client_port(self.arena.endpoint, self.using))
        return links.enter_context(Proxy(here, names=self.using.broker == "kafka"))

    def _strike(self, fault: Fault, board: Board, network: Proxy | None) -> None:
        self.observer.progress(0.4, f"{self.arena.broker}: {NAMES[fault.kind]}")
        sent_then = board[Slot.SENT]
        evidence = fault.strike(self.arena, network)
        told = asdict(evidence) | {"at_ns": evidence.at_ns - self.start_ns, "sent_then": sent_then}
        if fault.kind not in ENDING:
            try:
                self._sleep_until(time.monotonic_ns() + int(fault.lasts_s * NS_PER_S), board)
            finally:
                afterwards = fault.heal(self.arena, network)
            told |= {"ended_ns": time.monotonic_ns() - self.start_ns}
            told["text"] = "; ".join(filter(None, (evidence.text, afterwards)))
        self.facts["fault"] = told

    def aftermath(self, broker: Broker) -> tuple[str, bool]:
        """Start again what has ended, and drain it; what broke, and whether nothing can be left."""
        try:
            return self._drain(broker)
        except stack.NotStarted as error:
            self.facts["did_not_start"] = f"{error.happened} {error.log}"
            return "", False

    def _start_if_dead(self) -> None:
        """A broker may also have ended by itself, and be at it still when the load is over."""
        if why := self.arena.is_dead():
            self.observer.progress(0.55, f"{self.arena.broker}: starting again")
            self.facts["ended"] = why
            self.facts["recovery_s"] = round(self.arena.start(), 2)
        self.observer.progress(0.75, f"{self.arena.broker}: draining")

    def _drain(self, broker: Broker) -> tuple[str, bool]:
        """Read until the broker says that nothing is left. A broker that is still recovering is asked again."""
        deadline_s = time.monotonic() + DRAINS_S
        left, trouble = None, ""
        while left != 0 and time.monotonic() < deadline_s:
            self._start_if_dead()
            trouble = self._read()
            try:
                left = None if trouble else broker.backlog()
            except BrokerError as error:
                left, trouble = None, f"asking for the backlog: {error}"
        if left and not trouble:
            trouble = f"{left:,} messages were still in the broker after {DRAINS_S:.0f} s"
        return trouble, left == 0

    def _read(self) -> str:
        """One consumer reads until nothing has come for QUIET_S. What broke for it."""
        with pool() as workers:
            board = workers.board
            board[Slot.START_NS] = self.start_ns
            address = Address(self.arena.endpoint, self.using, ADDRESS)
            consuming = workers.submit("consumer", consume, address, self.workload.messages, self.spool)
            try:
                await_ready([consuming], READY_WITHIN_S, self.observer, "it had read anything")
            except UnreachableError:
                if not consuming.done:
                    raise
            arrived, heard_s = 0, time.monotonic()
            while not consuming.done and time.monotonic() - heard_s < QUIET_S:
                if board[Slot.ARRIVED] != arrived:
                    arrived, heard_s = board[Slot.ARRIVED], time.monotonic()
                self.observer.check("in the middle of a fault")
                time.sleep(0.02)
            board[Slot.STOP] = 1
            return consuming.trouble()

    def _sleep_until(self, at_ns: int, board: Board) -> None:
        while (left_ns := at_ns - time.monotonic_ns()) > 0:
            self.observer.check("in the middle of a fault")
            share = board[Slot.SENT] / self.workload.messages
            self.observer.progress(0.1 + 0.3 * share, f"{board[Slot.SENT]:,} messages sent")
            time.sleep(min(left_ns / NS_PER_S, 0.05))

    def _await_end(self, job: Job, seconds: float) -> None:
        deadline_s = time.monotonic() + seconds
        while not job.done and time.monotonic() < deadline_s:
            self.observer.check("in the middle of a fault")
            time.sleep(0.01)
