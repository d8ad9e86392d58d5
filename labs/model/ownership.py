"""Whose our files are: those that a command run as root makes in a folder of another user are that user's."""

from __future__ import annotations

import os
import pwd
import shlex
import stat
from pathlib import Path

from labs.model.paths import home, runs_of


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


def cure_of(path: Path) -> str:
    """What makes it ours."""
    try:
        mine = path.stat().st_uid == os.geteuid()
    except OSError:
        mine = False
    if mine:
        return f"Make it writable: chmod -R u+rwX {shlex.quote(str(home()))}"
    return f"Make it yours: sudo chown -R {_name(os.geteuid())} {shlex.quote(str(home()))}"


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
