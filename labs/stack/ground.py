"""What a broker's data lies on: the file system, and how long one flush of a small append takes there."""

from __future__ import annotations

import contextlib
import os
import statistics
import tempfile
import time
from functools import cache
from pathlib import Path

from labs.model.machine import PROC, UNSEEN

FLUSHES, LONGEST_S, BYTES = 100, 0.5, 512
NS_PER_MS = 1_000_000


@cache
def told(folder: Path) -> dict[str, str | float]:
    """`file_system` in words and `fsync_ms`, the median over FLUSHES fdatasyncs; without the latter where nothing can
    be written there. Asked once a process: a flush costs the disk that is about to be measured."""
    found: dict[str, str | float] = {"file_system": UNSEEN}
    with contextlib.suppress(OSError):  # not ours to look into, or of an engine in a virtual machine
        if folder.is_dir():
            found["file_system"] = file_system(folder) or UNSEEN
            found["fsync_ms"] = round(flush_ms(folder), 4)
    return found


def flush_ms(folder: Path) -> float:
    """Median time of a small append with fdatasync in this folder, ms; LONGEST_S at most is spent on it."""
    times: list[int] = []
    with tempfile.TemporaryFile(dir=folder) as file:
        until_s = time.monotonic() + LONGEST_S
        while len(times) < FLUSHES and (not times or time.monotonic() < until_s):
            began_ns = time.perf_counter_ns()
            os.write(file.fileno(), b"x" * BYTES)
            getattr(os, "fdatasync", os.fsync)(file.fileno())
            times.append(time.perf_counter_ns() - began_ns)
    return statistics.median(times) / NS_PER_MS


def file_system(folder: Path) -> str:
    """Its kind, by the innermost mount that holds the folder; empty where the system does not say."""
    best, kind = "", ""
    try:
        real, lines = folder.resolve(), (PROC / "self" / "mountinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    for line in lines:
        before, _, after = line.partition(" - ")
        where = before.split()[4].encode().decode("unicode_escape")
        if real.is_relative_to(where) and len(where) >= len(best):
            best, kind = where, after.split()[0]
    return kind
