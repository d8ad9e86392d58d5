"""Where things are kept: the project's own folder and nothing outside it."""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from labs.model import environ

PROJECT = Path(__file__).resolve().parents[2]
RECORDED = PROJECT / "book" / "runs"
KEEP_RUNS = 300


def home() -> Path:
    """Where all that runs and was measured is kept: LABS_HOME, else `.labs` in the project. One spelling, whatever
    links lead there: processes are proven to be ours by it."""
    return Path(environ.read("LABS_HOME") or PROJECT / ".labs").resolve()


def cache() -> Path:
    """Where downloads are kept: LABS_CACHE, else `cache` in our home."""
    return Path(environ.read("LABS_CACHE") or home() / "cache").resolve()


def importable(environment: Mapping[str, str]) -> dict[str, str]:
    """The same environment, in which Python finds this package."""
    path = os.pathsep.join(filter(None, (str(PROJECT), environment.get("PYTHONPATH"))))
    return {**environment, "PYTHONPATH": path}


def runs_of(lab: str) -> Path:
    """Where the raw runs of that lab are kept."""
    return home() / "runs" / re.sub(r"[^a-z0-9-]", "-", lab)


def new_run_file(lab: str, profile: str) -> Path:
    """A fresh name for a raw run; the oldest beyond KEEP_RUNS are removed."""
    folder = runs_of(lab)
    for old in sorted(folder.glob("*.npz"))[:-KEEP_RUNS]:
        old.unlink(missing_ok=True)
    now_us = time.time_ns() // 1000
    when = time.strftime("%Y%m%d-%H%M%S", time.localtime(now_us // 1_000_000))
    return folder / f"{when}-{now_us % 1_000_000:06d}-{profile}.npz"


@contextmanager
def replacing(path: Path, mode: int = 0o644, *, flush: bool = False) -> Iterator[IO[bytes]]:
    """A file whose content takes the place of `path` in one step when the block ends well, and is nowhere if it does
    not: a reader sees the old or the new content, never half of it. With `flush` it is on the disk before."""
    handle, part = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fchmod(handle, mode)
            if flush:
                os.fsync(handle)
        Path(part).replace(path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Write a file that others may read, all or nothing; its folder is made if it is not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        file.write(text.encode())
