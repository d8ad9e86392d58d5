"""What we ask of the kernel for a process of ours. Elsewhere than on Linux nothing happens."""

from __future__ import annotations

import ctypes
import signal
import sys

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
