"""record(endpoint, profile, workload) -> Run: three processes, one clock, no judgement.

The producer and the consumer run on a `concurrent.futures` executor; this process only watches:
it samples CPU time and decides when a run has settled.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.process
import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from labs import workers
from labs.brokers import open_broker
from labs.brokers.base import Address, BrokerError, Endpoint, UnreachableError
from labs.cpu import Cpu, tree
from labs.outbox import QUIET_S, Board, Sent, Slot
from labs.profile import Profile
from labs.runs import NEVER, Run, empty_columns, sequence_column
from labs.workers import Received, nothing_received
from labs.workload import Ceiling, Load

LEAD_NS = 100_000_000
READY_WITHIN_S = 30.0
STOP_WITHIN_S = 6.0
SAMPLE_EVERY_S = 0.1
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


@contextlib.contextmanager
def crew() -> Iterator[tuple[Executor, Board]]:
    """Two worker processes and the board they share; whatever happens, they are gone afterwards."""
    context = multiprocessing.get_context("spawn")
    board: Board = context.RawArray("q", len(Slot))
    before = {child.pid for child in multiprocessing.active_children()}
    executor = ProcessPoolExecutor(2, context, workers.enlist, (board, os.getpid()))
    try:
        yield executor, board
    finally:
        board[Slot.STOP] = 1
        executor.shutdown(wait=False, cancel_futures=True)
        # Not the executor's own list: a Ctrl-C while it starts a worker keeps that one out of it, and the interpreter
        # would wait for it at its end, for ever.
        _end([child for child in multiprocessing.active_children() if child.pid not in before])


def _end(children: Sequence[multiprocessing.process.BaseProcess]) -> None:
    """Wait for them, then kill. By their own methods: a child that another library has waited for counts as alive to
    multiprocessing for ever, and the executor's thread would turn in a loop until it is not."""
    deadline_s = time.monotonic() + STOP_WITHIN_S
    for child in children:
        child.join(max(deadline_s - time.monotonic(), 0.01))
    for child in children:
        if child.is_alive():
            child.kill()
            child.join(2)


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
    address = Address(endpoint, profile, name)
    with open_broker(endpoint, profile, name) as broker, crew() as (executor, board):
        consuming = executor.submit(workers.consume, address, load.messages) if part == "both" else None
        producing = executor.submit(workers.produce, address, load)
        jobs = {Slot.PRODUCER_READY: producing} | ({Slot.CONSUMER_READY: consuming} if consuming else {})
        _await_ready(board, jobs, watch)
        cpu = _start(board, endpoint)
        if consuming is None:
            _until_produced(board, load, producing, cpu, watch)
        if part == "consume":
            consuming = executor.submit(workers.consume, address, load.messages)
            _await_ready(board, {Slot.CONSUMER_READY: consuming}, watch)
            cpu.hand_over(board[Slot.CONSUMER_PID])
        settled = consuming is not None and _watch_over(board, load, producing, consuming, cpu, watch, broker)
        board[Slot.STOP] = 1
        sent, received = result_of(producing), result_of(consuming) if consuming else nothing_received()
        facts = {"start_ns": cpu.start_ns, "server": _quietly(broker.version), "part": part, "lane": profile.lane}
        facts["durability"] = _quietly(broker.durability) or {}
    return _assemble(profile, load, sent, received, cpu, settled, facts)


def _until_produced(board: Board, load: Load, producing: Future[Sent], cpu: Cpu, watch: Watch) -> None:
    """Sample and report until the producer has its last answer."""
    while not producing.done():
        cpu.sample()
        if watch.cancelled():
            raise CancelledError(f"cancelled after {board[Slot.SENT]:,} messages")
        watch.progress(board[Slot.SENT] / load.messages, f"{board[Slot.SENT]:,} of {load.messages:,} produced")
        wait([producing], SAMPLE_EVERY_S)
    cpu.sample()


def _await_ready(board: Board, jobs: Mapping[Slot, Future[Any]], watch: Watch) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while not all(board[ready] for ready in jobs):
        if watch.cancelled():
            raise CancelledError("cancelled before the first message")
        for job in jobs.values():
            if job.done():
                raise UnreachableError(result_of(job).trouble or "a worker ended before the start")
        if time.monotonic() > deadline:
            raise UnreachableError(f"the workers were not connected after {READY_WITHIN_S:.0f} s")
        time.sleep(0.005)


def _start(board: Board, endpoint: Endpoint) -> Cpu:
    start_ns = time.monotonic_ns() + LEAD_NS
    pids = {
        "broker": tree(endpoint.pids),
        "producer": tree([board[Slot.PRODUCER_PID]]),
        "consumer": tree([board[Slot.CONSUMER_PID]]),
    }
    board[Slot.START_NS] = start_ns
    return Cpu(start_ns, pids)


def _watch_over(
    board: Board, load: Load, producing: Future[Sent], consuming: Future[Received], cpu: Cpu, *rest: Any
) -> bool:
    """Sample and report until the run has settled (True) or cannot (False)."""
    watch, broker = rest
    arrived, heard = 0, time.monotonic()
    while True:
        cpu.sample()
        if watch.cancelled():
            raise CancelledError(f"cancelled after {board[Slot.SENT]:,} messages")
        watch.progress(
            min(board[Slot.SENT], board[Slot.ARRIVED] or board[Slot.SENT]) / load.messages,
            f"{board[Slot.ARRIVED]:,} of {load.messages:,} arrived",
        )
        if consuming.done():
            return False
        if board[Slot.ARRIVED] != arrived or not producing.done():
            arrived, heard = board[Slot.ARRIVED], time.monotonic()
        if producing.done() and (arrived >= _expected(producing) or time.monotonic() - heard > QUIET_S):
            time.sleep(SAMPLE_EVERY_S)  # a duplicate of the last message would come now
            return arrived >= _expected(producing) or _quietly(broker.version) is not None
        time.sleep(SAMPLE_EVERY_S)


def _expected(producing: Future[Sent]) -> int:
    sent = result_of(producing)
    return int(((sent.sent_ns != NEVER) & (sent.refused_ns == NEVER)).sum())


def result_of(job: Future[Any]) -> Any:
    """What a worker brings back. BrokerError if it was killed or hangs."""
    wait([job], STOP_WITHIN_S)
    try:
        return job.result(timeout=0)
    except (BrokenProcessPool, TimeoutError) as error:
        raise BrokerError("a worker process was killed or hung: the run is not complete, record it again") from error


def _quietly(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except BrokerError:
        return None


def _assemble(profile: Profile, load: Load, sent: Sent, received: Received, *rest: Any) -> Run:
    cpu, settled, facts = rest
    columns = empty_columns(sent.sent_ns if isinstance(load, Ceiling) else load.due_ns())
    columns |= {"sent_ns": sent.sent_ns, "confirmed_ns": sent.confirmed_ns, "refused_ns": sent.refused_ns}
    due_ns = received.heads["due_ns"].astype(np.int64) - cpu.start_ns
    columns |= {"delivered_sequence": sequence_column(received.heads["sequence"]), "delivered_ns": received.at_ns}
    columns |= {"delivered_due_ns": due_ns, "delivered_again": received.again, **cpu.columns()}
    trouble = "; ".join(filter(None, (sent.trouble, received.trouble)))
    facts["date"] = time.strftime("%Y-%m-%d")
    return Run(profile.name, load, columns, settled and not trouble, profile.promise.acknowledges, trouble, facts)
