"""labs status in each state: what is shown, that clients take it as it is, that nothing is claimed without proof."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import kafka
import pika
import pytest
import redis

from labs import stack
from labs.model import paths
from labs.model.endpoint import Endpoint
from labs.stack import state
from labs.stack.processes import is_alive
from tests.conftest import free_port
from tests.made import labs

pytestmark = pytest.mark.broker
ROOT = Path(__file__).parent.parent
AS_NOBODY = """
import os, sys
sys.argv = ["labs", "status"]
import labs.__main__, labs.cli.status, labs.cli.status_table, labs.stack.survey
os.setgid(65534); os.setuid(65534)
labs.__main__.main()
"""
SESSION = """
import sys, time
from labs import stack
with stack.session(("redis",), "native", report=lambda _: None):
    print("up", flush=True)
    sys.stdin.read()
"""


def silent(_text: str) -> None:
    """Nobody wants to read the progress here."""


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A runtime folder that others may read, whose name is full of what a terminal library would take for markup."""
    cache = str(paths.cache())
    with tempfile.TemporaryDirectory(prefix="labs-status-") as above:
        folder = Path(above) / "Ordner [b] x[/y] [red]"
        folder.mkdir(parents=True)
        Path(above).chmod(0o755)
        monkeypatch.setenv("LABS_HOME", str(folder))
        monkeypatch.setenv("LABS_CACHE", cache)
        yield folder
        stack.down(report=silent)


def rows(text: str) -> dict[str, list[str]]:
    """The lines of the table, by broker: cells are at least two spaces apart."""
    table = text.partition("\n\n")[0].splitlines()
    assert re.split(r"\s{2,}", table[0]) == ["broker", "state", "address", "port", "login", "version", "started by"]
    return {line.split()[0]: re.split(r"\s{2,}", line.rstrip())[1:] for line in table[1:]}


def assert_in_shape(text: str, home: Path) -> None:
    """The folder's name is whole, the table fits 80 columns, and no object of Python's is in sight."""
    assert str(home) in text
    assert all(len(line) <= 80 for line in text.partition("\n\n")[0].splitlines())
    assert not re.search(r"[{}]|'\w+':|None|True|False", text)


def test_nothing_runs_and_it_says_how_to_start(home: Path) -> None:
    result = labs("status")
    assert rows(result.stdout) == {name: ["stopped", *"-----"] for name in stack.BROKERS}
    assert_in_shape(result.stdout, home)
    assert "labs up" in result.stdout


def test_what_up_started_is_shown_then_dead_and_another_users_and_never_claimed_without_proof(home: Path) -> None:
    here = stack.up(["redis"], "native", report=silent)["redis"]
    shown = labs("status")
    assert rows(shown.stdout)["redis"] == ["running", here.host, str(here.port), "labs", here.version, "labs up"]
    assert_in_shape(shown.stdout, home)
    about = json.loads(labs("status", "--json").stdout)["brokers"]["redis"]
    assert (about["host"], about["port"], about["user"], about["started_by"]) == (
        here.host, here.port, "labs", "labs up")  # fmt: skip
    assert here.password not in shown.stdout + json.dumps(about)
    if os.geteuid() == 0:
        assert_says_whose_it_is()
    os.kill(here.pids[0], signal.SIGKILL)
    give_up = time.monotonic() + 10
    while is_alive(here.pids[0], 1.0) or "dead" not in (text := labs("status").stdout):
        assert time.monotonic() < give_up
    assert rows(text)["redis"][:3] == ["dead", here.host, str(here.port)]
    assert "SIGKILL" in text and "its log: " in text and "what to do: labs up" in text  # noqa: PT018
    assert_in_shape(text, home)


def assert_says_whose_it_is() -> None:
    """To another user, who may read the folder: it runs, and only its owner can prove it. Not `its process is gone`."""
    command = [sys.executable, "-c", AS_NOBODY]
    text = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
    assert rows(text)["redis"][0] == "another user's"
    assert "belongs to root: only root can prove" in text
    assert "gone" not in text


def test_a_sessions_brokers_are_shown_with_who_started_them_until_its_supervisor_is_killed(home: Path) -> None:
    command = [sys.executable, "-c", SESSION]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stdin  # noqa: PT018
        assert process.stdout.readline() == "up\n"
        give_up = time.monotonic() + 10
        while (found := stack.status())["brokers"]["redis"]["state"] == "starting":  # its supervisor is being told
            assert time.monotonic() < give_up
        [session] = found["sessions"]
        assert session["owner_pid"] == process.pid
        assert session["ports"]["redis"] == found["brokers"]["redis"]["port"]
        assert found["brokers"]["redis"]["state"] == "running"
        assert rows(labs("status").stdout)["redis"][-1] == f"{Path(sys.executable).name}, pid {process.pid}"
        [record] = state.stacks()
        os.kill(record["supervisor"]["pid"], signal.SIGKILL)
        give_up = time.monotonic() + 10
        while (found := stack.status())["sessions"] and time.monotonic() < give_up:
            time.sleep(0.05)
        assert found["sessions"] == []
        assert found["brokers"]["redis"]["state"] == "stopped"
        process.stdin.close()


def test_brokers_of_your_own_are_shown_with_the_variable_that_names_them_and_what_is_wrong(home: Path) -> None:
    here = stack.up(["redis"], "native", report=silent)["redis"]
    env = {"LABS_REDIS_URL": f"redis://127.0.0.1:{here.port}", "LABS_REDIS_USER": "labs"}
    env |= {"LABS_REDIS_PASSWORD": here.password, "LABS_KAFKA_URL": f"127.0.0.1:{free_port()}"}
    result = labs("status", **env)
    assert result.returncode == 1
    assert rows(result.stdout)["redis"] == [
        "running", here.host, str(here.port), "labs", here.version, "you (LABS_REDIS_URL)"]  # fmt: skip
    assert rows(result.stdout)["kafka"][0] == "unusable"
    assert "does not answer: Connection refused" in result.stdout
    assert "passwords: LABS_REDIS_PASSWORD" in result.stdout
    assert here.password not in result.stdout
    assert here.password in labs("status", "--show-password", **env).stdout
    assert_in_shape(result.stdout, home)


@pytest.mark.parametrize("endpoints", ["native"], indirect=True)
def test_clients_connect_with_exactly_what_is_printed_and_a_topic_is_made_by_the_printed_command(
    endpoints: dict[str, Endpoint],
) -> None:
    text = labs("status", "--show-password").stdout
    copied = dict(re.findall(r"^  (\w+) +(\S+:\S+)$", text, re.MULTILINE))
    with redis.Redis.from_url(copied["redis"]) as client:
        assert client.ping()
    connection = pika.BlockingConnection(pika.URLParameters(copied["rabbitmq"]))
    assert connection.is_open
    connection.close()
    streams = re.search(r"streams: port (\d+)", text)
    assert streams
    assert int(streams[1]) == endpoints["rabbitmq"].stream_port
    topic = f"test-status-{os.getpid()}"
    [command] = re.findall(r"make one: (.*)", text)
    subprocess.run(command.replace("NAME", topic), shell=True, cwd=Path.cwd(), check=True, capture_output=True)
    producer = kafka.KafkaProducer(bootstrap_servers=copied["kafka"])
    assert producer.send(topic, b"hello").get(timeout=10).topic == topic
    producer.close()
    admin = kafka.KafkaAdminClient(bootstrap_servers=copied["kafka"])
    admin.delete_topics([topic])
    admin.close()
