"""Bring consumers up, send, wait until nothing is left for anybody: run(...) -> ShapeRun. Nothing is judged here."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Sequence

import numpy as np

from labs.model.endpoint import BrokerError, Endpoint, UnreachableError
from labs.model.message import encode, filler
from labs.model.observer import UNOBSERVED, Observer
from labs.model.run import NEVER, Column
from labs.model.shapes import Crew, Shape
from labs.record.monitor import waiting
from labs.record.processes import await_ready
from labs.record.watchdog import Watchdog
from labs.scenarios.shapes.facts import DONE, ShapeRun
from labs.scenarios.shapes.plan import Plan
from labs.scenarios.shapes.work import AtWork, Desk, Task, at_work, way_of

BODY_BYTES = 100
READY_WITHIN_S = 60.0
SETTLE_WITHIN_S = 30.0
EMPTY_TIMES = 2
"""How often every consumer has to ask and get nothing, when the broker holds nothing, for the run to be over."""
LOOK_S = 0.02


def run(
    shape: Shape, endpoint: Endpoint, crew: Crew, plan: Plan, *, partitions: int = 1, observer: Observer = UNOBSERVED
) -> ShapeRun:
    """One run. Raises UnreachableError if the consumers do not come up, CancelledError on a cancel.

    What breaks later is data: it stands in `trouble`, and the run is not drained.
    """
    name = f"labs-{os.getpid()}-{secrets.token_hex(4)}"
    task = Task(shape, endpoint, name, plan, partitions, observer=observer)
    with (
        waiting(observer),
        way_of(shape).desk(task, crew) as desk,
        at_work(task, crew, desk) as consumers,
        Watchdog() as watchdog,
    ):
        observer.progress(0.0, f"{len(consumers)} consumers start")
        await_ready(consumers, READY_WITHIN_S, observer, "the first message")
        _await_settled(desk, observer)
        start_ns = time.monotonic_ns()
        columns, why = _send(desk, plan, start_ns, observer)
        why = why or _wait(desk, consumers, observer)
        facts: dict[str, object] = {"date": time.strftime("%Y-%m-%d")}
        facts |= {"pauses": pauses} if (pauses := watchdog.facts(start_ns)) else {}
        columns |= _done(consumers, start_ns)
    trouble = "; ".join(dict.fromkeys(filter(None, (why, *(one.said() for one in consumers)))))
    return ShapeRun(shape.name, crew, plan.seed, columns, not trouble, trouble, facts)


def _await_settled(desk: Desk, observer: Observer) -> None:
    """Until the broker has dealt out what it deals out beforehand."""
    until_s = time.monotonic() + READY_WITHIN_S
    while not desk.settled():
        observer.check("while the group came together")
        if time.monotonic() > until_s:
            raise UnreachableError(f"the consumers' group had not come together after {READY_WITHIN_S:.0f} s")
        time.sleep(LOOK_S)


def _send(desk: Desk, plan: Plan, start_ns: int, observer: Observer) -> tuple[dict[str, Column], str]:
    """Every message when it is due; the columns, and what broke."""
    columns = {name: np.full(plan.messages, NEVER, np.int64) for name in ("sent_ns", "accepted_ns")}
    rest, every_ns = filler(BODY_BYTES), round(plan.every_s * 1e9)
    for number in range(plan.messages):
        observer.check(f"at message {number}")
        due_ns = start_ns + number * every_ns
        time.sleep(max(due_ns - time.monotonic_ns(), 0) / 1e9)
        columns["sent_ns"][number] = time.monotonic_ns() - start_ns
        try:
            [body] = encode(number, np.array([due_ns], np.int64), rest)
            if desk.send(plan.key(number), body):
                columns["accepted_ns"][number] = time.monotonic_ns() - start_ns
        except BrokerError as error:
            return columns, f"sender: {error}"
    return columns, ""


def _wait(desk: Desk, consumers: Sequence[AtWork], observer: Observer) -> str:
    """Until it is shown that nothing more will be done: nothing is left, and nobody gets anything. Empty then."""
    until_s, found = time.monotonic() + SETTLE_WITHIN_S, None
    while time.monotonic() < until_s:
        observer.check("while messages were worked on")
        observer.progress(0.5, f"{sum(len(one.rows) for one in consumers)} deliveries done")
        if gone := next((one for one in consumers if one.done), None):
            return gone.trouble(0) or f"{gone.name} ended before the others"
        try:
            left = desk.left()
        except BrokerError as error:
            return str(error)
        now = [one.empty for one in consumers]
        if left > 0:
            found = None
        elif found is None:
            found = now
        elif all(later >= before + EMPTY_TIMES for before, later in zip(found, now, strict=True)):
            return ""
        time.sleep(LOOK_S)
    return f"{SETTLE_WITHIN_S:.0f} s after the last message there was still something left to do"


def _done(consumers: Sequence[AtWork], start_ns: int) -> dict[str, Column]:
    """What all of them did, in the order of time."""
    rows = sorted((at, message, number) for number, one in enumerate(consumers) for message, at in one.rows)
    table = np.array([(message, number, at - start_ns) for at, message, number in rows], np.int64).reshape(-1, 3)
    return {name: table[:, at].copy() for at, name in enumerate(DONE)}
