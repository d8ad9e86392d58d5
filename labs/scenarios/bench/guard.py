"""Who used the processor while one side had its turn: the broker, our own processes, and strangers."""

from __future__ import annotations

import contextlib
import os
import resource
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import psutil

from labs.judge.lift import NOBODY
from labs.judge.limit import BUSY, UNSEEN, Stamp, exhausted
from labs.judge.saturation import all_taken, full_thread, others_cores, used_text
from labs.judge.threads import Busiest
from labs.model import processors
from labs.model.endpoint import Endpoint
from labs.model.processors import Room, room_in
from labs.model.workload import NS_PER_S
from labs.record.usage import tree
from labs.record.watchdog import Watchdog
from labs.scenarios.bench.thread_watch import ThreadWatch


@dataclass
class Turn:
    """Means over one turn, in cores; filled when it ends."""

    took_s: float = 0.0
    cores: dict[str, float | None] = field(default_factory=dict)
    foreign: float = 0.0
    threads: Mapping[str, Busiest] = field(default_factory=dict)
    """The busiest thread of the broker, and of the client's processes in the second half of each one's life, since
    Java begins cold."""
    room: Room = field(default_factory=lambda: room_in({}))
    void: str = ""
    """That this process stood still meanwhile, and so perhaps the machine; empty if it did not."""


@contextlib.contextmanager
def turn(endpoint: Endpoint) -> Iterator[Turn]:
    """Watch the processors while inside. Client time counts children that have ended, so a side waits for its own."""
    found = Turn()
    looked = processors.look(endpoint.pids)
    broker = {process.pid for process in tree(endpoint.pids)}
    began_s, before, ours = time.monotonic(), _by_process(), _our_s()
    with Watchdog() as watchdog, ThreadWatch(endpoint.pids) as threads:
        yield found
    found.threads = threads.busiest()
    found.void = "; ".join(f"{what} for {(until - since) / NS_PER_S:.1f} s" for since, until, what in watchdog.found)
    found.room = processors.room_in({"processors": looked.until(processors.look(endpoint.pids))})
    found.took_s = time.monotonic() - began_s
    after = _by_process()
    spent = {key: used - before.get(key, 0.0) for key, used in after.items()}
    mine = {os.getpid(), *(child.pid for child in psutil.Process().children(recursive=True))} - broker
    broker_s = sum(used for (pid, _), used in spent.items() if pid in broker)
    foreign_s = sum(used for (pid, _), used in spent.items() if pid not in broker and pid not in mine)
    living_s = sum(used for (pid, _), used in spent.items() if pid in mine and pid != os.getpid())
    found.cores = {
        "broker": broker_s / found.took_s if broker else None,
        "client": (_our_s() - ours + living_s) / found.took_s,
    }
    found.foreign = max(foreign_s, 0.0) / found.took_s


def _by_process() -> dict[tuple[int, float], float]:
    """CPU seconds of every process, keyed so that a reused number is another process."""
    found = {}
    for process in psutil.process_iter(["cpu_times", "create_time"]):
        times = process.info["cpu_times"]
        if times:
            found[process.pid, process.info["create_time"]] = times.user + times.system
    return found


def _our_s() -> float:
    """CPU seconds of this process and of its children that have been waited for."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def limit(broker: str, took: Turn, client_cores: float = 1.0) -> tuple[str, Stamp]:
    """Who had no CPU left, in words and in one; the client has `client_cores` to use, and no thread of it more than
    one."""
    used, ours, room, threads = took.cores["broker"], took.cores["client"] or 0.0, took.room, took.threads
    said, mine = used_text(used, [ours], threads), threads.get("client")
    full = full_thread(threads, room)
    busiest = max(ours / min(client_cores, room.whole) if client_cores > 1 else ours, mine.cores if mine else 0.0)
    words = {
        "broker-bound": f"{full.words} was full" if full else "the broker ran out of CPU",
        "client-bound": f"{mine.words} was full" if mine and mine.cores > BUSY else "the client ran out of CPU",
        "machine-bound": all_taken({"broker": used, "client": ours, "foreign": took.foreign}, room),
    }
    others = others_cores({"broker": used, "client": ours, "foreign": took.foreign}, room)
    if stamp := exhausted(broker, used, busiest, ours, room=room, others=others, threads=threads):
        return f"{words[stamp]} ({said})", stamp
    return (f"{UNSEEN} ({said})", "unknown") if used is None else (f"{NOBODY} ({said})", "not-full")
