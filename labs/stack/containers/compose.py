"""The three brokers as containers: everything goes through `docker compose` and the two files at the project's root."""

from __future__ import annotations

import contextlib
import functools
import json
import re
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from labs.model import environ
from labs.model.endpoint import Endpoint
from labs.model.errors import StackError
from labs.model.paths import PROJECT, home
from labs.stack.coming_up import until_ready
from labs.stack.containers import docker
from labs.stack.processes import is_alive, start_of
from labs.stack.state import make_folder

SERVICES = ("redis", "rabbitmq", "kafka")
CONFIG = Path(__file__).parents[1] / "config"
PULL_S, UP_S, DOWN_S = 1800.0, 180.0, 120.0
# A health check costs the engine about 55 ms of CPU. Readiness is proven from here, so the labs ask for few of them.
HEALTH_INTERVAL = "30s"
_NEVER_USED = {
    f"LABS_{broker}_{what}": "never-used" for broker in ("REDIS", "RABBITMQ") for what in ("USER", "PASSWORD")
}


def _compose(project: str, *arguments: str, timeout_s: float, extra: Mapping[str, str], host: bool = False) -> str:
    files = ["docker-compose.yml", *(["docker-compose.host.yml"] if host else [])]
    files += ["docker-compose.disk.yml"] if "LABS_DISK_DEVICE" in extra else []
    named = [part for name in files for part in ("-f", str(PROJECT / name))]
    start = ["compose", "--ansi", "never", "--progress", "plain", "-p", project, *named]
    return docker.run([*start, *arguments], timeout_s, extra)


def _images(brokers: Sequence[str]) -> dict[str, str]:
    """Broker -> image, as the compose file and the environment have it."""
    shown = _compose("labs-images", "config", "--format", "json", timeout_s=docker.ANSWER_S, extra=_NEVER_USED)
    return {broker: json.loads(shown)["services"][broker]["image"] for broker in brokers}


def _missing(brokers: Sequence[str]) -> dict[str, str]:
    """The images that would have to be pulled."""

    def here(image: str) -> bool:
        try:
            return bool(docker.run(["image", "inspect", "--format", "{{.Id}}", image], docker.ANSWER_S))
        except StackError:
            return False

    return {broker: image for broker, image in _images(brokers).items() if not here(image)}


@functools.cache
def _can_be_pulled(image: str) -> bool:
    try:
        return bool(docker.run(["manifest", "inspect", image], docker.ANSWER_S))
    except StackError:
        return False


def why_not(brokers: Sequence[str] = SERVICES) -> str | None:
    """None if an engine answers and has or can pull the images; else the reason and the cure."""
    if not shutil.which("docker"):
        return "There is no `docker` command here. Install Docker with Compose 2, or use the native backend."
    try:
        docker.run(["version", "--format", "{{.Server.Version}}"], docker.ANSWER_S)
    except StackError as error:
        return f"No container engine answers: {error.happened} {docker.CURE}"
    try:
        version = docker.run(["compose", "version", "--short"], docker.ANSWER_S).strip().lstrip("v")
        if tuple(int(part) for part in re.findall(r"\d+", version)[:2]) < (2, 24):
            return f"Compose {version} is too old. Install Compose 2.24 or newer, or use the native backend."
        unreachable = [image for image in _missing(brokers).values() if not _can_be_pulled(image)]
    except StackError as error:
        return f"`docker compose` does not work: {error.happened} Install Compose 2, or use the native backend."
    if unreachable:
        names = ", ".join(unreachable)
        return f"The engine does not have {names} and cannot pull it. Load the images, or use the native backend."
    return None


def readable() -> Path:
    """A copy of our configuration that every user can read: the brokers in containers are users of their own.

    The checkout may have been made with umask 077, or be one that nobody else may read; its modes stay as they are.
    """
    copy = make_folder(home() / "config")
    try:
        for path in sorted(CONFIG.rglob("*")):
            there = copy / path.relative_to(CONFIG)
            if path.is_dir():
                there.mkdir(exist_ok=True)
            elif not there.exists() or there.read_bytes() != path.read_bytes():
                there.write_bytes(path.read_bytes())
            there.chmod(0o755 if path.is_dir() else 0o644)
    except OSError as error:
        tried = "copying the brokers' configuration for containers"
        raise StackError(tried, f"{error}.", f"Make {copy} yours, or set LABS_HOME to a folder of yours.") from error
    return copy


def _environment(
    project: str, ports: Mapping[str, int], secrets: Mapping[str, tuple[str, str]], owner_pid: int | None
) -> dict[str, str]:
    """The variables that docker-compose.yml asks for. They reach compose by its environment, never by arguments."""
    owner = f"{owner_pid}:{start_of(owner_pid):.0f}" if owner_pid else "0"
    asked = {"LABS_PROJECT": project, "LABS_OWNER": owner}
    asked["LABS_CONFIG"] = str(readable())
    asked["LABS_HEALTH_INTERVAL"] = environ.read("LABS_HEALTH_INTERVAL") or HEALTH_INTERVAL
    for name, port in ports.items():
        asked[f"LABS_{name.upper().replace('-', '_')}_PORT"] = str(port)
    for broker in ("redis", "rabbitmq"):
        user, password = secrets[broker]
        asked |= {f"LABS_{broker.upper()}_USER": user, f"LABS_{broker.upper()}_PASSWORD": password}
    if "kafka" in secrets:
        asked["LABS_KAFKA_CLUSTER_ID"] = secrets["kafka"][1]
    return asked


def start(  # noqa: PLR0913 - one keyword per fact; the caller owns them all
    brokers: Sequence[str],
    *,
    project: str,
    ports: dict[str, int],
    secrets: dict[str, tuple[str, str]],
    owner_pid: int | None,
    host_network: bool = False,
    more: Mapping[str, str] | None = None,
    report: Callable[[str], None] = print,
) -> dict[str, Endpoint]:
    """Containers of these brokers, each answering from here; a start that fails leaves none of them behind."""
    extra = _environment(project, ports, secrets, owner_pid) | dict(more or {})
    for broker, image in _missing(brokers).items():
        report(f"{broker}: pulling {image}, once ...")
        docker.run(["pull", "--quiet", image], PULL_S)
    began_s, ready = time.monotonic(), dict[str, Endpoint]()
    report(f"containers: starting {', '.join(brokers)} ...")
    try:
        words = ("up", "--detach", "--no-build", "--no-deps", *brokers)
        _compose(project, *words, timeout_s=UP_S, extra=extra, host=host_network)
        endpoints = [_endpoint(broker, project, ports, secrets) for broker in brokers]
        until_ready(endpoints, project, began_s, report, ready)
        return {one.broker: ready[one.broker] for one in endpoints}
    except BaseException:
        remove(project, brokers, extra, at_once=[broker for broker in brokers if broker not in ready])
        raise


def _endpoint(broker: str, project: str, ports: Mapping[str, int], secrets: Mapping[str, tuple[str, str]]) -> Endpoint:
    container = docker.container(broker, project)
    user, password = secrets[broker] if broker != "kafka" else ("", "")
    volumes = [mount["Name"] for mount in container["Mounts"] if mount["Type"] == "volume"]
    return Endpoint(
        broker=broker,
        host="127.0.0.1",
        port=ports[broker],
        username=user,
        password=password,
        admin_port=ports["rabbitmq-admin"] if broker == "rabbitmq" else 0,
        stream_port=ports["rabbitmq-stream"] if broker == "rabbitmq" else 0,
        pids=docker.pids(container),
        backend="compose",
        container=container["Name"].lstrip("/"),
        version=docker.kafka_version(container["Id"]) if broker == "kafka" else "",
        data_dir=f"volume {volumes[0]}" if volumes else "",
    )


def remove(
    project: str, brokers: Sequence[str], extra: Mapping[str, str] = _NEVER_USED, *, at_once: Sequence[str] = ()
) -> None:
    """Remove the containers of these brokers, and the network with the last of all; data stays.

    Those `at_once` are killed: one that has not come up yet would let the engine wait for its whole grace period.
    """
    if at_once:
        with contextlib.suppress(StackError):  # it has ended, or was never made
            _compose(project, "kill", *at_once, timeout_s=DOWN_S, extra=extra)
    _compose(project, "rm", "--stop", "--force", *brokers, timeout_s=DOWN_S, extra=extra)
    if not docker.ids(project):
        stop(project, volumes=False)


def stop(project: str, *, volumes: bool) -> None:
    """Remove the project's containers and network, and its data if `volumes`; nothing to remove is no error."""
    at_once = ["--volumes", "--timeout", "0"] if volumes else []  # what is deleted needs no clean end
    words = ("down", "--remove-orphans", *at_once)
    _compose(project, *words, timeout_s=DOWN_S, extra=_NEVER_USED)


def sweep(project: str) -> list[str]:
    """Remove what owners that are gone left: containers and volumes of `project` and of the sessions named after it.

    A session's own data goes with it; that of `project` stays.
    """
    shown = f'{{{{.Names}}}} {{{{.Label "{docker.LABEL_PROJECT}"}}}} {{{{.Label "{docker.LABEL_OWNER}"}}}}'
    dead: dict[str, list[str]] = {}
    for kind, words in (("Names", ["ps", "--all"]), ("Name", ["volume", "ls"])):
        asked = [*words, "--filter", f"label={docker.LABEL_PROJECT}", "--format", shown.replace("Names", kind)]
        lines = docker.run(asked, docker.ANSWER_S).splitlines()
        for name, whose, owner in (line.split() for line in lines if len(line.split()) == 3):
            if (whose == project or whose.startswith(f"{project}-")) and not _lives(owner):
                dead.setdefault(whose, []).extend([name] if kind == "Names" else [])
    for whose in dead:
        stop(whose, volumes=whose != project)
    return sorted(name for names in dead.values() for name in names)


def _lives(owner: str) -> bool:
    """Owner 0 is the user; any other is a process that must be the same one still."""
    pid, _, began = owner.partition(":")
    return pid == "0" or (pid.isdigit() and began.isdigit() and is_alive(int(pid), float(began)))
