"""How the latency ladder records: the repeats in turns, facts kept when something breaks."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from labs.experiments import latency_ladder
from labs.experiments.latency_ladder import BrokenRunError
from labs.model.endpoint import Endpoint
from labs.model.observer import Observer
from labs.model.profile import profile
from labs.model.run import Run, load
from tests.made import TWO_SECONDS, open_run

HERE = Endpoint("redis", "127.0.0.1", 1)
CALM = open_run()


def measured(monkeypatch: pytest.MonkeyPatch, home: Path, runs: list[Run]) -> Run:
    """What the ladder keeps when the recorder gives these runs, one after the other."""
    left: Iterator[Run] = iter([replace(run, facts={}) for run in runs])
    monkeypatch.setenv("LABS_HOME", str(home))
    monkeypatch.setattr("labs.record.recorder.record", lambda *_: next(left))
    return latency_ladder._measured(HERE, profile("redis-stream-everysec"), TWO_SECONDS, Observer())


def test_a_run_that_broke_is_told_and_what_was_recorded_is_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(BrokenRunError, match="went away"):
        measured(monkeypatch, tmp_path, [replace(CALM, trouble="the broker went away")])
    [path] = (tmp_path / "runs" / "latency-ladder").glob("*.npz")
    assert load(path).trouble == "the broker went away"


def test_repeats_take_turns_and_every_other_round_is_turned_round() -> None:
    order = list(latency_ladder._rounds(["redis", "kafka", "memory"], 3))
    assert order == ["redis", "kafka", "memory", "kafka", "redis", "redis", "kafka", "memory"]
    assert list(latency_ladder._rounds(["redis", "kafka", "memory"], 1, 1)) == ["memory", "kafka", "redis"]
