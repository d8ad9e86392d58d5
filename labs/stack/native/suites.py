"""Debian's releases whose brokers can be run on another one: a row of data each.

A suite's programs come with the C library that they were built for, so that they run on Debian and Ubuntu of another
age: `moved` writes the loader's place into each of them.
"""

from __future__ import annotations

import contextlib
import platform
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from labs.model import environ
from labs.model.paths import cache
from labs.model.profile import UnknownNameError
from labs.stack.state import make_folder

VARIABLE = "LABS_DEBIAN_SUITE"
HOST = "host"
"""Instead of a suite: what this machine's own apt has, run with this machine's C library."""
NEWEST = "forky"
MIRROR = "LABS_DEBIAN_MIRROR"
DAY_S = 86_400
TEMPLATE = Path("/usr/share/python-apt/templates/Debian.info")
_C = ("libc6", "libstdc++6", "libgcc-s1", "libatomic1", "libcrypt1", "zlib1g", "libzstd1", "libtinfo6")
_SYSTEMD = ("libsystemd0", "libcap2", "liblz4-1", "liblzma5", "libgcrypt20", "libgpg-error0")


@dataclass(frozen=True)
class Suite:
    """One release. `libraries` are the packages, beside the brokers' own, that its programs are linked with."""

    name: str
    release: int
    libraries: tuple[str, ...]


SUITES = {
    suite.name: suite
    for suite in (
        Suite("bookworm", 12, (*_C, *_SYSTEMD, "libssl3", "libsctp1")),
        Suite("trixie", 13, (*_C, *_SYSTEMD, "libssl3t64", "openssl-provider-legacy", "libsctp1")),
        Suite("forky", 14, (*_C, *_SYSTEMD, "libssl3t64", "openssl-provider-legacy", "libsctp1", "libmimalloc3")),
    )
}


def data_folders() -> tuple[str, ...]:
    """The names of the folders in which brokers of the machine's own and of each suite keep their data.

    One each: an older RabbitMQ or Redis cannot read what a newer one has written, and RabbitMQ 4 not what 3.10 has.
    """
    return ("data", *(f"data-{name}" for name in SUITES))


def data_folder() -> str:
    """The one of the suite that is chosen."""
    suite = chosen()
    return f"data-{suite.name}" if suite else "data"


def chosen() -> Suite | None:
    """The suite that LABS_DEBIAN_SUITE names, or the default one; None where the machine's own packages are used."""
    name = named() or _default()
    if name == HOST:
        return None
    if name not in SUITES:
        raise UnknownNameError(f"suite in {VARIABLE}", name, [*SUITES, HOST])
    return SUITES[name]


def named() -> str:
    """What LABS_DEBIAN_SUITE says; empty where it is not set."""
    return environ.read(VARIABLE)


@contextlib.contextmanager
def taken(name: str) -> Iterator[None]:
    """What starts inside is of that suite, whatever LABS_DEBIAN_SUITE says."""
    as_before = environ.put({VARIABLE: name})
    try:
        yield
    finally:
        as_before()


def do_without() -> None:
    """From now on, for a day, the machine's own packages are used where LABS_DEBIAN_SUITE says nothing."""
    make_folder(_note().parent)
    _note().touch()


def _note() -> Path:
    return cache() / "debian" / ".not-to-be-had"


def public_mirror() -> str:
    """The Debian mirror that python-apt names, which comes with Ubuntu; empty where it does not."""
    with contextlib.suppress(OSError):
        if match := re.search(r"^BaseURI: (\S+)", TEMPLATE.read_text(), re.MULTILINE):
            return match[1]
    return ""


def _default() -> str:
    """The newest suite where its packages can be had without being told from where, as on Debian and Ubuntu."""
    if not environ.read(MIRROR) and _os() != "debian" and not public_mirror():
        return HOST
    with contextlib.suppress(FileNotFoundError):
        if time.time() - _note().stat().st_mtime < DAY_S:
            return HOST
    return NEWEST


def _os() -> str:
    try:
        return platform.freedesktop_os_release()["ID"]
    except (OSError, KeyError):
        return ""
