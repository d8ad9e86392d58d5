"""`labs verify`: judge anew what was recorded."""

from __future__ import annotations

from pathlib import Path

import click

from labs.cli.terminal import plain


@click.command("verify")
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path))
@click.option("--claims", "claims", is_flag=True, help="Count all verdicts on the claims a second time.")
@plain
def command(paths: tuple[Path, ...], *, claims: bool) -> None:
    """Judge the facts in PATH anew: a run file (.npz; also of killed workers), a recorded file (.json), or the folder
    of a run that is not finished because its recorder was killed. Without PATH: all such folders.

    With --claims the verdicts of the claim board are counted a second time from the raw recorded files, by a plain
    program that shares nothing with the rules; PATH may name their folder. Exit code 1 if a word differs.
    """
    from labs.cli import judgement

    if claims:
        judgement.recount(paths)
    else:
        judgement.verify(paths)
