"""Shared brokers have many users: whoever began, they end with the last one."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from labs import stack
from labs.brokers import open_broker
from labs.brokers.redis.admin import client
from labs.experiments import experiment
from labs.model import paths
from labs.model.observer import Observer
from labs.model.profile import profile
from labs.pages.panel import Panel
from labs.stack import state

pytestmark = pytest.mark.broker
ROOT = Path(__file__).resolve().parent.parent
LAB = experiment("latency-ladder")


def silent(_line: str) -> None:
    """Nobody listens to the progress."""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("LABS_CACHE", str(paths.cache()))
    monkeypatch.setenv("LABS_HOME", str(tmp_path / "a home"))
    monkeypatch.setenv("LABS_BACKEND", "native")
    yield paths.home()
    assert gone(), "a stack is left with nobody who uses it"


def gone(within_s: float = 15.0) -> bool:
    """Nothing of a session is left: no record, no user, no folder."""
    give_up_s = time.monotonic() + within_s
    while left := [*paths.home().glob("stacks/*"), *paths.home().glob("session-*")]:
        if time.monotonic() > give_up_s:
            print(left)
            return False
        time.sleep(0.05)
    return True


def wait_for_brokers() -> dict[str, Any]:
    """The record of the session that has begun, when its brokers are ready."""
    give_up_s = time.monotonic() + 30
    while time.monotonic() < give_up_s:
        for record in state.stacks():
            if record["brokers"] and all(one["state"] == "ready" for one in record["brokers"].values()):
                return record
        time.sleep(0.02)
    raise AssertionError("no session began")


def lasting(seconds: float) -> threading.Thread:
    """Somebody who starts Redis and has it for so long."""

    def have() -> None:
        with stack.session(("redis",), report=silent):
            time.sleep(seconds)

    thread = threading.Thread(target=have)
    thread.start()
    wait_for_brokers()
    return thread


def test_a_panel_runs_and_the_next_cell_runs_a_lab_with_other_settings_and_both_are_right() -> None:
    """The panel began, and ends first: what the cell measures must not end with it, nor have the panel's settings.
    On a busy machine the panel may be done before the cell looks at the brokers: then they meet again."""
    for _meeting in range(3):
        if any("waiting until that has ended" in text for text in both_at_once()):
            return
    pytest.fail("three times the panel was done before the cell began")


def both_at_once() -> list[str]:
    """What the cell was told while it ran beside the panel."""
    panel, said = Panel(LAB, mode="live"), list[str]()
    panel.start({"broker": "redis", "rate": 200, "rung": 0})
    wait_for_brokers()
    observer = Observer(lambda _share, text: said.append(text))
    [found] = LAB.run(LAB.settings({"broker": "redis", "rate": 200, "rung": 3}), observer)
    assert panel.wait(60)
    assert panel.job["status"] == "done", panel.job
    [shown] = panel.digests.values()
    for digest, wanted in ((found, "always"), (shown, "everysec")):
        assert digest.repeats[0]["ledger"]["lost"] == 0
        assert digest.card["durability"]["appendfsync"] == wanted, digest.card
    assert (found.card["durability"]["appendonly"], shown.card["durability"]["appendonly"]) == ("yes", "no")
    return said


def test_who_joins_keeps_the_brokers_when_whoever_began_leaves_and_the_last_one_ends_them() -> None:
    first = lasting(1.0)
    with stack.session(("redis", "memory"), report=silent) as found:
        assert len(state.stacks()) == 2, "Redis is shared, the memory broker is started beside it"
        first.join()
        time.sleep(0.5)
        assert client(found["redis"]).ping()
        with stack.session(("redis",), report=silent) as third:
            assert third == {"redis": found["redis"]}
    assert gone()


def test_a_command_that_a_cell_has_started_counts_as_a_user_and_one_that_was_killed_does_not() -> None:
    code = (
        "import sys, time\nfrom labs import stack\nfrom labs.brokers.redis.admin import client\n"
        "with stack.session(('redis',), report=lambda line: None) as found:\n    print('here', flush=True)\n"
        "    sys.stdin.readline()\n    print(found['redis'].port, client(found['redis']).ping(), flush=True)\n"
        "    time.sleep(600)\n"
    )
    command = [sys.executable, "-c", code]
    with stack.session(("redis",), report=silent) as found:
        port = found["redis"].port
        child = subprocess.Popen(
            command, cwd=ROOT, env=os.environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert child.stdin
        assert child.stdout
        assert child.stdout.readline() == "here\n"
    time.sleep(0.5)
    child.stdin.write("\n")
    child.stdin.flush()
    assert child.stdout.readline() == f"{port} True\n"
    assert not gone(0.3)
    child.kill()
    child.communicate()
    assert gone()


def test_brokers_that_somebody_wants_alone_are_not_shared() -> None:
    with (
        stack.session(("redis",), report=silent, own=True) as alone,
        stack.session(("redis",), report=silent) as shared,
        stack.session(("redis",), report=silent) as third,
    ):
        assert alone["redis"].port != shared["redis"].port == third["redis"].port


def test_a_session_whose_supervisor_was_killed_is_nobodys_and_another_is_started() -> None:
    first = lasting(4.0)
    [record] = state.stacks()
    os.kill(record["supervisor"]["pid"], 9)
    with stack.session(("redis",), report=silent) as found:
        assert client(found["redis"]).ping()
        assert state.stacks()[-1]["id"] != record["id"]
    first.join()


def test_brokers_end_with_their_process_whoever_else_still_counts_as_a_user() -> None:
    code = (
        "import threading, time\nfrom labs import stack\n"
        "def have(seconds):\n    with stack.session(('redis',), report=lambda line: None):\n"
        "        time.sleep(seconds)\n"
        "first = threading.Thread(target=have, args=(2,))\nfirst.start()\ntime.sleep(1)\n"
        "threading.Thread(target=have, args=(600,), daemon=True).start()\nfirst.join()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60, check=False)
    assert done.returncode == 0
    assert gone()


def test_a_save_that_redis_had_begun_by_itself_is_waited_for_and_not_refused() -> None:
    using = profile("redis-stream-everysec")
    with stack.session(("redis",), report=silent) as found, contextlib.closing(client(found["redis"])) as redis_:
        redis_.mset({f"mine-{number}": "kept" for number in range(50)})
        redis_.config_set("rdb-key-save-delay", 20_000)  # µs a key: this save takes a second
        redis_.bgsave()
        redis_.set("mine", "newer than the save that is under way")
        with open_broker(found["redis"], using, "beside-a-save"):
            assert redis_.info("persistence")["rdb_changes_since_last_save"] == 0
            assert redis_.config_get("appendonly") == {"appendonly": "yes"}
