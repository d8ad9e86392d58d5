"""`labs passport`: what this machine does without any broker."""

from __future__ import annotations

import click

from labs.cli.terminal import as_json


@click.command("passport")
@as_json
@click.pass_context
def command(context: click.Context, json_: bool) -> None:
    """What this machine does without any broker: the same as `labs run passport`."""
    from labs.cli import run

    context.invoke(run.command, lab="passport", pairs=(), dry_run=False, executor=None, json_=json_)
