"""Package sets: old and foreign Python clients in folders of their own, outside the course's environment.

A set is a list of exact versions with their hashes, `NAME.txt` beside this file, written from `NAME.in` by `make lock`.
It is fetched when it is asked for, once, into the folder of downloads; `labs fetch` does that ahead.

    from labs.stack import packages

    packages.names()                       # celery-5.6, celery-5.7, confluent-kafka, multi-broker
    packages.python("celery-5.7", report)  # its interpreter; fetched if it is not there. StackError says why not
    packages.versions("celery-5.7")        # {"celery": "5.7.0", ...}, as pinned

    with packages.program("celery-5.7", Path(__file__).with_name("worker.py"), "argument", report=report) as worker:
        worker.line(5.0)     # its next line on standard output; None: none within 5 s, or it will say no more
        worker.tell("text")  # a line to its standard input
        worker.kill()        # SIGKILL to the first process, proven ours; signal(number) sends another one
        worker.wait(5.0), worker.code, worker.errors()

A script of ours runs in the set's interpreter and imports what the set has and the standard library. However the block
ends, all of its processes are gone afterwards; where our own process is killed, they die with it (`program.py`).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from labs.model import environ, kernel
from labs.model.errors import StackError
from labs.model.paths import cache, cure_of
from labs.model.profile import UnknownNameError
from labs.stack.packages.program import Program
from labs.stack.packages.program import begin as _begin
from labs.stack.state import make_folder

__all__ = ["Program", "folder", "is_here", "names", "program", "python", "versions"]
LISTS = Path(__file__).parent
_PINNED = re.compile(r"(?m)^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)")
_ERROR = re.compile(r"(?m)^\s*ERROR: (.+)")
_OFFLINE = ("Could not find a version", "No matching distribution", "connection", "timed out", "resolve", "Network")
_WAYS = ("INDEX_URL", "EXTRA_INDEX_URL", "NO_INDEX", "FIND_LINKS", "PROXY", "CERT", "CLIENT_CERT", "TRUSTED_HOST")
_ASKED = ("CONFIG_FILE", "DEFAULT_TIMEOUT", "TIMEOUT", "RETRIES", "CACHE_DIR", "NO_CACHE_DIR", "KEYRING_PROVIDER")
Report = Callable[[str], None]


def names() -> list[str]:
    """The sets that there are."""
    return sorted(path.stem for path in LISTS.glob("*.txt"))


def versions(name: str) -> dict[str, str]:
    """Package -> the version that the set pins."""
    return dict(_PINNED.findall(_list(name).read_text("utf-8")))


def folder(name: str) -> Path:
    """Where the set lies once it is fetched; another list or another Python is another folder."""
    listed = hashlib.sha256(_list(name).read_bytes()).hexdigest()[:8]
    return cache() / "packages" / f"{name}-py{sys.version_info[0]}.{sys.version_info[1]}-{listed}"


def is_here(name: str) -> bool:
    """Whether it is fetched, whole, and the Python that it was made with is still there."""
    return os.access(_python(folder(name)), os.X_OK)


def python(name: str, report: Report) -> Path:
    """The set's interpreter, which finds its packages; the set is fetched if it is not there. Complete or absent.

    Of two who ask at once one fetches and the other waits. StackError where it cannot be had.
    """
    target = folder(name)
    if not is_here(name):
        with _alone(name, report):
            if not is_here(name):
                report(f"{name}: fetching {len(versions(name))} Python packages into a folder of their own, once")
                _make(name, target)
    return _python(target)


@contextmanager
def program(
    name: str, script: Path, *arguments: str, environment: dict[str, str] | None = None, report: Report = print
) -> Iterator[Program]:
    """A script in the set's interpreter for the length of the block, with all that it starts."""
    found = _begin(python(name, report), script, arguments, environment or {})
    try:
        yield found
    finally:
        found.end()


def _list(name: str) -> Path:
    if name not in names():
        raise UnknownNameError("package set", name, names())
    return LISTS / f"{name}.txt"


def _python(place: Path) -> Path:
    return place / "bin" / "python"


def _make(name: str, target: Path) -> None:
    begun = make_folder(cache()) / f".partial-packages-{name}-{os.getpid()}"  # which `sweep` knows by its number
    shutil.rmtree(begun, ignore_errors=True)
    try:
        venv.EnvBuilder(symlinks=True, with_pip=False).create(begun)
        _install(name, _python(begun))
        shutil.rmtree(target, ignore_errors=True)  # one whose Python is gone
        begun.rename(target)
    except OSError as error:
        raise StackError(f"storing the package set {name} in {target}", f"{error}.", cure_of(cache(), error)) from error
    finally:
        shutil.rmtree(begun, ignore_errors=True)


def _install(name: str, interpreter: Path) -> None:
    """By our own pip into that interpreter; nothing is built, and nothing but the very files of the list is taken."""
    asked = [sys.executable, "-I", "-m", "pip", "--python", str(interpreter), "--disable-pip-version-check"]
    asked += ["install", "-q", "--no-input", "--only-binary", ":all:", "--require-hashes", "-r", str(_list(name))]
    # How packages are reached is the reader's business; where they go is ours.
    ours = {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"}
    done = subprocess.run(
        asked,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        stdin=subprocess.DEVNULL,
        env=environ.for_tools() | environ.some(f"PIP_{name}" for name in (*_WAYS, *_ASKED)) | ours,
        preexec_fn=kernel.die_with_parent,
    )
    if done.returncode:
        raise _failed(name, done.stderr + done.stdout)


def _failed(name: str, said: str) -> StackError:
    """What pip said, in a line."""
    tried, errors = f"fetching the package set {name}", _ERROR.findall(said)
    if "DO NOT MATCH THE HASHES" in said:
        which = re.search(r"(?m)^\s+(\S+==\S+|\S+) from ", said)
        happened = f"{which[1] if which else 'a package'} is not the file whose SHA-256 is listed. Nothing was kept."
        return StackError(tried, happened, "Try again; if it stays so, it is not the file that was released.")
    if "No space left" in said:
        return StackError(tried, f"no space left in {cache()}.", "Free some, or set LABS_CACHE to a folder elsewhere.")
    what = (errors or said.strip().splitlines() or ["pip said nothing"])[-1].rstrip(".")
    offline = any(word in what for word in _OFFLINE)
    to_do = "Check the network and run the same command again" + (f": labs fetch {name}" if offline else ".")
    return StackError(tried, f"pip said: {what}.", to_do)


@contextmanager
def _alone(name: str, report: Report) -> Iterator[None]:
    """Hold the lock of that set; the kernel releases it if we die."""
    path = make_folder(cache() / "packages") / f".{name}.lock"
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StackError(f"opening {path}", f"{error}.", cure_of(path, error)) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report(f"{name}: waiting for another labs command that is fetching it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
