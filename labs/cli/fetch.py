"""`labs fetch`: fetch the package sets ahead, for a classroom or a journey."""

from __future__ import annotations

import click

from labs.cli.terminal import plain, say, tell


@click.command("fetch")
@click.argument("sets", nargs=-1)
@plain
def command(sets: tuple[str, ...]) -> None:
    """Fetch package SETS ahead, all of them by default: clients that some labs run outside the course's environment."""
    from labs.stack import packages

    for name in dict.fromkeys(sets or packages.names()):
        packages.python(name, say)
        tell(f"{name:16} {packages.folder(name)}")
