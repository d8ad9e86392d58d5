"""`labs record`: measure every point of a lab's grid, for the book."""

from __future__ import annotations

from pathlib import Path

import click

from labs.cli.run import pair, words
from labs.cli.terminal import backend_option, plain, tell


@click.command("record")
@click.argument("labs_", metavar="[LAB]...", nargs=-1)
@click.option(
    "--out", "folder", type=click.Path(path_type=Path, file_okay=False), help="Where to write; default book/runs."
)
@click.option("--repeats", type=click.IntRange(1, 100), help="Instead of the lab's own number of repeats.")
@click.option("--only", multiple=True, metavar="NAME=VALUE", help="Measure these points anew and keep the others.")
@click.option("--judge-anew", is_flag=True, help="Measure nothing: judge the raw runs that were kept by today's rules.")
@click.option("--dry-run", is_flag=True, help="List the points that would be recorded and stop.")
@backend_option
@plain
def command(  # noqa: PLR0913 - an option each
    labs_: tuple[str, ...],
    *,
    folder: Path | None,
    repeats: int | None,
    only: tuple[str, ...],
    judge_anew: bool,
    dry_run: bool,
    backend: str,
) -> None:
    """Measure every point of LAB's grid and write its recorded file. All labs by default.

    The book is recorded on brokers that we start ourselves, so that anybody can repeat it: never on brokers of yours.

    Containers are given this machine's own network for it, so that no port proxy is measured.
    """
    from labs import stack
    from labs.cli.progress import Bar
    from labs.experiments import EXPERIMENTS, experiment, record_grid
    from labs.stack.external import yours

    for broker in yours.named():
        stack.spare(broker, "recording for the book")
    for lab in [experiment(name) for name in labs_] or list(EXPERIMENTS.values()):
        points = record_grid.points(lab, repeats, dict(map(pair, only)))
        if judge_anew:
            tell(f"{lab.name}: judged anew in {record_grid.judge_anew(lab, folder)}")
            continue
        if dry_run:
            for point in points:
                tell(f"{lab.name}: {words(lab, point)}")
            continue
        with Bar(f"{lab.number} {lab.title}") as observer:
            path = record_grid.record_lab(lab, points, observer, folder=folder, backend=backend, keep=bool(only))
        tell(f"{lab.name}: {len(points)} points in {path}")
