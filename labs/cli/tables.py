"""Digests as a table on a terminal or in a pipe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich import box
from rich.table import Table

from labs.cli.speech import Voice, lines, out, tell
from labs.model.digest import Digest
from labs.show.looks import Look

MANY, ENDLESS = 4, 1000
SLIM: Any = {"box": box.SIMPLE_HEAD, "show_edge": False, "pad_edge": False, "collapse_padding": True}


def table_of(digests: Sequence[Digest], look: Look) -> None:
    """What the look says of each point, and its table, as wide as it needs."""
    shown = [look.view(digest) for digest in digests]
    rows = [list(look.columns), *(row for view in shown for row in view["rows"])]
    if len(look.columns) > len(rows) + MANY:  # turned round: a window is higher than it is wide
        rows = [list(line) for line in zip(*rows, strict=True)]
    table = Table(*rows[0], **SLIM)
    for row in rows[1:]:
        table.add_row(*row)
    for view in shown:
        tell("\n".join(filter(None, (view["sentence"], view["last_words"]))))
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
