"""The processors that may be used are not those that the machine has: by affinity, by a quota, and for real."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from labs.judge.saturation import ceiling
from labs.model import processors
from labs.model.processors import Room, Side

ROOT = Path(__file__).parent.parent
SITTINGS = 3


def side(cpus: int, **quotas: float) -> Side:
    """On the first so many processors, in these groups."""
    return Side(frozenset(range(cpus)), quotas)


@pytest.mark.parametrize(
    ("own", "broker", "room"),
    [
        (side(4), side(4), (4, 1, 4)),
        (side(1), side(1), (1, 1, 1)),
        (side(1), side(4), (4, 1, 4)),
        (side(4, all=0.5), side(4, all=0.5), (0.5, 0.5, 0.5)),
        (side(4, all=2.0), side(4, all=2.0), (2, 1, 2)),
        (side(4), side(4, box=1.5), (1.5, 1, 4)),
        (side(1), side(4, box=1.5), (1.5, 1, 2.5)),
        (side(4, a=0.5), side(4, b=1.0), (1, 0.5, 1.5)),
        (side(4, top=1.0, a=0.5), side(4, top=1.0), (1, 0.5, 1)),
        (side(2), None, (4, 1, 4)),
    ],
)
def test_the_room_is_what_affinity_and_quotas_leave(
    own: Side, broker: Side | None, room: tuple[float, float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    found = processors.room(own, broker)
    assert found[:3] == pytest.approx(room)
    assert bool(found.less) == (found.whole < 4)


ONE, HALF = Room(1, 1, 1, "1 of 2 by affinity", 1, 0.0), Room(0.5, 0.5, 0.5, "a quota", 2, 1.5)


@pytest.mark.parametrize(
    ("cores", "room", "stamp"),
    [
        ((0.5, 0.45, 0.0), Room(2, 1, 2, "", 2), "not-full"),
        ((0.5, 0.45, 0.0), ONE, "machine-bound"),
        ((0.9, 0.05, 0.0), ONE, "broker-bound"),
        ((0.1, 0.88, 0.0), ONE, "client-bound"),
        ((0.3, 0.1, 0.0), ONE, "machine-bound"),  # others had the rest
        ((0.3, 0.1, 0.0), ONE._replace(idle=0.6), "not-full"),
        ((0.1, 0.1, 0.1), HALF, "not-full"),
        ((0.25, 0.22, 0.0), HALF, "machine-bound"),
        ((0.1, 0.44, 0.0), HALF, "client-bound"),
        ((0.45, 0.01, 0.0), HALF, "broker-bound"),
        ((0.3, 0.1, 1.5), Room(2, 1, 2, "", 2), "machine-bound"),
    ],
)
def test_the_limit_is_judged_by_what_may_be_used(cores: tuple[float, float, float], room: Room, stamp: str) -> None:
    broker, producer, foreign = cores
    used: dict[str, float | None] = {"broker": broker, "producer": producer, "consumer": 0.0, "foreign": foreign}
    assert ceiling(used, "redis", room)[0] == stamp


def test_the_kernels_files_of_both_versions_are_read_up_to_the_top(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As kernels write them: version 2 with a quota above the process's group, version 1 with one of its own."""
    new, old = tmp_path / "unified", tmp_path / "cpu"
    for folder in (new / "a/b", old / "docker/c"):
        folder.mkdir(parents=True)
    (new / "a/b/cpu.max").write_text("max 100000\n")
    (new / "a/cpu.max").write_text("150000 100000\n")
    (new / "a/cpu.stat").write_text("usage_usec 7\nnr_periods 40\nnr_throttled 12\nthrottled_usec 9\n")
    (old / "docker/c/cpu.cfs_quota_us").write_text("50000\n")
    (old / "docker/c/cpu.cfs_period_us").write_text("100000\n")
    (old / "cpu.cfs_quota_us").write_text("-1\n")
    (old / "cpu.cfs_period_us").write_text("100000\n")
    proc = tmp_path / "proc"
    (proc / "self").mkdir(parents=True)
    (proc / "7").mkdir()
    (proc / "self/mountinfo").write_text(
        f"30 23 0:27 / {new} rw shared:9 - cgroup2 cgroup2 rw\n32 31 0:29 /docker {old}/docker rw - cgroup c rw,cpu\n"
    )
    (proc / "7/cgroup").write_text("5:memory:/x\n4:cpu,cpuacct:/docker/c\n0::/a/b\n")
    monkeypatch.setattr(processors, "PROC", proc)
    found = processors.groups(7)
    assert found == [old / "docker/c", old / "docker", new / "a/b", new / "a", new]
    assert [processors.quota(folder) for folder in found] == [0.5, None, None, 1.5, None]
    assert processors.periods(new / "a") == (40, 12)
    assert processors.periods(tmp_path) == (0, 0)


def measured(before: Callable[[], None]) -> dict[str, Any]:
    """What a run in a process of its own says, with its processors set by `before`."""
    command = [sys.executable, "-m", "tests.measured_once"]
    done = subprocess.run(command, preexec_fn=before, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.broker
@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="this machine has one processor")
def test_with_one_processor_of_the_machines_a_full_one_is_a_limit_and_said() -> None:
    """What other programs take of that one processor is idle neither for us nor for the kernel that counts it: a run is
    repeated, and a judge that is wrong is wrong every time."""
    for _ in range(SITTINGS):
        found = measured(lambda: os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}))
        room = Room(*found["facts"]["processors"]["room"])
        assert (room.broker, room.client, room.whole, room.cpus) == (1, 1, 1, 1)
        if found["stamp"] in ("machine-bound", "broker-bound", "client-bound"):
            break
    else:
        pytest.fail(f"one processor, and nothing is full: {found}")
    assert f"1 of the machine's {os.cpu_count()} processors by affinity" in found["may_use"]


@contextmanager
def group(cores: float) -> Iterator[Path]:
    """A control group of this machine with a quota; its folder."""
    old, new = Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup")
    top = old if (old / "cpu.cfs_period_us").exists() or (old / "cgroup.procs").exists() else new
    folder = top / f"labs-test-{uuid4().hex[:8]}"
    folder.mkdir()
    try:
        if top == old:
            (folder / "cpu.cfs_quota_us").write_text(f"{round(cores * 100_000)}")
        else:
            (folder / "cpu.max").write_text(f"{round(cores * 100_000)} 100000")
        yield folder
    finally:
        gone(folder)


def gone(folder: Path) -> None:
    """Remove a control group once its last process is: a supervisor ends a moment after the command that it served."""
    give_up_s = time.monotonic() + 20
    while True:
        try:
            return folder.rmdir()
        except OSError:
            if time.monotonic() > give_up_s:
                raise
        time.sleep(0.1)


def no_groups() -> str:
    """Why no control group with a quota can be made here; empty if one can."""
    try:
        with group(0.5):
            return ""
    except OSError as error:
        return str(error)


@pytest.mark.broker
@pytest.mark.skipif(bool(no_groups()), reason=f"no control group can be made here: {no_groups()}")
def test_with_a_quota_the_periods_in_which_it_stopped_us_are_the_limit_and_said() -> None:
    with group(0.5) as folder:
        found = measured(lambda: (folder / "cgroup.procs").write_text(f"{os.getpid()}") and None)
    room = Room(*found["facts"]["processors"]["room"])
    assert (room.broker, room.client, room.whole) == (0.5, 0.5, 0.5)
    whole, stopped = found["facts"]["processors"]["periods"]
    assert 0 < stopped <= whole
    assert found["stamp"] == "machine-bound"
    assert f"a control group's quota of 0.5 cores stopped them in {stopped} of {whole} periods" in found["why"]
    assert f"the quota stopped somebody in {stopped} of {whole} periods" in found["may_use"]


def test_doctor_says_what_may_be_used_and_how_much_of_it_is_in_use() -> None:
    command = [sys.executable, "-c", "from labs.model.processors import said_here; print(said_here())"]
    one = min(os.sched_getaffinity(0))
    done = subprocess.run(
        command, preexec_fn=lambda: os.sched_setaffinity(0, {one}), cwd=ROOT, capture_output=True, text=True, check=True
    )
    machine = os.cpu_count() or 1
    limited = (
        f"1 of {machine} cores (1 of the machine's {machine} processors by affinity)" if machine > 1 else "1 cores"
    )
    assert done.stdout.startswith(f"{limited}, ")
    assert "in use now" in done.stdout
