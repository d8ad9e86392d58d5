"""`labs down`: stop what `labs up` started, and clear what a killed command left."""

from __future__ import annotations

import click

from labs.cli.terminal import plain, say


@click.command("down")
@click.option("--reset", is_flag=True, help="Remove the brokers' data as well.")
@plain
def command(reset: bool) -> None:
    """Stop what `labs up` started and clear what a killed command left. Safe to repeat."""
    from labs import stack
    from labs.record import recovery

    stack.down(reset=reset, report=say)
    recovery.clear(say)
