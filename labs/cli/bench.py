"""`labs bench`: choose rows, run them, print the table, save the file."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labs.cli.terminal import as_json, backend_option, plain, say, show_json, tell
from labs.model.profile import BROKERS, UnknownNameError

WIDE, IN = 80, 6

if TYPE_CHECKING:
    from labs.scenarios.bench.base import Row
    from labs.scenarios.bench.rounds import Plan


def chosen(names: Sequence[str], brokers: Sequence[str], lanes: Sequence[str]) -> list[Row]:
    """The rows asked for, in the table's order. UnknownNameError, or ValueError where none is left."""
    from labs.scenarios.bench.rows import ROWS

    known = {row.id: row for row in ROWS}
    for name in names:
        if name not in known:
            raise UnknownNameError("row of the benchmark", name, list(known))
    for lane in lanes:
        if lane not in {row.lane for row in ROWS}:
            raise UnknownNameError("lane", lane, sorted({row.lane for row in ROWS}))
    found = [row for row in ROWS if not names or row.id in names]
    found = [row for row in found if not brokers or row.broker in brokers]
    found = [row for row in found if not lanes or row.lane in lanes]
    if not found:
        raise ValueError("No row of the benchmark is left by these choices. All are listed by: labs bench --list")
    return found


@click.command("bench")
@click.argument("names", metavar="[ROW]...", nargs=-1)
@click.option("--broker", "brokers", multiple=True, type=click.Choice(BROKERS), help="Only this broker. Repeatable.")
@click.option("--lane", "lanes", multiple=True, metavar="LANE", help="Only rows about this lane. Repeatable.")
@click.option("--rounds", type=click.IntRange(1, 100), default=5, show_default=True, help="Rounds that count.")
@click.option("--scale", type=click.FloatRange(0.001, 100), default=1.0, help="Length of a round; 0.1 is for a try.")
@click.option("--out", "path", type=click.Path(path_type=Path, dir_okay=False), help="Save the results as JSON here.")
@click.option("--keep", is_flag=True, help="Keep the other rows of the file that --out names.")
@click.option("--list", "list_", is_flag=True, help="Print the rows and stop.")
@backend_option
@as_json
@plain
def command(  # noqa: PLR0913 - an option each
    names: tuple[str, ...],
    *,
    brokers: tuple[str, ...],
    lanes: tuple[str, ...],
    rounds: int,
    scale: float,
    path: Path | None,
    keep: bool,
    list_: bool,
    backend: str,
    json_: bool,
) -> None:
    """Hold our generator against each vendor's own tool, in interleaved rounds on the same broker.

    ROW is a row's id (`--list` shows them); all by default. Ctrl-C keeps the rows that are done if --out is given.
    """
    from labs.cli.tables import whole
    from labs.scenarios.bench import report
    from labs.scenarios.bench.rounds import Plan

    rows = chosen(names, brokers, lanes)
    if list_:
        _print_rows(rows, json_)
        return
    results = _run(rows, Plan(rounds, scale, backend), path, keep)
    if json_:
        show_json({"card": report.card(rounds), "rows": results})
        return
    whole(report.table(results))
    tell(report.closing(results))


def _run(rows: Sequence[Row], plan: Plan, path: Path | None, keep: bool) -> list[dict[str, Any]]:
    """The results; what is done is saved even if it is interrupted."""
    from labs.cli.progress import Bar
    from labs.judge.benchmark import load, ratio_text, word
    from labs.scenarios.bench import report
    from labs.scenarios.bench.rounds import run_rows
    from labs.scenarios.bench.rows import ROWS

    results: list[dict[str, Any]] = []
    others = load(path)["rows"] if path and keep else []
    order = [row.id for row in ROWS]
    try:
        with Bar("labs bench") as observer:
            for one in run_rows(rows, plan, observer, say):
                results.append(one)
                say(f"{one['id']}: {ratio_text(one)}, {word(one)} (goal {one['goal']}). {one['trouble']}")
    finally:
        if path and results:
            fresh = {one["id"] for one in results}
            rows_now = [*results, *(one for one in others if one["id"] not in fresh)]
            report.save(path, sorted(rows_now, key=lambda one: order.index(one["id"])), plan.rounds)
            say(f"{len(results)} of {len(rows)} rows saved in {path}")
    return results


def _print_rows(rows: Sequence[Row], json_: bool) -> None:
    table = [
        {"id": row.id, "broker": row.broker, "lane": row.lane, "title": row.title}
        | {"ours": row.ours, "theirs": row.theirs, "goal": str(row.goal), "promise": row.promise}
        for row in rows
    ]
    if json_:
        show_json(table)
        return
    for one in table:
        tell(f"{one['id']:26}{one['lane']:11}{one['goal']}")
        for line in textwrap.wrap(f"{one['title']}: {one['ours']} against {one['theirs']}", WIDE - IN):
            tell(f"{'':{IN}}{line}")
