"""Which redis-benchmark is run: the one of the server's own version, if this machine has it.

A tool of another version may send otherwise. So the first of those that are here and of the server's version is taken:
beside the running server, in each unpacked package of Debian, on the PATH. Only where none is, another one is.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from labs.model import environ
from labs.model.endpoint import Endpoint
from labs.model.machine import PROC
from labs.model.paths import cache as cache_folder
from labs.scenarios.bench.tools import ToolError
from labs.stack.native import debian, moved, suites

TOOL = "redis-benchmark"
INSTALL = "Install redis-tools."


class Program(NamedTuple):
    """Where a redis-benchmark is, and which version it says it is."""

    path: str
    version: str


def program(server: Endpoint) -> Program:
    """The one for this server. ToolError with what to do if there is none at all."""
    found = list(_here(server))
    if not any(one.version == server.version for one in found):
        try:
            debian.get("redis", lambda _text: None)
        except Exception as error:
            if not found:
                raise ToolError(f"looking for {TOOL}", f"it is not on the PATH, and {error}", INSTALL) from error
        found = list(_here(server))
    if not found:
        raise ToolError(f"looking for {TOOL}", "Debian's package has none.", INSTALL)
    return next((one for one in found if one.version == server.version), found[0])


def _here(server: Endpoint) -> Iterator[Program]:
    for path in _places(server):
        if path.exists():
            yield Program(str(path), version(str(path)))


def _places(server: Endpoint) -> Iterator[Path]:
    if server.pids and not server.container:
        with contextlib.suppress(OSError):  # another user's process
            yield (PROC / str(server.pids[0]) / "exe").readlink().with_name(TOOL)
    for suite in reversed(suites.SUITES):
        root = cache_folder() / "debian" / suite / "redis"
        if root.is_dir() and moved.runs_from(root):
            yield root / "usr" / "bin" / TOOL
    yield _plain() / "usr" / "bin" / TOOL
    if found := shutil.which(TOOL):
        yield Path(found)


def _plain() -> Path:
    """Where this machine's own packages are unpacked."""
    return cache_folder() / "debian" / "redis"


@cache
def version(path: str) -> str:
    """As the tool says."""
    asked = {"capture_output": True, "text": True, "timeout": 10, "check": False} | surroundings(path)
    said = str(subprocess.run([path, "--version"], **asked).stdout)
    return said.replace(TOOL, "").split("(")[0].strip() or "unknown"


def surroundings(path: str) -> dict[str, Any]:
    """Where an unpacked package keeps what its programs need: named from there, for a name of ours may be anything.

    Those of a suite of Debian find it by themselves.
    """
    own = _plain() / "usr" / "lib" if Path(path).is_relative_to(_plain()) else None
    names = ":".join(one.name for one in own.glob("*-linux-*")) if own else ""
    found = {"LD_LIBRARY_PATH": names} if names else {}
    return {"env": environ.for_tools() | found, "cwd": own if names else None}
