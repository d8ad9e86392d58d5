"""Runs written as they go: what is left of a run when a worker, the recorder or all of them are killed."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from labs import stack
from labs.judge.loss import account
from labs.model.columns import Rows
from labs.model.endpoint import BrokerError, Endpoint
from labs.model.observer import CancelledError, Observer
from labs.model.profile import profile
from labs.model.run import RECEIVED, RunFileError
from labs.model.workload import Ceiling, Workload
from labs.record import recovery
from labs.record.load_generator import Slot
from labs.record.recorder import record
from labs.record.spool import Spool, spooled
from labs.record.worker_pool import POOL, Pool, pool
from tests.made import labs

PLAN = Workload(rate_per_s=1000, duration_s=1, warmup_s=0)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where spools of this test lie."""
    monkeypatch.setenv("LABS_HOME", str(tmp_path))
    return tmp_path / "spool"


def numbers(*values: int) -> Any:
    return np.array(values, np.int64)


def left_behind() -> Spool:
    """What a recorder leaves that dies after three messages, of which two arrived."""
    with pytest.raises(ZeroDivisionError) as told, spooled(profile("memory"), PLAN, facts={"part": "both"}) as spool:
        _write_some(spool)
    assert str(spool.folder) in told.value.__notes__[0]
    return spool


def _write_some(spool: Spool) -> None:
    spool.sent()["sent_ns"][:3] = 5
    spool.sent()["confirmed_ns"][:3] = 6
    rows = Rows(spool.folder, RECEIVED)
    rows.add(numbers(0, 1), numbers(9, 9), numbers(0, 1_000_000), numbers(0, 0))
    rows.close()
    raise ZeroDivisionError


def test_what_an_error_of_ours_left_can_be_judged_and_what_is_missing_is_unknown(folder: Path) -> None:
    ledger = account(left_behind().assemble())
    assert (ledger.attempted, ledger.delivered, ledger.unknown, ledger.lost) == (3, 2, 1, 0)
    assert ledger.verdict == "unknown"


def test_a_row_cut_short_is_left_out_and_the_next_pen_goes_on_behind_the_last_whole_one(folder: Path) -> None:
    spool = left_behind()
    for name, more in zip(RECEIVED, (b"\1" * 11, b"\2" * 8, b"", b"\3"), strict=True):
        with (spool.folder / f"{name}.i8").open("ab") as file:
            file.write(more)
    assert spool.assemble()["delivered_sequence"].tolist() == [0, 1]
    pen = Rows(spool.folder, RECEIVED)
    pen.add(*(numbers(value) for value in (2, 30, 2_000_000, 1)))
    pen.close()
    run = spool.assemble()
    assert [run[name].tolist()[2] for name in RECEIVED] == [2, 30, 2_000_000, 1]


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda spool: (spool / "run.json").unlink(), "holds no run"),
        (lambda spool: (spool / "run.json").write_text("{"), "not a readable spool"),
        (lambda spool: (spool / "run.json").write_text("{}"), "has format None"),
        (lambda spool: (spool / "run.json").write_text('{"format": 1}'), "says nothing of acknowledges, facts"),
        (lambda spool: (spool / "sent_ns.i8").write_bytes(b"short"), "has 5 bytes and should have 8,000"),
        (lambda spool: (spool / "delivered_ns.i8").unlink(), "not a readable spool"),
        (lambda spool: _with_load(spool, rate_per_s=-1), "names a load that cannot be"),
        (lambda spool: _with_load(spool, colour="red"), "names a load that cannot be"),
    ],
)
def test_a_damaged_spool_is_named_with_what_to_do(folder: Path, damage: Any, said: str) -> None:
    spool = left_behind()
    damage(spool.folder)
    with pytest.raises(RunFileError, match=said):
        spool.assemble()


def test_verify_names_a_damaged_spool_and_judges_the_others(folder: Path) -> None:
    damaged, whole = left_behind(), left_behind()
    (damaged.folder / "sent_ns.i8").write_bytes(b"short")
    one, every = labs("verify", str(damaged.folder)), labs("verify")
    assert (one.returncode, every.returncode) == (1, 1)
    assert "not a readable spool" in one.stderr
    assert "Traceback" not in one.stderr + every.stderr
    said = " ".join(every.stdout.split())
    assert f"{whole.folder}: UNFINISHED" in said
    assert "2 unfinished" in said


def _with_load(folder: Path, **changes: Any) -> None:
    header = json.loads((folder / "run.json").read_text())
    header["workload"] |= changes
    (folder / "run.json").write_text(json.dumps(header))


@pytest.mark.parametrize("end", [None, KeyboardInterrupt, CancelledError("enough"), BrokerError("gone")])
def test_nothing_stays_of_a_run_that_ended_in_a_way_we_know(folder: Path, end: Any) -> None:
    ours = (CancelledError, BrokerError)
    with contextlib.suppress(KeyboardInterrupt, *ours), spooled(profile("memory"), PLAN, ours) as spool:
        assert recovery.in_use(spool.folder)
        assert recovery.unfinished() == []
        if end:
            raise end
    assert list(folder.iterdir()) == []


def test_a_full_disk_is_told_before_the_run_with_the_room_it_needs(folder: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with (
            pytest.raises(OSError, match="the run needs 56 MB there"),
            spooled(profile("memory"), Ceiling("", 1_000_000)),
        ):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(folder.iterdir()) == []


def test_unfinished_runs_are_cleared_after_a_week_and_named_before(folder: Path) -> None:
    old, young = left_behind(), left_behind()
    week_ago = time.time() - recovery.KEEP_S - 60
    os.utime(old.folder, (week_ago, week_ago))
    said: list[str] = []
    recovery.clear(said.append)
    assert list(folder.iterdir()) == [young.folder]
    assert [line for line in said if young.folder.name in line and "labs verify" in line]
    assert "No run was left unfinished" not in labs("verify").stdout


# ---- with real workers


@pytest.fixture(scope="module")
def memory() -> Iterator[Endpoint]:
    with stack.session(("memory",), "native", report=lambda _text: None) as found:
        yield found["memory"]


@pytest.mark.broker
@pytest.mark.parametrize("role", ["producer", "consumer"])
def test_a_killed_worker_leaves_a_run_whose_missing_messages_are_unknown_and_not_lost(
    role: str, memory: Endpoint, folder: Path
) -> None:
    used: list[Pool] = []

    @contextlib.contextmanager
    def seen() -> Iterator[Pool]:
        with pool() as workers:
            used.append(workers)
            yield workers

    token = POOL.set(seen)
    killed: list[int] = []

    def kill_at_a_third(share: float, _text: str) -> None:
        if share > 0.33 and not killed:
            killed.append(int(used[0].board[Slot.PRODUCER_PID if role == "producer" else Slot.CONSUMER_PID]))
            os.kill(killed[0], signal.SIGKILL)

    plan = Workload(rate_per_s=2000, duration_s=3, warmup_s=0)
    try:
        run = record(memory, profile("memory"), plan, Observer(kill_at_a_third))
    finally:
        POOL.reset(token)
    ledger = account(run)
    assert killed
    assert f"{role}: its process was killed" in run.trouble
    assert not run.settled
    assert (ledger.lost, ledger.unexpected) == (0, 0)
    assert 1500 < ledger.attempted < 6000
    assert ledger.delivered + ledger.unconfirmed + ledger.unknown == ledger.attempted
    if role == "consumer":
        assert ledger.unknown > 0
        assert ledger.verdict == "unknown"
    else:
        assert ledger.attempted - ledger.delivered < 50  # those under way; the consumer has gone on
    assert list(folder.iterdir()) == []


RECORD = """
import sys
from labs.model.endpoint import Endpoint
from labs.model.profile import profile
from labs.record.recorder import record
from labs.model.workload import Workload
if __name__ == "__main__":
    plan = Workload(rate_per_s=2000, duration_s=60, warmup_s=0)
    record(Endpoint("memory", "127.0.0.1", int(sys.argv[1])), profile("memory"), plan)
"""


@pytest.mark.broker
def test_of_a_killed_recorder_all_but_the_last_second_can_be_judged(
    memory: Endpoint, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "record.py").write_text(RECORD)
    child = subprocess.Popen([sys.executable, str(tmp_path / "record.py"), str(memory.port)])
    until_s = time.monotonic() + 30
    while not any(path.stat().st_size for path in folder.glob("*/cpu.i8")):
        assert time.monotonic() < until_s, "it never began"
        time.sleep(0.05)
    time.sleep(2)
    (spool,) = (Spool(path) for path in folder.iterdir())
    assert "it is still being recorded" in labs("verify", str(spool.folder)).stdout
    assert recovery.unfinished() == []
    workers = psutil.Process(child.pid).children(recursive=True)
    killed_ns = time.monotonic_ns()
    child.kill()
    child.wait()
    psutil.wait_procs(workers, 20)
    gone_ns = time.monotonic_ns()  # the workers die after the recorder, and may write until then
    assert [spool] == recovery.unfinished()
    run = spool.assemble()
    for column in ("sent_ns", "confirmed_ns", "delivered_ns", "cpu_at_ns"):
        last_ns = run[column].max() + run.facts["start_ns"]
        assert killed_ns - 1e9 < last_ns < gone_ns, column
    ledger = account(run)
    assert ledger.attempted > 3000
    assert (ledger.lost, ledger.unexpected, ledger.verdict) == (0, 0, "unknown")
    said = " ".join(labs("verify").stdout.split())
    assert "UNFINISHED, the recorder was killed" in said
    assert f"attempted {ledger.attempted:,}," in said
    assert "1 unfinished" in said


PEAK = """
import sys
from labs.model.endpoint import Endpoint
from labs.judge.loss import account
from labs.model.profile import profile
from labs.record.recorder import record
from labs.model.workload import Ceiling
if __name__ == "__main__":
    plan = Ceiling(messages=int(sys.argv[2]), window=20_000, batch=1000, body_bytes=16)
    run = record(Endpoint("memory", "127.0.0.1", int(sys.argv[1])), profile("memory"), plan)
    assert account(run).verdict == "kept"
    print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


@pytest.mark.broker
@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from /proc")
def test_a_message_takes_so_little_of_the_recorders_memory_that_ten_million_stay_under_a_gibibyte(
    memory: Endpoint, folder: Path, tmp_path: Path
) -> None:
    """Recorded and judged. Two sizes in one run: what the program itself takes is in both."""
    (tmp_path / "peak.py").write_text(PEAK)

    def peak_bytes(messages: int) -> int:
        command = [sys.executable, str(tmp_path / "peak.py"), str(memory.port), str(messages)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        return int(done.stdout) * 1024

    small, large = peak_bytes(200_000), peak_bytes(1_000_000)
    per_message = (large - small) / 800_000
    assert small + per_message * (10_000_000 - 200_000) < 1 << 30, f"{per_message:.0f} bytes a message"
