"""What the owner of a stack may ask its supervisor to do to a broker: start it again, cut its power, fill its disk.

The supervisor does it because it alone is the brokers' parent: it knows which processes are theirs, sees them die,
and is in the mount namespace where their disk is.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from labs.model.errors import StackError
from labs.model.facts import Facts
from labs.model.workload import NS_PER_S
from labs.stack.processes import awaited, family, send

if TYPE_CHECKING:
    from labs.stack.supervisor import Supervisor

STOPPED_S, DEAD_S = 2.0, 10.0


def answer(supervisor: Supervisor, asked: Facts) -> Facts:
    """Do what is asked; what came of it, or what was in the way."""
    try:
        return {"ok": True} | VERBS[asked["verb"]](supervisor, asked["broker"], asked.get("amount", 0))
    except StackError as error:
        return {"ok": False, "happened": error.happened, "to_do": error.to_do}
    except OSError as error:
        return {"ok": False, "happened": f"{error}.", "to_do": "The log of the supervisor may say more."}


def _server(supervisor: Supervisor, broker: str) -> int:
    pid = next((pid for pid, name in supervisor.servers.items() if name == broker), 0)
    if not pid:
        why = supervisor.record["brokers"][broker]["why"] or "it has not started"
        raise StackError(f"breaking {broker}", f"it does not run: {why}.", "Start it first.")
    return pid


def _start(supervisor: Supervisor, broker: str, _amount: int) -> Facts:
    if broker in supervisor.servers.values():
        raise StackError(f"starting {broker}", "it still runs.", "Stop or kill it first.")
    supervisor.start(broker)
    return {}


def stand_still(pids: list[int], tried: str = "stopping a broker", within_s: float = STOPPED_S) -> None:
    """All processes are stopped; a signal takes a moment to arrive."""
    for pid in pids:
        send(pid, signal.SIGSTOP)
    if not awaited(lambda: all(is_stopped(pid) for pid in pids), within_s, 0.001):
        raise StackError(tried, "a process does not stand still.", "Try again.")


def is_stopped(pid: int) -> bool:
    """No thread of the process can run, or it is gone."""
    try:
        stats = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/stat")]
    except OSError:
        return True
    return all(text.rpartition(")")[2].split()[0] in "TtZX" for text in stats)


def _sync(supervisor: Supervisor, broker: str, _amount: int) -> Facts:
    pids = family(_server(supervisor, broker))
    stand_still(pids)
    try:
        supervisor.disk.sync()
    finally:
        for pid in pids:
            send(pid, signal.SIGCONT)
    return {}


def _cut(supervisor: Supervisor, broker: str, _amount: int) -> Facts:
    """Stop, cut, kill, in this order: otherwise the broker would acknowledge after the cut."""
    server = _server(supervisor, broker)
    pids = family(server)
    at_ns = time.monotonic_ns()
    stand_still(pids)
    try:
        facts = supervisor.disk.cut()
    except BaseException:
        for pid in pids:
            send(pid, signal.SIGCONT)
        raise
    for pid in pids:
        send(pid, signal.SIGKILL)
    deadline = time.monotonic() + DEAD_S
    while server in supervisor.servers or any(_is_there(pid) for pid in pids):
        if time.monotonic() > deadline:
            raise StackError(f"cutting the power of {broker}", "its processes did not die.", "See its log.")
        supervisor.reap()
        time.sleep(0.002)
    facts |= supervisor.disk.restore()
    why = supervisor.record["brokers"][broker]["why"]
    return {
        "at_ns": at_ns,
        "took_s": round((time.monotonic_ns() - at_ns) / NS_PER_S, 3),
        "pids": pids,
        "why": why,
    } | facts


def _is_there(pid: int) -> bool:
    return Path(f"/proc/{pid}/exe").is_symlink() and not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


VERBS: dict[str, Callable[[Supervisor, str, int], Facts]] = {
    "start": _start,
    "sync": _sync,
    "cut": _cut,
    "fill": lambda supervisor, _broker, amount: supervisor.disk.fill(amount),
    "free": lambda supervisor, _broker, _amount: supervisor.disk.free(),
    "slow": lambda supervisor, _broker, amount: supervisor.disk.slow(amount),
}
