"""The callers: threads of one process, each with a line of its own, that call and write down when they had to wait."""

from __future__ import annotations

import contextlib
import gc
import threading
import time

from labs.model.endpoint import BrokerError, RefusedError
from labs.model.message import filler
from labs.model.run import NEVER
from labs.model.workload import NS_PER_S
from labs.record.processes import Context
from labs.scenarios.calls.board import Outcome, Pad, Slot, body_of
from labs.scenarios.calls.service import Line, Lines, Task, way_of

_counting = threading.Lock()
ENOUGH, STRETCH = 25, 4
"""On a busy machine a closed loop goes on until it has so many calls, for so many times its duration at most."""
WARM_CALLS, WARM_S = 20, 0.3
"""What each line is used for before the start, whichever is over first: a connection's first calls are its slowest."""


class _Caller(threading.Thread):
    def __init__(self, here: Context, task: Task, pad: Pad, caller: int, lines: Lines) -> None:
        super().__init__(daemon=True, name=f"caller {caller + 1}")
        self._task, self._plan, self._pad, self._caller = task, task.plan, pad, caller
        self._here, self._lines = here, lines
        self._rest = filler(task.plan.body_bytes)
        self._due_ns = task.plan.due_ns

    def run(self) -> None:
        board, waited = self._pad.board, False
        try:
            with self._lines(self._caller) as line:
                self._warm_up(line)
                self._ready()
                waited = True
                while not (board[Slot.START_NS] or board[Slot.STOP]):
                    time.sleep(0.001)
                self._call_all(line)
        except Exception as error:  # a thread has nobody else to tell
            self._here.tell(error, self.name)
            if not waited:
                self._ready()

    def _ready(self) -> None:
        """The line is open, or will never be: nobody waits for it any longer."""
        with _counting:
            self._pad.board[Slot.READY] += 1

    def _warm_up(self, line: Line) -> None:
        if self._plan.returns_s:
            return  # nobody is there to answer
        until_s, first = time.monotonic() + WARM_S, self._plan.calls + self._caller * WARM_CALLS
        for number in range(first, first + WARM_CALLS):
            line.ask(body_of(number, self._caller, self._rest), self._plan.patience_s)
            if time.monotonic() > until_s:
                return

    def _call_all(self, line: Line) -> None:
        """Every call that falls to this caller: every `callers`-th one."""
        plan = self._plan
        time.sleep(max(-self._pad.now_ns() / NS_PER_S, 0))
        for number in range(self._caller, plan.calls, plan.callers):
            if self._pad.board[Slot.STOP] or (not plan.open and self._over(number)):
                break
            if plan.open:
                time.sleep(max((int(self._due_ns[number]) - self._pad.now_ns()) / NS_PER_S, 0))
            if not self._call(line, number):
                break
            line.rest()
        self._settle(line)

    def _over(self, number: int) -> bool:
        """Whether a closed loop has run long enough: its time is over, and there are calls enough for a median."""
        spent = self._pad.now_ns() / NS_PER_S / self._plan.duration_s
        return spent > 1 and (number >= ENOUGH or spent > STRETCH)

    def _call(self, line: Line, number: int) -> bool:
        """One call; whether there is a line for the next. A broker that has gone does not come back to this run; one
        that refuses is asked again."""
        columns, body = self._pad.columns, body_of(number, self._caller, self._rest)
        outcome = Outcome.ANSWERED if self._task.carrier.asks or self._plan.confirm != "none" else Outcome.SENT
        columns["start_ns"][number], gone = self._pad.now_ns(), False
        try:
            line.ask(body, self._plan.patience_of(self._caller))
        except TimeoutError:
            outcome = Outcome.TIMED_OUT
        except BrokerError as error:
            outcome, gone = Outcome.REFUSED, not isinstance(error, RefusedError) and self._task.endpoint is not None
            if not self._plan.returns_s:
                self._here.tell(error, self.name)
        columns["returned_ns"][number] = self._pad.now_ns()
        columns["outcome"][number] = outcome
        return not gone

    def _settle(self, line: Line) -> None:
        """What stays unconfirmed nobody knows: the last calls of this caller are open again."""
        with contextlib.suppress(BrokerError):
            if not (unconfirmed := line.settle(self._plan.patience_s)):
                return
            mine = self._pad.columns["outcome"][self._caller :: self._plan.callers]
            began = self._pad.columns["start_ns"][self._caller :: self._plan.callers] != NEVER
            last = began.nonzero()[0][-unconfirmed:]
            mine[last] = Outcome.OPEN


def main(here: Context, task: Task) -> None:
    """The whole life of the callers' process."""
    board, pad = here.board, Pad(here.board, task.plan.calls)
    while not (board[Slot.UP] or board[Slot.STOP]):  # both processes start at once, which takes the most time
        time.sleep(0.002)
    with way_of(task.carrier).lines(task, board[Slot.PORT]) as lines:
        callers = [_Caller(here, task, pad, number, lines) for number in range(task.plan.callers)]
        gc.collect()
        gc.freeze()
        for caller in callers:
            caller.start()
        while not (board[Slot.START_NS] or board[Slot.STOP]):
            time.sleep(0.001)
        used_ns = time.process_time_ns()
        for caller in callers:
            caller.join()
        board[Slot.CPU_NS] = time.process_time_ns() - used_ns
        board[Slot.OVER] = pad.now_ns()
