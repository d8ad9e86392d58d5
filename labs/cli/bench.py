"""`labs bench`: choose rows, run them, print the table, save the file."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labs.cli.terminal import as_json, backend_option, plain, say, show_json, tell
from labs.model.observer import Observer
from labs.model.profile import BROKERS, UnknownNameError
from labs.model.text import counted

WIDE, IN = 80, 6

if TYPE_CHECKING:
    from labs.scenarios.bench.base import Row
    from labs.scenarios.bench.sitting import Sitting


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
@click.option("--lift", is_flag=True, help="In each round look for what lifts our rate: about twice as long.")
@click.option("--anew", is_flag=True, help="Forget the rows that an interrupted recording of that file has kept.")
@click.option("--list", "list_", is_flag=True, help="Print the rows and stop.")
@click.option("--dry-run", is_flag=True, help="Say what would be measured and in how many minutes, and stop.")
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
    lift: bool,
    anew: bool,
    list_: bool,
    dry_run: bool,
    backend: str,
    json_: bool,
) -> None:
    """Hold our generator against each vendor's own tool, in interleaved rounds on the same broker.

    ROW is a row's id (`--list` shows them); all by default. With --out each row is kept as soon as it is measured:
    after Ctrl-C or a crash the same command goes on, and the file is written when all rows are done. Rows of the file
    that were not asked for stay in it.
    """
    from labs.cli.tables import whole
    from labs.scenarios.bench import report
    from labs.scenarios.bench.rounds import Plan
    from labs.scenarios.bench.sitting import Sitting

    rows = chosen(names, brokers, lanes)
    if list_:
        _print_rows(rows, json_)
        return
    plan = Plan(rounds, scale, backend, lift)
    sitting = Sitting(rows, plan, path, anew=anew)
    if dry_run:
        _print_plan(sitting)
        return
    results = _run(sitting)
    if json_:
        show_json({"card": report.card(plan), "rows": results})
        return
    whole(report.table(results))
    tell(report.closing(results))


def _print_plan(sitting: Sitting) -> None:
    """Each row with its expected minutes, and the sum."""
    left = {row.id for row in sitting.left()}
    for row in sitting.rows:
        tell(f"{row.id:26}{span(sitting.expected_s(row)) if row.id in left else 'kept, not measured again'}")
    tell(f"{counted(len(left), 'row')}, {span(sitting.left_s())}")


def _run(sitting: Sitting) -> list[dict[str, Any]]:
    """The results, those that were kept as well; a line for each as it is measured."""
    from labs.cli.progress import Bar
    from labs.judge.benchmark import ratio_text, word
    from labs.judge.recording_journal import InUseError

    total, left = len(sitting.rows), sitting.left()
    for why, count in sitting.dropped.items():
        say(f"{counted(count, 'row')} of an earlier call discarded, because of another {why}.")
    if len(left) < total:
        say(f"{total - len(left)} of {total} rows were measured before and are kept. Measure them again: --anew")
    try:
        with Bar("labs bench", own_time=True) as bar:
            for one in sitting.run(_told(sitting, bar), say):
                say(f"{one['id']}: {ratio_text(one)}, {word(one)} (goal {one['goal']}). {one['trouble']}")
    except InUseError as error:
        raise click.ClickException(str(error)) from error
    except BaseException:
        if sitting.path:
            say(f"{len(sitting.kept())} of {total} rows are kept: the same command goes on.")
        raise
    if sitting.path:
        say(f"{len(sitting.results)} of {total} rows saved in {sitting.path}")
    return sitting.results


def _told(sitting: Sitting, bar: Observer) -> Observer:
    """What is measured, how many rows are done and how long the others will take."""

    def progress(_share: float, text: str) -> None:
        total, left = len(sitting.rows), len(sitting.left())
        bar.progress((total - left) / total, f"{total - left} of {total}, {span(sitting.left_s())} left; {text}")

    return Observer(progress, bar.cancelled)


def span(seconds: float) -> str:
    """In minutes; a row of a few seconds is one."""
    return f"{max(round(seconds / 60), 1 if seconds > 0 else 0)} min"


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
