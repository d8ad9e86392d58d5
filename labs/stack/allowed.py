"""What this machine allows: open files, the size of a file, room on the disk. Checked before a broker is started,
since a broker that lacks one of them dies of something else, or waits for ever."""

from __future__ import annotations

import os
import resource
from collections.abc import Sequence
from pathlib import Path

from labs.model.errors import StackError

MB = 10**6
FILES = {"redis": 128, "rabbitmq": 256, "kafka": 512}
"""Open files that a broker needs to start and to do a lab; Kafka holds some 150 when it does nothing."""
FILES_ENOUGH = 65_536
FILE_BYTES = 256 * MB
"""A segment of Kafka's log and Redis' snapshot are the largest files."""
ROOM = {"redis": 20 * MB, "rabbitmq": 250 * MB, "kafka": 100 * MB}
"""Free bytes to start with: RabbitMQ takes no message below its `disk_free_limit`, which is LEAST; Kafka reserves
files before it fills them."""
LEAST = {"rabbitmq": 200 * MB}
FULL = 1 * MB
_SOFT = (resource.RLIMIT_FSIZE, resource.RLIMIT_AS, resource.RLIMIT_DATA)
_SOFT += tuple(getattr(resource, name) for name in ("RLIMIT_NPROC",) if hasattr(resource, name))


def raise_limits() -> None:
    """Take what the hard limits allow this process and those that it starts; a soft limit is only a default."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_ENOUGH if hard == resource.RLIM_INFINITY else min(hard, FILES_ENOUGH)
    _try(resource.RLIMIT_NOFILE, max(soft, wanted), hard)
    for one in _SOFT:
        hard = resource.getrlimit(one)[1]
        _try(one, hard, hard)


def _try(one: int, soft: int, hard: int) -> None:
    try:
        resource.setrlimit(one, (soft, hard))
    except (OSError, ValueError):
        return  # some systems refuse what they say they allow: then it stays as it was


def check_limits(brokers: Sequence[str]) -> None:
    """StackError where a hard limit is below what these brokers need: nobody but the user can raise it."""
    broker = _worst(brokers, FILES)
    hard, need = resource.getrlimit(resource.RLIMIT_NOFILE)[1], FILES.get(broker, 0)
    if hard != resource.RLIM_INFINITY and hard < need:
        happened = f"a process may open {hard} files here, and {broker} needs {need}."
        to_do = f"Use a shell in which that limit was not lowered (as root: ulimit -n {8 * need})."
        raise StackError(f"starting {broker}", happened, to_do, broker=broker)
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    if hard != resource.RLIM_INFINITY and hard < FILE_BYTES:
        happened = f"a file may have {hard / MB:.0f} MB here, and a broker's may need {FILE_BYTES / MB:.0f} MB."
        to_do = "Use a shell in which `ulimit -f` says unlimited."
        raise StackError(f"starting {', '.join(brokers)}", happened, to_do)


def check_room(brokers: Sequence[str], folder: Path) -> None:
    """StackError where the disk that holds the folder has no room for these brokers' data; it is about the largest."""
    free, need = free_bytes(folder), sum(ROOM.get(one, 0) for one in brokers)
    if free < need:
        happened = f"the disk of {folder} has {free / MB:.0f} MB free, and {need / MB:.0f} MB are needed."
        to_do = "Free some space, or set LABS_HOME to a folder elsewhere."
        raise StackError(f"starting {', '.join(brokers)}", happened, to_do, broker=_worst(brokers, ROOM))


def free_bytes(folder: Path) -> int:
    """What may still be written there; 0 too where no more file can be made."""
    found = os.statvfs(_there(folder))
    return 0 if found.f_files and not found.f_favail else found.f_bavail * found.f_frsize


def full(brokers: Sequence[str], folders: Sequence[Path]) -> str:
    """The folders whose disk is too full for these brokers to go on, in a sentence for an error; nothing if none is."""
    least = max([FULL, *(LEAST.get(one, FULL) for one in brokers)])
    found = {folder: free_bytes(folder) for folder in folders}
    short = [f"{folder} ({free / MB:.0f} MB free)" for folder, free in found.items() if free < least]
    return f" The disk is full: {', '.join(short)}." if short else ""


def _there(folder: Path) -> Path:
    return next((path for path in (folder, *folder.parents) if path.exists()), Path("/"))


def _worst(brokers: Sequence[str], needs: dict[str, int]) -> str:
    return max(brokers, key=lambda one: needs.get(one, 0))
