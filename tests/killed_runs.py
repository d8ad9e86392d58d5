"""A run of a lab on Redis that is killed: the next command takes away what it had made."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time

from labs.brokers import journal
from labs.brokers.redis.admin import client
from labs.model.endpoint import Endpoint
from labs.model.paths import PROJECT
from labs.stack import mending


def leaves_no_key(redis: Endpoint, *arguments: str) -> None:
    """`labs run` with these arguments is killed once a key of it is there; after mending there is none."""
    command = [sys.executable, "-m", "labs", "run", *arguments]
    child = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with contextlib.closing(client(redis)) as link:
        try:
            give_up_s = time.monotonic() + 60
            while not link.exists(*_keys_of(child.pid), "labs-none"):
                assert time.monotonic() < give_up_s
                assert child.poll() is None, "it ended before a key of it was seen"
        finally:
            child.kill()
            child.wait()
        mending.mend(lambda _line: None)
        assert not [one for one in link.scan_iter("labs-*") if f"-{child.pid}-" in one]


def _keys_of(pid: int) -> list[str]:
    """What a run of that process has written down that it makes."""
    return [name for entry in journal.entries() if entry.pid == pid for name in entry.names]
