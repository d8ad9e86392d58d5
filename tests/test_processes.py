"""The harness of worker processes, with real ones: those that die, hang, or are late, Ctrl-C, and a killed parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from labs.model.endpoint import UnreachableError
from labs.model.observer import UNOBSERVED, CancelledError, Observer
from labs.record import processes, spawning
from labs.record.processes import Worker, Workers, await_ready, workers
from tests.made_workers import READY, STOP, die, fail, leave, stumble, tell_pid, wait_for_stop
from tests.worker_processes import is_importing
from tests.worker_processes import workers as below_this

CELLS = 8


@contextmanager
def group() -> Iterator[Workers]:
    """Workers of which none is left afterwards."""
    try:
        with workers(CELLS, stop=STOP) as started:
            yield started
    finally:
        assert not below_this()


def idle(started: Workers, name: str = "reader", **how: bool) -> Worker:
    """A worker that waits to be stopped, ready when it runs."""
    return started.start(name, wait_for_stop, *how.values(), ready=lambda: bool(started.board[READY]))


def test_workers_share_a_board_and_stop_when_they_are_asked() -> None:
    with group() as started:
        pids = [
            started.start(f"worker {cell}", tell_pid, cell, ready=lambda: all(started.board[2:4])) for cell in (2, 3)
        ]
        await_ready(pids, 20, UNOBSERVED, "the test")
        assert started.board[2:4] == [one.pid for one in pids]
        began_s = time.monotonic()
    assert time.monotonic() - began_s < 2
    assert [one.trouble(0) for one in pids] == ["", ""]
    assert [one.exit_code for one in pids] == [0, 0]


@pytest.mark.parametrize(
    ("work", "what", "said"),
    [
        (fail, ("nobody listens",), "reader: nobody listens"),
        (stumble, (), "reader: KeyError: 'left'"),
        (die, (), "reader: its process was killed in the middle; what it had not yet written down is unknown"),
        (leave, (), "the reader ended before the start"),
    ],
    ids=["error", "unexpected", "killed", "ended"],
)
def test_a_worker_that_is_gone_before_it_is_ready_is_told_with_its_words(
    work: Callable[..., object], what: tuple[str, ...], said: str
) -> None:
    with group() as started:
        other = idle(started, "writer")
        await_ready([other], 20, UNOBSERVED, "the start")
        gone = started.start("reader", work, *what, ready=lambda: False)
        with pytest.raises(UnreachableError) as error:
            await_ready([other, gone], 20, UNOBSERVED, "the start")
    assert str(error.value) == said


def test_those_who_are_late_are_named_and_no_others() -> None:
    with group() as started:
        late = [started.start(name, wait_for_stop, False, ready=lambda: False) for name in ("reader", "writer")]
        punctual = idle(started, "clock")
        await_ready([punctual], 20, UNOBSERVED, "the start")
        with pytest.raises(UnreachableError, match=r"^the reader and the writer were not ready after 1 s$"):
            await_ready([punctual, *late], 1, UNOBSERVED, "the start")
        with pytest.raises(UnreachableError, match=r"^the writer was not ready after 0 s$"):
            await_ready([punctual, late[1]], 0, UNOBSERVED, "the start")


def test_a_cancel_ends_the_wait() -> None:
    cancelled = Observer(cancelled=lambda: True)
    with group() as started, pytest.raises(CancelledError, match="cancelled before the start"):
        await_ready([started.start("reader", wait_for_stop, ready=lambda: False)], 20, cancelled, "the start")


def test_the_first_to_say_what_went_wrong_is_heard() -> None:
    with group() as started:
        later = started.start("later", fail, "a consequence", 1.0)
        first = started.start("first", fail, "the cause")
        assert later.wait(20)
        assert first.wait(20)
        assert started.said() == "first: the cause"


def test_one_that_ignores_the_stop_is_killed_and_said_to_have_hung(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "STOP_WITHIN_S", 0.3)
    with group() as started:
        hanging = idle(started, ready=True, deaf=True)
        await_ready([hanging], 20, UNOBSERVED, "the start")
        assert "it hung and was killed" in hanging.trouble(0.1)
        began_s = time.monotonic()
    assert 0.3 < time.monotonic() - began_s < 2
    assert hanging.exit_code == -signal.SIGKILL


def test_a_worker_that_another_library_has_waited_for_has_ended_all_the_same() -> None:
    with group() as started:
        one = started.start("reader", die)
        os.waitpid(one.pid, 0)
        assert one.wait(5)
        one.kill()  # and nothing is waited for
    assert one.exit_code is None


def test_an_error_leaves_no_worker() -> None:
    def fail_at_work() -> None:
        with group() as started:
            await_ready([idle(started)], 20, UNOBSERVED, "the start")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_at_work()


def test_ctrl_c_in_the_middle_of_a_start_comes_after_it_and_the_worker_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With a second thread, which takes the signal that the first one has blocked."""
    start, seen = spawning.SpawnProcess._Popen, list[Worker]()

    def interrupted(process: object) -> object:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.1)  # Python hears it here, if anywhere
        return start(process)

    monkeypatch.setattr(spawning.SpawnProcess, "_Popen", staticmethod(interrupted))
    over = threading.Event()
    threading.Thread(target=over.wait, daemon=True).start()

    def start_one() -> None:
        with group() as started:
            try:
                idle(started)
            finally:
                seen.extend(started._all)

    with pytest.raises(KeyboardInterrupt):
        start_one()
    over.set()
    assert [one.pid > 0 and one.done for one in seen] == [True]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_ends_the_patience_with_those_that_stop() -> None:
    began_s: list[float] = []

    def interrupted_twice() -> None:
        with group() as started:
            await_ready([idle(started, ready=True, deaf=True)], 20, UNOBSERVED, "the start")
            threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
            began_s.append(time.monotonic())

    with pytest.raises(KeyboardInterrupt):
        interrupted_twice()
    assert time.monotonic() - began_s[0] < processes.STOP_WITHIN_S / 2


PROGRAM = """
import time
from labs.model.observer import UNOBSERVED
from labs.record.processes import await_ready, workers
from tests.made_workers import READY, STOP, wait_for_stop
try:
    with workers(8, stop=STOP) as started:
        two = [started.start(name, wait_for_stop, ready=lambda: started.board[READY] == 2) for name in ("a", "b")]
        await_ready(two, 20, UNOBSERVED, "the start")
        print("ready", flush=True)
        time.sleep(60)
except KeyboardInterrupt:
    print("interrupted")
"""


@contextmanager
def program(folder: Path) -> Iterator[tuple[subprocess.Popen[str], list[psutil.Process]]]:
    """A program with two workers that have just begun to import, in a group of its own; it has no main guard."""
    (folder / "program.py").write_text(PROGRAM)
    root, pipe = Path(__file__).parent.parent, subprocess.PIPE
    command = [sys.executable, str(folder / "program.py")]
    where = os.environ | {"PYTHONPATH": str(root)}
    with subprocess.Popen(command, env=where, start_new_session=True, stdout=pipe, stderr=pipe, text=True) as running:
        found: list[psutil.Process] = []
        while len(found) < 2 and running.poll() is None:
            time.sleep(0.002)
            children = psutil.Process(running.pid).children(recursive=True)
            found = [one for one in children if "spawn_main" in str(one.cmdline()) and is_importing(one, "_ctypes")]
        yield running, found


@pytest.mark.parametrize("when", ["while they import", "when they are ready"])
def test_ctrl_c_to_the_group_is_heard_by_the_parent_alone(when: str, tmp_path: Path) -> None:
    with program(tmp_path) as (running, children):
        if when == "when they are ready":
            assert running.stdout
            assert running.stdout.readline() == "ready\n"
        os.killpg(running.pid, signal.SIGINT)
        said, errors = running.communicate(timeout=30)
    assert (said, errors) == ("interrupted\n", "")
    assert len(children) == 2
    assert not psutil.wait_procs(children, timeout=5)[1]


def test_workers_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    with program(tmp_path) as (running, children):
        assert running.stdout
        assert running.stdout.readline() == "ready\n"
        running.kill()
    assert len(children) == 2
    assert not psutil.wait_procs(children, timeout=5)[1]
