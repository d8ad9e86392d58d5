"""Send good and bad messages, wait until each has an end: run(...) -> PoisonRun. Nothing is judged here."""

from __future__ import annotations

import os
import secrets
import time

import numpy as np

from labs.model.endpoint import BrokerError, Endpoint, UnreachableError
from labs.model.observer import UNOBSERVED, Observer
from labs.model.run import NEVER, Column
from labs.record.monitor import waiting
from labs.record.watchdog import Watchdog
from labs.scenarios.poison import EVERY_S, MESSAGES, Plan, Way
from labs.scenarios.poison.facts import ATTEMPTS, PoisonRun
from labs.scenarios.poison.work import FAILED, Desk, Task, Worker, at_work, broker_of

READY_WITHIN_S, SETTLE_WITHIN_S = 20.0, 30.0
"""The second from the last message on: the slowest way is through in six seconds."""
LOOK_S = 0.02


def run(way: Way, endpoint: Endpoint, plan: Plan, observer: Observer = UNOBSERVED) -> PoisonRun:
    """One run. UnreachableError if the worker does not come up, LacksError if the server lacks what the way needs.

    What breaks later is data: it stands in `trouble`.
    """
    task = Task(way, endpoint, f"labs-{os.getpid()}-{secrets.token_hex(4)}", plan)
    with waiting(observer), broker_of(way).desk(task) as desk, at_work(task) as worker, Watchdog() as watchdog:
        _await_ready(worker, observer)
        start_ns = time.monotonic_ns()
        columns, why = _send(desk, start_ns, observer)
        why = why or _await_ends(desk, worker, observer)
        worker.stop()
        letters = [] if why else desk.letters()
        facts: dict[str, object] = {"date": time.strftime("%Y-%m-%d")}
        facts |= {"pauses": pauses} if (pauses := watchdog.facts(start_ns)) else {}
    table = np.array(worker.rows, np.int64).reshape(-1, len(ATTEMPTS))
    table[:, 1:3] -= start_ns
    columns |= {name: table[:, at].copy() for at, name in enumerate(ATTEMPTS)}
    columns["letters"] = np.array(letters, np.int64)
    return PoisonRun(way.name, plan.share, plan.seed, columns, why, facts)


def _await_ready(worker: Worker, observer: Observer) -> None:
    until_s = time.monotonic() + READY_WITHIN_S
    while not worker.ready:
        observer.check("before the first message")
        if worker.ended or time.monotonic() > until_s:
            raise UnreachableError(worker.trouble or f"the worker was not ready after {READY_WITHIN_S:.0f} s")
        time.sleep(LOOK_S)


def _send(desk: Desk, start_ns: int, observer: Observer) -> tuple[dict[str, Column], str]:
    """Every message when it is due; when each was due and when it was there, and what broke."""
    due = start_ns + np.arange(MESSAGES, dtype=np.int64) * round(EVERY_S * 1e9)
    columns = {"due_ns": due - start_ns, "there_ns": np.full(MESSAGES, NEVER, np.int64)}
    for number in range(MESSAGES):
        observer.check(f"at message {number}")
        time.sleep(max(int(due[number]) - time.monotonic_ns(), 0) / 1e9)
        try:
            desk.send(number)
        except BrokerError as error:
            return columns, f"sender: {error}"
        columns["there_ns"][number] = time.monotonic_ns() - start_ns
    return columns, ""


def _await_ends(desk: Desk, worker: Worker, observer: Observer) -> str:
    """Until each message is done, given up or a dead letter: empty then, else why not."""
    until_s = time.monotonic() + SETTLE_WITHIN_S
    while True:
        observer.check("while messages were worked on")
        ended = len({row[0] for row in list(worker.rows) if row[3] != FAILED})
        observer.progress(0.5 + ended / MESSAGES / 2, f"{ended} of {MESSAGES} messages done")
        if worker.ended:
            return worker.trouble or "the worker ended before the last message"
        try:
            ended += desk.dead()
        except BrokerError as error:
            return str(error)
        if ended >= MESSAGES:
            return ""
        if time.monotonic() > until_s:
            return f"{SETTLE_WITHIN_S:.0f} s after the last message {MESSAGES - ended} had no end"
        time.sleep(LOOK_S)
