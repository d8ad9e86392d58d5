"""The same promises as the native brokers', in containers. Needs an engine: eval "$(python -m tests.engine up)"."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import kafka
import pika
import psutil
import pytest
import redis

from labs.model import paths
from labs.model.endpoint import Endpoint
from labs.model.errors import StackError
from labs.stack import backends, state
from labs.stack.containers import compose, docker
from labs.stack.external import given
from labs.stack.processes import start_of
from tests import standins

pytestmark = [pytest.mark.compose, pytest.mark.usefixtures("container_engine")]
PORT_NAMES = (
    *compose.SERVICES,
    "rabbitmq-admin",
    "rabbitmq-prometheus",
    "rabbitmq-dist",
    "rabbitmq-stream",
    "epmd",
    "kafka-controller",
)
ROOT = Path(__file__).resolve().parent.parent
PROJECT = f"labs-test-{os.getpid()}"
SECRETS = {"redis": ("anna", "-r_" + "x" * 20), "rabbitmq": ("anna", "y" * 20)}


@pytest.fixture(scope="session")
def ports(container_engine: None) -> dict[str, int]:
    """Free ports for this run."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in PORT_NAMES]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return {name: probe.getsockname()[1] for name, probe in zip(PORT_NAMES, probes, strict=True)}


@pytest.fixture
def freed(ports: dict[str, int]) -> dict[str, int]:
    """The same ports, without the brokers of the tests that only look."""
    compose.stop(PROJECT, volumes=True)
    return ports


def start(ports: dict[str, int], *brokers: str, project: str = PROJECT, **more: object) -> dict[str, Endpoint]:
    given: dict[str, object] = {"owner_pid": os.getpid(), "report": lambda line: None} | more
    wanted = brokers or compose.SERVICES
    secrets = state.secrets() | SECRETS
    return compose.start(wanted, project=project, ports=ports, secrets=secrets, **given)  # type: ignore[arg-type]


@contextmanager
def stopped_after(project: str) -> Iterator[None]:
    try:
        yield
    finally:
        compose.stop(project, volumes=True)


@pytest.fixture(scope="module")
def stack(ports: dict[str, int]) -> Iterator[dict[str, Endpoint]]:
    """All three, started once for the tests that only look."""
    os.environ["LABS_HEALTH_INTERVAL"] = "2s"
    with stopped_after(PROJECT):
        yield start(ports)
    del os.environ["LABS_HEALTH_INTERVAL"]


def put(found: dict[str, Endpoint], text: bytes) -> None:
    """Leave one message in each broker in a way that promises to keep it."""
    redis_client(found["redis"]).lpush("kept", text)
    with channel(found["rabbitmq"]) as open_channel:
        open_channel.queue_declare("kept", durable=True)
        open_channel.confirm_delivery()
        open_channel.basic_publish("", "kept", text, pika.BasicProperties(delivery_mode=2))
    admin = kafka.KafkaAdminClient(bootstrap_servers=address(found["kafka"]))
    admin.create_topics({"kept": {"num_partitions": 1, "replication_factor": 1}})
    admin.close()
    producer = kafka.KafkaProducer(bootstrap_servers=address(found["kafka"]))
    producer.send("kept", text, partition=0).get(timeout=10)
    producer.close()


def take(found: dict[str, Endpoint]) -> dict[str, object]:
    """The message that is in each broker."""
    with channel(found["rabbitmq"]) as open_channel:
        amqp = open_channel.basic_get("kept", auto_ack=True)[2]
    consumer = kafka.KafkaConsumer(bootstrap_servers=address(found["kafka"]), enable_auto_commit=False)
    consumer.assign([kafka.TopicPartition("kept", 0)])
    consumer.seek_to_beginning()
    records = [record for batch in consumer.poll(timeout_ms=10_000).values() for record in batch]
    consumer.close()
    kept = {"redis": redis_client(found["redis"]).rpop("kept"), "rabbitmq": amqp}
    return kept | {"kafka": records[0].value if records else None}


def address(endpoint: Endpoint) -> str:
    return f"{endpoint.host}:{endpoint.port}"


def redis_client(endpoint: Endpoint) -> redis.Redis:
    login = {"username": endpoint.username, "password": endpoint.password}
    return redis.Redis(host=endpoint.host, port=endpoint.port, socket_timeout=5, **login)


@contextmanager
def channel(endpoint: Endpoint) -> Iterator[pika.adapters.blocking_connection.BlockingChannel]:
    login = pika.PlainCredentials(endpoint.username, endpoint.password)
    parameters = pika.ConnectionParameters(endpoint.host, endpoint.port, credentials=login)
    connection = pika.BlockingConnection(parameters)
    yield connection.channel()
    connection.close()


def listening(ports: dict[str, int]) -> set[tuple[str, int]]:
    found = psutil.net_connections(kind="tcp")
    return {(c.laddr.ip, c.laddr.port) for c in found if c.status == "LISTEN" and c.laddr.port in ports.values()}


def test_an_engine_with_the_images_is_good_enough() -> None:
    assert compose.why_not() is None


def test_each_broker_says_where_it_is_what_it_is_and_that_it_runs_in_a_container(stack: dict[str, Endpoint]) -> None:
    assert list(stack) == ["redis", "rabbitmq", "kafka"]
    for endpoint in stack.values():
        assert (endpoint.backend, endpoint.host) == ("compose", "127.0.0.1")
        assert endpoint.version[0].isdigit()
        assert endpoint.container.startswith(PROJECT)
    assert "anna" in repr(stack["redis"])
    assert SECRETS["redis"][1] not in repr(stack["redis"])


def test_the_process_named_is_the_broker_of_that_container(stack: dict[str, Endpoint]) -> None:
    words = {"redis": "redis-server", "rabbitmq": "rabbitmq", "kafka": "kafka.Kafka"}
    for endpoint in stack.values():
        (pid,) = endpoint.pids
        assert words[endpoint.broker] in " ".join(psutil.Process(pid).cmdline())


def test_the_containers_own_health_checks_agree(stack: dict[str, Endpoint]) -> None:
    give_up_s = time.monotonic() + 30
    health = {}
    while set(health.values()) != {"healthy"} and time.monotonic() < give_up_s:
        health = {broker: docker.container(broker, PROJECT)["State"]["Health"]["Status"] for broker in stack}
        time.sleep(0.3)
    assert health == dict.fromkeys(compose.SERVICES, "healthy")


def test_every_port_is_on_loopback_only(stack: dict[str, Endpoint], ports: dict[str, int]) -> None:
    found = listening(ports)
    assert {port for _, port in found} >= {endpoint.port for endpoint in stack.values()}
    assert {host for host, _ in found} == {"127.0.0.1"}
    for broker in stack:
        published = docker.container(broker, PROJECT)["HostConfig"]["PortBindings"].values()
        assert {binding["HostIp"] for bindings in published for binding in bindings} == {"127.0.0.1"}


def test_redis_refuses_whoever_has_no_login_or_a_wrong_one(stack: dict[str, Endpoint]) -> None:
    # the client takes a refused login for a lost connection and would try for seconds
    where = {"host": "127.0.0.1", "port": stack["redis"].port, "retry": None}
    for login in ({}, {"username": "anna", "password": "wrong"}, {"password": "redis"}):
        with pytest.raises(redis.exceptions.AuthenticationError):
            redis.Redis(**where, **login, protocol=2).ping()


def test_rabbitmq_refuses_guest(stack: dict[str, Endpoint]) -> None:
    with pytest.raises(pika.exceptions.ProbableAuthenticationError):
        pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", stack["rabbitmq"].port))


def test_no_password_is_in_the_list_of_processes(stack: dict[str, Endpoint]) -> None:
    for process in psutil.process_iter(["cmdline"]):
        words = " ".join(process.info["cmdline"] or [])
        assert SECRETS["redis"][1] not in words
        assert SECRETS["rabbitmq"][1] not in words


def test_brokers_that_the_environment_names_are_found_and_proven(
    stack: dict[str, Endpoint], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cluster = state.secrets()["kafka"][1]
    monkeypatch.setenv("LABS_HOME", str(tmp_path))
    monkeypatch.setenv("LABS_KAFKA_CLUSTER_ID", cluster)
    for broker, (user, password) in SECRETS.items():
        monkeypatch.setenv(f"LABS_{broker.upper()}_USER", user)
        monkeypatch.setenv(f"LABS_{broker.upper()}_PASSWORD", password)
    given.keep_logins()
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert given.endpoints() == {}
    monkeypatch.setenv("LABS_GIVEN", " ".join(f"{name}={address(place)}" for name, place in stack.items()))
    found = given.endpoints()
    assert {name: address(place) for name, place in found.items()} == {n: address(p) for n, p in stack.items()}
    assert (found["redis"].version, found["redis"].pids) == (stack["redis"].version, ())


@pytest.mark.parametrize(
    ("kind", "as_last", "as_first"), [("plain", True, True), ("appending", False, True), ("inserting", True, False)]
)
def test_the_stand_ins_entrypoints_move_what_redis_is_told_last_or_first(
    kind: str, as_last: bool, as_first: bool
) -> None:
    image = standins.redis_variants(dict(os.environ))[kind]
    for words, heard in ((["--port", "0", "-"], as_last), (["-", "--port", "0"], as_first)):
        asked = ["docker", "run", "--rm", "--interactive", "--network", "none", image, "redis-server", *words]
        done = subprocess.run(asked, input="logfile /no-such-folder/log\n", capture_output=True, text=True, timeout=60)
        assert done.returncode == 1
        assert ("Can't open the log file" in done.stderr) == heard, done.stdout + done.stderr


def test_the_stand_ins_module_is_one_that_redis_loads() -> None:
    image, name = standins.redis_variants(dict(os.environ))["appending"], f"{PROJECT}-module"
    docker.run(["run", "--detach", "--rm", "--name", name, "--network", "none", image], 60)
    try:
        deadline_s = time.monotonic() + 20
        while "labsdummy" not in (said := docker.run(["exec", name, "redis-cli", "module", "list"], 10)):
            assert "refused" in said, said
            assert time.monotonic() < deadline_s
            time.sleep(0.2)
    finally:
        subprocess.run(["docker", "rm", "--force", "--volumes", name], capture_output=True, timeout=60)


def test_no_broker_runs_as_root_in_its_container(stack: dict[str, Endpoint]) -> None:
    for endpoint in stack.values():
        (pid,) = endpoint.pids
        assert psutil.Process(pid).uids().real != 0


def test_nothing_is_kept_outside_the_volumes_that_have_a_name(stack: dict[str, Endpoint]) -> None:
    for broker in stack:
        mounts = docker.container(broker, PROJECT)["Mounts"]
        assert [one["Name"] for one in mounts if one["Type"] == "volume"] == [f"{PROJECT}_{broker}"]


def in_image(broker: str, *words: str, timeout_s: float = 60, **environ: str) -> subprocess.CompletedProcess[str]:
    """A container of a broker's image, without a network, until it ends."""
    image = compose._images([broker])[broker]
    given = [part for name, value in environ.items() for part in ("--env", f"{name}={value}")]
    asked = ["docker", "run", "--rm", "--network", "none", *given, image, *words]
    return subprocess.run(asked, capture_output=True, text=True, timeout=timeout_s)


def test_the_stand_in_refuses_the_variables_of_old() -> None:
    for name in ("RABBITMQ_VM_MEMORY_HIGH_WATERMARK", "RABBITMQ_SSL_VERIFY", "RABBITMQ_MANAGEMENT_SSL_DEPTH"):
        done = in_image("rabbitmq", "rabbitmq-server", **{name: "1"})
        assert (done.returncode, name in done.stderr) == (1, True)


def test_a_kafka_with_variables_and_no_mounted_file_has_no_defaults() -> None:
    done = in_image("kafka", KAFKA_NUM_PARTITIONS="3")
    assert done.returncode == 1
    assert "process.roles" in done.stdout + done.stderr


def test_a_client_in_another_container_reaches_kafka_by_its_name(stack: dict[str, Endpoint]) -> None:
    tool = "org.apache.kafka.tools.TopicCommand --bootstrap-server kafka:19092 --list"
    image = docker.container("kafka", PROJECT)["Config"]["Image"]
    command = ["docker", "run", "--rm", "--network", f"{PROJECT}_default", "--entrypoint", "sh", image, "-c"]
    done = subprocess.run(
        [*command, f"java -cp '/opt/kafka/libs/*' {tool}"], capture_output=True, text=True, timeout=60
    )
    assert "labs-ready" in done.stdout, done.stderr


def test_what_was_confirmed_survives_new_containers(ports: dict[str, int], stack: dict[str, Endpoint]) -> None:
    put(stack, b"still here")
    compose.stop(PROJECT, volumes=False)
    assert listening(ports) == set()
    assert take(start(ports)) == dict.fromkeys(compose.SERVICES, b"still here")


def test_with_host_networking_they_listen_on_loopback_themselves(freed: dict[str, int]) -> None:
    project = f"{PROJECT}-host"
    with stopped_after(project):
        found = start(freed, project=project, host_network=True)
        put(found, b"direct")
        assert take(found)["kafka"] == b"direct"
        assert {socket.inet_aton(host.removeprefix("::ffff:"))[0] for host, _ in listening(freed) if host != "::1"} == {
            127
        }
        assert all(docker.container(broker, project)["HostConfig"]["NetworkMode"] == "host" for broker in found)
    assert listening(freed) == set()


@pytest.mark.parametrize("kind", ["plain", "appending", "inserting"])
def test_redis_starts_whatever_the_entrypoint_of_its_image_adds(
    freed: dict[str, int], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABS_REDIS_IMAGE", standins.redis_variants(dict(os.environ))[kind])
    project = f"{PROJECT}-{kind}"
    with stopped_after(project):
        client = redis_client(start(freed, "redis", project=project)["redis"])
        assert client.config_get("appendfsync") == {"appendfsync": "everysec"}
        assert [one for one in client.module_list() if one[b"path"]] == []  # Redis 8 has one in itself
        assert client.acl_whoami() in ("anna", b"anna")
        words = docker.run(["exec", f"{project}-redis-1", "cat", "/proc/1/cmdline"], 10)
        assert "redis-server" in words
        assert SECRETS["redis"][1] not in words


def test_what_a_killed_owner_left_is_removed_by_the_next_command(freed: dict[str, int]) -> None:
    owner = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    mine, its = f"{PROJECT}-mine", f"{PROJECT}-its"
    with stopped_after(mine), stopped_after(its):
        start(freed, "redis", project=its, owner_pid=owner.pid)
        assert compose.sweep(PROJECT) == []
        owner.kill()
        owner.wait()
        assert compose.sweep(PROJECT) == [f"{its}-redis-1"]
        assert docker.ids(its) == []
        assert its not in docker.run(["volume", "ls", "--quiet"], 10)
        assert compose.sweep(PROJECT) == []


def test_a_process_that_has_the_dead_owners_number_is_not_taken_for_it() -> None:
    began = f"{start_of(os.getpid()):.0f}"
    assert compose._lives(f"{os.getpid()}:{began}")
    assert not compose._lives(f"{os.getpid()}:{int(began) - 1}")
    assert compose._lives("0")


def test_a_taken_port_is_named_and_nothing_is_left(freed: dict[str, int]) -> None:
    project = f"{PROJECT}-taken"
    with socket.create_server(("127.0.0.1", freed["redis"])), stopped_after(project):
        with pytest.raises(StackError, match=f"taken.*{freed['redis']}.*LABS_PORT_BASE"):
            start(freed, "redis", project=project)
        assert docker.ids(project) == []


def test_a_container_that_ends_at_once_is_reported_with_its_last_words(freed: dict[str, int]) -> None:
    project = f"{PROJECT}-broken"
    with stopped_after(project):
        with pytest.raises(StackError, match=r"ended with code 1 .*no-such-setting"):
            start(freed, "redis", project=project, more={"LABS_REDIS_CONFIG": "no-such-setting yes"})
        assert docker.ids(project) == []


def test_no_engine_is_a_reason_with_a_cure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    assert "No container engine answers" in str(compose.why_not())
    assert "native" in str(compose.why_not())
    with pytest.raises(StackError, match="native"):
        docker.ids("any")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "no `docker` command" in str(compose.why_not())


def test_an_engine_without_the_images_names_those_it_cannot_get(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABS_REDIS_IMAGE", "registry.invalid/redis:0")
    reason = str(compose.why_not())
    assert "registry.invalid/redis:0" in reason
    assert "native" in reason


def render(*files: str, profile: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    chosen = [part for file in files for part in ("-f", str(ROOT / file))]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("LABS_")} | variables
    command = [
        "docker",
        "compose",
        "--env-file",
        "/dev/null",
        "--profile",
        profile,
        *chosen,
        "config",
        "--format",
        "json",
    ]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=30)


def test_by_hand_without_logins_it_refuses_and_says_what_to_run() -> None:
    done = render("docker-compose.yml")
    assert done.returncode != 0
    assert "make up" in done.stderr


def test_official_images_are_named_by_an_exact_tag() -> None:
    services = json.loads(render("docker-compose.yml", **compose._NEVER_USED).stdout)["services"]
    for broker, image in {"redis": "redis", "rabbitmq": "rabbitmq", "kafka": "apache/kafka"}.items():
        name, _, tag = services[broker]["image"].partition(":")
        assert name == image
        assert tag.removesuffix("-management").count(".") == 2
        assert int(services[broker]["mem_limit"]) <= 2**30


def test_the_lab_service_is_published_on_loopback_and_is_given_the_three_brokers() -> None:
    done = render("docker-compose.yml", profile="lab", **compose._NEVER_USED)
    lab = json.loads(done.stdout)["services"]["lab"]
    assert [port["host_ip"] for port in lab["ports"]] == ["127.0.0.1"]
    assert [word.partition("=")[0] for word in lab["environment"]["LABS_GIVEN"].split()] == list(compose.SERVICES)
    assert set(lab["depends_on"]) == set(compose.SERVICES)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The project as a clone under umask 077 leaves it: nobody but its owner can read a file or enter a folder."""
    folder = tmp_path / "checkout"
    shutil.copytree(ROOT / "labs", folder / "labs", ignore=shutil.ignore_patterns("__pycache__"))
    for file in ROOT.glob("docker-compose*.yml"):
        shutil.copy2(file, folder)
    subprocess.run(["chmod", "-R", "go=", str(folder)], check=True)
    return folder


def test_logins_made_without_python_are_enough_and_are_kept(checkout: Path, freed: dict[str, int]) -> None:
    script = ["sh", str(checkout / "labs" / "stack" / "secrets.sh")]
    subprocess.run(script, check=True, capture_output=True, umask=0o077)
    made = (checkout / ".env").read_text()
    assert (checkout / ".env").stat().st_mode & 0o777 == 0o600
    variables = dict(line.split("=") for line in made.splitlines())
    assert len(set(variables.values())) == 5
    subprocess.run(script, check=True, capture_output=True)
    assert (checkout / ".env").read_text() == made
    project = f"{PROJECT}-by-hand"
    environ = {**os.environ, "LABS_REDIS_PORT": str(freed["redis"]), "LABS_HEALTH_INTERVAL": "1s"}
    with stopped_after(project):
        by_hand = ["docker", "compose", "-p", project, "up", "--detach", "--wait", "redis"]
        done = subprocess.run(by_hand, env=environ, cwd=checkout, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr


def test_brokers_start_from_a_checkout_that_only_its_owner_can_read(checkout: Path) -> None:
    environ = {name: value for name, value in os.environ.items() if name != "LABS_HOME"}
    environ |= {"PYTHONPATH": str(checkout), "LABS_CACHE": str(paths.cache())}

    def labs_there(*words: str) -> subprocess.CompletedProcess[str]:
        asked = [sys.executable, "-m", "labs", *words]
        return subprocess.run(
            asked, env=environ, cwd=checkout, umask=0o077, capture_output=True, text=True, timeout=200
        )

    try:
        done = labs_there("up", "--backend", "compose")
        assert done.returncode == 0, done.stderr
        found = json.loads(labs_there("status", "--json").stdout)
        assert found["home"] == str(checkout / ".labs")
        assert {found["brokers"][name]["state"] for name in compose.SERVICES} == {"running"}
    finally:
        ended = labs_there("down", "--reset")
    assert ended.returncode == 0, ended.stderr
    assert f"{found['brokers']['redis']['container'].removesuffix('-redis-1')}_redis" in ended.stderr
    modes = {path.stat().st_mode & 0o077 for path in (checkout / "labs").rglob("*") if "__pycache__" not in str(path)}
    assert modes == {0}


def test_the_host_override_publishes_nothing_and_binds_loopback() -> None:
    done = render("docker-compose.yml", "docker-compose.host.yml", **compose._NEVER_USED)
    services = json.loads(done.stdout)["services"]
    for broker in compose.SERVICES:
        assert services[broker]["network_mode"] == "host"
        assert not services[broker].get("ports")
    assert "0.0.0.0" not in done.stdout


def labs(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = os.environ | {"LABS_HOME": str(home)}
    return subprocess.run(
        [sys.executable, "-m", "labs", *words], env=environ, cwd=ROOT, capture_output=True, text=True, timeout=120
    )


def test_up_by_containers_stays_until_down_and_both_can_be_repeated(tmp_path: Path) -> None:
    first = labs(tmp_path, "up", "--backend", "compose", "redis")
    try:
        assert first.returncode == 0, first.stdout + first.stderr
        about = json.loads(labs(tmp_path, "status", "--json").stdout)["brokers"]["redis"]
        assert (about["state"], about["backend"]) == ("running", "compose")
        assert "already running" in labs(tmp_path, "up", "redis").stderr
        assert labs(tmp_path, "up", "--backend", "native", "redis").returncode == 1
    finally:
        assert labs(tmp_path, "down", "--reset").returncode == 0
    assert labs(tmp_path, "down").returncode == 0
    assert about["container"] not in docker.run(["ps", "--all", "--format", "{{.Names}}"], 10)
    assert about["container"].rpartition("-redis")[0] not in docker.run(["volume", "ls", "--quiet"], 10)


def test_a_session_killed_while_it_starts_or_runs_leaves_nothing_after_the_next_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "from labs import stack\nwith stack.session(['redis'], 'compose'): print('up', flush=True); input()"
    environ = os.environ | {"LABS_HOME": str(tmp_path)}
    monkeypatch.setenv("LABS_HOME", str(tmp_path))
    ours = ["--filter", f"name={state.user_project()}"]

    def made() -> str:
        return docker.run(["ps", "--all", "--quiet", *ours], 10)

    signs: dict[str, Callable[[], object]] = {
        "its record is there": state.stack_files,
        "its container is there": made,
        "it runs": lambda: docker.run(["ps", "--quiet", *ours], 10),
        "it is up": lambda: (tmp_path / "words.txt").read_text().endswith("up\n"),
    }
    for until, sign in signs.items():
        with (tmp_path / "words.txt").open("w") as words, (tmp_path / "errors.txt").open("w") as errors:
            session = subprocess.Popen(
                [sys.executable, "-c", code], env=environ, cwd=ROOT, stdin=subprocess.PIPE, stdout=words, stderr=errors
            )
        with session:
            deadline = time.monotonic() + 60
            try:
                while not sign():
                    assert session.poll() is None, f"it ended before {until}: {(tmp_path / 'errors.txt').read_text()}"
                    assert time.monotonic() < deadline, f"it never came so far that {until}"
                    time.sleep(0.02)
            finally:
                session.kill()
        assert session.returncode == -signal.SIGKILL
        assert state.stack_files()  # and so there is something to remove
        if until != "its record is there":
            assert made()
        assert labs(tmp_path, "down").returncode == 0
        assert state.stack_files() == []
        assert made() == ""
        assert docker.run(["volume", "ls", "--quiet", *ours], 10) == ""


def test_without_an_engine_the_way_out_is_named_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for reason in (f"No engine answers: it said nothing. {docker.CURE}", "Too old, or use the native backend."):
        monkeypatch.setattr(compose, "why_not", lambda said=reason: said)
        with pytest.raises(StackError) as error:
            backends.choose("compose", ["redis"])
        assert str(error.value).count("labs up --backend native") == 1
        assert str(error.value).startswith(f"starting containers: {reason}")
