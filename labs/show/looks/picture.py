"""Looks whose charts are pictures: timeline and lanes, one a point, and the grid, a row a point.

A lab puts what `to_json` gave into its digests, or names a table of quantities; all that a look needs follows from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from labs.model.digest import Digest
from labs.show.looks.base import Chart, Look, View
from labs.show.pictures import Picture, picture
from labs.show.pictures.grid import SIGNS, Cell, Grid, Quantity, Setup

PICTURES = "pictures"
"""Where a view keeps them: chart name -> JSON."""
Columns = tuple[str, ...]


def pictures_of(digest: Digest) -> dict[str, Picture]:
    """The pictures in a digest by their chart's name, the lab's main one first. PictureError says what is wrong."""
    return {name: picture(data, f"{digest.lab}, {name}") for name, data in digest.pictures.items()}


def picture_look(
    point: tuple[str, ...],
    charts: Sequence[Chart],
    columns: Columns,
    *,
    asks: Sequence[str] = (),
    promise: str = "survives",
) -> Look:
    """A look of timelines or lanes: title, sentence and rows come from the first chart's picture.

    `asks` are the names of its figures that prose may ask for (`jobs waiting highest`), with underscores.
    """

    def view(digest: Digest) -> View:
        known = pictures_of(digest)
        first = next(iter(known.values()))
        sentence = " ".join(dict.fromkeys(one.sentence for one in known.values()))
        label = str(digest.settings.get("label", first.title))
        said = {"label": label, "title": first.title, "sentence": sentence, "rows": first.rows, "traces": {}}
        return said | {PICTURES: {name: one.to_json() for name, one in known.items()}}

    return Look(
        point, tuple(charts), columns, view, _no_layouts, {_key(ask): _figure(ask) for ask in asks}, promise=promise
    )


def grid_look(
    point: tuple[str, ...], chart: Chart, table: Sequence[Quantity[Digest]], setup: Callable[[Digest], Setup],
    *, noun: tuple[str, str],
) -> Look:  # fmt: skip
    """A look of a grid: a row a point, a column a quantity; everything else follows from the table."""

    def row(digest: Digest) -> Grid:
        made = setup(digest)
        cells = {(made.name, quantity.column.name): quantity.get(digest) for quantity in table}
        return Grid((made,), tuple(quantity.column for quantity in table), cells, noun)

    def view(digest: Digest) -> View:
        one = row(digest)
        made, cells = one.setups[0], one.to_json()["cells"][0]
        said = [f"{q.column.name}: {one.text(made.name, q.column.name)}" for q in table]
        label = f"{made.group}, {made.name}" if made.group else made.name
        grid = {"setup": {"name": made.name, "group": made.group, "ink": made.ink}, "cells": cells}
        found = "; ".join(f"{q.column.name} {one.cell(made.name, q.column.name).says}" for q in table)
        words = {"label": label, "title": f"{label}: {found}", "sentence": f"{label}. {'; '.join(said)}."}
        return words | {"rows": one.rows, "traces": {}, "grid": grid}

    def layouts(_digests: Sequence[Digest]) -> Mapping[str, Mapping[str, Any]]:
        columns = [{"name": quantity.column.name} for quantity in table]
        secret = {"state": "unmeasured", "sign": SIGNS["unmeasured"], "word": "", "figure": "", "reason": ""}
        return {chart.name: {"columns": columns, "noun": list(noun), "secret": secret}}

    heads = (noun[0].capitalize(), *(quantity.column.name for quantity in table))
    asked = {_key(q.column.name): _cell_text(q.get) for q in table}
    return Look(point, (chart,), heads, view, layouts, asked, caption="outcomes")


def _no_layouts(_digests: Sequence[Digest]) -> Mapping[str, Mapping[str, Any]]:
    return {}


def _key(name: str) -> str:
    """`Jobs lost` -> `jobs_lost`: how prose asks for it."""
    return name.lower().replace(" ", "_")


def _figure(name: str) -> Callable[[Digest], str]:
    return lambda digest: next(iter(pictures_of(digest).values())).figures()[name]


def _cell_text(get: Callable[[Digest], Cell]) -> Callable[[Digest], str]:
    def text(digest: Digest) -> str:
        cell = get(digest)
        return cell.figure or cell.says

    return text
