"""Real brokers for every test that asks for them: started once, gone with the test process."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from labs.brokers.base import Endpoint


def free_port() -> int:
    """A port of 127.0.0.1 where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session", params=["native", pytest.param("compose", marks=pytest.mark.compose)])
def endpoints(request: pytest.FixtureRequest) -> Iterator[dict[str, Endpoint]]:
    """Where the brokers are, by name: once as processes of this machine, once in containers."""
    from labs import stack

    with (
        stack.session(("redis", "rabbitmq", "kafka"), request.param) as found,
        stack.session(("memory",), "native") as memory,
    ):
        yield {**found, **memory}
