"""What a broker holds, looked at from outside: its processes' memory, its files, and what it caused to be written.

Memory is what its processes hold (RSS). The pages that the kernel keeps of a file that was written are not in it: they
are given back as soon as somebody else needs them. Redis says besides what its data take; nothing else is in that.
"""

from __future__ import annotations

import contextlib
import os
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psutil

from labs.brokers.redis.admin import client
from labs.brokers.redis.client import typed
from labs.model.endpoint import Endpoint
from labs.record.usage import tree, written

DELETED = "-delete"
"""How the folder of a deleted topic ends: Kafka keeps it for a minute, and removes it in the midst of another run."""
BLOCK = 512
"""What a block is to stat(2), whatever the file system has."""


@dataclass(frozen=True)
class Weight:
    """At one moment; None is what cannot be seen from here."""

    memory: int | None
    data: int | None
    """Of the memory what is data, as the server says; Redis alone does."""
    disk: int | None
    """What its files take, holes not counted."""
    caused: int | None
    """Bytes that it caused to go to disk since it was started (labs/record/usage.py)."""


def weigh(endpoint: Endpoint) -> Weight:
    """The broker now."""
    caused = written(endpoint.pids)
    return Weight(
        _memory(endpoint), _data(endpoint), _disk(endpoint.data_dir), None if caused is None else caused.caused
    )


def _memory(endpoint: Endpoint) -> int | None:
    found = []
    for process in tree(endpoint.pids):
        with contextlib.suppress(psutil.Error):
            found.append(process.memory_info().rss)
    return sum(found) if found else None


def _data(endpoint: Endpoint) -> int | None:
    if endpoint.broker != "redis":
        return None
    with typed(endpoint), closing(client(endpoint)) as redis_:
        return int(redis_.info("memory")["used_memory_dataset"])


def _disk(folder: str) -> int | None:
    """Of every file the bytes that it has or the blocks that it takes, whichever is less: some are laid out in full
    before they are written."""
    if not folder or not Path(folder).is_dir():
        return None
    total = 0
    for where, folders, names in os.walk(folder):
        folders[:] = [one for one in folders if not one.endswith(DELETED)]
        for name in names:
            with contextlib.suppress(OSError):  # a broker removes files while they are counted
                found = (Path(where) / name).lstat()
                total += min(found.st_size, found.st_blocks * BLOCK)
    return total
