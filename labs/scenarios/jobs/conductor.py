"""Hand the jobs in, kill the worker over them, start another, wait until nothing is left: run(...) -> JobRun.

This process watches; the workers are processes of their own, the sender is a thread. Nothing is judged here.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from multiprocessing import resource_tracker
from typing import Any

from labs.model.endpoint import BrokerError, Endpoint, UnreachableError
from labs.model.observer import UNOBSERVED, CancelledError, Observer
from labs.model.run import REFUSAL, Column
from labs.model.workload import NS_PER_S
from labs.record.monitor import waiting
from labs.record.spawning import WORKERS
from labs.record.watchdog import Watchdog
from labs.scenarios.jobs import Mode
from labs.scenarios.jobs.event_log import CELLS, Kind, Logbook, Slot
from labs.scenarios.jobs.facts import EVENTS, Death, JobRun
from labs.scenarios.jobs.producer import Answers, Desk, Plan
from labs.scenarios.jobs.work import TROUBLE_BYTES, WORK_S, Task, main, module_of

LEAD_NS = 50_000_000
READY_WITHIN_S = 20.0
SETTLE_WITHIN_S = 30.0
"""After the kill. Kafka needs six seconds of it before anything moves."""
EMPTY_TIMES = 3
"""How often the new worker has to find nothing, when the broker holds nothing, for the run to be over."""
STOP_WITHIN_S = 6.0
LOOK_S = 0.0005


@dataclass
class _Crew:
    """The workers of a run, the logbook they write and the text in which they say what went wrong."""

    task: Task
    log: Logbook
    trouble: Any
    workers: list[Any] = field(default_factory=list)

    def start(self) -> Any:
        """One more worker, on the list before it runs."""
        task = replace(self.task, worker=len(self.workers) + 1)
        process = WORKERS.Process(target=main, args=(task, self.log.board, self.trouble), daemon=True)
        self.workers.append(process)
        with deaf():
            process.start()
        return process

    def said(self) -> str:
        """What a worker says went wrong."""
        return str(self.trouble.value.decode(errors="replace"))


@contextlib.contextmanager
def deaf() -> Iterator[None]:
    """Ctrl-C waits until the end. A process that starts inside is deaf to it as well, until it leaves it to us."""
    resource_tracker.ensure_running()  # or starting the first process starts it, and that lets the signal through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _crew(task: Task) -> Iterator[_Crew]:
    crew = _Crew(task, Logbook(WORKERS.RawArray("q", CELLS)), WORKERS.RawArray("c", TROUBLE_BYTES))
    try:
        yield crew
    finally:
        crew.log.board[Slot.STOP] = 1
        deadline_s = time.monotonic() + STOP_WITHIN_S
        for worker in crew.workers:
            if worker.pid is not None:
                worker.join(max(deadline_s - time.monotonic(), 0.01))
                if worker.is_alive():
                    worker.kill()
                    worker.join(2)


class _Sender(threading.Thread):
    """The sender, in a thread of this process; what stops it is `trouble`."""

    def __init__(self, desk: Desk, answers: Answers, port: int) -> None:
        super().__init__(daemon=True, name="labs-sender")
        self.desk, self.answers, self.port, self.trouble = desk, answers, port, ""

    def run(self) -> None:
        try:
            self.desk.hand_in(self.answers, self.port)
        except (BrokerError, OSError, ExceptionGroup) as error:
            self.trouble = f"sender: {error}"


def run(mode: Mode, endpoint: Endpoint | None, plan: Plan, prefetch: int, observer: Observer = UNOBSERVED) -> JobRun:
    """One run with one kill. Raises UnreachableError if the first worker does not come up, CancelledError on a cancel.

    What breaks later is data: it stands in `trouble`, and the run is not drained.
    """
    name = f"labs-{os.getpid()}-{secrets.token_hex(4)}"
    task = Task(mode, endpoint, name, prefetch if mode.batches else 1, 0, os.getpid())
    desk_of = module_of(mode.name).Desk
    with waiting(observer), desk_of(mode, endpoint, name) as desk, _crew(task) as crew, Watchdog() as watchdog:
        first = crew.start()
        _await_ready(crew, first, observer)
        answers = Answers(plan, time.monotonic_ns() + LEAD_NS)
        with _sending(desk, answers, crew.log.board[Slot.PORT]) as sender:
            death = _kill(first, crew.log, plan, observer)
            why = _unsettled(desk, sender, crew, crew.start(), observer) if death else "the worker could not be killed"
        facts = _about(desk) | {"date": time.strftime("%Y-%m-%d")}
        facts |= {REFUSAL: answers.refusal} if answers.refusal else {}
        facts |= {"pauses": pauses} if (pauses := watchdog.facts(answers.start_ns)) else {}
        columns = answers.columns | _events(crew.log, answers.start_ns)
    trouble = "; ".join(dict.fromkeys(filter(None, (why, sender.trouble, crew.said()))))
    shifted = _after(death, answers.start_ns)
    return JobRun(mode.name, task.prefetch, plan.seed, columns, shifted, not trouble, trouble, facts)


@contextlib.contextmanager
def _sending(desk: Desk, answers: Answers, port: int) -> Iterator[_Sender]:
    """The sender at work; it has ended afterwards, its task done or not."""
    sender = _Sender(desk, answers, port)
    sender.start()
    try:
        yield sender
    finally:
        answers.stop.set()
        sender.join(STOP_WITHIN_S)


def _about(desk: Desk) -> dict[str, Any]:
    with contextlib.suppress(BrokerError):
        return dict(desk.about())
    return {}


def _await_ready(crew: _Crew, worker: Any, observer: Observer) -> None:
    deadline_s = time.monotonic() + READY_WITHIN_S
    while not (crew.log.rows()[:, 0] == Kind.READY).any():
        if observer.cancelled():
            raise CancelledError("cancelled before the first job")
        if worker.exitcode is not None:
            raise UnreachableError(crew.said() or f"the worker ended with {worker.exitcode} before the first job")
        if time.monotonic() > deadline_s:
            raise UnreachableError(f"the worker was not subscribed after {READY_WITHIN_S:.0f} s")
        time.sleep(0.01)


def _kill(worker: Any, log: Logbook, plan: Plan, observer: Observer) -> Death | None:
    """SIGKILL in the half of the job that the plan aims at; None if it is not reached or the worker ends before."""
    job, share = plan.aim
    deadline_s, told = time.monotonic() + READY_WITHIN_S, -1
    while (reached := log.board[Slot.DONE if plan.after else Slot.BEGUN]) < job:
        if observer.cancelled():
            raise CancelledError(f"cancelled at job {reached}")
        if worker.exitcode is not None or time.monotonic() > deadline_s:
            return None
        if reached > told:
            told = reached + 10
            observer.progress(0.3 * reached / job, f"{reached} of {plan.jobs} jobs begun")
        time.sleep(LOOK_S)
    time.sleep(share * WORK_S)
    if worker.exitcode is not None:
        return None
    asked_ns = time.monotonic_ns()
    worker.kill()
    worker.join(STOP_WITHIN_S)
    if worker.exitcode is None:
        return None
    return Death(worker.pid, asked_ns, time.monotonic_ns(), worker.exitcode)


def _after(death: Death | None, start_ns: int) -> Death | None:
    """The same with its times after the start."""
    return death and Death(death.pid, death.asked_ns - start_ns, death.dead_ns - start_ns, death.exit_code)


def _unsettled(desk: Desk, sender: _Sender, crew: _Crew, worker: Any, observer: Observer) -> str:
    """Wait until it is shown that nothing more will be done: all is answered, nothing is left, nothing comes.

    Empty then; else why it cannot be shown.
    """
    until_s, board, jobs = time.monotonic() + SETTLE_WITHIN_S, crew.log.board, sender.answers.plan.jobs
    found: int | None = None
    while time.monotonic() < until_s:
        if observer.cancelled():
            raise CancelledError(f"cancelled at job {board[Slot.BEGUN]}")
        if worker.exitcode is not None:
            return f"the second worker ended with {worker.exitcode}"
        observer.progress(min(0.3 + 0.7 * board[Slot.BEGUN] / jobs, 1.0), f"{board[Slot.BEGUN]} of {jobs} jobs begun")
        try:
            left = sender.is_alive() or desk.left()
        except BrokerError as error:
            return str(error)
        if left:
            found = None
        elif found is None:
            found = board[Slot.EMPTY]
        elif board[Slot.EMPTY] >= found + EMPTY_TIMES:
            return ""
        time.sleep(0.05)
    return f"{SETTLE_WITHIN_S:.0f} s after the kill there was still something left to do"


def _events(log: Logbook, start_ns: int) -> dict[str, Column]:
    rows = log.rows()
    rows[:, 3] -= start_ns
    return {name: rows[:, at].copy() for at, name in enumerate(EVENTS)}


def evidence(death: Death) -> str:
    """What proves the kill, for the digest."""
    if death.exit_code == -signal.SIGKILL:
        took_ms = (death.dead_ns - death.asked_ns) * 1000 / NS_PER_S
        return f"the system reports that process {death.pid} died of SIGKILL, {took_ms:.1f} ms after it was sent"
    return f"process {death.pid} ended with {death.exit_code}, not by SIGKILL"
