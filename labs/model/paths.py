"""Where things are kept, the project's own folder and nothing outside it, and whose our files are there: those that a
command run as root makes in a folder of another user are that user's."""

from __future__ import annotations

import errno
import os
import pwd
import re
import shlex
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from labs.model import environ

PROJECT = Path(__file__).resolve().parents[2]
RECORDED = PROJECT / "book" / "runs"
KEEP_RUNS = 300


def home() -> Path:
    """Where all that runs and was measured is kept: LABS_HOME, else `.labs` in the project. One spelling, whatever
    links lead there: processes are proven to be ours by it."""
    return Path(environ.read("LABS_HOME") or PROJECT / ".labs").resolve()


def cache() -> Path:
    """Where downloads are kept: LABS_CACHE, else `cache` in our home."""
    return Path(environ.read("LABS_CACHE") or home() / "cache").resolve()


def importable(environment: Mapping[str, str]) -> dict[str, str]:
    """The same environment, in which Python finds this package."""
    path = os.pathsep.join(filter(None, (str(PROJECT), environment.get("PYTHONPATH"))))
    return {**environment, "PYTHONPATH": path}


def runs_of(lab: str) -> Path:
    """Where the raw runs of that lab are kept."""
    return home() / "runs" / re.sub(r"[^a-z0-9-]", "-", lab)


def new_run_file(lab: str, profile: str) -> Path:
    """A fresh name for a raw run; the oldest beyond KEEP_RUNS are removed."""
    folder = runs_of(lab)
    for old in sorted(folder.glob("*.npz"))[:-KEEP_RUNS]:
        old.unlink(missing_ok=True)
    now_us = time.time_ns() // 1000
    when = time.strftime("%Y%m%d-%H%M%S", time.localtime(now_us // 1_000_000))
    return folder / f"{when}-{now_us % 1_000_000:06d}-{profile}.npz"


@contextmanager
def replacing(path: Path, mode: int = 0o644, *, flush: bool = False) -> Iterator[IO[bytes]]:
    """A file whose content takes the place of `path` in one step when the block ends well, and is nowhere if it does
    not: a reader sees the old or the new content, never half of it. With `flush` it is on the disk before."""
    handle, part = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fchmod(handle, mode)
            if flush:
                os.fsync(handle)
        Path(part).replace(path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Write a file that others may read, all or nothing; its folder is made if it is not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        file.write(text.encode())


def check_ours(lab: str) -> None:
    """PermissionError with the cure, before anything is measured, where what a run of this lab keeps cannot be kept."""
    for folder in (home(), runs_of(lab), *(home() / name for name in ("spool", "made", "stacks", "log"))):
        if folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
            said = "Nothing was measured: what a run keeps could not be written to"
            raise PermissionError(f"{said} {folder}, which {whose(folder)}. {cure_of(folder)}")


def whose(path: Path) -> str:
    """To whom it belongs, or how else it is closed to us."""
    owner = path.stat().st_uid
    return "is closed to writing" if owner == os.geteuid() else f"belongs to {_name(owner)}"


def cure_of(path: Path, error: OSError | None = None) -> str:
    """What makes it ours, or which variable names another place."""
    variable, top = ("LABS_HOME", home()) if path.is_relative_to(home()) else ("LABS_CACHE", cache())
    elsewhere = f", or set {variable} to a folder of yours."
    if error and error.errno == errno.EROFS:
        return f"Nothing can be written there: remount it{elsewhere}"
    try:
        mine = path.stat().st_uid == os.geteuid()
    except OSError:
        mine = False
    if mine:
        return f"Make it writable: chmod -R u+rwX {shlex.quote(str(top))}{elsewhere}"
    return f"Make it yours: sudo chown -R {_name(os.geteuid())} {shlex.quote(str(top))}{elsewhere}"


def give_back(top: Path | None = None) -> None:
    """As root in a folder of another user: what is root's under our home becomes that user's, whatever made it.

    A link is never followed, and a file with a second name is left alone: it may be another's outside.
    """
    top = top or home()
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or not top.is_dir():
        return
    owner = next((one for one in (top.stat(), top.parent.stat()) if one.st_uid), None)
    if owner is None:
        return
    _give(str(top), owner, None)
    for _path, folders, files, here in os.fwalk(top, follow_symlinks=False):
        for name in (*folders, *files):
            _give(name, owner, here)


def _give(name: str, owner: os.stat_result, here: int | None) -> None:
    try:
        found = os.stat(name, dir_fd=here, follow_symlinks=False)
        if found.st_uid == 0 and (found.st_nlink == 1 or stat.S_ISDIR(found.st_mode)):
            os.chown(name, owner.st_uid, owner.st_gid, dir_fd=here, follow_symlinks=False)
    except OSError:
        pass  # gone meanwhile, or on a file system that knows no owners


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
