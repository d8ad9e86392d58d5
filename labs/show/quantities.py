"""The table of quantities that a look is made of: columns, rows, sentences, the run card, the command line's table and
what prose may ask are all read off it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from labs.model.digest import Digest
from labs.model.text import NONE

Value = TypeVar("Value")
NAMED = re.compile(r"\{([\w.]+)\}")
Says = str | Callable[[Digest], str]
"""Words with the names of quantities in braces, or what picks such words for a point."""


@dataclass(frozen=True)
class Quantity(Generic[Value]):
    """Something that can be said of a point: its name, how it is got, how its unit is written, and where it stands."""

    name: str
    """How prose and words name it; without one it is a column or a line of the run card alone."""
    get: Callable[[Digest], Value | None]
    """Its value; None, an empty text or an empty list where there is nothing to say."""
    unit: Callable[[Value], str] = str
    head: str = ""
    """Head of its column in the data table and on the command line."""
    card: str = ""
    """What its line on the run card is called; there is no line where there is nothing."""
    told: Callable[[Digest], str] | None = None
    """How it is written where that takes more than its value: of a range, of what is only an upper bound."""
    bound: Callable[[Digest], bool] = lambda _digest: False
    """Whether its value is an upper bound only: then no ratio is made of it."""
    none: Says = NONE
    """What prose is told where there is nothing. A table has a dash there."""

    def value(self, digest: Digest) -> Value | None:
        """The value, None for every kind of nothing."""
        found = self.get(digest)
        return None if found is None or found == "" or found == [] else found

    def cell(self, digest: Digest, none: str = NONE) -> str:
        """As a table has it."""
        found = self.value(digest)
        return none if found is None else self.told(digest) if self.told else self.unit(found)

    def text(self, digest: Digest) -> str:
        """As prose has it."""
        return self.cell(digest, self.none if isinstance(self.none, str) else self.none(digest))

    def number(self, digest: Digest) -> float | None:
        """The value as a number, to rank and to divide by. ValueError where it is none."""
        found = self.value(digest)
        if found is None or isinstance(found, int | float):
            return found
        raise ValueError(f"{self.name} is not one number: {self.text(digest)}")


Rows = tuple[Quantity[Any], ...]


@dataclass(frozen=True)
class Quantities:
    """The table of a look. With `lines` a point has several rows, each a head and the names of what stands in it. A
    head may name quantities as well, to tell the rows of several points apart."""

    table: Rows
    lines: Mapping[str, Sequence[str]] | None = None
    corner: str = ""
    """Head of the column of such heads."""

    def __getitem__(self, name: str) -> Quantity[Any]:
        """The quantity of that name; KeyError if there is none."""
        return self.by_name[name]

    @property
    def by_name(self) -> dict[str, Quantity[Any]]:
        """What can be named."""
        return {one.name: one for one in self.table if one.name}

    @property
    def columns(self) -> tuple[str, ...]:
        """Heads of the data table."""
        if self.lines is None:
            return tuple(one.head for one in self.table if one.head)
        return (self.corner, *(self[name].head for name in next(iter(self.lines.values()))))

    def rows(self, digest: Digest) -> list[list[str]]:
        """The rows of a point, a cell for each column."""
        if self.lines is None:
            return [[one.cell(digest) for one in self.table if one.head]]
        lines = self.lines.items()
        return [[self.said(head, digest), *(self[name].cell(digest) for name in names)] for head, names in lines]

    def card(self, digest: Digest) -> list[list[str]]:
        """Lines for the run card: what it is called and what it says."""
        found = [[one.card, one.cell(digest, "")] for one in self.table if one.card]
        return [line for line in found if line[1]]

    def said(self, says: Says, digest: Digest) -> str:
        """Words with each name in them replaced by its text."""
        words = says if isinstance(says, str) else says(digest)
        return NAMED.sub(lambda found: self[found[1]].text(digest), words)

    def sentence(self, clauses: Sequence[Says], digest: Digest) -> str:
        """The clauses one after the other; one that names a quantity of which there is nothing to say is left out."""
        words = [says if isinstance(says, str) else says(digest) for says in clauses]
        known = [one for one in words if all(self[name].value(digest) is not None for name in NAMED.findall(one))]
        return "".join(self.said(one, digest) for one in known)
