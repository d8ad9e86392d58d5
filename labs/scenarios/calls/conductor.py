"""Start the service and the callers, let them call, write down what was left: run(...) -> CallRun.

This process watches. Nothing is judged here, and whatever happens, both processes are gone afterwards.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import psutil

from labs.brokers import open_broker
from labs.model.carriers import Carrier
from labs.model.endpoint import Endpoint, UnreachableError
from labs.model.observer import UNOBSERVED, CancelledError, Observer
from labs.model.run import NEVER, Column
from labs.model.workload import NS_PER_S
from labs.record.cpu_time import tree
from labs.record.monitor import waiting
from labs.record.spawning import WORKERS
from labs.record.watchdog import Watchdog
from labs.scenarios.calls import caller, service
from labs.scenarios.calls.board import Pad, Slot, cells
from labs.scenarios.calls.facts import COLUMNS, CallRun
from labs.scenarios.calls.plan import Plan
from labs.scenarios.calls.service import TROUBLE_BYTES, Task
from labs.scenarios.jobs.conductor import deaf

LEAD_NS = 50_000_000
READY_WITHIN_S = 20.0
SETTLE_S = 3.0
"""After the last call is due and every patience is over: what has not come back by then does not."""
STOP_WITHIN_S = 6.0
LOOK_S = 0.005


@dataclass
class _Crew:
    """The processes of a run, the board they share, and the text in which they say what went wrong."""

    task: Task
    observer: Observer
    board: Any
    trouble: Any
    processes: list[Any] = field(default_factory=list)

    def start(self, main: Any) -> Any:
        """One more process, on the list before it runs."""
        process = WORKERS.Process(target=main, args=(self.task, self.board, self.trouble), daemon=True)
        self.processes.append(process)
        with deaf():
            process.start()
        return process

    def said(self) -> str:
        """What somebody says went wrong."""
        return str(self.trouble.value.decode(errors="replace"))

    def until(self, slot: Slot, count: int, process: Any, what: str) -> None:
        """Wait until the slot has reached the count, or raise what stands in the way."""
        deadline_s = time.monotonic() + READY_WITHIN_S
        while self.board[slot] < count:
            self.asked_to_stop()
            if process.exitcode is not None or self.said():
                raise UnreachableError(self.said() or f"the process ended with {process.exitcode} before {what}")
            if time.monotonic() > deadline_s:
                raise UnreachableError(f"after {READY_WITHIN_S:.0f} s there was still no sign of this: {what}")
            time.sleep(LOOK_S)

    def serve(self) -> Any:
        """A service that takes calls."""
        before, process = self.board[Slot.UP], self.start(service.main)
        self.until(Slot.UP, before + 1, process, "the service takes calls")
        return process

    def dismiss(self, process: Any) -> None:
        """End the service in the middle of the run."""
        self.board[Slot.SERVICE_STOP] = 1
        _end(process, time.monotonic() + STOP_WITHIN_S)
        self.board[Slot.SERVICE_STOP] = 0

    def asked_to_stop(self) -> None:
        """Raise if the reader does not want to wait any longer."""
        if self.observer.cancelled():
            raise CancelledError("cancelled before the calls were over")


def _end(process: Any, deadline_s: float) -> None:
    if process.pid is not None:
        process.join(max(deadline_s - time.monotonic(), 0.01))
        if process.is_alive():
            process.kill()
            process.join(2)


@contextlib.contextmanager
def _crew(task: Task, observer: Observer) -> Iterator[_Crew]:
    board = WORKERS.RawArray("q", cells(task.plan.calls))
    Pad(board, task.plan.calls).clear()
    crew = _Crew(task, observer, board, WORKERS.RawArray("c", TROUBLE_BYTES))
    try:
        yield crew
    finally:
        board[Slot.STOP] = 1
        deadline_s = time.monotonic() + STOP_WITHIN_S
        for process in crew.processes:
            _end(process, deadline_s)


@contextlib.contextmanager
def _site(task: Task) -> Iterator[dict[str, Any]]:
    """The addresses of this run at the broker, if the carrier has one; facts for the run card."""
    with contextlib.ExitStack() as undo:
        facts: dict[str, Any] = {"date": time.strftime("%Y-%m-%d")}
        for name in filter(None, (task.name, task.replies)) if task.endpoint else ():
            address = task.address(name)
            more = task.all_answers if name == task.name else ()
            broker = undo.enter_context(open_broker(address.endpoint, address.profile, name, more))
            facts |= {"server": broker.version(), "durability": broker.durability()}
        yield facts


def run(carrier: Carrier, endpoint: Endpoint | None, plan: Plan, observer: Observer = UNOBSERVED) -> CallRun:
    """One run. Raises UnreachableError if service or callers do not come up, CancelledError on a cancel.

    What breaks later is data: calls that were refused or timed out, and what `trouble` says.
    """
    name = f"labs-{os.getpid()}-{secrets.token_hex(4)}"
    task = Task(carrier, endpoint, name, plan, os.getpid(), f"{name}-answers" if carrier.replies else "")
    with waiting(observer), _site(task) as facts, _crew(task, observer) as crew, Watchdog() as watchdog:
        callers, served = crew.start(caller.main), crew.serve()
        if plan.returns_s:
            crew.dismiss(served)
        crew.until(Slot.READY, plan.callers, callers, "every caller has its line")
        why = _watched(crew, served, callers, facts)
        columns, over = _columns(crew), bool(crew.board[Slot.OVER])
        facts |= {"pauses": pauses} if (pauses := watchdog.facts(crew.board[Slot.START_NS])) else {}
    trouble = "; ".join(dict.fromkeys(filter(None, (why, crew.said()))))
    return CallRun(carrier.name, plan, columns, over, trouble, facts)


def _watched(crew: _Crew, served: Any, callers: Any, facts: dict[str, Any]) -> str:
    """Let them call until all are through; what went wrong with the processes, or nothing."""
    plan, board = crew.task.plan, crew.board
    pids = {"service": [] if plan.returns_s else [served.pid], "broker": _pids(crew.task.endpoint)}
    before = {role: _cpu_s(tree(those)) for role, those in pids.items()}
    start_ns = time.monotonic_ns() + LEAD_NS
    board[Slot.START_NS] = start_ns
    length_s = plan.calls / plan.rate_per_s if plan.open else plan.duration_s
    until_s = (
        start_ns / NS_PER_S
        + length_s * (1 if plan.open else caller.STRETCH)
        + plan.returns_s
        + plan.patience_s
        + SETTLE_S
    )
    why = ""
    while not board[Slot.OVER] and callers.exitcode is None and not why:
        spent_s = time.monotonic() - start_ns / NS_PER_S
        crew.observer.progress(min(max(spent_s / length_s, 0.0), 1.0), "calling")
        crew.asked_to_stop()
        if plan.returns_s and "back_ns" not in facts and spent_s >= plan.returns_s:
            served = crew.serve()
            facts["back_ns"] = time.monotonic_ns() - start_ns
        if served.exitcode is not None and (not plan.returns_s or "back_ns" in facts):
            why = f"the service ended with {served.exitcode} in the middle of the run"
        elif time.monotonic() > until_s:
            why = "the callers were not through when their patience should have been over"
        time.sleep(LOOK_S)
    return why or _account(crew, pids, before, start_ns, facts)


def _account(
    crew: _Crew, pids: dict[str, list[int]], before: dict[str, float | None], start_ns: int, facts: dict[str, Any]
) -> str:
    """Who used the processor while calls were made, in cores."""
    if not crew.board[Slot.OVER]:
        return f"the callers ended with {crew.processes[-1].exitcode} in the middle of the run"
    took_s = max(time.monotonic() - start_ns / NS_PER_S, 1e-3)
    after = {role: _cpu_s(tree(those)) for role, those in pids.items()}
    spent = {role: None if None in (after[role], before[role]) else after[role] - before[role] for role in pids}  # type: ignore[operator]
    cores = {"callers": crew.board[Slot.CPU_NS] / NS_PER_S} | spent
    facts["cores"] = {role: None if used is None else round(used / took_s, 3) for role, used in cores.items()}
    if crew.task.plan.returns_s:
        _await_service(crew)
    return ""


def _await_service(crew: _Crew) -> None:
    """Give the service that has returned a moment for what is still waiting: work for callers who have gone."""
    pad, until_s, before = Pad(crew.board, crew.task.plan.calls), time.monotonic() + 1.0, -1
    while time.monotonic() < until_s and before != (before := int((pad.columns["done_ns"] != NEVER).sum())):
        time.sleep(0.3)


def _pids(endpoint: Endpoint | None) -> list[int]:
    return list(endpoint.pids) if endpoint else []


def _cpu_s(processes: list[psutil.Process]) -> float | None:
    """Seconds of processor time of these together; None where there are none to be seen."""
    total, seen = 0.0, False
    for process in processes:
        with contextlib.suppress(psutil.Error):
            used = process.cpu_times()
            total, seen = total + used.user + used.system, True
    return total if seen else None


def _columns(crew: _Crew) -> dict[str, Column]:
    """The rows of the calls that were due or begun."""
    plan = crew.task.plan
    found = {"due_ns": plan.due_ns} | {n: c.copy() for n, c in Pad(crew.board, plan.calls).columns.items()}
    rows = slice(None) if plan.open else found["start_ns"] != NEVER
    return {name: found[name][rows] for name in COLUMNS}
