"""`labs verify`: judge anew what was recorded."""

from __future__ import annotations

from pathlib import Path

import click

from labs.cli.terminal import plain


@click.command("verify")
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path))
@plain
def command(paths: tuple[Path, ...]) -> None:
    """Judge the facts in PATH anew: a run file (.npz; also of killed workers), a recorded file (.json), or the folder
    of a run that is not finished because its recorder was killed. Without PATH: all such folders.
    """
    from labs.cli.judgement import verify

    verify(paths)
