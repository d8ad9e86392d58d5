"""Containers through the stack: the same calls, the same proofs and the same end as for native brokers."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from labs import stack
from labs.model import paths
from labs.model.errors import StackError
from labs.stack import state
from labs.stack.containers import docker, project

pytestmark = [pytest.mark.compose, pytest.mark.usefixtures("container_engine")]
ROOT = Path(__file__).resolve().parent.parent


def silent(_line: str) -> None:
    """Nobody listens to the progress."""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A home of its own; at the end no container of it may be left."""
    monkeypatch.setenv("LABS_CACHE", str(paths.cache()))
    monkeypatch.setenv("LABS_HOME", str(tmp_path / "home"))
    yield
    stack.down(reset=True, report=silent)
    assert containers() == ""


def volumes() -> list[str]:
    return docker.volumes(state.user_project())


def containers() -> str:
    return docker.run(["ps", "--all", "--filter", f"name={project.project_of('user', '')}", "-q"], 20)


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


def test_reset_deletes_the_volumes_that_down_has_left() -> None:
    stack.up(["redis"], "compose", report=silent)
    stack.down(report=silent)
    kept = volumes()
    assert f"{state.user_project()}_redis" in kept
    said: list[str] = []
    stack.down(reset=True, report=said.append)
    assert volumes() == []
    assert all(any(f"volume {name}" in line for line in said) for name in kept)
    stack.down(reset=True, report=said.append)
    assert "no data" in said[-1]


def test_volumes_that_cannot_be_deleted_for_want_of_an_engine_are_said_to_be_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stack.up(["redis"], "compose", report=silent)
    stack.down(report=silent)
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("DOCKER_HOST", "unix:///no/such.sock")
        with pytest.raises(StackError, match=r"volumes of labs-\w+ are still there.*Start Docker"):
            stack.down(reset=True, report=silent)
    assert volumes() != []


@pytest.mark.parametrize("command", ["down", "up"])
def test_containers_of_which_no_record_is_left_are_stopped(command: str) -> None:
    before = stack.up(["redis"], "compose", report=silent)["redis"]
    for record in state.stack_files():
        record.unlink()
    said: list[str] = []
    if command == "down":
        stack.down(report=said.append)
        assert containers() == ""
    else:
        assert stack.up(["redis"], "compose", report=said.append)["redis"].pids != before.pids
    assert any("no record" in line for line in said)


def test_volumes_of_a_dead_session_without_containers_are_removed() -> None:
    project = f"{state.user_project()}-0dead"
    labels = {docker.LABEL_PROJECT: project, docker.LABEL_OWNER: "1:1", "com.docker.compose.project": project}
    given = [part for name, value in labels.items() for part in ("--label", f"{name}={value}")]
    docker.run(["volume", "create", *given, f"{project}_redis"], 20)
    stack.down(report=silent)
    assert docker.volumes(project) == []


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"redis": 1}'])
def test_logins_that_are_lost_or_damaged_come_back_as_they_were(damage: str) -> None:
    before, file = state.secrets(), paths.home() / "secrets.json"
    file.unlink()
    if damage:
        file.write_text(damage)
    assert state.secrets() == before
    assert file.stat().st_mode & 0o777 == state.kept_logins().stat().st_mode & 0o777 == 0o600


def test_data_with_another_login_is_named_at_once_and_reset_mends_it() -> None:
    both, logins = ["rabbitmq", "kafka"], state.secrets()
    file = paths.home() / "secrets.json"
    stack.up(both, "compose", report=silent)
    file.unlink()  # while they run: status tells the right ones again
    with stack.session(both, report=silent) as found:
        assert (found["rabbitmq"].username, found["rabbitmq"].password) == logins["rabbitmq"]
    stack.down(report=silent)
    other = {**logins, "rabbitmq": ["labs", "another"], "kafka": ["cluster-id", "L" + "x" * 21]}
    file.write_text(json.dumps(other))
    for broker, what in (("rabbitmq", "login"), ("kafka", "cluster id")):
        began_s = time.monotonic()
        with pytest.raises(StackError, match=rf"its data \(volume \S+_{broker}\) has another {what}.*--reset") as error:
            stack.up([broker], "compose", report=silent)
        assert time.monotonic() - began_s < 40
        assert containers() == ""
    (copy_back,) = re.findall(r"cp '[^']+' '[^']+'", str(error.value))
    subprocess.run(copy_back, shell=True, check=True)
    assert set(stack.up(both, "compose", report=silent)) == set(both)
    stack.down(report=silent)
    file.write_text(json.dumps(other))
    stack.down(reset=True, report=silent)
    assert stack.up(["rabbitmq"], "compose", report=silent)["rabbitmq"].password == "another"


BROKEN = "no-such-setting yes"  # of a Redis in a container; a native one does not read it


def broken_server(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A redis-server first on the PATH that says why it cannot run, and a container that ends at once."""
    server = folder / "bin" / "redis-server"
    server.parent.mkdir()
    server.write_text("#!/bin/sh\necho 'cannot run here today' >&2\nexit 3\n")
    server.chmod(0o755)
    monkeypatch.setenv("PATH", f"{server.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("LABS_REDIS_CONFIG", BROKEN)


def test_where_a_container_does_not_start_auto_says_so_and_starts_all_natively(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABS_REDIS_CONFIG", BROKEN)
    said: list[str] = []
    found = stack.up(["redis", "kafka"], report=said.append)
    assert {place.backend for place in found.values()} == {"native"}
    assert [line for line in said if "redis did not start in a container: it ended with code 1" in line]
    assert containers() == ""
    assert {stack.status()["brokers"][name]["state"] for name in found} == {"running"}


def test_a_failed_start_leaves_what_ran_and_backends_can_be_mixed(monkeypatch: pytest.MonkeyPatch) -> None:
    kafka = stack.up(["kafka"], "compose", report=silent)["kafka"]
    monkeypatch.setenv("LABS_REDIS_CONFIG", BROKEN)
    with pytest.raises(StackError, match=r"starting redis in a container: it ended with code 1.*no-such-setting"):
        stack.up(["redis"], "compose", report=silent)
    assert stack.status()["brokers"]["kafka"]["state"] == "running"
    both = stack.up(["redis", "kafka"], report=silent)
    assert {name: place.backend for name, place in both.items()} == {"redis": "native", "kafka": "compose"}
    assert both["kafka"] == kafka
    seen = stack.status()["brokers"]
    assert [(seen[name]["state"], seen[name]["backend"]) for name in both] == [
        ("running", "native"),
        ("running", "compose"),
    ]
    with stack.session(list(both), report=silent) as found:
        assert found == both
    stack.down(report=silent)
    assert containers() == ""
    assert {stack.status()["brokers"][name]["state"] for name in both} == {"stopped"}


def test_a_broker_that_no_backend_starts_is_named_with_both_reasons_or_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken_server(tmp_path, monkeypatch)
    why = r"in a container: it ended with code 1.*natively: it ended with exit code 3.*cannot run here today"
    with pytest.raises(StackError, match=rf"starting redis: {why}.*The others alone: labs up kafka"):
        stack.up(["redis", "kafka"], report=silent)
    assert containers() == ""
    assert stack.status()["brokers"]["kafka"]["state"] == "stopped"
    lacking: dict[str, str] = {}
    with stack.session(["redis", "kafka", "memory"], report=silent, lacking=lacking) as found:
        assert {name: place.backend for name, place in found.items()} == {"kafka": "compose", "memory": "native"}
    assert list(lacking) == ["redis"]
    assert "cannot run here today" in lacking["redis"]
    assert containers() == ""
