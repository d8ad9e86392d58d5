"""Grid: setup by capability. A cell has a word, a state, a figure and a reason; the loss matrix is one of them.

A lab names its columns in a table of quantities; cells, rows, title, sentence and what prose may ask follow from it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar, cast, get_args

from labs.model.digest import Table
from labs.model.text import capital, counted, enumerated
from labs.show import Json
from labs.show.pictures.base import FORMAT, About, check, closed, distinct

Source = TypeVar("Source")
State = Literal["yes", "partly", "no", "failed", "mixed", "unknown", "absent", "unmeasured"]
STATES: tuple[State, ...] = get_args(State)
WORDS: dict[State, str] = {
    "yes": "yes",
    "partly": "partly",
    "no": "no",
    "failed": "failed",
    "mixed": "mixed",
    "unknown": "unknown",
    "absent": "not in this version",
    "unmeasured": "not measured",
}
"""What a cell says where its lab has no better word. `failed`: it could not be tried."""
SIGNS: dict[State, str] = {
    "yes": "●", "partly": "◐", "no": "✕", "failed": "■", "mixed": "≈", "unknown": "○", "absent": "–", "unmeasured": "·",
}  # fmt: skip
JUDGED: tuple[State, ...] = ("yes", "partly", "no", "mixed", "failed")
MOST_ROWS, MOST_COLUMNS = 40, 10


@dataclass(frozen=True)
class Cell:
    """What is known of one setup and one capability. `figure` is text with its unit, `reason` a clause."""

    state: State
    word: str = ""
    figure: str = ""
    reason: str = ""

    @property
    def says(self) -> str:
        """Its word, or the state's own."""
        return self.word or WORDS[self.state]

    @property
    def text(self) -> str:
        """no: 35 lost (acknowledged before the work)"""
        text = f"{self.says}: {self.figure}" if self.figure else self.says
        return f"{text} ({self.reason})" if self.reason else text

    def to_json(self) -> Json:
        """By name, with what it says and its sign filled in."""
        said = {"says": self.says, "sign": SIGNS[self.state]}
        return {"state": self.state, "word": self.word, "figure": self.figure, "reason": self.reason} | said


@dataclass(frozen=True)
class Setup:
    """A setup; `group` is what stands above it, a broker mostly, and `ink` the colour of the group's mark."""

    name: str
    group: str = ""
    ink: str = ""

    @property
    def full(self) -> str:
        """With its group before it, where its name does not begin so."""
        return self.name if not self.group or self.name.startswith(self.group) else f"{self.group}: {self.name}"


@dataclass(frozen=True)
class Capability:
    """A capability: its head, and how a sentence says that one setup or several have it: (`loses`, `lose`) nothing."""

    name: str
    one: str = ""
    many: str = ""
    """Without words the sentence leaves the column out."""


@dataclass(frozen=True)
class Quantity(Generic[Source]):
    """One row of a lab's table: a column and how its cell is got from what was recorded of a setup."""

    column: Capability
    get: Callable[[Source], Cell]


@dataclass(frozen=True)
class Grid:
    """The whole picture; `cells` by (row's name, column's name), what is missing is not measured.

    `noun` is what a row is called, one and many. Raises PictureError when it cannot be drawn.
    """

    setups: tuple[Setup, ...]
    capabilities: tuple[Capability, ...]
    cells: Mapping[tuple[str, str], Cell]
    noun: tuple[str, str] = ("setting", "settings")
    about: About = field(default_factory=About)
    kind: Literal["grid"] = "grid"

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn or read."""
        found = len(self.setups)
        check(1 <= found <= MOST_ROWS, "grid", f"it has {found} rows", f"1 to {MOST_ROWS} can be read")
        found = len(self.capabilities)
        check(1 <= found <= MOST_COLUMNS, "grid", f"it has {found} columns", f"1 to {MOST_COLUMNS} can be read")
        distinct((row.name for row in self.setups), "rows")
        distinct((column.name for column in self.capabilities), "columns")
        rows, columns = {row.name for row in self.setups}, {column.name for column in self.capabilities}
        for (row, column), cell in self.cells.items():
            where = f"cell {row!r}, {column!r}"
            check(row in rows, where, f"there is no row {row!r}", "name one of the rows")
            check(column in columns, where, f"there is no column {column!r}", f"columns: {', '.join(sorted(columns))}")
            check(cell.state in STATES, where, f"there is no state {cell.state!r}", f"take one of {', '.join(STATES)}")

    def cell(self, row: str, column: str) -> Cell:
        """The cell; `not measured` where there is none."""
        return self.cells.get((row, column), Cell("unmeasured"))

    @property
    def title(self) -> str:
        """The finding: the given one, or the sentence's first part."""
        return self.about.title or capital(self._first())

    def _first(self) -> str:
        """Of 11 ways, 5 lose nothing and 7 do nothing twice; the size is said anew where fewer are known."""
        asked = [(column, *self._known(column)) for column in self.capabilities if column.many]
        sizes = {known for _, known, _ in asked}
        if not asked:
            have = Counter(self.cell(row.name, column.name).says for row in self.setups for column in self.capabilities)
            return f"of {counted(have.total(), 'cell')}, " + enumerated(
                [f"{number:,} {word}" for word, number in have.most_common()]
            )
        if len(sizes) == 1 and 0 not in sizes:
            said = [f"{_amount(good, known)} {_verb(column, good)}" for column, known, good in asked]
            return f"of {counted(sizes.pop(), *self.noun)}, {enumerated(said)}"
        return enumerated([self._alone(*one) for one in asked])

    def _known(self, column: Capability) -> tuple[int, int]:
        """How many setups are judged in a column, and how many of them have it."""
        cells = [self.cell(setup.name, column.name) for setup in self.setups]
        known, good = (sum(cell.state in states for cell in cells) for states in (JUDGED, ("yes",)))
        return known, good

    def _alone(self, column: Capability, known: int, good: int) -> str:
        if not known:
            return f"whether {self.noun[1]} {column.many} is not known"
        return f"{_amount(good, known)} of {counted(known, *self.noun)} {_verb(column, good)}"

    @property
    def sentence(self) -> str:
        """How many setups have which capability, and how many cells say nothing."""
        cells = [self.cell(row.name, column.name) for row in self.setups for column in self.capabilities]
        left = Counter(cell.says for cell in cells if cell.state not in JUDGED)
        total = counted(len(cells), "cell")
        rest = [
            f"{number:,} of {total} say{'s' if number == 1 else ''} \u201c{word}\u201d" for word, number in left.items()
        ]
        more = f" {enumerated(rest)}." if rest else ""
        return capital(closed(self._first(), self.about.condition)) + more

    @property
    def alt(self) -> str:
        """What a reader who does not see it is told."""
        size = f"{counted(len(self.setups), *self.noun)} by {', '.join(column.name for column in self.capabilities)}"
        return f"A table of {size}. {self.sentence}"

    @property
    def columns(self) -> tuple[str, ...]:
        """Heads of the table."""
        return (capital(self.noun[0]), *(column.name for column in self.capabilities))

    @property
    def rows(self) -> list[list[str]]:
        """A row a setup: in each cell the word, the figure and the reason."""
        return [[row.full, *(self.text(row.name, column.name) for column in self.capabilities)] for row in self.setups]

    def text(self, row: str, column: str) -> str:
        """What a cell says, in full."""
        return self.cell(row, column).text

    def figures(self) -> dict[str, str]:
        """What prose may ask: `row column`, `row column figure`, and how many say yes: `column yes`."""
        found: dict[str, str] = {}
        for column in self.capabilities:
            cells = {row.name: self.cell(row.name, column.name) for row in self.setups}
            found[f"{column.name} yes"] = f"{sum(cell.state == 'yes' for cell in cells.values()):,}"
            for name, cell in cells.items():
                found |= {f"{name} {column.name}": cell.says, f"{name} {column.name} figure": cell.figure or "–"}
        return found

    def to_json(self) -> Json:
        """Plain JSON; `cells` row by row, with sign and word filled in."""
        rows = [{"name": row.name, "group": row.group, "ink": row.ink} for row in self.setups]
        columns = [{"name": column.name, "one": column.one, "many": column.many} for column in self.capabilities]
        cells = [[self.cell(row.name, column.name).to_json() for column in self.capabilities] for row in self.setups]
        said = {"title": self.title, "sentence": self.sentence, "alt": self.alt}
        data = {"format": FORMAT, "kind": self.kind, "rows": rows, "columns": columns, "cells": cells}
        return data | {"noun": list(self.noun), "about": self.about.to_json(), "said": said}

    @classmethod
    def from_json(cls, data: Table) -> Grid:
        """What `to_json` gave; words are made anew."""
        rows, columns = tuple(Setup(**one) for one in data["rows"]), tuple(Capability(**one) for one in data["columns"])
        sizes = [len(line) for line in data["cells"]]
        wanted = f"{len(rows)} rows of {len(columns)}"
        check(sizes == [len(columns)] * len(rows), "grid", f"its cells have the sizes {sizes}", f"wanted are {wanted}")
        cells = {
            (row.name, column.name): Cell(cast(State, one["state"]), one["word"], one["figure"], one["reason"])
            for row, line in zip(rows, data["cells"], strict=True) for column, one in zip(columns, line, strict=True)
        }  # fmt: skip
        one, many = data["noun"]
        return cls(rows, columns, cells, (one, many), About.from_json(data.get("about", {})))


def grid(
    quantities: Sequence[Quantity[Source]],
    sources: Mapping[Setup, Source | None],
    *,
    noun: tuple[str, str],
    about: About | None = None,
) -> Grid:
    """A lab's table of quantities and what it recorded of each setup (None: nothing yet) -> the picture."""
    cells = {
        (row.name, quantity.column.name): quantity.get(source)
        for row, source in sources.items() if source is not None for quantity in quantities
    }  # fmt: skip
    return Grid(tuple(sources), tuple(q.column for q in quantities), cells, noun, about or About())


def _amount(good: int, known: int) -> str:
    return "none" if good == 0 else "all" if good == known > 1 else f"{good:,}"


def _verb(column: Capability, good: int) -> str:
    return column.one if good in (0, 1) else column.many
