"""Real brokers for every test that asks for them: started once, gone with the test process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from labs.brokers.base import Endpoint

BACKEND = os.environ.get("LABS_TEST_BACKEND", "native")


def free_port() -> int:
    """A port of 127.0.0.1 where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def memory_server() -> Iterator[Endpoint]:
    """A memory broker of its own."""
    port = free_port()
    command = [sys.executable, "-m", "labs.brokers.memory", "--port", str(port), "--watch-parent"]
    with subprocess.Popen(command) as process:
        give_up = time.monotonic() + 10
        while time.monotonic() < give_up:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield Endpoint("memory", "127.0.0.1", port, pids=(process.pid,))
        process.kill()


@pytest.fixture(scope="session")
def endpoints() -> Iterator[dict[str, Endpoint]]:
    """Where the brokers are, by name; LABS_TEST_BACKEND=compose takes containers."""
    from labs import stack

    with stack.session(("redis", "rabbitmq", "kafka"), BACKEND) as found, memory_server() as memory:
        yield {**found, "memory": memory}
