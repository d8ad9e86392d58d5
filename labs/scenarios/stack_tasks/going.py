"""A run under way: its client and its workers, processes with Celery's own packages, and the log that they write."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from labs.brokers import journal
from labs.model.endpoint import BrokerError, Endpoint
from labs.model.observer import Observer
from labs.scenarios.stack_tasks import PACKAGES, Way
from labs.scenarios.stack_tasks.settings import left_behind, settings
from labs.stack import packages

Table = dict[str, Any]
INSIDE = Path(__file__).parent / "inside"
READY_S, ANSWER_S, LEAVES_S = 40.0, 40.0, 5.0
"""Bounds, not measures: on a busy machine Celery takes long to come up."""
LOOK_S = 0.02


@dataclass
class Going:
    """What a checklist needs: ask the client, start a worker, look at the log, kill."""

    way: Way
    endpoint: Endpoint
    run: str
    log: Path
    observer: Observer
    _ends: contextlib.ExitStack
    workers: dict[str, packages.Program] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._client = self._start("client.py", self.run)

    def _start(self, script: str, name: str, **more: object) -> packages.Program:
        report = partial(self.observer.progress, 0.0)
        program = self._ends.enter_context(packages.program(PACKAGES, INSIDE / script, report=report))
        told = settings(self.way, self.endpoint, self.run, str(self.log), name=name, **more)
        program.tell(json.dumps(told))
        return program

    def ask(self, do: str, **arguments: object) -> Table:
        """What the client answers. BrokerError if it does not."""
        self._client.tell(json.dumps({"do": do, **arguments}))
        line = self._client.line(ANSWER_S)
        if line is None:
            raise BrokerError(f"Celery's client gave no answer to {do}: {last(self._client.errors())}. Run it again.")
        found: Table = json.loads(line)
        return found

    def start(self, name: str, queues: tuple[str, ...] = (), concurrency: int = 1) -> None:
        """Start a worker of these queues; `await_ready` waits for it."""
        queue = ",".join(f"{self.run}-{one}" for one in queues) or self.run
        self.workers[name] = self._start("worker.py", name, queue=queue, concurrency=concurrency)

    def await_ready(self, name: str) -> None:
        """Until it takes tasks. BrokerError with its last words if it ends before, or is too late."""
        worker = self.workers[name]

        def up() -> bool:
            if worker.code is not None:
                raise BrokerError(f"The Celery worker {name} ended with {worker.code}: {last(worker.errors())}.")
            return any(one["what"] == "ready" and one["worker"] == name for one in self.events())

        if not self.until(up, READY_S):
            raise BrokerError(f"The Celery worker {name} was not ready after {READY_S:g} s: {last(worker.errors())}.")

    def until(self, true: Callable[[], bool], within_s: float) -> bool:
        """Whether it became true by then."""
        give_up_s = time.monotonic() + within_s
        while not (found := true()) and time.monotonic() < give_up_s:
            self.observer.check("between two looks at the log")
            time.sleep(LOOK_S)
        return found

    def events(self) -> list[Table]:
        """The log until now, in its order."""
        if not self.log.exists():
            return []
        whole = self.log.read_text("utf-8").rpartition("\n")[0]
        return [json.loads(line) for line in whole.splitlines()]

    def done(self, *numbers: int) -> bool:
        """Whether each of these tasks has ended at least once."""
        ended = {one["number"] for one in self.events() if one["what"] == "done"}
        return ended.issuperset(numbers)

    def kill(self, name: str) -> bool:
        """SIGKILL to a worker and to its pool; whether the system says that it died of it."""
        worker = self.workers.pop(name)
        worker.kill()
        worker.end()
        return worker.code == -signal.SIGKILL

    def leave(self) -> None:
        """Ask all to go, so that Kafka need not miss them; who does not is killed."""
        for worker in self.workers.values():
            worker.signal(signal.SIGTERM)
        give_up_s = time.monotonic() + LEAVES_S
        for worker in self.workers.values():
            worker.wait(give_up_s - time.monotonic())


def last(said: str) -> str:
    """The last line of what a process wrote."""
    return ([line.strip() for line in said.splitlines() if line.strip()] or ["it said nothing"])[-1][:300].rstrip(".")


@contextlib.contextmanager
def going(way: Way, endpoint: Endpoint, observer: Observer) -> Iterator[Going]:
    """A client against that broker, and nothing of the run afterwards: no process, no queue, key or topic."""
    run = f"labs-{os.getpid()}-{secrets.token_hex(4)}"
    names, exchanges = left_behind(way, run)
    undo = import_module(f"labs.brokers.{endpoint.broker}.admin").undo
    made = journal.note(endpoint, names, exchanges=exchanges)
    try:
        with contextlib.ExitStack() as ends, tempfile.TemporaryDirectory(prefix="labs-tasks-") as folder:
            found = Going(way, endpoint, run, Path(folder) / "log", observer, ends)
            try:
                yield found
            finally:
                found.leave()
    finally:
        journal.settle(made, lambda entry: undo(endpoint, entry))
