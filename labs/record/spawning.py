"""Worker processes: started with a fresh interpreter that does not run the caller's script again.

Python's own way to start one runs the main script a second time, in the worker. A script without the line
`if __name__ == "__main__":` then starts workers of its workers, and one that came through a pipe is no file that could
be run: either way the worker dies, and looks as if somebody had killed it. Ours need nothing out of that script.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import sys
import threading
from collections.abc import Iterator, MutableSequence
from importlib.machinery import ModuleSpec
from multiprocessing.context import SpawnProcess
from multiprocessing.popen_spawn_posix import Popen
from multiprocessing.process import BaseProcess
from multiprocessing.sharedctypes import RawArray
from pathlib import Path

from labs.model.errors import StackError

_PACKAGE = ModuleSpec("labs.__main__", None)  # a worker never runs the `__main__` of a package
_ONE_AT_A_TIME = threading.Lock()
_SHARED = Path("/dev/shm")  # noqa: S108 - where Linux keeps what processes share


class Process(SpawnProcess):
    """A process that does not run the caller's script."""

    @staticmethod
    def _Popen(process_obj: BaseProcess) -> Popen:  # noqa: N802 - multiprocessing's own name for how a process starts
        with _script_aside():
            return SpawnProcess._Popen(process_obj)


def integers(count: int) -> MutableSequence[int]:
    """So many integers, all 0, that processes share. StackError where this machine has not what is needed for that."""
    with _shared():
        shared: MutableSequence[int] = RawArray("q", count)
        return shared


def text(size: int) -> ctypes.Array[ctypes.c_char]:
    """So many bytes of text that processes share. StackError as above."""
    with _shared():
        shared: ctypes.Array[ctypes.c_char] = RawArray("c", size)
        return shared


@contextlib.contextmanager
def _script_aside() -> Iterator[None]:
    main = sys.modules["__main__"]
    with _ONE_AT_A_TIME:
        before, main.__spec__ = main.__spec__, _PACKAGE
        try:
            yield
        finally:
            main.__spec__ = before


@contextlib.contextmanager
def _shared() -> Iterator[None]:
    try:
        yield
    except (OSError, ImportError) as error:
        raise _not_shared(error) from error


def _not_shared(error: OSError | ImportError) -> StackError:
    number = error.errno if isinstance(error, OSError) else None
    known = {errno.ENOENT: "is missing", errno.EACCES: "cannot be written to", errno.ENOSPC: "is full"}
    happened = f"{_SHARED}, by which they share their state, {known.get(number or 0, f'is of no use ({error})')}."
    cure = "Free some space there." if number == errno.ENOSPC else "Run: sudo mount -m -t tmpfs -o mode=1777 tmpfs "
    return StackError("starting the worker processes", happened, cure + ("" if cure[-1] == "." else str(_SHARED)))
