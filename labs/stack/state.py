"""What is known of our stacks on disk: folders, logins, the lock, and one small file per running stack.

A stack is one supervisor with its brokers (or one compose project). Its file has one writer, is replaced atomically
and goes away with it. Everything lies under `home()`.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets as random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from labs.model.errors import StackError
from labs.model.facts import Facts
from labs.model.paths import cure_of, home, replacing

LOCK_WAIT_S = 300.0  # another command may be fetching on a slow line


class OtherLoginError(StackError):
    """A broker's data has another login, or cluster id, than the one that we keep: no other backend has that data."""

    def __init__(self, broker: str, data: str) -> None:
        what = "cluster id" if broker == "kafka" else "login"
        happened = f"its data ({data}) has another {what} than {home() / 'secrets.json'}."
        file, copy = home() / "secrets.json", kept_logins()
        differs = copy.exists() and read_json(copy) != read_json(file)
        back = f"Put the right one back: cp '{copy}' '{file}'" if differs else "Put that file back as it was then"
        to_do = f"{back}, or delete all brokers' data: labs down --reset"
        super().__init__(f"starting {broker}", happened, to_do, broker=broker)


def home_tag() -> str:
    """Eight hex digits that tell this user and project from others on the machine."""
    return hashlib.sha256(f"{os.getuid()}:{home()}".encode()).hexdigest()[:8]


def user_project() -> str:
    """The name of the compose project of `labs up`; those of sessions begin with it."""
    return f"labs-{home_tag()}"


def make_folder(path: Path, mode: int = 0o777) -> Path:
    """The folder, made if it is not there; StackError when that is not allowed."""
    try:
        path.mkdir(parents=True, exist_ok=True, mode=mode)
        if not os.access(path, os.W_OK | os.X_OK):
            raise PermissionError(f"no right to write in {path}")
    except OSError as error:
        raise StackError(f"making the folder {path}", f"{error}.", cure_of(path, error)) from error
    return path


def write_json(path: Path, content: object, mode: int = 0o644) -> None:
    """Replace the file in one step: a reader sees the old or the new content, never half of it."""
    try:
        with replacing(path, mode) as file:
            file.write(json.dumps(content, indent=1).encode())
    except OSError as error:
        to_do = "Free some space, or set LABS_HOME to a folder elsewhere."
        raise StackError(f"writing {path}", f"{error.strerror}.", to_do) from error


def read_json(path: Path) -> Any:
    """The content, or None where there is no readable file."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None


def secrets() -> dict[str, tuple[str, str]]:
    """User and password of Redis and RabbitMQ and Kafka's cluster id, generated once and kept with mode 0600.

    A copy stays beside: they are in the brokers' data too, so a file that is lost or damaged must come back as it was.
    """
    path, copy = make_folder(home()) / "secrets.json", kept_logins()
    if (found := _logins(path)) is None:
        if (found := _logins(copy)) is None:
            found = {name: ("labs", random.token_urlsafe(18)) for name in ("redis", "rabbitmq")}
            found["kafka"] = ("cluster-id", "L" + random.token_urlsafe(16)[:21])
        write_json(path, found, mode=0o600)
    if not copy.exists():
        write_json(copy, found, mode=0o600)
    return found


def kept_logins() -> Path:
    """The copy of the logins with which the brokers' data was made; it goes when that data is deleted."""
    return home() / "logins-of-the-data.json"


def _logins(path: Path) -> dict[str, tuple[str, str]] | None:
    """What the file says, None where it says nothing. StackError if it is another user's."""
    if path.exists() and not os.access(path, os.R_OK):
        to_do = f"Give it to yourself: sudo chown -R {os.getuid()} '{home()}', or set LABS_HOME to a folder of yours."
        raise StackError(f"reading the logins in {path}", "it belongs to another user.", to_do)
    found = read_json(path)
    try:
        return {name: (str(found[name][0]), str(found[name][1])) for name in ("redis", "rabbitmq", "kafka")}
    except (LookupError, TypeError):
        return None


def stack_files() -> list[Path]:
    """The files of the stacks that run or were killed."""
    return sorted((home() / "stacks").glob("*.json"))


def stack_file(stack: str) -> Path:
    """The file of that one."""
    return home() / "stacks" / f"{stack}.json"


def ending_file(stack: str) -> Path:
    """There as soon as somebody decided that the stack shall end, so that nobody takes it for a running one."""
    return home() / "stacks" / f"{stack}.ending"


def stacks() -> list[Facts]:
    """What those files say; nothing here is proven yet."""
    found = [stack for stack in map(read_json, stack_files()) if isinstance(stack, dict) and "id" in stack]
    return [stack | {"ending": ending_file(stack["id"]).exists()} for stack in found]


@contextmanager
def locked(report: Callable[[str], None], *, patience_s: float = LOCK_WAIT_S) -> Iterator[None]:
    """Hold the lock against other commands that start or stop; the kernel releases it if we die.

    StackError if another command holds it for longer than `patience_s`.
    """
    path = make_folder(home()) / "lock"
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StackError(f"opening {path}", f"{error}.", cure_of(path)) from error
    try:
        _take(handle, report, patience_s)
        with suppress(OSError):  # on a full disk those who wait read nobody's name
            os.ftruncate(handle, 0)
            os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(handle)


def _take(handle: int, report: Callable[[str], None], patience_s: float) -> None:
    deadline = time.monotonic() + patience_s
    told = False
    while True:
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, 20, 0).decode() or "unknown"
        if not told:
            report(f"waiting for another labs command (pid {holder}) to finish")
            told = True
        if time.monotonic() > deadline:
            raise StackError(
                "starting or stopping brokers", f"pid {holder} has held the lock for {patience_s:.0f} s.", "End it."
            )
        time.sleep(0.1)
