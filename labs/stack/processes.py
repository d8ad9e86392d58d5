"""Proofs about processes: which ones are ours, since when, and who listens where. Linux first, psutil elsewhere.

A pid alone proves nothing, for pids are used again. Proof is the pid with its start time, and the marks that
everything started here carries in its environment.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import psutil

from labs.model.facts import Facts

MARK, MARK_HOME, MARK_OWNER = "LABS_STACK", "LABS_STACK_HOME", "LABS_STACK_OWNER"
MARK_BROKER = "LABS_STACK_BROKER"


T = TypeVar("T")


def awaited(look: Callable[[], T], within_s: float, every_s: float = 0.02) -> T:
    """What `look` gives as soon as that is true, or at the end of the time."""
    deadline = time.monotonic() + within_s
    while not (found := look()) and time.monotonic() < deadline:
        time.sleep(every_s)
    return found


def start_of(pid: int) -> float:
    """When the process started, in the kernel's own ticks; 0 if it is gone or only a zombie."""
    try:
        if sys.platform == "linux":
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            return 0.0 if fields[0] in "ZX" else float(fields[19])
        process = psutil.Process(pid)
        return 0.0 if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except (OSError, psutil.Error):
        return 0.0


def is_alive(pid: int, start: float) -> bool:
    """That very process still runs."""
    return pid > 0 and start > 0 and start_of(pid) == start


class Standing(StrEnum):
    """What may be said of a process that is written down; only GONE says that it has ended."""

    OURS = "ours"
    ANOTHERS = "another user's"
    HIDDEN = "not visible to this user"
    GONE = "gone"


def standing(pid: int, start: float) -> Standing:
    """Whether that very process still runs, and whether we may look into it: what it listens on, its environment.

    Where /proc shows each user only the own processes (hidepid), one that may not be signalled is HIDDEN: it is not
    known whether it is the one that started at `start`.
    """
    if is_alive(pid, start):
        return Standing.OURS if os.geteuid() in (0, _user_of(pid)) else Standing.ANOTHERS
    if pid <= 0 or Path(f"/proc/{pid}").exists():
        return Standing.GONE
    try:
        os.kill(pid, 0)
    except PermissionError:
        return Standing.HIDDEN
    except OSError:
        pass
    return Standing.GONE


def _user_of(pid: int) -> int:
    with contextlib.suppress(psutil.Error):
        return int(psutil.Process(pid).uids().effective)
    return -1


def marks(pid: int) -> dict[str, str]:
    """The process's environment, as far as we may see it."""
    try:
        return psutil.Process(pid).environ()
    except (OSError, psutil.Error):
        return {}


def marked(home: Path) -> dict[str, list[int]]:
    """All living processes that carry the marks of this home, by stack."""
    found: dict[str, list[int]] = {}
    for pid in psutil.pids():
        seen = marks(pid)
        if seen.get(MARK) and seen.get(MARK_HOME) == str(home) and start_of(pid):
            found.setdefault(seen[MARK], []).append(pid)
    return found


def owner_lives(pid: int) -> bool:
    """The process that started the marked process `pid` still runs."""
    number, _, start = marks(pid).get(MARK_OWNER, "").partition(":")
    return bool(number) and is_alive(int(number), float(start or 0))


def listeners(pid: int) -> set[tuple[str, int]]:
    """Every address and port on which the process listens."""
    try:
        found = psutil.Process(pid).net_connections(kind="inet")
    except (OSError, psutil.Error):
        return set()
    return {
        (entry.laddr.ip.removeprefix("::ffff:"), entry.laddr.port)
        for entry in found
        if entry.status == psutil.CONN_LISTEN
    }


def who_listens(port: int) -> str:
    """The process on that port in words, for messages."""
    try:
        entries = psutil.net_connections(kind="tcp")
    except (OSError, psutil.Error):
        entries = []
    for entry in entries:
        if entry.status == psutil.CONN_LISTEN and entry.laddr and entry.laddr.port == port and entry.pid:
            with contextlib.suppress(psutil.Error):
                process = psutil.Process(entry.pid)
                return f"pid {entry.pid} `{process.name()}` of user {process.username()}"
    return "a process we may not see"


def family(pid: int) -> list[int]:
    """The process and all its descendants, parents first."""
    try:
        return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    except psutil.Error:
        return [pid]


def parent_of(pid: int) -> int:
    """The process that started it; 0 if it is gone."""
    try:
        return psutil.Process(pid).ppid()
    except psutil.Error:
        return 0


def send(pid: int, number: int) -> None:
    """Send a signal; a process that is gone is no error."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def me() -> Facts:
    """This process as proof for others."""
    return {"pid": os.getpid(), "start": start_of(os.getpid())}
