"""How the latency ladder records: the repeats in turns, facts kept when something breaks."""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from labs.experiments import experiment, latency_ladder
from labs.experiments.latency_ladder import BrokenRunError
from labs.model.endpoint import Endpoint
from labs.model.observer import Observer
from labs.model.profile import profile
from labs.model.run import Run, load
from labs.model.workload import Workload
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
    assert [name for _, name in order] == ["redis", "kafka", "memory", "kafka", "redis", "redis", "kafka", "memory"]
    assert [number for number, _ in order] == [0, 0, 0, 1, 1, 2, 2, 2]  # the round's own arrivals, alike for all
    turned = list(latency_ladder._rounds(["redis", "kafka", "memory"], 1, 1))
    assert turned == [(0, "memory"), (0, "kafka"), (0, "redis")]


def test_a_point_says_how_long_it_is_recorded_and_a_live_run_takes_three_seconds() -> None:
    lab = latency_ladder.LAB
    live = latency_ladder.plan(lab.settings())
    assert (live.duration_s, live.arrivals, live.rate_per_s) == (3, "poisson", 1000)
    assert latency_ladder.plan(lab.settings({"arrivals": "uniform", "seconds": 30})).duration_s == 30
    assert latency_ladder.plan(lab.settings({"rate": 100})).duration_s == 11  # as long as a p99 takes
    grid = [lab.settings(point) for point in lab.grid()]
    assert {(point["seconds"], point["repeats"]) for point in grid} == {(30, 5), (10, 3)}
    pairs = [point for point in grid if (point["rung"], point["rate_per_s"], point["body_bytes"]) == (2, 1000, 100)]
    assert {(point["arrivals"], point["seconds"]) for point in pairs} == {("poisson", 30), ("uniform", 30)}
    with pytest.raises(ValueError, match="seconds"):
        experiment("loss-matrix").settings({"seconds": 30})


def test_each_round_has_arrivals_of_its_own_and_they_are_random_at_the_rate_that_was_asked() -> None:
    plan = latency_ladder.plan(latency_ladder.LAB.settings({"seconds": 30}))
    one, other = (replace(plan, seed=plan.seed + number).due_ns() for number in (0, 1))
    assert not np.array_equal(one, other)
    gaps = np.diff(one) / 1e6
    assert gaps.mean() == pytest.approx(1.0, rel=0.03)
    assert gaps.std() == pytest.approx(gaps.mean(), rel=0.03)  # the mark of an exponential distribution


def test_all_brokers_of_a_round_meet_the_same_arrivals_and_each_round_has_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    met: list[tuple[str, int]] = []

    def record(endpoint: Endpoint, _using: object, load: Workload, _observer: object) -> Run:
        met.append((endpoint.broker, load.seed))
        return replace(CALM, facts={})

    there = {name: Endpoint(name, "127.0.0.1", 1) for name in ("redis", "kafka", "memory")}
    monkeypatch.setenv("LABS_HOME", str(tmp_path))
    monkeypatch.setattr("labs.record.recorder.record", record)
    monkeypatch.setattr("labs.stack.session", lambda *_, **__: nullcontext(there))
    lab = latency_ladder.LAB
    lab.run(lab.settings({"brokers": "redis,kafka", "repeats": 2, "seed": 5}), Observer())
    assert met == [("redis", 5), ("kafka", 5), ("memory", 5), ("kafka", 6), ("redis", 6)]
