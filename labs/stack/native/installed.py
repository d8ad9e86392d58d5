"""The brokers that this machine has: which ones are used, and which are too old."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
from pathlib import Path

from labs.model import environ
from labs.stack.native import suites

FLOOR = {"redis": (7, 2), "rabbitmq": (4, 0)}
"""The oldest that is used where this machine has one: Redis before 7.2 and RabbitMQ before 4.0 keep other promises."""


def system(broker: str) -> Path | None:
    """The start program of that broker that this machine has and that is used: not where LABS_DEBIAN_SUITE names a
    suite, nor where it is older than what this book speaks of and a newer one can be had."""
    found = _installed(broker)
    if suites.chosen() is None:
        return found
    return None if suites.named() or too_old(broker) else found


def too_old(broker: str) -> str:
    """Why the one that this machine has is passed over: its version and the lowest that is used; else empty."""
    found = _installed(broker)
    version = found and _version(found)
    if not version or broker not in FLOOR or tuple(map(int, version.split(".")[:2])) >= FLOOR[broker]:
        return ""
    floor = ".".join(map(str, FLOOR[broker]))
    return f"{broker} {version} ({found}) is passed over: what is said here is of {floor} and newer"


@functools.cache
def _version(program: Path) -> str:
    """What is in the path of a RabbitMQ, or what a Redis says of itself; empty if neither says."""
    if match := re.search(r"rabbitmq_server-(\d+\.\d+\.\d+)", str(program.resolve())):
        return match[1]
    done = subprocess.run(
        [str(program), "--version"], capture_output=True, text=True, check=False, env=environ.for_tools()
    )
    match = re.search(r"\bv=(\d+\.\d+\.\d+)", done.stdout)
    return match[1] if match else ""


def _installed(broker: str) -> Path | None:
    if broker == "rabbitmq":  # Debian's wrapper on the PATH insists on switching the user
        found = sorted(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin/rabbitmq-server"))
        if found and shutil.which("erl"):
            return found[-1]
    name = shutil.which(f"{broker}-server")
    return Path(name) if name else None
