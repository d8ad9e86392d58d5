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
from dataclasses import replace

from labs.model.endpoint import BrokerError, Endpoint
from labs.model.observer import UNOBSERVED, Observer
from labs.model.run import REFUSAL, Column
from labs.model.workload import NS_PER_S
from labs.record.monitor import waiting
from labs.record.processes import STOP_WITHIN_S, Worker, Workers, await_ready, workers
from labs.record.watchdog import Watchdog
from labs.scenarios.jobs import Mode
from labs.scenarios.jobs.event_log import CELLS, EventLog, Kind, Slot
from labs.scenarios.jobs.facts import EVENTS, Death, JobRun
from labs.scenarios.jobs.producer import Answers, Desk, Plan
from labs.scenarios.jobs.work import WORK_S, Task, main, way_of

LEAD_NS = 50_000_000
READY_WITHIN_S = 20.0
SETTLE_WITHIN_S = 30.0
"""After the kill. Kafka needs six seconds of it before anything moves."""
EMPTY_TIMES = 3
"""How often the new worker has to find nothing, when the broker holds nothing, for the run to be over."""
LOOK_S = 0.0005


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
    task = Task(mode, endpoint, name, prefetch if mode.batches else 1)
    at_desk, processes = way_of(mode).desk(mode, endpoint, name), workers(CELLS, Slot.STOP)
    with waiting(observer), at_desk as desk, processes as started, Watchdog() as watchdog:
        log = EventLog(started.board)
        first = _start(started, task, 1)
        await_ready([first], READY_WITHIN_S, observer, "the first job")
        answers = Answers(plan, time.monotonic_ns() + LEAD_NS)
        with _sending(desk, answers, log.board[Slot.PORT]) as sender:
            death = _kill(first, log, plan, observer)
            why = "the worker could not be killed"
            if death:
                why = _unsettled(desk, sender, log, _start(started, task, 2), observer)
        facts = _about(desk) | {"date": time.strftime("%Y-%m-%d")}
        facts |= {REFUSAL: answers.refusal} if answers.refusal else {}
        facts |= {"pauses": pauses} if (pauses := watchdog.facts(answers.start_ns)) else {}
        columns = answers.columns | _events(log, answers.start_ns)
    trouble = "; ".join(dict.fromkeys(filter(None, (why, sender.trouble, started.said()))))
    shifted = _after(death, answers.start_ns)
    return JobRun(mode.name, task.prefetch, plan.seed, columns, shifted, not trouble, trouble, facts)


def _start(started: Workers, task: Task, number: int) -> Worker:
    """A worker, ready when it is subscribed."""
    log, task = EventLog(started.board), replace(task, worker=number)
    return started.start(f"worker {number}", main, task, ready=lambda: log.has(Kind.READY))


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


def _about(desk: Desk) -> dict[str, object]:
    with contextlib.suppress(BrokerError):
        return dict(desk.about())
    return {}


def _kill(worker: Worker, log: EventLog, plan: Plan, observer: Observer) -> Death | None:
    """SIGKILL in the half of the job that the plan aims at; None if it is not reached or the worker ends before."""
    job, share = plan.aim
    deadline_s, told = time.monotonic() + READY_WITHIN_S, -1
    while (reached := log.board[Slot.DONE if plan.after else Slot.BEGUN]) < job:
        observer.check(f"at job {reached}")
        if worker.done or time.monotonic() > deadline_s:
            return None
        if reached > told:
            told = reached + 10
            observer.progress(0.3 * reached / job, f"{reached} of {plan.jobs} jobs begun")
        time.sleep(LOOK_S)
    time.sleep(share * WORK_S)
    if worker.done:
        return None
    asked_ns = time.monotonic_ns()
    worker.kill()
    if worker.exit_code is None:
        return None
    return Death(worker.pid, asked_ns, time.monotonic_ns(), worker.exit_code)


def _after(death: Death | None, start_ns: int) -> Death | None:
    """The same with its times after the start."""
    return death and Death(death.pid, death.asked_ns - start_ns, death.dead_ns - start_ns, death.exit_code)


def _unsettled(desk: Desk, sender: _Sender, log: EventLog, worker: Worker, observer: Observer) -> str:
    """Wait until it is shown that nothing more will be done: all is answered, nothing is left, nothing comes.

    Empty then; else why it cannot be shown.
    """
    until_s, board, jobs = time.monotonic() + SETTLE_WITHIN_S, log.board, sender.answers.plan.jobs
    found: int | None = None
    while time.monotonic() < until_s:
        observer.check(f"at job {board[Slot.BEGUN]}")
        if worker.done:
            return f"the second worker ended with {worker.exit_code}"
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


def _events(log: EventLog, start_ns: int) -> dict[str, Column]:
    rows = log.rows()
    rows[:, 3] -= start_ns
    return {name: rows[:, at].copy() for at, name in enumerate(EVENTS)}


def evidence(death: Death) -> str:
    """What proves the kill, for the digest."""
    if death.exit_code == -signal.SIGKILL:
        took_ms = (death.dead_ns - death.asked_ns) * 1000 / NS_PER_S
        return f"the system reports that process {death.pid} died of SIGKILL, {took_ms:.1f} ms after it was sent"
    return f"process {death.pid} ended with {death.exit_code}, not by SIGKILL"
