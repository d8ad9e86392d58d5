"""`labs list`: every lab with its question, its recording and its settings, in 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from labs.cli.terminal import as_json, lines, plain, show_json

if TYPE_CHECKING:
    from labs.experiments.base import Control, Experiment
    from labs.model.digest import Table as Facts

WIDE, IN = 80, 6


@click.command("list")
@as_json
@plain
def command(json_: bool) -> None:
    """The labs, their settings and whether a recorded run is in the book."""
    if json_:
        show_json(rows())
    else:
        lines(text())


def rows() -> list[Facts]:
    """Every lab as a script wants it."""
    from labs.experiments import EXPERIMENTS

    return [_row(lab) for lab in EXPERIMENTS.values()]


def _row(lab: Experiment) -> Facts:
    from labs.pages.recordings import recorded, recorded_on

    file = recorded(lab.name)
    return {
        "name": lab.name,
        "number": lab.number,
        "question": lab.question,
        "claims": list(lab.claims),
        "settings": {control.name: control.default for control in lab.controls},
        "recorded": file is not None,
        "recorded_on": recorded_on(file) if file else "",
    }


def text() -> Iterator[str]:
    """The same for people."""
    from labs.experiments import EXPERIMENTS

    for row in rows():
        state = f"recorded {row['recorded_on']}" if row["recorded"] else "not recorded"
        yield f"{row['number']:{IN}}{row['name']:28}{state}"
        yield from textwrap.wrap(row["question"], WIDE, initial_indent=" " * IN, subsequent_indent=" " * IN)
        for control in EXPERIMENTS[str(row["name"])].controls:
            yield from _setting(control)
        yield ""
    yield "Run one: labs run NAME --set SETTING=VALUE"


def _setting(control: Control) -> Iterator[str]:
    """A control's name and what it may be; the value that it has when nothing is set comes first."""
    name = f"{' ' * IN}{control.typed:10} "
    allowed = f"{control.low:g} to {control.high:g}" if control.kind == "slider" else ""
    allowed = allowed or ", ".join(
        str(option.value) for option in control.options if not option.reason and option.value != ""
    )
    usual = control.default if not isinstance(control.default, list) else ", ".join(map(str, control.default))
    labels = {option.value: option.label for option in control.options}
    said = f"{allowed} {control.unit}".strip() + f" (usually {labels.get('') if usual == '' else usual})"
    yield from textwrap.wrap(
        said,
        WIDE,
        initial_indent=name,
        subsequent_indent=" " * len(name),
        break_long_words=False,
        break_on_hyphens=False,
    )
