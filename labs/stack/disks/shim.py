"""The library that is preloaded into a broker to learn what it flushed, and to make its disk slow: no root needed."""

from __future__ import annotations

import hashlib
import mmap
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

from labs.model.errors import StackError
from labs.model.kernel import die_with_parent
from labs.model.paths import cache
from labs.stack.state import make_folder

SOURCE = Path(__file__).with_name("shim.c")
RECORD = np.dtype([("device", "<u8"), ("inode", "<u8"), ("length", "<u8"), ("at_ns", "<u8")])
BOARD_BYTES = 4096
COMPILERS = ("cc", "gcc", "clang", "tcc")


def why_not() -> str | None:
    """None if the library can be made and preloaded here; else the reason and the cure."""
    if sys.platform != "linux":
        return "Preloading a library into a broker is done on Linux only."
    if not _built().exists() and not _compiler():
        return "There is no C compiler for the preloaded library. Debian and Ubuntu: apt install gcc libc6-dev"
    return None


def library() -> Path:
    """The compiled library, made once per version of its source; StackError says why it cannot be had."""
    built = _built()
    if built.exists():
        return built
    if reason := why_not():
        raise StackError("making the preloaded library", reason, "Or cut the power as root: `labs doctor`.")
    make_folder(built.parent)
    partial = built.with_suffix(f".{id(built):x}")
    command = [_compiler(), "-shared", "-fPIC", "-O2", "-o", str(partial), str(SOURCE), "-ldl"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=die_with_parent)
    if done.returncode:
        partial.unlink(missing_ok=True)
        said = (done.stderr.strip().splitlines() or ["no message"])[0]
        raise StackError("making the preloaded library", f"{command[0]} said: {said}.", "Install gcc and libc6-dev.")
    partial.replace(built)
    return built


def _built() -> Path:
    return cache() / f"shim-{hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:12]}.so"


def _compiler() -> str:
    return next(filter(None, map(shutil.which, COMPILERS)), "")


class Shim:
    """One stack's ledger and board; both lie outside the data folder, so that a cut does not touch them."""

    def __init__(self, folder: Path) -> None:
        self.ledger, self.board = folder / "shim-ledger", folder / "shim-board"

    def begin(self) -> None:
        """Empty files for the library to write to."""
        library()
        self.ledger.write_bytes(b"")
        self.board.write_bytes(bytes(BOARD_BYTES))

    def env(self, run: Path) -> dict[str, str]:
        """What makes a program load the library. By its path in the run folder: the loader splits at a space."""
        return {
            "LD_PRELOAD": f"{run}/cache/{library().name}",
            "LABS_SHIM_LEDGER": str(self.ledger),
            "LABS_SHIM_BOARD": str(self.board),
        }

    def records(self) -> npt.NDArray[np.void]:
        """Every flush that was done, in order, dtype RECORD."""
        whole = self.ledger.stat().st_size // RECORD.itemsize
        return np.fromfile(self.ledger, RECORD, whole)

    def forget(self) -> None:
        """Begin a new ledger."""
        self.ledger.write_bytes(b"")

    def slow(self, wait_ns: int) -> None:
        """From now on every flush waits so long first; 0 ends it."""
        with self.board.open("r+b") as file, mmap.mmap(file.fileno(), BOARD_BYTES) as page:
            page[:8] = struct.pack("<q", wait_ns)

    def counts(self) -> tuple[int, int]:
        """Flushes seen, and those that had to wait. StackError if no program has loaded the library."""
        seen, waited, loaded = struct.unpack("<qqq", self.board.read_bytes()[8:32])
        if not loaded:
            happened = f"it runs without {_built().name}: its flushes are not seen and all would count as lost."
            raise StackError("reading the flushes of a broker", happened, "Its log has the loader's words.")
        return seen, waited
