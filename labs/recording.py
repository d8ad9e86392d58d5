"""Record a lab: every point of its grid, into the one file that the book reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from labs import digest, stack
from labs.digest import Digest
from labs.experiments.base import Experiment, Settings
from labs.places import RECORDED
from labs.profile import BROKERS
from labs.recorder import Watch


def points(lab: Experiment, repeats: int | None = None) -> list[Settings]:
    """The settings of every point, with another number of repeats if given."""
    changed = {"repeats": repeats} if repeats else {}
    return [lab.settings(point | changed) for point in lab.grid()]


def record_lab(lab: Experiment, settings: Sequence[Settings], folder: Path | None, watch: Watch) -> Path:
    """Measure all points and write the recorded file at the end; an interrupted recording changes nothing."""
    digests: list[Digest] = []
    needed = (*BROKERS, "memory") if lab.controls else ()
    with stack.session(needed, report=lambda text: watch.progress(0.0, text)):
        for at, point in enumerate(settings):
            digests += lab.run(point, _part(watch, at, len(settings)))
    path = (folder or RECORDED) / f"{lab.name}.json"
    digest.save(path, lab.name, digests, digests[0]["card"])
    return path


def _part(watch: Watch, at: int, parts: int) -> Watch:
    return Watch(lambda fraction, text: watch.progress((at + fraction) / parts, text), watch.cancelled)
