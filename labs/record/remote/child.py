"""A worker that a far executor starts: a process of its own, since nobody is punctual beside an executor's threads.

`python -m labs.record.remote.child FOLDER`: FOLDER holds the spool and the board; what to do comes by standard
input, pickled, from the process that started it and from no other.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import cast

from labs.model import environ
from labs.model.paths import importable
from labs.record import workers
from labs.record.load_generator import Slot
from labs.record.processes import WORDS_BYTES, Board, Context, ctrl_c_waits
from labs.record.spool import Spool
from labs.record.worker_pool import Role

BOARD, SAID = "board", "said"
ITEM = 8


def board_in(folder: Path) -> Board:
    """The board as a file that both processes map; made if it is not there."""
    with (folder / BOARD).open("a+b") as file:
        file.truncate(len(Slot) * ITEM)
        return cast(Board, memoryview(mmap.mmap(file.fileno(), len(Slot) * ITEM)).cast("q"))


def start(folder: Path, role: Role, *what: object) -> subprocess.Popen[bytes]:
    """Start a worker with that role; `what` is what it gets beside its spool."""
    command = [sys.executable, "-m", "labs.record.remote.child", str(folder), str(os.getpid())]
    with ctrl_c_waits():
        child = subprocess.Popen(command, stdin=subprocess.PIPE, env=importable(environ.NOW))
    assert child.stdin
    with child.stdin as pipe:
        pipe.write(pickle.dumps((role, what)))
    return child


def main(folder: Path, parent: int) -> None:
    """Do the work, and write down what broke."""
    role, what = pickle.load(sys.stdin.buffer)  # noqa: S301 - see above
    calls: dict[Role, Callable[..., None]] = {"producer": workers.produce, "consumer": workers.consume}
    here = Context(role, board_in(folder), parent, ctypes.create_string_buffer(WORDS_BYTES))
    here.carry_out(calls[role], *what, Spool(folder))
    (folder / SAID).write_text(here.told()[1], "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
