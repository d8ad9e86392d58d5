"""Containers through the stack: the same calls, the same proofs and the same end as for native brokers."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from labs import stack
from labs.stack import contained, docker, state
from labs.stack.state import StackError
from tests.test_compose import container_engine  # noqa: F401 - a fixture

pytestmark = [pytest.mark.compose, pytest.mark.usefixtures("container_engine")]
ROOT = Path(__file__).resolve().parent.parent


def silent(_line: str) -> None:
    """Nobody listens to the progress."""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A home of its own; at the end no container of it may be left."""
    monkeypatch.setenv("LABS_CACHE", str(state.cache()))
    monkeypatch.setenv("LABS_HOME", str(tmp_path / "home"))
    yield
    stack.down(reset=True, report=silent)
    assert containers() == ""


def containers() -> str:
    return docker.run(["ps", "--all", "--filter", f"name={contained.project_of('user', '')}", "-q"], 20)


def test_up_finds_its_containers_again_and_down_removes_them() -> None:
    first = stack.up(["redis"], "compose", report=silent)
    assert first["redis"].backend == "compose"
    assert stack.up(["redis"], report=silent) == first
    with stack.session(["redis"], report=silent) as found:
        assert found == first
    with pytest.raises(StackError, match=r"already runs by compose.*labs down"):
        stack.up(["redis"], "native", report=silent)
    assert stack.status()["brokers"]["redis"]["container"] == first["redis"].container
    stack.down(report=silent)
    assert containers() == ""
    assert stack.status()["brokers"]["redis"]["state"] == "stopped"


def test_a_frozen_container_is_silent_until_it_is_thawed() -> None:
    with stack.session(["redis"], "compose", report=silent) as found:
        one = found["redis"]
        login = {"username": one.username, "password": one.password, "socket_timeout": 0.5}
        client = redis.Redis(host=one.host, port=one.port, retry=None, **login)
        assert client.ping()
        stack.freeze(one)
        with pytest.raises(redis.TimeoutError):
            client.ping()
        stack.thaw(one)
        assert client.ping()
    assert containers() == ""


def test_the_next_command_removes_the_containers_of_a_killed_owner() -> None:
    code = (
        "import time\nfrom labs import stack\n"
        "with stack.session(['redis'], 'compose', report=lambda line: None):\n"
        "    print('ready', flush=True)\n    time.sleep(600)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert containers() != ""
    said: list[str] = []
    stack.down(report=said.append)
    assert containers() == ""
    assert any("interrupted" in line for line in said)
