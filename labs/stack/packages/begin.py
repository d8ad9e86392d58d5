"""The first lines of a script in a package set's interpreter: it and what it forks die with their parents.

    begin.py PARENT SCRIPT [ARGUMENT]...

This file runs in the set's interpreter, where nothing of ours can be imported: the standard library has to do.
"""

import ctypes
import os
import runpy
import signal
import sys

_PR_SET_PDEATHSIG = 1


_forking = {"pid": 0}


def _before_fork() -> None:
    _forking["pid"] = os.getpid()


def _die_with(parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it was killed before the kernel was told: no signal comes any more
        os._exit(1)


if __name__ == "__main__":
    parent, script = int(sys.argv[1]), sys.argv[2]
    _die_with(parent)
    # A pool of workers is made by forks, and they would outlive a kill.
    os.register_at_fork(before=_before_fork, after_in_child=lambda: _die_with(_forking["pid"]))
    sys.argv = sys.argv[2:]
    sys.path.append(os.path.dirname(script))  # noqa: PTH120 - last: a module beside it must not hide one of the set's
    runpy.run_path(script, run_name="__main__")
