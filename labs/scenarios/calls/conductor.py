"""Start the service and the callers, let them call, write down what was left: run(...) -> CallRun.

This process watches. Nothing is judged here, and whatever happens, both processes are gone afterwards.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Iterator

import psutil

from labs.brokers import open_broker
from labs.model.carriers import Carrier
from labs.model.endpoint import Endpoint, UnreachableError
from labs.model.facts import Facts
from labs.model.observer import UNOBSERVED, Observer
from labs.model.run import NEVER, Column
from labs.model.workload import NS_PER_S
from labs.record.monitor import waiting
from labs.record.processes import STOP_WITHIN_S, Worker, Workers, await_ready, workers
from labs.record.usage import tree
from labs.record.watchdog import Watchdog
from labs.scenarios.calls import caller, service
from labs.scenarios.calls.board import Pad, Slot, cells
from labs.scenarios.calls.facts import COLUMNS, CallRun
from labs.scenarios.calls.plan import Plan
from labs.scenarios.calls.service import Task

LEAD_NS = 50_000_000
READY_WITHIN_S = 20.0
SETTLE_S = 3.0
"""After the last call is due and every patience is over: what has not come back by then does not."""
LOOK_S = 0.005


class _Run:
    """Service and callers of a run, and the board that they share."""

    def __init__(self, started: Workers, task: Task, observer: Observer) -> None:
        self._started, self.task, self.observer, self.board = started, task, observer, started.board
        self.pad = Pad(self.board, task.plan.calls)
        self.pad.clear()
        all_ready = task.plan.callers
        self.callers = started.start("callers", caller.main, task, ready=lambda: self.board[Slot.READY] >= all_ready)
        self.serve()

    def serve(self) -> Worker:
        """A service that takes calls."""
        before = self.board[Slot.UP]
        self.service = self._started.start(
            "service", service.main, self.task, ready=lambda: self.board[Slot.UP] > before
        )
        self.await_ready(self.service)
        return self.service

    def await_ready(self, worker: Worker) -> None:
        """Until it is; if it does not come up, what was said first is the reason, whoever said it."""
        try:
            await_ready([worker], READY_WITHIN_S, self.observer, "the first call")
        except UnreachableError as error:
            raise UnreachableError(self.said() or str(error)) from error

    def dismiss(self) -> None:
        """End the service in the middle of the run."""
        self.board[Slot.SERVICE_STOP] = 1
        if not self.service.wait(STOP_WITHIN_S):
            self.service.kill()
        self.board[Slot.SERVICE_STOP] = 0

    def said(self) -> str:
        """What went wrong, in the words of the first to say so."""
        return self._started.said()


@contextlib.contextmanager
def _site(task: Task) -> Iterator[Facts]:
    """The addresses of this run at the broker, if the carrier has one; facts for the run card."""
    with contextlib.ExitStack() as undo:
        facts: Facts = {"date": time.strftime("%Y-%m-%d")}
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
    task = Task(carrier, endpoint, name, plan, f"{name}-answers" if carrier.replies else "")
    with (
        waiting(observer),
        _site(task) as facts,
        workers(cells(plan.calls), Slot.STOP) as started,
        Watchdog() as watchdog,
    ):
        going = _Run(started, task, observer)
        if plan.returns_s:
            going.dismiss()
        going.await_ready(going.callers)
        why = _watched(going, facts)
        columns, over = _columns(going), bool(going.board[Slot.OVER])
        facts |= {"pauses": pauses} if (pauses := watchdog.facts(going.board[Slot.START_NS])) else {}
    trouble = "; ".join(dict.fromkeys(filter(None, (why, started.said()))))
    return CallRun(carrier.name, plan, columns, over, trouble, facts)


def _watched(going: _Run, facts: Facts) -> str:
    """Let them call until all are through; what went wrong with the processes, or nothing."""
    plan, board = going.task.plan, going.board
    pids = {"service": [] if plan.returns_s else [going.service.pid], "broker": _pids(going.task.endpoint)}
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
    while not board[Slot.OVER] and not going.callers.done and not why:
        spent_s = time.monotonic() - start_ns / NS_PER_S
        going.observer.progress(min(max(spent_s / length_s, 0.0), 1.0), "calling")
        going.observer.check("before the calls were over")
        if plan.returns_s and "back_ns" not in facts and spent_s >= plan.returns_s:
            going.serve()
            facts["back_ns"] = time.monotonic_ns() - start_ns
        if going.service.done and (not plan.returns_s or "back_ns" in facts):
            why = f"the service ended with {going.service.exit_code} in the middle of the run"
        elif time.monotonic() > until_s:
            why = "the callers were not through when their patience should have been over"
        time.sleep(LOOK_S)
    return why or _account(going, pids, before, start_ns, facts)


def _account(
    going: _Run, pids: dict[str, list[int]], before: dict[str, float | None], start_ns: int, facts: Facts
) -> str:
    """Who used the processor while calls were made, in cores."""
    if not going.board[Slot.OVER]:
        return f"the callers ended with {going.callers.exit_code} in the middle of the run"
    took_s = max(time.monotonic() - start_ns / NS_PER_S, 1e-3)
    after = {role: _cpu_s(tree(those)) for role, those in pids.items()}
    spent = {role: None if None in (after[role], before[role]) else after[role] - before[role] for role in pids}  # type: ignore[operator]
    cores = {"callers": going.board[Slot.CPU_NS] / NS_PER_S} | spent
    facts["cores"] = {role: None if used is None else round(used / took_s, 3) for role, used in cores.items()}
    if going.task.plan.returns_s:
        _await_service(going)
    return ""


def _await_service(going: _Run) -> None:
    """Give the service that has returned a moment for what is still waiting: work for callers who have gone."""
    until_s, before = time.monotonic() + 1.0, -1
    while time.monotonic() < until_s and before != (before := int((going.pad.columns["done_ns"] != NEVER).sum())):
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


def _columns(going: _Run) -> dict[str, Column]:
    """The rows of the calls that were due or begun."""
    plan = going.task.plan
    found = {"due_ns": plan.due_ns} | {n: c.copy() for n, c in going.pad.columns.items()}
    rows = slice(None) if plan.open else found["start_ns"] != NEVER
    return {name: found[name][rows] for name in COLUMNS}
