"""`labs promises`: run the chosen rows and print a line for each as it ends."""

from __future__ import annotations

from collections.abc import Sequence

from labs.cli.terminal import Bar, say, show_json, tell
from labs.scenarios.promises import report, running
from labs.scenarios.promises.base import Row
from labs.scenarios.promises.running import Result
from labs.scenarios.promises.table import EXPERIMENTS, chosen


def attack(names: Sequence[str], *, fast: bool, seeds: int | None, list_: bool, backend: str, json_: bool) -> bool:
    """Whether all that was run is as expected, and something was run."""
    rows = chosen(names, fast=fast)
    if list_:
        _print_table(rows, json_)
        return True
    results = _run(rows, seeds or (1 if fast else None), backend, quiet=json_)
    success = report.success(results)
    if json_:
        show_json({"as_expected": success, "rows": list(map(report.result_data, results))})
    else:
        tell(report.closing(results))
    return success


def _print_table(rows: Sequence[Row], json_: bool) -> None:
    if json_:
        show_json([report.row_data(row) for row in rows])
    else:
        tell("\n".join(map(report.entry, rows)))


def _run(rows: Sequence[Row], seeds: int | None, backend: str, *, quiet: bool) -> list[Result]:
    results = []
    with running.Brokers(backend, say) as brokers:
        for result in running.run_rows(
            rows, EXPERIMENTS, brokers, seeds=seeds, observer=lambda row: Bar(f"{row.id} {row.experiment}")
        ):
            results.append(result)
            if not quiet:
                tell(report.line(result))
    return results
