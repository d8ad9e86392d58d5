"""`labs up`: start brokers that stay until `labs down`."""

from __future__ import annotations

from collections.abc import Sequence

import click

from labs.cli.terminal import backend_option, plain, say, tell
from labs.model.profile import BROKERS, UnknownNameError


@click.command("up")
@backend_option
@click.argument("brokers", nargs=-1)
@plain
def command(backend: str, brokers: tuple[str, ...]) -> None:
    """Start BROKERS (redis, rabbitmq, kafka; all of them by default). They stay until `labs down`."""
    from labs import stack

    for endpoint in stack.up(_brokers(brokers), backend, report=say).values():
        tell(f"{endpoint.broker:9} {endpoint.host}:{endpoint.port}  {endpoint.backend}  {endpoint.version}")
    say("How to connect: labs status")


def _brokers(names: Sequence[str]) -> tuple[str, ...]:
    for name in names:
        if name not in (*BROKERS, "memory"):  # which is ours and for our own use
            raise UnknownNameError("broker", name, list(BROKERS))
    return tuple(dict.fromkeys(names)) or BROKERS
