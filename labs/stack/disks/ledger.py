"""A power cut without root: a preloaded library notes each file's length at each flush, and the cut goes back to it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from labs.model.facts import Facts
from labs.stack.disks import shim
from labs.stack.disks.plain import Plain


class Ledger(Plain):
    """A cut takes back what the preloaded library did not see flushed since the last `sync`."""

    def __init__(self, folder: Path, data: Path) -> None:
        super().__init__(folder, data)
        self.shim, self.copy = shim.Shim(folder), folder / "durable"
        self.known: dict[tuple[int, int], Path] = {}

    def begin(self) -> None:
        """The library and its two files."""
        self.shim.begin()

    def env(self, run: Path) -> dict[str, str]:
        """Preload the library."""
        return self.shim.env(run)

    def sync(self) -> None:
        """Keep a copy of all that is durable now. StackError if the library is not in the broker."""
        self.shim.counts()
        shutil.rmtree(self.copy, ignore_errors=True)
        subprocess.run(["cp", "-a", "--sparse=always", str(self.data), str(self.copy)], check=True)
        self.known = {_identity(path): self.copy / path.relative_to(self.data) for path in _files(self.data)}
        self.shim.forget()

    def cut(self) -> Facts:
        """Nothing to do: what was flushed until now is written down; when each flush was over, ns, monotonic."""
        done = self.shim.records()["at_ns"]
        return {"flushes": len(done), "flushed_at_ns": [int(at) for at in done]}

    def restore(self) -> Facts:
        """Shorten, put back or remove every file to what was surely durable; gives the bytes dropped."""
        lengths = {(int(r["device"]), int(r["inode"])): int(r["length"]) for r in self.shim.records()}
        dropped = shortened = removed = 0
        for path in list(_files(self.data)):
            before, who = path.stat().st_size, _identity(path)
            if who in lengths:
                after = min(lengths[who], before)
                if after < before:
                    os.truncate(path, after)
            elif who in self.known:
                after = self._put_back(path, self.known[who], before)
            else:
                path.unlink()
                after, removed = 0, removed + 1
            shortened += after < before
            dropped += max(before - after, 0)
        return {"dropped_bytes": dropped, "shortened_files": shortened, "removed_files": removed}

    @staticmethod
    def _put_back(path: Path, durable: Path, before: int) -> int:
        """The content of the last sync, unless nothing was changed."""
        then = durable.stat()
        if (path.stat().st_mtime_ns, before) != (then.st_mtime_ns, then.st_size):
            shutil.copyfile(durable, path)
        return then.st_size

    def slow(self, wait_ns: int) -> Facts:
        """Every flush waits first; gives the flushes seen and those that waited until now."""
        self.shim.slow(wait_ns)
        seen, waited = self.shim.counts()
        return {"flushes": seen, "slowed": waited}


def _files(root: Path) -> list[Path]:
    return [path for path in sorted(root.rglob("*")) if path.is_file() and not path.is_symlink()]


def _identity(path: Path) -> tuple[int, int]:
    about = path.stat()
    return about.st_dev, about.st_ino
