"""Digests as a table on a terminal or in a pipe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich import box
from rich.table import Table

from labs.cli.speech import Voice, lines, out, tell
from labs.model.digest import Digest
from labs.show.looks import Look
from labs.show.sentences import broker_unseen, sentence

MANY, ENDLESS = 4, 1000
SLIM: Any = {"box": box.SIMPLE_HEAD, "show_edge": False, "pad_edge": False, "collapse_padding": True}


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
