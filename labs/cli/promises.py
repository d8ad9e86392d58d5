"""`labs promises`: run the chosen rows and print a line for each as it ends."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from labs.cli.terminal import as_json, backend_option, plain, say, show_json, tell

if TYPE_CHECKING:
    from labs.scenarios.promises.base import Row
    from labs.scenarios.promises.running import Result


@click.command("promises")
@click.argument("names", metavar="[ROW]...", nargs=-1)
@click.option("--fast", is_flag=True, help="Only the rows that every test run does, one seed each.")
@click.option("--seeds", type=click.IntRange(1, 100), help="Instead of each row's own number of seeds.")
@click.option("--list", "list_", is_flag=True, help="Print the table and stop.")
@backend_option
@as_json
@plain
def command(names: tuple[str, ...], *, fast: bool, seeds: int | None, list_: bool, backend: str, json_: bool) -> None:
    """Attack the promises ROW (R12, Q12, ...; all by default) on real brokers, each beside its control.

    Ends with 1 unless every row that was run is as expected.
    """
    from labs.scenarios.promises import report
    from labs.scenarios.promises.table import chosen

    rows = chosen(names, fast=fast)
    if list_:
        _print_table(rows, json_)
        return
    results = _run(rows, seeds or (1 if fast else None), backend, quiet=json_)
    success = report.success(results)
    if json_:
        show_json({"as_expected": success, "rows": list(map(report.result_data, results))})
    else:
        tell(report.closing(results))
    sys.exit(not success)


def _print_table(rows: Sequence[Row], json_: bool) -> None:
    from labs.scenarios.promises import report

    if json_:
        show_json([report.row_data(row) for row in rows])
    else:
        tell("\n".join(map(report.entry, rows)))


def _run(rows: Sequence[Row], seeds: int | None, backend: str, *, quiet: bool) -> list[Result]:
    from labs.cli.progress import Bar
    from labs.scenarios.promises import report, running
    from labs.scenarios.promises.table import EXPERIMENTS

    results = []
    with running.Brokers(backend, say) as brokers:
        for result in running.run_rows(
            rows, EXPERIMENTS, brokers, seeds=seeds, observer=lambda row: Bar(f"{row.id} {row.experiment}")
        ):
            results.append(result)
            if not quiet:
                tell(report.line(result))
    return results
