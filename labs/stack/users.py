"""Who uses a session's brokers: whoever started them and everybody who found them running. The last one ends them.

A user holds a shared lock on the stack's `.users` file, which the kernel lets go of however he ends; so threads of one
kernel and commands started in one of its cells are counted alike.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Protocol

from labs.model import paths
from labs.model.endpoint import Endpoint
from labs.stack import registry, state

LOOK_S = 0.1


class Started(Protocol):
    """A stack that this process has started."""

    id: str

    def stop(self) -> None: ...


def users_file(stack: str) -> Path:
    """Locked by everybody who uses the stack; gone with it."""
    return paths.home() / "stacks" / f"{stack}.users"


class Use:
    """One user of one stack, until `leave`."""

    def __init__(self, stack: str) -> None:
        path = state.make_folder(users_file(stack).parent) / users_file(stack).name
        self.stack = stack
        self._lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def join(self) -> bool:
        """Whether we are a user now; not where the last one is about to end it."""
        return self._take(fcntl.LOCK_SH)

    def is_last(self) -> bool:
        """Whether nobody else uses it; nobody can join then."""
        return self._take(fcntl.LOCK_EX)

    def leave(self) -> None:
        """No longer a user."""
        lock, self._lock = self._lock, -1
        if lock >= 0:
            os.close(lock)

    def _take(self, kind: int) -> bool:
        try:
            fcntl.flock(self._lock, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def first(started: Started, report: Callable[[str], None], *, alone: bool) -> Callable[[], None]:
    """Whoever starts a stack is its first user, before anybody can find it; `alone` for ever its only one.

    Gives what ends it: at once if nobody else uses it, else when the last one has left. If this process ends before,
    they end with it.
    """
    use = Use(started.id)
    if alone:
        use.is_last()
    else:
        use.join()
    return partial(_end, started, use, report)


def _end(started: Started, use: Use, report: Callable[[str], None]) -> None:
    if use.is_last():
        _stop(started, use)
        return
    report("another run still uses these brokers: they end with the last one")
    stop = partial(_stop, started, use)
    atexit.register(stop)
    threading.Thread(target=_after_all, args=(use, stop), name="labs-last-user", daemon=True).start()


def _after_all(use: Use, stop: Callable[[], None]) -> None:
    while not use.is_last():
        time.sleep(LOOK_S)
    atexit.unregister(stop)
    stop()


def _stop(started: Started, use: Use) -> None:
    try:
        started.stop()
        users_file(started.id).unlink(missing_ok=True)
    finally:
        use.leave()


def not_shared() -> set[str]:
    """The sessions that nobody can join: somebody's alone, or just ending."""
    found = set()
    for record in state.stacks():
        if record["owner"] == "session":
            use = Use(record["id"])
            if not use.join():
                found.add(record["id"])
            use.leave()
    return found


def join(found: dict[str, Endpoint]) -> list[Use]:
    """Become a user of the sessions whose brokers these are. Of one that cannot be shared, for it is somebody's alone
    or just ending, the brokers are dropped from `found`."""
    uses: list[Use] = []
    for record in state.stacks():
        names = [one for one, place in found.items() if registry.is_of(record, place)]
        if record["owner"] != "session" or not names:
            continue
        use = Use(record["id"])
        if use.join() and record["id"] in {one["id"] for one in state.stacks() if not one["ending"]}:
            uses.append(use)
            continue
        use.leave()
        for name in names:
            del found[name]
    return uses
