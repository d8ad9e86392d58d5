"""How the command line speaks: one message an error, a progress bar, tables."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from labs.brokers.base import BrokerError
from labs.looks import Look
from labs.owning import give_back
from labs.profile import UnknownNameError
from labs.recorder import CancelledError, Watch
from labs.runs import RunFileError
from labs.stack import StackError, urls, yours
from labs.words import broker_unseen, sentence

EXPECTED = (StackError, BrokerError, UnknownNameError, RunFileError, CancelledError, ValueError, OSError)
MANY, ENDLESS = 4, 1000
errors = Console(stderr=True, highlight=False, soft_wrap=True)
out = Console(highlight=False)


as_json = click.option("--json", "json_", is_flag=True, help="Print JSON on standard output.")
backend_option = click.option(
    "--backend",
    type=click.Choice(["auto", "compose", "native"]),
    default="auto",
    show_default=True,
    help="Containers, native processes, or whichever this machine can.",
)


def address_options(act: Callable[..., Any]) -> Callable[..., Any]:
    """--redis, --rabbitmq and --kafka: brokers of the user's in place of ours, for the length of the command."""

    def take(_context: click.Context, option: click.Parameter, text: str | None) -> str | None:
        if text is not None:
            try:
                yours.name(str(option.name), text)
            except ValueError as error:
                raise click.ClickException(str(error)) from None
        return text

    places = {"kafka": "HOST:PORT[,HOST:PORT]", "rabbitmq": "URL", "redis": "URL"}
    for broker, metavar in places.items():
        example = urls.EXAMPLES[broker]
        said = f"Use a {broker} of yours, e.g. {example}. Login: LABS_{broker.upper()}_USER and _PASSWORD."
        act = click.option(f"--{broker}", metavar=metavar, callback=take, expose_value=False, help=said)(act)
    return act


class TerminatedError(KeyboardInterrupt):
    """Told to end by another program: what Ctrl-C does, once."""


def _end_gently() -> None:
    """A polite request to end, or a closed terminal, cleans up like Ctrl-C; a second one does not cut that short."""
    asked = [number for number in (signal.SIGTERM, getattr(signal, "SIGHUP", None)) if number]

    def stop(number: int, _frame: object) -> None:
        for one in asked:
            signal.signal(one, signal.SIG_IGN)
        raise TerminatedError(signal.Signals(number).name)

    for one in asked:
        if signal.getsignal(one) is not signal.SIG_IGN:  # as nohup leaves it
            signal.signal(one, stop)


def plain(act: Callable[..., Any]) -> Callable[..., Any]:
    """Errors that we expect become one message and exit code 1; Ctrl-C becomes 130, SIGTERM and SIGHUP 143."""

    @wraps(act)
    def guarded(*args: Any, **named: Any) -> Any:
        _end_gently()
        try:
            return act(*args, **named)
        except KeyboardInterrupt as stop:
            errors.print("Interrupted: what was started has been stopped.", style="yellow")
            sys.exit(143 if isinstance(stop, TerminatedError) else 130)
        except EXPECTED as error:
            errors.print(f"labs: {error}", style="red", markup=False)
            sys.exit(1)
        finally:
            give_back()

    return guarded


def say(text: str) -> None:
    errors.print(text, markup=False)


def lines(text: Iterable[str]) -> None:
    """Lines as they are: never broken, never read as markup, so that what is to be copied can be."""
    for line in text:
        out.print(line, markup=False, soft_wrap=True)


def show_json(value: Any) -> None:
    """JSON for a script: nothing is lost, whatever the terminal can show."""
    whole = out.encoding.startswith("utf")
    out.file.write(json.dumps(value, indent=2, ensure_ascii=not whole) + "\n")


class Bar:
    """A progress bar with the time left, on standard error, as a Watch."""

    def __init__(self, title: str) -> None:
        columns = (
            TextColumn("{task.fields[title]}"),
            BarColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[text]}"),
        )
        self._progress = Progress(*columns, console=errors, transient=True)
        self._task = self._progress.add_task("", total=1.0, title=title, text="")

    def __enter__(self) -> Watch:
        self._progress.start()
        return Watch(progress=self._move)

    def _move(self, fraction: float, text: str) -> None:
        self._progress.update(self._task, completed=fraction, text=text[:70])

    def __exit__(self, *_: object) -> None:
        self._progress.stop()


def table_of(digests: Sequence[dict[str, Any]], look: Look) -> None:
    """The digests as a table as wide as it needs; of a latency lab the figures, of any other what its look says."""
    if digests and "latency_ms" in digests[0]["median"]:
        table = _latency_table(digests)
        for digest in filter(broker_unseen, digests):
            out.print(sentence(digest), markup=False)
    else:
        shown = [look.view(digest) for digest in digests]
        rows = [list(look.columns), *(row for view in shown for row in view["rows"])]
        if len(look.columns) > len(rows) + MANY:  # turned round: a window is higher than it is wide
            rows = [list(line) for line in zip(*rows, strict=True)]
        table = Table(*rows[0])
        for row in rows[1:]:
            table.add_row(*row)
        for view in shown:
            out.print(view["sentence"], view.get("trouble") or "", sep="\n", markup=False)
    whole(table)


def whole(table: Table) -> None:
    """A table as wide as it needs: a pipe has no width, and a narrow window would cut the figures."""
    width = out.measure(table, options=out.options.update(width=ENDLESS)).maximum
    Console(highlight=False, width=max(out.width, width)).print(table)


def _latency_table(digests: Sequence[dict[str, Any]]) -> Table:
    table = Table(title="End to end, ms, from when each message was due")
    for column in ("", "p50", "p90", "p99", "max", "late p99", "delivered", "point is"):
        table.add_column(column, justify="left" if column in ("", "point is") else "right", no_wrap=True)
    for row in digests:
        steps, late = row["median"]["latency_ms"], row["median"]["lateness_ms"]["p99"]
        ledger = row["repeats"][0]["ledger"]
        figures = [steps["p50"], steps["p90"], steps["p99"], steps["max"], late]
        cells = ["too few" if ms is None else f"{ms:.2f}" for ms in figures]
        table.add_row(
            row["settings"]["profile"], *cells, f"{ledger['delivered']}/{ledger['attempted']}", row["median"]["stamp"]
        )
    return table
