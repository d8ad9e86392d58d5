"""The recorded files of the book: what pages, panels and the claim board read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from labs.digest import load
from labs.places import RECORDED


def recorded(lab: str, folder: Path | None = None) -> dict[str, Any] | None:
    """The recorded file of a lab, or None if nothing is recorded yet. Raises RunFileError if it is damaged."""
    path = Path(folder or os.environ.get("LABS_RUNS") or RECORDED) / f"{lab}.json"
    return load(path) if path.exists() else None


def recorded_on(file: dict[str, Any]) -> str:
    """The day of the recording (or its first and last day), from the run cards."""
    dates = sorted({str(d["card"].get("date", ""))[:10] for d in file["digests"]} - {""})
    return " to ".join(dict.fromkeys([*dates[:1], *dates[-1:]]))
