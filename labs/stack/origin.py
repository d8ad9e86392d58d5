"""What stands behind a broker's version, for the run card: its runtime, where it came from, its memory, what we set.

Asked of the running server, of its process and of its container. Nothing here is typed, and nothing names a folder, a
user or a host. What cannot be seen reads `not seen from here`, and no run fails for it.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TypeVar

from labs.model import environ
from labs.model.endpoint import Endpoint
from labs.model.facts import Facts
from labs.model.machine import PROC, UNSEEN
from labs.stack import ground
from labs.stack.native import config_lines, suites

PACKAGES = {"redis": "redis-server", "rabbitmq": "rabbitmq-server"}
PLACE = re.compile(
    r"listeners|advertised|\.ip\b|port\b|\.host\b|quorum\.voters|log\.dirs|log\.console|^listener\.|node\.id"
)
"""Of our configuration what says where a broker is and whom it tells, and not how it behaves."""
MIB = 1 << 20
Found = TypeVar("Found")
_JAVAS: dict[str, str] = {}


def known(place: Endpoint) -> Endpoint:
    """The endpoint with what is told of its server; `about` of the memory server is empty."""
    return place if place.about or place.broker not in _ASK else replace(place, about=told(place))


@cache
def told(place: Endpoint) -> Facts:
    """`runtime`, `origin`, `heap`, `given` (a line a setting), `file_system` and perhaps `fsync_ms`. Asked once of a
    server by each process: the answers cannot change while it runs."""
    runtime, heap = _seen(_ASK[place.broker], place) or (UNSEEN, UNSEEN)
    limit = _seen(_limit, place) or ""
    return {
        "runtime": runtime,
        "origin": "a broker of the reader's" if place.is_given else _seen(_origin, place) or UNSEEN,
        "heap": f"{heap}{limit}",
        "given": [] if place.is_given else [line for line in config_lines(place.broker) if not PLACE.search(line)],
        **(_seen(_ground, place) or {"file_system": UNSEEN}),
    }


def _seen(ask: Callable[[Endpoint], Found], place: Endpoint) -> Found | None:
    with contextlib.suppress(Exception):  # a zoo of clients, engines and files: what they cannot say is not known
        return ask(place)
    return None


def _redis(place: Endpoint) -> tuple[str, str]:
    from labs.brokers.redis.admin import client

    with client(place) as redis_:
        server, memory = redis_.info("server"), redis_.info("memory")
    limit = f"{int(memory['maxmemory']) / MIB:g} MiB" if memory["maxmemory"] else "none"
    runtime = f"{memory['mem_allocator']}, built by gcc {server['gcc_version']}"
    return runtime, f"maxmemory {limit}, {memory['maxmemory_policy']}"


def _rabbitmq(place: Endpoint) -> tuple[str, str]:
    from labs.brokers.rabbitmq.client import Link

    with contextlib.closing(Link(place)) as link:
        link.open()
        runtime = str(link.connection.server_properties["platform"])
    return runtime, _seen(_watermark, place) or _configured(place)


def _watermark(place: Endpoint) -> str:
    from labs.brokers.rabbitmq.management import ask

    return f"memory watermark {ask(place, 'GET', 'nodes')[0]['mem_limit'] / MIB:.0f} MiB"


def _configured(place: Endpoint) -> str:
    """A node tells its watermark some seconds after it has begun; until then it is what we gave it."""
    lines = [] if place.is_given else config_lines(place.broker)
    return next((f"as configured, {line}" for line in lines if line.startswith("vm_memory_high_watermark")), UNSEEN)


def _kafka(place: Endpoint) -> tuple[str, str]:
    heap = [word for word in _command_line(place) if re.match(r"-Xm[sx]\d|-XX:\+Use\w+GC$", word)]
    said = dict(re.findall(r"^\s*(java\.[\w.]+) = (.*)$", _of_java(place), re.M))
    return f"Java {said['java.runtime.version']}, {said['java.vendor']}", " ".join(heap) or "Java's own choice"


_ASK: dict[str, Callable[[Endpoint], tuple[str, str]]] = {"redis": _redis, "rabbitmq": _rabbitmq, "kafka": _kafka}
"""Broker -> (runtime, memory), in words."""


def _command_line(place: Endpoint) -> list[str]:
    if place.container:
        return _inside(place, "tr '\\0' '\\n' < /proc/1/cmdline").split("\n")
    return (PROC / str(place.pids[0]) / "cmdline").read_text("utf-8", "replace").split("\0")


def _of_java(place: Endpoint) -> str:
    """What the Java that runs it says of itself, asked once of each program or image."""
    program = "" if place.container else str(_program(place))
    name = program or str(_inspected(place.container)["Image"])
    if name not in _JAVAS:
        ask = " -XX:TieredStopAtLevel=1 -XshowSettings:properties -version 2>&1"
        if program:
            _JAVAS[name] = subprocess.run(
                ["sh", "-c", f'"$0"{ask}', program], capture_output=True, text=True, timeout=10, env=environ.for_tools()
            ).stdout
        else:
            _JAVAS[name] = _inside(place, f'"$(readlink -f /proc/1/exe)"{ask}')
    return _JAVAS[name]


def _program(place: Endpoint) -> Path:
    return (PROC / str(place.pids[0]) / "exe").readlink()


def _inside(place: Endpoint, script: str) -> str:
    from labs.stack.containers import docker

    return docker.run(["exec", place.container, "sh", "-c", script], docker.ANSWER_S)


def _limit(place: Endpoint) -> str:
    if not place.container:
        return ""
    most = int(_inspected(place.container)["HostConfig"]["Memory"])
    return f"; its container has {most / MIB:g} MiB" if most else ""


def _inspected(name: str) -> Facts:
    from labs.stack.containers import docker

    found: Facts = json.loads(docker.run(["inspect", name], docker.ANSWER_S))[0]
    return found


def _origin(place: Endpoint) -> str:
    if place.container:
        container = _inspected(place.container)
        image = _inspected(container["Image"])
        if digests := image.get("RepoDigests"):
            return f"the image {container['Config']['Image']}, {digests[0].partition('@')[2]}"
        inside = _seen(_package_inside, place) or "what is in it does not say"
        return f"an image of this machine's own ({image['Id'][:19]}): {inside}"
    return _jars(place) if place.broker == "kafka" else _package(place)


def _package_inside(place: Endpoint) -> str:
    if place.broker == "kafka":
        return _inside(
            place, "cd /opt/kafka/libs && sha256sum kafka_2.*.jar | sed 's/^\\(.\\{16\\}\\)\\S* */SHA-256 \\1, /'"
        ).strip()
    package = PACKAGES[place.broker]
    said = _inside(place, f". /etc/os-release; echo \"$PRETTY_NAME\"; dpkg-query -W -f '${{Version}}' {package}")
    release, version = said.splitlines()[:2]
    return f"{package} {version} of {release}"


def _package(place: Endpoint) -> str:
    """The Debian package that the running program lies in, by the newest entry of its change log."""
    root = Path(str(_program(place)).partition("/usr/")[0] or "/")
    package = PACKAGES[place.broker]
    with gzip.open(root / "usr/share/doc" / package / "changelog.Debian.gz", "rt", errors="replace") as log:
        found = re.match(r"\S+ \((\S+)\)", log.readline())
    suite = suites.SUITES.get(root.parent.name)
    whose = f"Debian {suite.release} ({suite.name}), unpacked" if suite else "this machine's own system"
    return f"the package {package} {found[1] if found else UNSEEN} of {whose}"


def _jars(place: Endpoint) -> str:
    words = _command_line(place)
    folder = Path(words[words.index("-cp") + 1]).parent
    jar = next(folder.glob("kafka_2.*.jar"))
    return f"the jars of Maven Central: {jar.name}, SHA-256 {hashlib.sha256(jar.read_bytes()).hexdigest()[:16]}"


def _ground(place: Endpoint) -> Facts:
    if not place.container:
        return ground.told(Path(place.data_dir)) if place.data_dir and not place.is_given else {"file_system": UNSEEN}
    mount = next(one for one in _inspected(place.container)["Mounts"] if one["Type"] == "volume")
    return ground.told(Path(mount["Source"]))
