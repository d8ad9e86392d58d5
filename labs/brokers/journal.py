"""What we make or change on a broker that outlives us, written down before it is done, so that it can be undone.

An entry is a file in `.labs/made/`. Whoever made it holds a lock on the file for as long as he lives, and the kernel
lets go of it however he ends: an entry without a lock is what a killed run has left, whatever pid is now another's.
No password is written.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from pathlib import Path

from labs.model.endpoint import BrokerError, Endpoint, Place, place_of
from labs.model.facts import Facts
from labs.model.paths import home

WAITING: ContextVar[Callable[[str], None]] = ContextVar("waiting", default=lambda _text: None)
"""Told a few times a second what somebody waits for who must not cross another run; it may raise to end the waiting."""

ALONE_S = 60.0


@dataclass(frozen=True)
class Change:
    """Settings in force for a run: what it wanted, what was there before, and in which life of the server."""

    wanted: dict[str, str] = field(default_factory=dict)
    before: dict[str, str] = field(default_factory=dict)
    run_id: str = ""
    label: str = ""


@dataclass(frozen=True)
class Entry:
    """One entry as it is on disk. `names` are keys, queues or topics, `users` logins, `exchanges` what it says."""

    path: Path
    place: Place
    pid: int
    thread: int
    at_ns: int
    names: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    exchanges: tuple[str, ...] = ()
    change: Change = Change()

    @property
    def is_mine(self) -> bool:
        """This thread of this process has written it."""
        return self.pid == os.getpid() and self.thread == threading.get_ident()


@contextlib.contextmanager
def waiting(told: Callable[[str], None]) -> Iterator[None]:
    """Inside, `told` hears what somebody waits for, and so does whoever heard it before."""
    outer = WAITING.get()

    def both(text: str) -> None:
        told(text)
        outer(text)

    token = WAITING.set(both)
    try:
        yield
    finally:
        WAITING.reset(token)


class Made:
    """An entry that is held: by its maker, or by whoever undoes it for a dead one."""

    def __init__(self, entry: Entry, lock: int) -> None:
        self.entry, self._lock = entry, lock

    def undone(self) -> None:
        """Nothing of it is left."""
        self.entry.path.unlink(missing_ok=True)
        self.let_go()

    def let_go(self) -> None:
        """What is left of it the next command undoes."""
        lock, self._lock = self._lock, -1
        if lock >= 0:
            os.close(lock)


def settle(found: Made | None, undo: Callable[[Made], None]) -> None:
    """Undo what an entry of ours names and let go of it; of a broker that is gone the next command does it."""
    if found is None:
        return
    try:
        with contextlib.suppress(BrokerError):
            undo(found)
    finally:
        found.let_go()


def folder() -> Path:
    """Where the entries lie."""
    return home() / "made"


def note(
    endpoint: Endpoint,
    names: Sequence[str],
    *,
    users: Sequence[str] = (),
    exchanges: Sequence[str] = (),
    change: Change | None = None,
) -> Made:
    """Write down, on the disk when this returns, what will be made or changed; BrokerError if that cannot be done."""
    path = folder() / f"{os.getpid()}-{secrets.token_hex(6)}.json"
    entry = Entry(
        path,
        place_of(endpoint),
        os.getpid(),
        threading.get_ident(),
        time.time_ns(),
        tuple(names),
        tuple(users),
        tuple(exchanges),
        change or Change(),
    )
    with _told(entry.place):
        return Made(entry, _written(entry))


@contextlib.contextmanager
def _told(place: Place) -> Iterator[None]:
    """BrokerError where the journal cannot be written: without it nothing may be made."""
    try:
        yield
    except OSError as error:
        raise BrokerError(
            f"Nothing was made on {place}: writing down in {folder()} what a run makes failed: {error}. "
            "Make the folder writable and the disk less full, or set LABS_HOME to a folder of yours."
        ) from error


def _written(entry: Entry) -> int:
    """The lock on the entry's file, which has its name only when it is locked and whole."""
    folder().mkdir(parents=True, exist_ok=True)
    text = json.dumps({key: value for key, value in asdict(entry).items() if key != "path"})
    part = entry.path.with_suffix(".part")
    lock = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        os.write(lock, text.encode())
        os.fsync(lock)
        part.rename(entry.path)
        _flush(entry.path.parent)
    except BaseException:
        part.unlink(missing_ok=True)
        entry.path.unlink(missing_ok=True)
        os.close(lock)
        raise
    return lock


def _flush(path: Path) -> None:
    """A name is on disk when its folder is."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def entries() -> list[Entry]:
    """All there are, the newest first: what was done last is undone first."""
    found = filter(None, map(_read, folder().glob("*.json")))
    return sorted(found, key=lambda entry: entry.at_ns, reverse=True)


def _read(path: Path) -> Entry | None:
    try:
        said: Facts = json.loads(path.read_text("utf-8"))
        place = said["place"] | {"tls": tuple(said["place"]["tls"]) if said["place"]["tls"] else None}
        place["servers"] = tuple((str(host), int(port)) for host, port in place["servers"])
        lists = {name: tuple(map(str, said[name])) for name in ("names", "users", "exchanges")}
        read = {"path": path, "place": Place(**place), "change": Change(**said["change"])}
        return Entry(**(said | lists | read))
    except (OSError, ValueError, TypeError, KeyError):
        return None  # gone meanwhile, or not one of ours


def claim(entry: Entry) -> Made | None:
    """The entry to undo it, if whoever made it is dead and nobody else is at it."""
    try:
        lock = os.open(entry.path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if entry.path.stat().st_ino == os.fstat(lock).st_ino:
            return Made(entry, lock)
    except OSError:
        pass
    os.close(lock)
    return None


def lives(entry: Entry) -> bool:
    """Whether somebody holds it: its maker, or somebody who is undoing it."""
    if (made := claim(entry)) is None:
        return entry.path.exists()
    made.let_go()
    return False


@contextlib.contextmanager
def alone_at(place: Place) -> Iterator[None]:
    """Nobody else of this home changes settings of that broker inside. BrokerError if somebody does for ALONE_S."""
    # One of a few files: each session's Redis would leave one of its own, and to remove a lock is to break it.
    name = hashlib.sha256(f"{place.data or place.all_servers}".encode()).hexdigest()[0]
    path, give_up_s = folder() / f"{place.broker}-{name}.lock", time.monotonic() + ALONE_S
    with _told(place):
        folder().mkdir(parents=True, exist_ok=True)
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while True:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            if time.monotonic() > give_up_s:
                raise BrokerError(
                    f"Changing settings of {place}: another run has been at it for {ALONE_S:g} s. "
                    "Is one of our processes stopped? Let it go on, or end it."
                )
            time.sleep(0.02)
        yield
    finally:
        os.close(lock)
