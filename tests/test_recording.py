"""Recording: which points are measured, and what becomes of the others; brokers are real where one is needed."""

import json
from pathlib import Path
from typing import Any

import pytest

from labs.experiments import experiment, record_grid
from labs.experiments.fault_lab import MATRIX as SETTINGS
from labs.experiments.record_grid import Recording, record_lab
from labs.experiments.rounds import Watcher
from labs.model.faults import ENDING
from labs.model.observer import UNOBSERVED
from labs.model.profile import UnknownNameError
from labs.model.run import RunFileError

MATRIX = experiment("loss-matrix")
REDIS = {"setting": "redis-list-none", "fault": "kill"}


def test_only_some_points_are_measured_when_asked_by_their_settings() -> None:
    assert len(record_grid.points(MATRIX)) == len(SETTINGS) * len(ENDING)
    assert [one["fault"] for one in record_grid.points(MATRIX, only={"setting": "kafka-flush"})] == [
        "stop",
        "kill",
        "power",
    ]
    assert len(record_grid.points(MATRIX, only=REDIS)) == 1
    with pytest.raises(UnknownNameError, match="setting"):
        record_grid.points(MATRIX, only={"seting": "kafka-flush"})
    with pytest.raises(ValueError, match="dry-run"):
        record_grid.points(MATRIX, only={"setting": "kafka-flash"})


def _record(settings: list[dict[str, Any]], how: Recording) -> None:
    record_lab(how.rounds(MATRIX, settings), how, Watcher(lambda _number, _point: UNOBSERVED))


@pytest.mark.long
@pytest.mark.broker
def test_a_point_measured_anew_replaces_itself_and_leaves_the_others(tmp_path: Path) -> None:
    path = tmp_path / "loss-matrix.json"
    first = record_grid.points(MATRIX, 1, {"setting": "redis-list-none", "fault": "kill"})
    other = record_grid.points(MATRIX, 1, {"setting": "redis-list-none", "fault": "stop"})
    _record([*first, *other], Recording("native", tmp_path))
    before = json.loads(path.read_text())
    _record(first, Recording("native", tmp_path, keep=True))
    after = json.loads(path.read_text())
    assert [one["settings"] for one in after["digests"]] == [one["settings"] for one in before["digests"]]
    assert after["digests"][1] == before["digests"][1]
    assert after["digests"][0] != before["digests"][0]
    assert after["digests"][0]["median"]["outcome"] == "all lost"


def test_measuring_a_point_anew_needs_a_recording_to_put_it_in(tmp_path: Path) -> None:
    with pytest.raises(RunFileError, match="Record the whole lab first"):
        _record(record_grid.points(MATRIX, 1, REDIS), Recording(folder=tmp_path, keep=True))
    assert not list(tmp_path.iterdir())
