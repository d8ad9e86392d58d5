"""Where the recorded runs are, and what a panel replays from them."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path
from typing import Any

from labs.digest import load
from labs.experiments.base import Experiment
from labs.widgets.state import State, panel_state

ROOT = Path(str(files("labs"))).parent
RUNS = ROOT / "book" / "runs"


def recorded(lab: str, folder: Path | None = None) -> dict[str, Any] | None:
    """The recorded file of a lab, or None if nothing is recorded yet. Raises RunFileError if it is damaged."""
    path = Path(folder or os.environ.get("LABS_RUNS") or RUNS) / f"{lab}.json"
    return load(path) if path.exists() else None


def recorded_on(file: dict[str, Any]) -> str:
    """The day of the recording, from the file's own words or its digests' run cards."""
    dates = sorted({str(d["card"].get("date", ""))[:10] for d in file["digests"]} - {""})
    return str(file.get("recorded_at", ""))[:10] or " to ".join(dict.fromkeys([*dates[:1], *dates[-1:]]))


def recorded_state(experiment: Experiment, folder: Path | None = None) -> State:
    """The panel's state from the recorded file; no views if there is none."""
    file = recorded(experiment.name, folder)
    if file is None:
        return panel_state(experiment, [])
    return panel_state(experiment, file["digests"], recorded_on(file))
