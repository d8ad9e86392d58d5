"""The application: its tasks, which write down when they begin and end, and its settings, the same for every broker."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from celery import Celery, signals

HOLDS_S = 60.0
"""How long a task waits that is to be killed in the middle."""


class Application(Celery):
    """Celery as it is, but that the queue of results bears the run's name: so it can be found and removed."""

    @property
    def thread_oid(self) -> str:
        return f"{HERE['run']}-results-{os.getpid()}"


app = Application("labs")
HERE: dict[str, Any] = {"run": "", "log": "", "name": ""}


def set_up(settings: dict[str, Any]) -> None:
    """What this process is, before Celery begins its work."""
    HERE.update({name: settings[name] for name in HERE})
    app.conf.update(broker_url=settings["broker"], result_backend=settings["results"], **settings["conf"])


def write(what: str, number: int = -1, **more: object) -> None:
    """A line of the run's log; lines of several processes do not mix."""
    who: dict[str, Any] = {"worker": HERE["name"], "process": os.getpid()}
    entry = {"what": what, "number": number, **who, "ns": time.monotonic_ns(), **more}
    log = os.open(HERE["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(log, json.dumps(entry).encode() + b"\n")
    os.close(log)


def begun_before(number: int) -> bool:
    """Whether some worker has begun this task already."""
    lines = Path(HERE["log"]).read_text("utf-8").splitlines()
    return any(one["what"] == "begun" and one["number"] == number for one in map(json.loads, lines))


@signals.worker_ready.connect
def _ready(**_more: object) -> None:
    write("ready")


@app.task(name="work")
def work(number: int, seconds: float = 0.0) -> int:
    """Wait as for a neighbour, and give the number back."""
    write("begun", number)
    time.sleep(seconds)
    write("done", number)
    return number


@app.task(name="work_late", acks_late=True)
def work_late(number: int, seconds: float = 0.0) -> int:
    """The same, acknowledged when it is done and not before."""
    work.run(number, seconds)
    return number


@app.task(name="flaky", bind=True, max_retries=3)
def flaky(self: Any, number: int, fails: int) -> int:
    """Ask to be tried again so many times, then give the number back."""
    write("tried", number, retries=self.request.retries)
    if self.request.retries < fails:
        raise self.retry(countdown=0.2)
    write("done", number)
    return number


@app.task(name="hold")
def hold(number: int) -> int:
    """Be in the middle of work, for long the first time and at once the second."""
    again = begun_before(number)
    write("begun", number)
    time.sleep(0 if again else HOLDS_S)
    write("done", number)
    return number


@app.task(name="hold_late", acks_late=True)
def hold_late(number: int) -> int:
    """The same, acknowledged when it is done and not before."""
    hold.run(number)
    return number
