"""Redis and RabbitMQ on Debian and Ubuntu without root: packages fetched by apt and unpacked into our own cache."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from labs.model import environ
from labs.model.errors import StackError
from labs.model.kernel import die_with_parent
from labs.model.paths import cache
from labs.model.text import enumerated
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
_RULES = ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")


def folder(broker: str) -> Path:
    """Where that broker's packages are unpacked."""
    return cache() / "debian" / broker


def why_not() -> str | None:
    """None where apt and dpkg are there."""
    missing = [tool for tool in ("apt-get", "apt-cache", "dpkg") if not shutil.which(tool)]
    return f"{enumerated(missing)} not found" if missing else None


def get(broker: str, report: Callable[[str], None]) -> Path:
    """The folder with the broker's programs, fetched and unpacked if not there. Complete or absent."""
    target = folder(broker)
    if target.is_dir():
        return target
    partial = make_folder(target.parent) / f".partial-{broker}-{os.getpid()}"
    shutil.rmtree(partial, ignore_errors=True)
    try:
        for part in ("packages", "root", "lists/partial"):
            (partial / part).mkdir(parents=True)
        _download(broker, partial, report)
        for package in sorted((partial / "packages").glob("*.deb")):
            _run(["dpkg", "-x", str(package), str(partial / "root")], partial)
        _make_movable(partial / "root")
        (partial / "root").rename(target)
    except OSError as error:
        raise StackError(f"unpacking {broker} into {target}", f"{error}.", "Free some space and try again.") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target


def _download(broker: str, partial: Path, report: Callable[[str], None]) -> None:
    try:
        names = _packages(ROOTS[broker], [], partial)
        report(f"{broker}: fetching {len(names)} Debian packages, once, without root")
        _run(["apt-get", *_own(partial), "download", *names], partial / "packages")
    except StackError:
        # The machine's package lists are absent or name versions that are gone: fetch lists of our own.
        report(f"{broker}: the package lists are out of date, fetching our own")
        lists = ["-o", f"Dir::State::Lists={partial}/lists"]
        _run(["apt-get", *_own(partial), *lists, "update"], partial)
        names = _packages(ROOTS[broker], lists, partial)
        _run(["apt-get", *_own(partial), *lists, "download", *names], partial / "packages")


def _own(partial: Path) -> list[str]:
    # apt as root drops to the user _apt, which cannot write into our folders; the signatures are checked all the same.
    user = ["-o", "APT::Sandbox::User=root"] if os.getuid() == 0 else []
    return [*user, "-q", "-o", f"Dir::Cache={partial}", "-o", "Acquire::Retries=3"]


def _packages(roots: Sequence[str], options: Sequence[str], partial: Path) -> list[str]:
    rules = [f"--no-{rule}" for rule in _RULES]
    cached = ["-o", f"Dir::Cache={partial}"]
    lines = _run(["apt-cache", *cached, *options, "depends", "--recurse", *rules, *roots], partial).splitlines()
    names = {line.strip() for line in lines if line[:1].isalnum()}
    found = sorted(name for name in names if name.startswith(_WANTED))
    if not set(roots) <= set(found):
        raise StackError(f"looking for {', '.join(roots)}", "apt does not know it.", "Install it by hand.")
    return found


def _run(command: Sequence[str], folder_: Path) -> str:
    done = subprocess.run(
        list(command),
        cwd=folder_,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env=environ.for_tools(),
        preexec_fn=die_with_parent,
    )
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        raise StackError(
            f"running {command[0]} {command[-1]}", f"{lines[-1]}.", "Or install the broker: see `labs doctor`."
        )
    return done.stdout


def _make_movable(root: Path) -> None:
    """Erlang's start scripts name their folder absolutely; let them take it from the environment instead."""
    for script in (*root.glob("usr/lib/erlang/bin/*"), *root.glob("usr/lib/erlang/erts-*/bin/*")):
        if script.is_file() and not script.is_symlink() and script.name in ("erl", "start"):
            text = script.read_text().replace("ROOTDIR=/usr/lib/erlang", 'ROOTDIR="${LABS_ERLANG:-/usr/lib/erlang}"')
            script.write_text(text)
