"""Brokers that run beside us and that the environment names, as in the `lab` container of docker-compose.yml.

    LABS_GIVEN="redis=redis:6379 rabbitmq=rabbitmq:5672 kafka=kafka:19092" LABS_GIVEN_STREAM=5552

Their logins are those of `.labs/secrets.json`; `python -m labs.stack.external.given COMMAND ...` writes that
file from the environment, takes the passwords out of it and becomes the command.
"""

from __future__ import annotations

import functools
import os
import sys
from contextlib import suppress
from dataclasses import replace

from labs.model import environ, paths
from labs.model.endpoint import Endpoint
from labs.model.errors import StackError
from labs.stack import handshake, probe, state
from labs.stack.external.urls import SCHEMES

_LOGINS = ("redis", "rabbitmq")


def endpoints() -> dict[str, Endpoint]:
    """The brokers named that answer at this moment; none where none are named. They are not ours to stop or break."""
    found = {}
    for word in environ.read("LABS_GIVEN").split():
        broker, _, address = word.partition("=")
        host, _, port = address.rpartition(":")
        if broker not in SCHEMES or not host or not port.isdecimal():
            example = 'LABS_GIVEN="redis=redis:6379"'
            raise StackError("reading LABS_GIVEN", f"{word!r} is not BROKER=HOST:PORT.", f"For example {example}.")
        if handshake.answers(broker, int(port), host):
            with suppress(probe.NotReady):
                found[broker] = _proven(broker, host, int(port))
    return found


@functools.cache
def _proven(broker: str, host: str, port: int) -> Endpoint:
    """The endpoint with its version, after a message went round; asked once per process."""
    user, password = state.secrets()[broker] if broker != "kafka" else ("", "")
    stream_port = int(environ.read("LABS_GIVEN_STREAM") or 0) if broker == "rabbitmq" else 0
    bare = Endpoint(broker, host, port, user, password, stream_port=stream_port, backend="compose", container=host)
    return replace(bare, version=probe.round_trip(bare))


def keep_logins() -> None:
    """Write the logins of the environment where this project keeps its own."""
    given = environ.NOW
    logins = {name: (given[f"LABS_{name.upper()}_USER"], given[f"LABS_{name.upper()}_PASSWORD"]) for name in _LOGINS}
    content = logins | {"kafka": ("cluster-id", given["LABS_KAFKA_CLUSTER_ID"])}
    state.write_json(state.make_folder(paths.home()) / "secrets.json", content, mode=0o600)


if __name__ == "__main__":
    keep_logins()
    left = environ.without(*(f"LABS_{login.upper()}_PASSWORD" for login in _LOGINS))
    os.execvpe(sys.argv[1], sys.argv[1:], left)  # noqa: S606 - the command is the container's own
