"""Redis and RabbitMQ on Debian and Ubuntu without root: packages fetched by apt and unpacked into our own cache.

Either this machine's own packages, or those of another release of Debian with the C library they were built for.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from labs.model.errors import StackError
from labs.model.paths import cache
from labs.model.text import enumerated
from labs.stack.native import apt, moved, suites
from labs.stack.native.suites import Suite
from labs.stack.state import make_folder

ROOTS = {"redis": ("redis-server",), "rabbitmq": ("rabbitmq-server",)}
# Of all that apt would pull in, what a plain system does not already have.
_WANTED = (
    "redis-server",
    "redis-tools",
    "rabbitmq-server",
    "erlang-",
    "libjemalloc",
    "liblzf",
    "liblua5.1",
    "libhiredis",
)
_CURES = {
    errno.ENOSPC: apt.SPACE,
    errno.EROFS: "Nothing can be written there: remount it",
    errno.EACCES: "No program can be started there (a mount with `noexec`?): remount it",
}
_RULES = ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")


def folder(broker: str) -> Path:
    """Where that broker's packages are unpacked, of the suite that is chosen."""
    suite = suites.chosen()
    return cache() / "debian" / (f"{suite.name}/{broker}" if suite else broker)


def is_here(broker: str) -> bool:
    """Whether that broker is unpacked, whole, and runs from where it lies now."""
    return folder(broker).is_dir() and (suites.chosen() is None or moved.runs_from(folder(broker)))


def why_not() -> str | None:
    """None where the tools are there; else what is missing."""
    missing = [tool for tool in ("apt-get", "apt-cache", "dpkg") if not shutil.which(tool)]
    return f"{enumerated(missing)} not found" if missing else None


def get(broker: str, report: Callable[[str], None]) -> Path:
    """The folder with the broker's programs, fetched and unpacked if not there. Complete or absent.

    Where the newest suite is not to be had and nobody has asked for it, the machine's own packages do for a day.
    """
    try:
        return _get(broker, report)
    except StackError as error:
        suite = suites.chosen()
        if suite is None or suites.named() or apt.SPACE in error.to_do:
            raise
        suites.do_without()
        report(
            f"Debian {suite.release} is not to be had, so this machine's own apt is asked for older brokers: {error}"
        )
        return _get(broker, report)


def _get(broker: str, report: Callable[[str], None]) -> Path:
    target, suite = folder(broker), suites.chosen()
    if is_here(broker):
        return target
    partial = make_folder(target.parent) / f".partial-{broker}-{os.getpid()}"
    shutil.rmtree(partial, ignore_errors=True)
    try:
        for part in ("packages", "root", "lists/partial"):
            (partial / part).mkdir(parents=True)
        if target.is_dir():  # the cache was moved or copied: its programs name another folder
            shutil.copytree(target, partial / "root", symlinks=True, dirs_exist_ok=True)
        else:
            _download(broker, suite, partial, report)
            for package in sorted((partial / "packages").glob("*.deb")):
                apt.run(["dpkg", "-x", str(package), str(partial / "root")], partial)
            _make_movable(partial / "root")
        if suite:
            moved.make_run_from(target, partial / "root")
        _put(partial, target)
    except OSError as error:
        to_do = f"{_CURES.get(error.errno or 0, 'Look at the folder')}, or set LABS_CACHE to a folder elsewhere."
        raise StackError(f"unpacking {broker} into {target}", f"{error}.", to_do) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target


def _put(partial: Path, target: Path) -> None:
    """The new folder in the place of the old one. Another process may have been quicker, with the same."""
    if target.is_dir():
        target.rename(partial / "old")
    try:
        (partial / "root").rename(target)
    except OSError:
        if not target.is_dir():
            raise


def _download(broker: str, suite: Suite | None, partial: Path, report: Callable[[str], None]) -> None:
    """Fetch a broker's packages into `partial`, by the lists that are there; where these do not do, by new ones."""
    kept = folder(broker).parent / "lists"
    if suite is None or kept.is_dir():
        try:
            old = apt.of_suite(suite, partial, kept) if suite else apt.of_machine(partial)
            _fetch(broker, suite, old, partial, report)
            return
        except StackError as error:  # most often they name versions that are gone
            report(f"{broker}: not to be had by the package lists that are here ({error.happened}), fetching new ones")
            if suite:  # nor do they do for the next broker, whatever becomes of this one
                shutil.rmtree(kept, ignore_errors=True)
    else:
        report(f"{broker}: fetching the package list of Debian {suite.release} ({suite.name})")
    lists = partial / "lists"
    options = apt.of_suite(suite, partial, lists) if suite else apt.of_machine(partial, lists)
    apt.get("update", options=options, folder=partial)
    _fetch(broker, suite, options, partial, report)
    if suite:  # for the other broker, unless another process has put them there
        with contextlib.suppress(OSError):
            lists.rename(kept)


def _fetch(
    broker: str, suite: Suite | None, options: Sequence[str], partial: Path, report: Callable[[str], None]
) -> None:
    wanted = (*_WANTED, *(suite.libraries if suite else ()))
    rules = [f"--no-{rule}" for rule in _RULES]
    roots = ROOTS[broker]
    lines = apt.run(["apt-cache", *options, "depends", "--recurse", *rules, *roots], partial).splitlines()
    names = sorted({line.strip() for line in lines if line[:1].isalnum() and line.startswith(wanted)})
    if not set(roots) <= set(names):
        raise StackError(f"looking for {', '.join(roots)}", "apt does not know it.", "Install it by hand.")
    report(f"{broker}: fetching {len(names)} Debian packages, once, without root")
    apt.get("download", *names, options=options, folder=partial / "packages")


def _make_movable(root: Path) -> None:
    """Erlang's start scripts name their folder absolutely; let them take it from the environment instead."""
    for script in (*root.glob("usr/lib/erlang/bin/*"), *root.glob("usr/lib/erlang/erts-*/bin/*")):
        if script.is_file() and not script.is_symlink() and script.name in ("erl", "start"):
            text = script.read_text().replace("ROOTDIR=/usr/lib/erlang", 'ROOTDIR="${LABS_ERLANG:-/usr/lib/erlang}"')
            script.write_text(text)
