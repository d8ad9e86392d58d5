"""The kinds of disk that a stack's data can lie on, and which of them this machine can have.

Two of them can lose their power, in ways that share nothing:

loop    a file system of its own on a loop device; the cut is the kernel's own shutdown call for ext4, which forgets
        all that was not written (needs root). It lives in a private mount namespace: when the supervisor and its
        brokers are gone, by whatever signal, the kernel unmounts it and frees the loop device.
ledger  a preloaded library notes the length of each file at each flush; the cut takes back what was not flushed
        (needs no root). It assumes the worst: nothing that was not flushed had been written.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Literal

from labs.stack.disks import shim
from labs.stack.disks.ledger import Ledger
from labs.stack.disks.loop import IMAGE_BYTES, Loop
from labs.stack.disks.plain import Plain

Kind = Literal["plain", "ledger", "loop"]
DISKS: dict[str, type[Plain]] = {"plain": Plain, "ledger": Ledger, "loop": Loop}
METHODS = {"ledger": "fsync ledger", "loop": "ext4 shutdown on a loop device"}

__all__ = ["DISKS", "IMAGE_BYTES", "METHODS", "Kind", "Plain", "power", "why_not"]


def why_not(kind: str) -> str | None:
    """None if such a disk can be had here; else the reason and the cure."""
    if kind == "plain":
        return None
    if kind == "ledger":
        return shim.why_not()
    if sys.platform != "linux" or os.geteuid() != 0:
        return "A disk of its own on a loop device needs root on Linux."
    missing = [name for name in ("mkfs.ext4", "mount", "umount") if not shutil.which(name)]
    if missing:
        return f"{', '.join(missing)} not found. Debian and Ubuntu: apt install e2fsprogs mount"
    if not Path("/dev/loop-control").exists():
        return "There is no /dev/loop-control: the kernel or the container gives no loop devices."
    return None


def power() -> Kind | None:
    """The disk whose power can be cut here: a loop device where that is allowed, else the ledger, else None."""
    return next((kind for kind in ("loop", "ledger") if why_not(kind) is None), None)
