"""Where things are kept: the project's own folder and nothing outside it."""

from __future__ import annotations

import os
import re
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
RECORDED = PROJECT / "book" / "runs"
KEEP_RUNS = 300


def home() -> Path:
    """Our runtime folder: LABS_HOME, else `.labs` in the project."""
    return Path(os.environ.get("LABS_HOME") or PROJECT / ".labs").absolute()


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


def write_text(path: Path, text: str) -> None:
    """Write a file that others may read, all or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, suffix=".part", delete=False, encoding="utf-8") as part:
        part.write(text)
    Path(part.name).chmod(0o644)
    Path(part.name).replace(path)
