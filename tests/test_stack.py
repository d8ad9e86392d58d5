"""Brokers as processes of this machine: started, found again, proven, and gone when their owner is."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import kafka
import pika
import psutil
import pytest
import redis

from labs import stack
from labs.model import paths
from labs.model.endpoint import Endpoint
from labs.model.errors import StackError
from labs.stack import native, ports, registry, state, sweep
from labs.stack.native import debian, installed, jars, suites
from labs.stack.processes import family, listeners, marked, start_of

pytestmark = pytest.mark.broker
ROOT = Path(__file__).resolve().parent.parent


def silent(_line: str) -> None:
    """Nobody listens to the progress."""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home of its own with a space in its name, the common cache; at the end nothing may be left."""
    monkeypatch.setenv("LABS_CACHE", str(paths.cache()))
    monkeypatch.setenv("LABS_HOME", str(tmp_path / "a home with spaces"))
    monkeypatch.delenv("LABS_PORT_BASE", raising=False)
    yield paths.home()
    stack.down(report=silent)
    assert leftovers() == []


def leftovers() -> list[str]:
    """Everything of this home that still runs or lies in a temporary folder."""
    folders = [*sweep.run_root().glob(sweep.run_folder("*").name), *paths.home().glob("session-*")]
    return [*map(str, folders), *map(str, marked(paths.home()).values())]


def wait_for(condition: Callable[[], bool], limit_s: float = 20.0) -> bool:
    deadline_s = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > deadline_s:
            return False
        time.sleep(0.05)
    return True


def client(endpoint: Endpoint, **more: object) -> redis.Redis:
    options = {"username": endpoint.username, "password": endpoint.password, "socket_timeout": 1.0} | more
    return redis.Redis(host=endpoint.host, port=endpoint.port, **options)  # type: ignore[arg-type]


def supervisor_of(broker: str) -> int:
    return next(record["supervisor"]["pid"] for record, name, _ in registry.entries() if name == broker)


@contextlib.contextmanager
def owner(brokers: tuple[str, ...] = ("redis",)) -> Iterator[tuple[subprocess.Popen[str], dict[str, int]]]:
    """Another process that holds a session; gives it and the pids of its brokers."""
    code = (
        "import json, sys, time\nfrom labs import stack\n"
        "with stack.session(sys.argv[1:], 'native', report=lambda line: None) as found:\n"
        "    print(json.dumps({name: one.pids[0] for name, one in found.items()}), flush=True)\n    time.sleep(600)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, *brokers], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout
    try:
        yield process, json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_three_brokers_start_are_found_again_and_go_down() -> None:
    said: list[str] = []
    first = stack.up(backend="native", report=said.append)
    assert set(first) == {"redis", "rabbitmq", "kafka"}
    assert any("ready" in line and " s" in line for line in said)
    said.clear()
    assert stack.up(backend="native", report=said.append) == first
    assert len([line for line in said if "already running" in line]) == 3
    with stack.session(report=silent) as found:
        assert found == first
    told = json.dumps(stack.status())
    assert [stack.status()["brokers"][name]["state"] for name in first] == ["running"] * 3
    assert all(word not in told for _, word in state.secrets().values())
    assert (paths.home() / "secrets.json").stat().st_mode & 0o777 == 0o600
    check_listeners(first)
    check_logins(first)
    stack.down(report=silent)
    assert leftovers() == []
    assert all(not start_of(one.pids[0]) for one in first.values())
    stack.down(report=said.append)
    assert "nothing of `labs up` is running" in said


def check_listeners(found: dict[str, Endpoint]) -> None:
    """Every listener of every process of ours is on loopback, and there are as many as we know of."""
    seen = {place for pid in family(supervisor_of("redis")) for place in listeners(pid)}
    assert {address for address, _ in seen} <= {"127.0.0.1", "::1"}
    base = found["redis"].port
    assert base in ports.user_bases()
    assert {port for _, port in seen} == set(ports.needed_ports(tuple(found), ports.ports_from(base)))


def check_logins(found: dict[str, Endpoint]) -> None:
    """No default login works; ours does, and Kafka is the cluster we made."""
    one = found["rabbitmq"]
    for name, word in (("guest", "guest"), (one.username, "guest"), (one.username, "")):
        where = pika.ConnectionParameters(one.host, one.port, credentials=pika.PlainCredentials(name, word))
        with pytest.raises(pika.exceptions.AMQPError):
            pika.BlockingConnection(where)
    with pytest.raises(redis.AuthenticationError):
        client(found["redis"], username=None, password=None).ping()
    admin = kafka.KafkaAdminClient(bootstrap_servers=f"127.0.0.1:{found['kafka'].port}")
    assert admin.describe_cluster()["cluster_id"] == state.secrets()["kafka"][1]
    admin.close()


def test_up_adds_the_broker_that_is_missing() -> None:
    stack.up(["redis"], "native", report=silent)
    both = stack.up(["redis", "memory"], "native", report=silent)
    assert set(both) == {"redis", "memory"}
    assert stack.status()["brokers"]["memory"]["state"] == "running"


def test_what_up_stored_is_there_after_down_and_up_and_gone_after_reset() -> None:
    client(stack.up(["redis"], "native", report=silent)["redis"]).set("kept", "yes")
    stack.down(report=silent)
    assert client(stack.up(["redis"], "native", report=silent)["redis"]).get("kept") == b"yes"
    stack.down(reset=True, report=silent)
    assert client(stack.up(["redis"], "native", report=silent)["redis"]).get("kept") is None


@pytest.mark.long
def test_data_with_another_cluster_id_is_named_at_once_and_reset_mends_it() -> None:
    """RabbitMQ, whose users are in its data too, has this test in containers."""
    stack.up(["kafka"], "native", report=silent)
    stack.down(report=silent)
    (paths.home() / "secrets.json").write_text(
        json.dumps({**state.secrets(), "kafka": ["cluster-id", "L" + "x" * 21]}), encoding="utf-8"
    )
    began_s = time.monotonic()
    with pytest.raises(StackError, match=r"its data \(\S.*kafka\) has another cluster id.*labs down --reset"):
        stack.up(["kafka"], "native", report=silent)
    assert time.monotonic() - began_s < 40
    stack.down(reset=True, report=silent)
    assert set(stack.up(["kafka"], "native", report=silent)) == {"kafka"}


@pytest.fixture
def undeletable(home: Path) -> Iterator[Path]:
    """A folder in the brokers' data that even we cannot delete: for root a mount, else a mode without writing."""
    folder = home / "data" / "redis" / "held"
    folder.mkdir(parents=True)
    (folder / "file").touch()
    if os.geteuid() == 0:
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(folder)], check=True)
    else:
        folder.chmod(0o500)
    yield folder
    if os.geteuid() == 0:
        subprocess.run(["umount", str(folder)], check=True)
    else:
        folder.chmod(0o700)


def test_data_that_cannot_be_deleted_is_not_said_to_be_deleted(undeletable: Path) -> None:
    said: list[str] = []
    with pytest.raises(StackError, match=r"deleting the brokers' data: .*held.*sudo rm -r"):
        stack.down(reset=True, report=said.append)
    assert undeletable.exists()
    assert not [line for line in said if "deleted" in line]


def test_a_port_that_was_asked_for_and_is_taken_is_named_with_its_process_and_the_cure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        monkeypatch.setenv("LABS_PORT_BASE", str(port))
        with pytest.raises(StackError, match=rf"{port} is taken by pid {os.getpid()} .*LABS_PORT_BASE=\d+"):
            stack.up(["redis"], "native", report=silent)
        command = [sys.executable, "-m", "labs", "up", "--backend", "native", "redis"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 1
        assert str(port) in done.stderr
        assert "Traceback" not in done.stderr


def test_when_its_usual_ports_are_taken_a_stack_listens_on_others_and_says_so() -> None:
    usual, said = ports.default_base(), list[str]()
    with contextlib.ExitStack() as held:
        if ports.is_free(usual):
            held.enter_context(socket.create_server(("127.0.0.1", usual)))
        found = stack.up(["redis"], "native", report=said.append)["redis"]
    assert found.port != usual
    assert client(found).ping()
    (line,) = [line for line in said if "is taken by" in line]
    assert line.startswith(f"port {usual} is taken by ")
    assert line.endswith(f": ports from {found.port} on for redis")
    assert stack.up(["redis"], report=silent)["redis"] == found


def test_a_decoy_on_the_port_is_never_taken_for_our_broker(tmp_path: Path) -> None:
    ours = stack.up(["redis"], "native", report=silent)["redis"]
    stack.kill(ours)
    assert wait_for(lambda: stack.status()["brokers"]["redis"]["state"] == "dead")
    unpacked = debian.folder("redis") / "usr"
    program = installed.system("redis") or unpacked / "bin/redis-server"
    libraries = ":".join(map(str, (unpacked / "lib").glob("*-linux-*"))) if suites.chosen() is None else ""
    command = [str(program), "--port", str(ours.port), "--bind", "127.0.0.1", "--dir", str(tmp_path), "--save", ""]
    decoy = subprocess.Popen(command, env=os.environ | {"LD_LIBRARY_PATH": libraries}, stdout=subprocess.DEVNULL)
    try:
        assert wait_for(lambda: not ports.is_free(ours.port))
        assert stack.status()["brokers"]["redis"]["state"] == "dead"
        with stack.session(["redis"], "native", report=silent) as found:
            assert found["redis"].port != ours.port
            assert client(found["redis"]).info("server")["process_id"] == found["redis"].pids[0]
        said: list[str] = []
        again = stack.up(["redis"], "native", report=said.append)["redis"]
        assert [line for line in said if f"port {ours.port} is taken by pid {decoy.pid}" in line]
        assert again.port != ours.port
        assert client(again).info("server")["process_id"] == again.pids[0]
        with pytest.raises(StackError, match="not a broker that we started"):
            stack.kill(replace(ours, pids=(decoy.pid,)))
        assert decoy.poll() is None
    finally:
        decoy.kill()
        decoy.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_a_session_ends_with_its_owner(number: signal.Signals) -> None:
    brokers = ("redis", "rabbitmq", "memory") if number == signal.SIGKILL else ("redis",)
    with owner(brokers) as (process, pids):
        assert set(pids) == set(brokers)
        process.send_signal(number)
        process.wait(30)
        assert wait_for(lambda: leftovers() == [])
        assert not any(map(start_of, pids.values()))


def test_two_sessions_do_not_meet() -> None:
    with owner() as (_, pids), stack.session(["redis"], "native", report=silent) as mine:
        assert mine["redis"].pids[0] != pids["redis"]
        assert {len(one["ports"]) for one in stack.status()["sessions"]} == {1}
        with stack.session(["redis"], report=silent) as same:
            assert same == mine
        with stack.session(["redis"], "native", report=silent, own=True) as fresh:
            assert fresh["redis"].port != mine["redis"].port
        assert client(mine["redis"]).ping()
        up = stack.up(["redis"], "native", report=silent)
        assert up["redis"].port in ports.user_bases()


def test_a_child_uses_the_session_of_its_parent() -> None:
    with stack.session(["redis"], "native", report=silent) as mine:
        with owner() as (_, pids):
            assert pids["redis"] == mine["redis"].pids[0]
        assert client(mine["redis"]).ping()


def test_killing_the_supervisor_kills_its_brokers_and_the_next_up_works() -> None:
    found = stack.up(["redis", "rabbitmq"], "native", report=silent)
    everyone = family(supervisor_of("redis"))
    os.kill(everyone[0], signal.SIGKILL)
    assert wait_for(lambda: not any(start_of(one.pids[0]) for one in found.values()))
    again = stack.up(["redis"], "native", report=silent)
    assert again["redis"].port == found["redis"].port
    assert client(again["redis"]).ping()
    assert not any(map(start_of, everyone))


def test_a_killed_broker_is_started_again_by_up() -> None:
    both = stack.up(["redis", "memory"], "native", report=silent)
    stack.kill(both["redis"])
    assert wait_for(lambda: not start_of(both["redis"].pids[0]))
    again = stack.up(["redis", "memory"], "native", report=silent)
    assert again["memory"] == both["memory"]
    assert again["redis"].pids != both["redis"].pids


def test_a_frozen_broker_is_silent_until_it_is_thawed() -> None:
    with stack.session(["redis"], "native", report=silent) as found:
        stack.freeze(found["redis"])
        with pytest.raises(redis.TimeoutError):
            client(found["redis"], retry=None, socket_timeout=0.3).ping()
        stack.thaw(found["redis"])
        assert client(found["redis"]).ping()


def test_a_process_that_is_not_ours_is_neither_frozen_nor_killed() -> None:
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        with stack.session(["redis"], "native", report=silent) as found:
            foreign = replace(found["redis"], pids=(stranger.pid,))
            for act in (stack.freeze, stack.thaw, stack.kill):
                with pytest.raises(StackError, match="not a broker that we started"):
                    act(foreign)
        assert psutil.Process(stranger.pid).status() == psutil.STATUS_SLEEPING
    finally:
        stranger.kill()
        stranger.wait()


def test_a_start_that_fails_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    data = state.make_folder(paths.home() / suites.data_folder() / "redis")
    (data / "dump.rdb").write_bytes(b"REDIS0099 written by a newer server")
    with pytest.raises(StackError, match="starting redis: it ended with exit code 1"):
        stack.up(["redis", "memory"], "native", report=silent)
    assert leftovers() == []
    assert state.stack_files() == []


def test_without_the_right_to_write_the_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    locked = tmp_path / "locked"
    locked.mkdir()
    locked.chmod(0o555)
    with monkeypatch.context() as patch:
        patch.setenv("LABS_HOME", str(locked / "home"))
        user = os.geteuid()
        if user == 0:
            tmp_path.chmod(0o755)
            os.seteuid(65_534)
        try:
            with pytest.raises(StackError, match=r"making the folder .*locked.* LABS_HOME"):
                stack.up(["redis"], "native", report=silent)
        finally:
            os.seteuid(user)


def test_a_changed_jar_is_refused(tmp_path: Path) -> None:
    native.fetch(["kafka"], silent)
    coordinate, checksum = next(
        (name, known) for name, known in jars.read_list(jars.KAFKA.list).items() if ":kafka-clients:" in name
    )
    jar = tmp_path / f"kafka-clients-{jars.KAFKA.version}.jar"
    shutil.copy(jars.KAFKA.folder() / jar.name, jar)
    jars.check(jar, coordinate, checksum)
    with jar.open("r+b") as file:
        file.seek(1000)
        file.write(b"!")
    with pytest.raises(StackError, match="was not used"):
        jars.check(jar, coordinate, checksum)


def test_a_checksum_that_does_not_fit_leaves_no_half_set_of_jars(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABS_CACHE", str(tmp_path / "cache"))
    wrong = tmp_path / "list"
    wrong.write_text(f"{'0' * 64}  org.slf4j:slf4j-api:1.7.36\n")
    with pytest.raises(StackError, match="the repository says 0000"):
        jars.KAFKA.get(silent, wrong)
    assert list((tmp_path / "cache").iterdir()) == []


def test_no_session_may_sit_where_the_brokers_of_a_folder_have_to_listen(monkeypatch: pytest.MonkeyPatch) -> None:
    fixed, short = set[int](), set[int]()
    for tag in range(0, 4800, 7):
        monkeypatch.setattr(ports, "home_tag", lambda tag=tag: f"{tag:x}")
        assert len({*ports.user_bases()}) == len(ports.user_bases()) > 20
        fixed |= {port for base in ports.user_bases() for port in ports.ports_from(base).values()}
        bases = list(ports.session_bases())
        assert len(set(bases)) == len(bases)
        short |= {port for base in bases for port in ports.ports_from(base).values()}
    assert not fixed & short
    assert max(fixed | short) < 32_768
    assert min(fixed | short) > 9_200
    monkeypatch.setenv("LABS_PORT_BASE", "65500")
    assert [*ports.session_bases()][:3] == [65_510, 65_520, 25_530]


@pytest.mark.parametrize("asked", ["yes", "80", "70000", "-1"])
def test_an_unusable_port_base_is_refused(asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABS_PORT_BASE", asked)
    with pytest.raises(StackError, match=r"no usable port.*1024"):
        stack.up(["redis"], "native", report=silent)


def test_unknown_brokers_and_backends_are_refused() -> None:
    with pytest.raises(StackError, match="no broker called 'nats'"):
        stack.up(["nats"], "native", report=silent)
    with pytest.raises(StackError, match=r"backend 'podman'.*auto, compose, native"):
        stack.up(["redis"], "podman", report=silent)


def test_without_apt_and_without_brokers_the_one_command_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(tmp_path))
        patch.setenv("LABS_CACHE", str(tmp_path / "cache"))
        for broker in ("redis", "rabbitmq"):
            with pytest.raises(StackError, match=r"apt-get.*not found.*dnf install .*brew install .*conda install"):
                stack.up([broker], "native", report=silent)


def test_without_an_engine_auto_takes_native_processes_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    said: list[str] = []
    with stack.session(["redis"], report=said.append) as found:
        assert found["redis"].backend == "native"
    assert any(line.startswith("backend native: no containers (") for line in said)
    with pytest.raises(StackError, match="native"):
        stack.up(["redis"], "compose", report=silent)


def test_what_a_killed_download_left_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("LABS_CACHE", str(tmp_path / "cache"))
        ended = subprocess.Popen(["true"])
        ended.wait()
        half = state.make_folder(paths.cache() / f".partial-kafka-{ended.pid}")
        other = state.make_folder(paths.cache() / "debian" / "forky" / f".partial-redis-{ended.pid}")
        ours = state.make_folder(paths.cache() / "debian" / f".partial-redis-{os.getpid()}")
        stack.down(report=silent)
        assert not half.exists()
        assert not other.exists()
        assert ours.exists()


def test_the_doctor_names_what_is_there_and_a_cure_for_what_is_not() -> None:
    found = stack.doctor()
    assert {"Python", "Java for Kafka", "ports", "disk"} <= {check["name"] for check in found["checks"]}
    assert all(bool(check["cure"]) != check["ok"] for check in found["checks"])
    assert found["backend"] in ("compose", "native", "recorded")
    assert found["why"]
    json.dumps(found)
