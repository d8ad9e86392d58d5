"""Looks whose charts are pictures: timeline and lanes, one a point, and the grid, a row a point.

A lab puts what `to_json` gave into its digests, or names a table of quantities; all that a look needs follows from it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from labs.model.digest import Digest
from labs.model.text import capital, enumerated
from labs.show import Json
from labs.show.looks.base import Chart, Look, View
from labs.show.pictures import Lanes, Picture, Timeline, picture
from labs.show.pictures.grid import WORDS, Cell, Setup, grid
from labs.show.pictures.grid import Quantity as Column
from labs.show.quantities import Quantities, Quantity, Rows

AT_ONCE = 4
"""So many columns a sentence names."""


def pictures_of(digest: Digest) -> dict[str, Picture]:
    """The pictures in a digest by their chart's name, the lab's main one first. PictureError says what is wrong."""
    return {name: picture(data, f"{digest.lab}, {name}") for name, data in digest.pictures.items()}


def _first(digest: Digest) -> Picture:
    return next(iter(pictures_of(digest).values()))


@dataclass(frozen=True)
class _OfPicture(Quantities):
    """Quantities whose rows are those of the first picture."""

    heads: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        return self.heads

    def rows(self, digest: Digest) -> list[list[str]]:
        return _first(digest).rows


def picture_look(
    point: tuple[str, ...],
    charts: Sequence[Chart],
    columns: tuple[str, ...],
    *,
    asks: Sequence[str] = (),
    promise: str = "survives",
) -> Look:
    """A look of timelines or lanes: title, sentence and rows come from the first chart's picture.

    `asks` are the names of its figures that prose may ask for (`jobs waiting highest`), with underscores.
    """
    table = (
        Quantity("label", lambda digest: str(digest.settings.get("label", _first(digest).title))),
        Quantity("title", lambda digest: _first(digest).title),
        Quantity("sentence", _sentence),
        *map(_figure, asks),
    )
    return Look(
        point, tuple(charts), _OfPicture(table, heads=columns), "{title}", ("{sentence}",), shapes=_shown,
        promise=promise,
    )  # fmt: skip


def _sentence(digest: Digest) -> str:
    return " ".join(dict.fromkeys(one.sentence for one in pictures_of(digest).values()))


def drawn(digest: Digest) -> dict[str, Json]:
    """The pictures of a digest as a page's script draws them, by their chart's name."""
    return {name: one.to_json() for name, one in pictures_of(digest).items()}


def titled(digest: Digest, title: str) -> dict[str, Json]:
    """The same of the last repeat's timelines and lanes, under the title of all repeats."""
    found = {}
    for name, one in pictures_of(digest).items():
        told = replace(one, about=replace(one.about, title=title)) if isinstance(one, Timeline | Lanes) else one
        found[name] = told.to_json()
    return found


def _shown(digest: Digest) -> View:
    return {"pictures": drawn(digest)}


def _figure(name: str) -> Quantity[str]:
    return Quantity(_key(name), lambda digest: _first(digest).figures()[name])


def grid_look(
    point: tuple[str, ...], chart: Chart, table: Sequence[Column[Digest]], setup: Callable[[Digest], Setup],
    *, noun: tuple[str, str], more: Rows = (),
) -> Look:  # fmt: skip
    """A look of a grid: a row a point, a column a quantity; everything else follows from the table. `more` is what
    prose may ask for besides."""

    def shapes(digest: Digest) -> View:
        made = setup(digest)
        cells = [column.get(digest).to_json() for column in table]
        return {"grid": {"setup": {"name": made.name, "group": made.group, "ink": made.ink}, "cells": cells}}

    def label(digest: Digest) -> str:
        made = setup(digest)
        return f"{made.group}, {made.name}" if made.group else made.name

    def layouts(_digests: Sequence[Digest]) -> dict[str, Json]:
        columns, secret = [{"name": one.column.name} for one in table], Cell("unmeasured").to_json() | {"says": ""}
        return {chart.name: {"columns": columns, "noun": list(noun), "secret": secret}}

    found: Rows = (
        Quantity("", lambda digest: setup(digest).full, head=capital(noun[0])),
        *(Quantity(_key(one.column.name), one.get, _asked) for one in table),
        *(Quantity("", one.get, lambda cell: cell.text, one.column.name) for one in table),
        Quantity("label", label),
        Quantity("says", lambda digest: "; ".join(f"{one.column.name} {one.get(digest).says}" for one in table)),
        Quantity("cells", lambda digest: "; ".join(f"{one.column.name}: {one.get(digest).text}" for one in table)),
        Quantity("told", lambda digest: _told(label(digest), [(one.column.name, one.get(digest)) for one in table])),
        *more,
    )
    return Look(
        point, (chart,), Quantities(found), "{label}: {says}", ("{told}",), shapes=shapes,
        layouts=layouts, caption="outcomes",
        several=lambda digests: grid(table, {setup(one): one for one in digests}, noun=noun).title,
    )  # fmt: skip


def _told(label: str, cells: Sequence[tuple[str, Cell]]) -> str:
    """Of Pub/Sub the table says “yes” to all get all (100 of 100). It says “no” to was offline. Under “since” it says
    “2.0.0”."""
    plain: dict[str, list[str]] = {}
    others = []
    for name, cell in cells:
        more = "; ".join(filter(None, (cell.figure, cell.reason)))
        told = f"{name[0].lower()}{name[1:]}"
        if cell.says == WORDS[cell.state]:
            plain.setdefault(cell.says, []).append(f"{told} ({more})" if more else told)
        else:
            others.append(f"Under “{told}” it says “{cell.says}”" + (f" ({more})." if more else "."))
    parts = [(word, names[at : at + AT_ONCE]) for word, names in plain.items() for at in range(0, len(names), AT_ONCE)]
    said = [f"says “{word}” to {enumerated(names)}." for word, names in parts]
    first = [f"Of {label} the table {said[0]}"] if said else [f"The table is about {label}."]
    return " ".join([*first, *(f"It {one}" for one in said[1:]), *others])


def _key(name: str) -> str:
    """`Jobs lost` -> `jobs_lost`: how prose asks for it."""
    return name.lower().replace(" ", "_")


def _asked(cell: Cell) -> str:
    return cell.figure or cell.says
