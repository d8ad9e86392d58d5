"""What is to be recorded, why, and how long it will take: by what is recorded, by what runs here, and as it goes on."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labs import stack
from labs.experiments.base import Experiment, Settings
from labs.experiments.rounds import Rounds, key_of, rules_of, servers
from labs.judge import recording
from labs.judge.card import SERVERS
from labs.judge.recording_journal import Part
from labs.model.profile import BROKERS
from labs.model.run import RunFileError


def versions_here(backend: str) -> dict[str, str]:
    """Server -> its name and version, of the brokers that a recording would be made with; they are started for it."""
    with stack.session(BROKERS, backend, report=silent) as found:
        return {SERVERS[name]: f"{SERVERS[name]} {one.version}" for name, one in found.items()}


def silent(_text: str) -> None:
    """What is told while brokers start and stop only to be asked, or ten times over."""


def why_due(lab: Experiment, path: Path, versions: Mapping[str, str]) -> str:
    """Why this recorded file is to be made anew, in words; empty if it is up to date."""
    if not path.exists():
        return "not recorded"
    try:
        file = recording.load(path)
    except RunFileError:
        return "the file cannot be read"
    told = file.card.get("recording")
    if not isinstance(told, Mapping) or told.get("rules") != rules_of(lab):
        return "other rules of recording, other points or other settings"
    for digest in file.digests:
        for name, then in servers(digest.card, digest.settings).items():
            if name in versions and then.split()[: len(versions[name].split())] != versions[name].split():
                return f"recorded with {then}, here runs {versions[name]}"
    return ""


def expected_s(lab: Experiment, points: Sequence[Settings], path: Path) -> list[float]:
    """Seconds that each point takes in one round: as in the recorded file, or as the lab says of itself."""
    try:
        told: Any = recording.read_json(path)["card"]["recording"]
    except (OSError, KeyError, TypeError, RunFileError):
        told = {}
    known = told.get("point_s", []) if told.get("rules") == rules_of(lab) else []
    whole = {key_of(lab.settings(point)): seconds for point, seconds in zip(lab.grid(), known, strict=False)}
    return [whole.get(key_of(point), lab.point_s) for point in points]


@dataclass
class Agenda:
    """Everything that one call is to measure, and what it has measured of it."""

    todo: dict[tuple[str, str, int], float] = field(default_factory=dict)
    """Lab, point and round -> the seconds that it is expected to take."""
    took: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    count: int = 0

    def add(self, rounds: Rounds, seconds: Sequence[float]) -> None:
        """What is left of these rounds; `seconds` that a point is expected to take."""
        for number, at in rounds.left():
            self.todo[rounds.lab.name, key_of(rounds.points[at]), number] = seconds[at]
        for part in rounds.journal.parts():
            self.took[rounds.lab.name, part.key].append(part.took_s)
        self.count = len(self.todo)

    def done(self, lab: str, part: Part) -> None:
        """A part is measured."""
        self.took[lab, part.key].append(part.took_s)
        self.todo.pop((lab, part.key, part.round), None)

    def left_s(self) -> float:
        """Seconds for what is left: each point as it took before, else as expected."""
        return sum(self._one(lab, key, expected) for (lab, key, _), expected in self.todo.items())

    def _one(self, lab: str, key: str, expected: float) -> float:
        took = self.took.get((lab, key))
        return statistics.fmean(took) if took else expected
