"""How the command line speaks: one message an error, a progress bar, tables."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from typing import Any

import click
from rich import box
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from labs.cli.speech import CUT_OFF, Voice, errors, is_cut_off, lines, out, show_json, speak_plainly, tell
from labs.model.digest import Digest
from labs.model.endpoint import BrokerError
from labs.model.observer import CancelledError, Observer
from labs.model.ownership import give_back
from labs.model.profile import UnknownNameError
from labs.model.run import RunFileError
from labs.show.looks import Look
from labs.show.sentences import broker_unseen, sentence
from labs.stack import StackError
from labs.stack.external import urls, yours

__all__ = ["Bar", "Group", "address_options", "as_json", "backend_option", "lines", "plain", "say", "show_json", "tell"]
EXPECTED = (StackError, BrokerError, UnknownNameError, RunFileError, CancelledError, ValueError, OSError)
MANY, ENDLESS = 4, 1000
SLIM: Any = {"box": box.SIMPLE_HEAD, "show_edge": False, "pad_edge": False, "collapse_padding": True}


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

    def take(context: click.Context, option: click.Parameter, text: str | None) -> str | None:
        if text is not None:
            try:
                context.call_on_close(yours.name(str(option.name), text))
            except ValueError as error:
                raise click.ClickException(str(error)) from None
        return text

    places = {"kafka": "HOST:PORT[,HOST:PORT]", "rabbitmq": "URL", "redis": "URL"}
    for broker, metavar in places.items():
        example = urls.EXAMPLES[broker]
        said = f"Use a {broker} of yours, e.g. {example}. Login: LABS_{broker.upper()}_USER and _PASSWORD."
        act = click.option(f"--{broker}", metavar=metavar, callback=take, expose_value=False, help=said)(act)
    return act


class Group(click.Group):
    """The commands, with click's own complaints in our words: one line, our name before it, where to read on."""

    def main(self, args: Sequence[str] | None = None, *rest: Any, **how: Any) -> Any:
        """As of click."""
        speak_plainly()
        try:
            code = super().main(args, *rest, **how | {"standalone_mode": False})
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            code = error.exit_code
        except click.ClickException as error:
            said = " ".join(error.format_message().split()).rstrip(".")
            said += "" if said.endswith("?") else "."
            context = getattr(error, "ctx", None)
            where = f" See: {context.command_path} --help" if isinstance(error, click.UsageError) and context else ""
            tell(f"labs: {said}{where}", to=errors, style="red")
            code = error.exit_code
        except click.Abort:
            code = 130
        except SystemExit as end:
            code = end.code
        sys.exit(CUT_OFF if is_cut_off() else code if isinstance(code, int) else 0)


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
            tell("labs: Interrupted: what was started has been stopped.", to=errors, style="yellow")
            sys.exit(143 if isinstance(stop, TerminatedError) else 130)
        except EXPECTED as error:
            if isinstance(error, BrokenPipeError) and is_cut_off():
                sys.exit(CUT_OFF)
            complain(error)
            sys.exit(1)
        finally:
            give_back()

    return guarded


def complain(error: Exception) -> None:
    """An error as one line with our name before it; what was noted of it, such as what is kept, follows."""
    text = str(error)
    if isinstance(error, OSError) and error.strerror:
        named = [str(name) for name in (error.filename, error.filename2) if name is not None]
        text = ": ".join([*named, f"{error.strerror}."])
    for line in [" ".join(part.split()) for part in text.splitlines() if part.strip()] or [type(error).__name__]:
        tell(f"labs: {line}", to=errors, style="red")
    for note in getattr(error, "__notes__", ()):
        tell(f"labs: {note}", to=errors)


def say(text: str) -> None:
    """Progress and remarks: on standard error, so that a script reads results alone."""
    tell(text, to=errors)


class Bar:
    """A progress bar with the time left, on standard error, as an Observer."""

    def __init__(self, title: str) -> None:
        columns = (
            TextColumn("{task.fields[title]}", markup=False),
            BarColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[text]}", markup=False),
        )
        self._progress = Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal)
        self._task = self._progress.add_task("", total=1.0, title=title, text="")

    def __enter__(self) -> Observer:
        self._progress.start()
        return Observer(progress=self._move)

    def _move(self, fraction: float, text: str) -> None:
        self._progress.update(self._task, completed=fraction, text=text[:70])

    def __exit__(self, *_: object) -> None:
        self._progress.stop()


def table_of(digests: Sequence[Digest], look: Look) -> None:
    """The digests as a table as wide as it needs; of a latency lab the figures, of any other what its look says."""
    if digests and "latency_ms" in digests[0].median:
        table = _latency_table(digests)
        for digest in filter(broker_unseen, digests):
            tell(sentence(digest))
    else:
        shown = [look.view(digest) for digest in digests]
        rows = [list(look.columns), *(row for view in shown for row in view["rows"])]
        if len(look.columns) > len(rows) + MANY:  # turned round: a window is higher than it is wide
            rows = [list(line) for line in zip(*rows, strict=True)]
        table = Table(*rows[0], **SLIM)
        for row in rows[1:]:
            table.add_row(*row)
        for view in shown:
            tell("\n".join(filter(None, (view["sentence"], view.get("trouble")))))
    whole(table)


def whole(table: Table) -> None:
    """A table as wide as it needs: a pipe has no width. A window that is too narrow gets it row by row instead, for it
    would break every line."""
    width = out.measure(table, options=out.options.update(width=ENDLESS)).maximum
    if out.is_terminal and width > out.width:
        lines(_row_by_row(table))
    else:
        Voice(width=max(out.width, width)).print(table)


def _row_by_row(table: Table) -> Iterator[str]:
    heads = [str(column.header) for column in table.columns]
    wide = max(map(len, heads))
    for row in zip(*(column.cells for column in table.columns), strict=True):
        yield str(row[0])
        for head, cell in zip(heads[1:], row[1:], strict=True):
            yield f"  {head:{wide}}  {cell}"


def _latency_table(digests: Sequence[Digest]) -> Table:
    table = Table(**SLIM)
    tell("End to end, ms, from when each message was due:")
    for column in ("", "p50", "p90", "p99", "max", "late p99", "delivered", "point is"):
        table.add_column(column, justify="left" if column in ("", "point is") else "right", no_wrap=True)
    for row in digests:
        steps, late = row.median["latency_ms"], row.median["lateness_ms"]["p99"]
        ledger = row.repeats[0]["ledger"]
        figures = [steps["p50"], steps["p90"], steps["p99"], steps["max"], late]
        cells = ["too few" if ms is None else f"{ms:.2f}" for ms in figures]
        table.add_row(
            row.settings["profile"], *cells, f"{ledger['delivered']}/{ledger['attempted']}", row.median["stamp"]
        )
    return table
