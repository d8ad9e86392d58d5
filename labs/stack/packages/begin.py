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


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    parent, script = int(sys.argv[1]), sys.argv[2]
    _die_with_parent()
    if os.getppid() != parent:
        os._exit(1)
    os.register_at_fork(after_in_child=_die_with_parent)  # as a pool of workers is made; else they outlive a kill
    sys.argv = sys.argv[2:]
    sys.path.append(os.path.dirname(script))  # noqa: PTH120 - last: a module beside it must not hide one of the set's
    runpy.run_path(script, run_name="__main__")
