"""A run in which the machine stood still is void; one in which the broker alone stood still is a measurement."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from labs.experiments import experiment
from labs.judge.digest import digest
from labs.judge.latency import NS_PER_MS, end_to_end_ns
from labs.judge.limit import bottleneck, void
from labs.judge.soundness import stood_still
from labs.model.digest import Digest
from labs.model.endpoint import Endpoint
from labs.model.observer import Observer
from labs.model.profile import profile
from labs.model.run import PAUSE_S, Run
from labs.model.workload import Workload
from labs.record import watchdog
from labs.record.recorder import record
from labs.record.watchdog import Watchdog
from labs.show.looks import LATENCY_LOOK
from tests.busy_runs import runs

ROOT = Path(__file__).parent.parent
LOAD = Workload(rate_per_s=500, duration_s=2.5, warmup_s=0)
MS = 1_000_000
STOPPED_S = 1.5


def stamps(*spans_ms: tuple[int, int]) -> list[Any]:
    """A time each millisecond of these spans, in two columns."""
    times = np.concatenate([np.arange(a, b) for a, b in spans_ms]) * MS
    return [times[::2], times[1::2]]


STOOD = [1000 * MS, 3000 * MS, "stood still"]


@pytest.mark.parametrize(
    ("found", "times", "said"),
    [
        ([], stamps((0, 1000), (3000, 4000)), ""),
        ([STOOD], stamps((0, 1050), (2990, 4000)), "stood still for 1.9 s"),
        ([STOOD], stamps((0, 4000)), ""),  # the watchdog alone was held up
        ([STOOD], stamps((0, 1800), (2200, 4000)), ""),  # and the workers less than a pause
        ([STOOD], stamps((0, 900)), ""),  # after the last message
        ([[1000 * MS, 8000 * MS, "suspended"]], stamps((0, 4000)), "suspended for 7.0 s"),
        ([[1000 * MS, 2000 * MS, "stopped consumer"]], stamps((0, 4000)), "the consumer was stopped for about 1.0 s"),
        ([[-900 * MS, -100 * MS, "stood still"]], stamps((0, 4000)), ""),
        ([STOOD], [np.full(9, -1)], ""),
    ],
)
def test_a_pause_counts_where_the_workers_stood_still_too(
    found: Sequence[Sequence[Any]], times: list[Any], said: str
) -> None:
    assert said in stood_still(found, times)
    assert bool(said) == bool(stood_still(found, times))


def test_the_watchdog_sees_a_suspended_machine_by_its_clocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that runs tests is not suspended for one: the clock that goes on is moved, as the kernel does it."""
    missing = [0]
    monkeypatch.setattr(watchdog, "missing_ns", lambda: missing[0])
    with Watchdog() as dog:
        time.sleep(0.25)
        missing[0] = 7_000 * MS
        time.sleep(0.25)
    [(began, ended, what)] = dog.found
    assert (what, ended - began) == ("suspended", 7_000 * MS)


def test_the_clock_that_a_suspended_machine_misses_does_not_move_while_it_runs() -> None:
    readings = [watchdog.missing_ns() for _ in range(200)]
    assert max(readings) - min(readings) < 50 * MS


def stop(pids: Sequence[int], seconds: float) -> None:
    """These processes stand still for so long."""
    for number in (signal.SIGSTOP, signal.SIGCONT):
        for pid in pids:
            os.kill(pid, number)
        time.sleep(seconds if number == signal.SIGSTOP else 0)


def recorded(here: Endpoint, name: str, load: Workload, pids: Callable[[], Sequence[int]], seconds: float) -> Run:
    """A run in the middle of which these processes stand still."""
    threads: list[threading.Thread] = []

    def begin() -> None:
        def act(those: Sequence[int]) -> None:
            time.sleep(1.0)
            stop(those, seconds)

        threads.append(threading.Thread(target=act, args=(pids(),)))
        threads[0].start()

    run = record(here, profile(name), load, Observer(connected=begin))
    threads[0].join()
    return run


def workers() -> list[int]:
    """Producer and consumer: those of our children that multiprocessing started, and that have not ended."""
    found = []
    for one in psutil.Process().children():
        with contextlib.suppress(psutil.ZombieProcess):
            found += [one.pid] if "spawn_main" in " ".join(one.cmdline()) else []
    return found


@pytest.mark.broker
@pytest.mark.parametrize("endpoints", ["native"], indirect=True)
def test_a_broker_that_alone_stands_still_is_measured(endpoints: dict[str, Endpoint]) -> None:
    here = endpoints["redis"]
    run = recorded(here, "redis-stream-none", LOAD, lambda: here.pids, STOPPED_S)
    assert end_to_end_ns(run).max() > (STOPPED_S - 0.2) * 1000 * NS_PER_MS
    assert void(run) == ""
    assert bottleneck(run, "redis")[0] != "void"


@pytest.mark.broker
@pytest.mark.parametrize("endpoints", ["native"], indirect=True)
def test_a_run_with_a_worker_that_somebody_stopped_is_void(endpoints: dict[str, Endpoint]) -> None:
    run = recorded(endpoints["memory"], "memory", LOAD, lambda: workers()[:1], 0.6)
    assert "was stopped for about" in void(run)
    assert bottleneck(run, "memory")[0] == "void"
    point = digest("latency-ladder", {"rate_per_s": 500, "body_bytes": 100}, [run], profile("memory"), {"repeats": 1})
    assert point.void == void(run)
    assert f"Void, nothing was measured: {void(run)}." in LATENCY_LOOK.said(point)
    good = record(endpoints["memory"], profile("memory"), replace(LOAD, duration_s=0.5))
    mixed = digest("latency-ladder", point.settings, [run, good], profile("memory"), {"repeats": 2})
    assert not mixed.void
    assert (len(mixed.repeats), mixed.card["repeats"]) == (1, 1)
    assert mixed.card["void_runs_left_out"].startswith("1 of 2: the ")


def started(home: Path, process: subprocess.Popen[str], within_s: float = 60) -> None:
    """Wait until a run has begun under that home."""
    give_up_s = time.monotonic() + within_s
    while time.monotonic() < give_up_s and process.poll() is None:
        if any('"start_ns"' in path.read_text("utf-8") for path in home.glob("spool/*/run.json")):
            return
        time.sleep(0.02)
    raise AssertionError(f"no run began: {process.communicate(timeout=5)}")


@pytest.mark.broker
def test_labs_run_on_a_machine_that_stood_still_says_void_gives_no_verdict_and_ends_with_4(tmp_path: Path) -> None:
    """Everything that belongs to it is stopped: the command, its workers, and the broker that it started."""
    command = [sys.executable, "-m", "labs", "run", "latency-ladder", "--set", "broker=redis", "--set", "rate=1000"]
    env = os.environ | {"LABS_HOME": str(tmp_path / "home")}
    process = subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        started(tmp_path / "home", process)
        time.sleep(1.0)
        everything = [one.pid for one in (psutil.Process(process.pid), *psutil.Process(process.pid).children(True))]
        stop(everything, STOPPED_S)
        out, err = process.communicate(timeout=90)
    finally:
        process.kill()
    assert process.returncode == 4, (out, err)
    plain = " ".join((out + err).split())
    assert "Void, nothing was measured: the whole machine, or all of our processes on it, stood still for 1." in plain
    assert "C48 no longer holds" not in plain
    assert "Redis stream, AOF everysec is left out." in plain
    assert "void" in out


def test_a_verdict_leaves_out_what_is_void_and_says_so() -> None:
    lab = experiment("latency-ladder")
    settings, why = {"label": "Kafka"}, "the machine was suspended for 7.0 s"
    point = Digest(lab=lab.name, settings=settings, repeats=[], median={}, card={}, void=why)
    for verdict in lab.verdict([point]):
        assert verdict.word == "undecided here"
        assert verdict.text.endswith(
            "Kafka is left out. Void, nothing was measured: the machine was suspended for 7.0 s."
        )


@pytest.mark.broker
@pytest.mark.timeout(120)
@pytest.mark.long
def test_beside_much_other_work_no_run_is_void() -> None:
    """The long form, 200 runs: python -m tests.busy_runs --count 200"""
    assert runs(3)[0] == []


def test_a_pause_is_longer_than_a_busy_machine_is_late() -> None:
    assert PAUSE_S >= 5 * watchdog.TICK_S
