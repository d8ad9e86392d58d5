"""What we ask of the kernel for a process of ours. Elsewhere than on Linux nothing happens."""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import struct
import sys
from pathlib import Path

_PR_SET_PDEATHSIG, _PR_SET_TIMERSLACK, _PR_SET_CHILD_SUBREAPER = 1, 29, 36
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def _ask(what: int, value: int) -> None:
    if _LIBC:
        _LIBC.prctl(what, value, 0, 0, 0)


def die_with_parent(number: signal.Signals = signal.SIGKILL) -> None:
    """The calling process is sent this signal when its parent dies; whether it had died before, os.getppid says."""
    _ask(_PR_SET_PDEATHSIG, number)


def adopt_orphans() -> None:
    """Grandchildren that lose their parent become our children."""
    _ask(_PR_SET_CHILD_SUBREAPER, 1)


def sleep_exactly() -> None:
    """A sleep of the calling thread ends when it should, and not up to 50 us later."""
    _ask(_PR_SET_TIMERSLACK, 1)


_SCHED_SETATTR = {"x86_64": 314, "aarch64": 274}
"""The number of the system call sched_setattr(2), which Python has no name for, by platform.machine()."""
SLICE_NS = 100_000
"""The shortest that the kernel takes."""


def wake_promptly() -> bool:
    """Whoever wakes the calling process is obeyed at once more often: it asks for short turns on the processor.

    Among processes of equal weight Linux from 6.12 on lets one that asks for short turns go before one in a long turn
    (EEVDF, PREEMPT_SHORT in kernel/sched/features.h). Its share of the processor stays what it was, so nobody starves;
    that is what a priority does. False where it was not asked for: not Linux, or somebody has chosen a policy.
    """
    number = _SCHED_SETATTR.get(platform.machine())
    if not _LIBC or number is None or os.sched_getscheduler(0) != os.SCHED_OTHER:
        return False
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    # struct sched_attr: size, policy, flags, nice, priority, runtime, deadline, period
    asked = struct.pack("=IIQiIQQQ", 48, os.SCHED_OTHER, 0, nice, 0, SLICE_NS, 0, 0)
    return bool(_LIBC.syscall(number, 0, asked, 0) == 0)


def written_back_s() -> float | None:
    """After how long the kernel writes changed pages of files to the disk by itself, s; None where it does not say."""
    try:
        return int(Path("/proc/sys/vm/dirty_expire_centisecs").read_text("ascii")) / 100
    except (OSError, ValueError):
        return None
