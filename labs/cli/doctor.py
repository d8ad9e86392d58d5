"""`labs doctor`: what this machine has and what is missing."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from labs.cli.addresses import address_options
from labs.cli.terminal import as_json, lines, plain, show_json

if TYPE_CHECKING:
    from labs.model.digest import Table


@click.command("doctor")
@address_options
@as_json
@plain
def command(json_: bool) -> None:
    """What this machine has, what is missing, and the one command that cures it."""
    from labs import stack

    report = stack.doctor()
    unusable = [check for check in report["checks"] if check["name"].startswith("your ") and not check["ok"]]
    if json_:
        show_json(report)
    else:
        lines(_checks(report))
    sys.exit(bool(unusable))


def _checks(report: Table) -> Iterator[str]:
    """A line a check; below it what is missing, and the cure to copy."""
    for check in report["checks"]:
        head = f"{'ok' if check['ok'] else 'no':3} {check['name']:22} "
        said = str(check["found"] or check["missing"])
        yield from textwrap.wrap(
            head + said, 80, subsequent_indent=" " * 27, break_long_words=False, break_on_hyphens=False
        )
        if not check["ok"]:
            yield f"{'':27}cure: {check['cure']}"
    yield ""
    yield from textwrap.wrap(
        f"{report.get('backend', '')}: {report.get('why', '')}", 80, break_long_words=False, break_on_hyphens=False
    )
