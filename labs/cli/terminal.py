"""How the command line speaks: one message an error, and what several commands take."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import click

from labs.cli.speech import CUT_OFF, errors, is_cut_off, lines, show_json, speak_plainly, tell
from labs.model.endpoint import BrokerError
from labs.model.errors import StackError
from labs.model.observer import CancelledError
from labs.model.paths import give_back

__all__ = ["Group", "as_json", "backend_option", "lines", "plain", "say", "show_json", "tell"]
EXPECTED = (StackError, BrokerError, CancelledError, ValueError, OSError)
P = ParamSpec("P")
R = TypeVar("R")

as_json = click.option("--json", "json_", is_flag=True, help="Print JSON on standard output.")
backend_option = click.option(
    "--backend",
    type=click.Choice(["auto", "compose", "native"]),
    default="auto",
    show_default=True,
    help="Containers, native processes, or whichever this machine can.",
)


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


def plain(act: Callable[P, R]) -> Callable[P, R]:
    """Errors that we expect become one message and exit code 1; Ctrl-C becomes 130, SIGTERM and SIGHUP 143."""

    @wraps(act)
    def guarded(*args: P.args, **named: P.kwargs) -> R:
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
