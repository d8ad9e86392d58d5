"""`labs promises`: run the chosen rows and print a line for each as it ends; with --out into the recorded file."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from labs.cli.terminal import as_json, backend_option, plain, say, show_json, tell
from labs.model.profile import BROKERS

if TYPE_CHECKING:
    from labs.judge.promises import Row
    from labs.scenarios.promises.keeping import Kept
    from labs.scenarios.promises.running import Result


@click.command("promises")
@click.argument("names", metavar="[ROW]...", nargs=-1)
@click.option("--broker", "brokers", multiple=True, type=click.Choice(BROKERS), help="Only this broker. Repeatable.")
@click.option("--fast", is_flag=True, help="Only the rows that every test run does, one seed each.")
@click.option("--seeds", type=click.IntRange(1, 100), help="Instead of each row's own number of seeds.")
@click.option("--list", "list_", is_flag=True, help="Print the table and stop.")
@click.option("--out", "path", type=click.Path(path_type=Path, dir_okay=False), help="Record into this file.")
@click.option("--dry-run", is_flag=True, help="Say what would be run, and why, and stop.")
@backend_option
@as_json
@plain
def command(  # noqa: PLR0913 - an option each
    names: tuple[str, ...],
    *,
    brokers: tuple[str, ...],
    fast: bool,
    seeds: int | None,
    list_: bool,
    path: Path | None,
    dry_run: bool,
    backend: str,
    json_: bool,
) -> None:
    """Attack the promises ROW (R12, Q12, ...; all by default) on real brokers, each beside its control.

    With --out every finished row is in the file at once, so a recording that was stopped goes on when it is asked for
    again: rows stand that are recorded with this version of broker and experiment, and are known. Rows that are named
    are measured in any case, and the others stay.

    Ends with 1 unless every row that was run is as expected; with --out, unless every one of them is known.
    """
    from labs.scenarios.promises.table import chosen

    rows = chosen(names, fast=fast, brokers=brokers)
    if list_:
        _print_table(rows, json_)
        return
    if path and (seeds or fast):
        raise click.UsageError("a recording has each row's own number of seeds: --out goes without --seeds and --fast")
    kept = _kept(path)
    if dry_run:
        _print_plan(rows, kept, named=bool(names))
        return
    results = _run(rows, seeds or (1 if fast else None), backend, kept=kept, named=bool(names), quiet=json_)
    _end(results, kept, json_)


def _kept(path: Path | None) -> Kept | None:
    from labs.scenarios.promises.keeping import Kept
    from labs.scenarios.promises.table import rows

    return Kept(path, rows(), say) if path else None


def _end(results: Sequence[Result], kept: Kept | None, json_: bool) -> None:
    from labs.scenarios.promises import report

    success = kept.complete(results) if kept else report.success(results)
    if json_:
        show_json({"as_expected": success, "rows": list(map(report.result_data, results))})
    else:
        tell(report.closing(results))
    if kept:
        kept.save()
        say(kept.closing())
    sys.exit(not success)


def _print_table(rows: Sequence[Row], json_: bool) -> None:
    from labs.scenarios.promises import report

    if json_:
        show_json([report.row_data(row) for row in rows])
    else:
        tell("\n".join(map(report.entry, rows)))


def _print_plan(rows: Sequence[Row], kept: Kept | None, *, named: bool) -> None:
    """A line a row: what would become of it, as far as can be known before its broker is started."""
    for row in rows:
        why = "named" if named else kept.reason(row) if kept else "asked for"
        to_do = (row.not_here and f"not run: {row.not_here}") or (
            f"run: {why}" if why else "stands, on the same broker"
        )
        tell(f"{row.id:5}{to_do}")


def _run(
    rows: Sequence[Row], seeds: int | None, backend: str, *, kept: Kept | None, named: bool, quiet: bool
) -> list[Result]:
    from labs.cli.progress import Bar
    from labs.scenarios.promises import report, running
    from labs.scenarios.promises.table import EXPERIMENTS

    results: list[Result] = []
    asked = {"due": kept.due} if kept and not named else {}
    began_s = time.monotonic()
    with running.Brokers(backend, say) as brokers, Bar("labs promises") as observer:
        for result in running.run_rows(rows, EXPERIMENTS, brokers, seeds=seeds, observer=observer, **asked):
            results.append(result)
            if kept:
                kept.put(result)
                say(report.so_far(rows, result.row, time.monotonic() - began_s))
            if not quiet:
                tell(report.line(result))
    return results
