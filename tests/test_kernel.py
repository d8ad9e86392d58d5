"""What we ask of the kernel for our workers, as the kernel itself says it afterwards."""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import subprocess
import sys
import threading
import time

import pytest

from labs import stack
from labs.model import kernel
from labs.model.profile import profile
from labs.model.workload import Ceiling, Load, Workload
from labs.record.recorder import record
from tests.worker_processes import workers

GETATTR = {"x86_64": 315, "aarch64": 275}.get(platform.machine())
NEW = sys.platform == "linux" and tuple(map(int, platform.release().split(".")[:2])) >= (6, 12) and GETATTR
pytestmark = pytest.mark.skipif(not NEW, reason="before Linux 6.12 a process cannot ask for short turns")


def asked(pid: int) -> tuple[int, int, int]:
    """(policy, nice, ns of a turn) of a process."""
    found = ctypes.create_string_buffer(56)
    assert ctypes.CDLL(None).syscall(GETATTR, pid, found, 56, 0) == 0
    _, policy, _, nice, _, turn_ns, _, _ = struct.unpack("=IIQiIQQQ", found.raw[:48])
    return policy, nice, turn_ns


def test_who_asks_for_short_turns_keeps_its_share_of_the_processor() -> None:
    code = (
        "import os, sys; from labs.model import kernel; os.nice(3); print(kernel.wake_promptly(), flush=True); input()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=-1, stdout=-1, text=True) as process:
        assert process.stdout
        assert process.stdout.readline().strip() == "True"
        assert asked(process.pid) == (os.SCHED_OTHER, os.getpriority(os.PRIO_PROCESS, 0) + 3, kernel.SLICE_NS)
        process.communicate("\n")


def test_who_has_a_policy_of_somebody_elses_keeps_it() -> None:
    code = "import os; os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0));"
    code += "from labs.model import kernel; print(kernel.wake_promptly(), os.sched_getscheduler(0) == os.SCHED_BATCH)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


@pytest.mark.parametrize(
    ("load", "short"), [(Workload(rate_per_s=200, duration_s=2, warmup_s=0), True), (Ceiling(messages=400_000), False)]
)
def test_workers_of_a_timetable_ask_for_short_turns_and_those_of_a_ceiling_do_not(load: Load, short: bool) -> None:
    seen: set[bool] = set()
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            time.sleep(0.5)  # they ask with their first line, after Python has started
            seen.update(asked(one.pid)[2] == kernel.SLICE_NS for one in workers()) if not over.is_set() else None

    with stack.session(("memory",), "native") as there:
        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            record(there["memory"], profile("memory"), load)
        finally:
            over.set()
            watcher.join()
    assert (True in seen) is short
