"""Runs whose recorder was killed: find what it had written, and clear it away when nobody came for it."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from labs.record.spool import Spool, far_root, root

KEEP_S = 7 * 86_400.0
"""A run that nobody asked for within a week is not missed."""
MOMENT_S = 60.0
"""Younger folders may be about to be locked."""


def unfinished() -> list[Spool]:
    """The spools that no recorder holds any more, oldest first."""
    return [Spool(folder) for folder in sorted(root().glob("*/")) if not in_use(folder)]


def in_use(folder: Path) -> bool:
    """Whether a recorder that lives writes there."""
    try:
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def clear_far() -> None:
    """Remove halves of runs that a killed far worker left on this machine; nobody can judge a half."""
    for folder in far_root().glob("*/"):
        with suppress(OSError):
            if not in_use(folder) and time.time() - folder.stat().st_mtime > MOMENT_S:
                shutil.rmtree(folder, ignore_errors=True)


def clear(report: Callable[[str], None]) -> None:
    """Remove unfinished runs older than KEEP_S; say of the others where they are and how long they stay."""
    clear_far()
    for spool in unfinished():
        try:
            age_s = time.time() - spool.folder.stat().st_mtime
        except OSError:
            continue  # somebody else has cleared it
        if age_s > KEEP_S:
            shutil.rmtree(spool.folder, ignore_errors=True)
            report(f"removed an unfinished run from {age_s / 86_400:.0f} days ago ({spool.folder.name})")
        else:
            left = (KEEP_S - age_s) / 86_400
            report(f"an unfinished run is kept for {left:.0f} more days ({spool.folder.name}): labs verify judges it")
