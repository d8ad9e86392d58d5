"""The command line. `labs --help` lists the commands; --json prints what a script would read."""

from __future__ import annotations

from importlib import import_module

import click

from labs.cli.terminal import Group
from labs.model.lazy import Lazy

COMMANDS = (
    "bench", "doctor", "down", "fetch", "lab", "list", "new", "passport", "promises", "record", "run", "status", "up",
    "verify",
)  # fmt: skip


def _command(name: str) -> click.Command:
    found: click.Command = import_module(f"labs.cli.{name}").command
    return found


@click.group(cls=Group, commands=Lazy(COMMANDS, _command), context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="broker-labs")
def main() -> None:
    """Redis, Kafka or RabbitMQ? Put it to the test, on real brokers, on this machine."""


if __name__ == "__main__":
    main()
