"""Who sends tasks and asks about them: a request a line on standard input, an answer a line on standard output."""

from __future__ import annotations

import contextlib
import json
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

from tasks_app import app, set_up  # type: ignore[import-not-found]  # beside this file, in Celery's environment

Table = dict[str, Any]
sent: dict[int, Any] = {}
seen: list[Table] = []
trouble: list[str] = []


def send(task: str, number: int, more: Sequence[Any] = (), **options: Any) -> Table:
    """One task; when it was sent."""
    began_ns = time.monotonic_ns()
    sent[number] = app.tasks[task].apply_async([number, *more], **options)
    return {"ns": began_ns, "id": sent[number].id}


def many(
    task: str, first: int, count: int, *, within_s: float = 60.0, more: Sequence[Any] = (), **options: Any
) -> Table:
    """So many tasks one after the other, as fast as it goes: how many were sent, and how long that took."""
    began_ns, give_up_s = time.monotonic_ns(), time.monotonic() + within_s
    number = 0
    while number < count and time.monotonic() < give_up_s:
        app.tasks[task].apply_async([first + number, *more], ignore_result=True, **options)
        number += 1
    return {"sent": number, "took_ns": time.monotonic_ns() - began_ns}


def result(number: int, within_s: float) -> Table:
    """What the task gave back."""
    return {"value": sent[number].get(timeout=within_s)}


def ping(within_s: float) -> Table:
    """Who answers."""
    return {"answers": app.control.ping(timeout=within_s, limit=1)}


def inspect(within_s: float) -> Table:
    """What the workers say that they are doing."""
    return {"answers": app.control.inspect(timeout=within_s, limit=1).active() or {}}


def watch() -> Table:
    """Listen to the workers' events from now on."""
    threading.Thread(target=_listen, daemon=True).start()
    return {}


def _listen() -> None:
    try:
        with app.connection_for_read() as connection:
            receiver = app.events.Receiver(connection, handlers={"*": seen.append})
            while True:
                with contextlib.suppress(TimeoutError):
                    receiver.capture(limit=None, timeout=1.0, wakeup=True)
    except Exception as error:  # it is an answer
        trouble.append(f"{type(error).__name__}: {error}"[:300])


def events(number: int) -> Table:
    """Which events there were of that task and of workers."""
    task = sent[number].id
    found = {one["type"] for one in list(seen) if one.get("uuid") in (task, None)}
    return {"types": sorted(found), "said": trouble[:1]}


COMMANDS = {one.__name__: one for one in (send, many, result, ping, inspect, watch, events)}


def main() -> None:
    """Set up, then answer until the requests end. An error is an answer, too."""
    set_up(json.loads(sys.stdin.readline()))
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer: Table = COMMANDS[asked.pop("do")](**asked)
        except Exception as error:  # whoever asked decides what it means
            answer = {"error": f"{type(error).__name__}: {error}"[:300]}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
