"""The exercises of the book, from `book/exercises/<page>.toml`: what is asked, and in which form.

["1.3c"]                          # what check() is given; never change it, the reader's progress hangs on it
lab = "before-the-first-message"
kind = "number"                   # or choice, set, grid, text
question = "How many times the memory of Redis does Kafka hold?"
truth = "ratio"                   # a function under @truth, and what it is given besides the run
given = { of = "broker_mb", point = { carrier = "kafka" }, over = { carrier = "redis" } }
tolerance = 0.2
hint = "..."
why = "..."
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from labs.model.paths import PROJECT

FOLDER = PROJECT / "book" / "exercises"
Kind = Literal["number", "choice", "set", "grid", "text"]


class ExerciseError(ValueError):
    """An exercise that cannot be asked; the message names its file, its number and what to do."""


@dataclass(frozen=True)
class Exercise:
    """One question. `truth` names the function that reads what is right out of a run (truths.py), `given` what it asks
    for."""

    number: str
    lab: str
    kind: Kind
    question: str
    truth: str
    page: str = ""
    """The name of the page that asks it."""
    given: Mapping[str, Any] = field(default_factory=dict)
    unit: str = ""
    """Of a number; empty where it has none."""
    tolerance: float = 0.0
    """Of a number: the share by which it may differ."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Of a choice or a set: what may be named, and what it is. Of a grid: the places."""
    cells: Mapping[str, str] = field(default_factory=dict)
    """Of a grid: what is to be placed."""
    because: Mapping[str, str] = field(default_factory=dict)
    """Of a choice: option -> what to say to one that is not right, before the hint."""
    also: tuple[str, ...] = ()
    """Of a text: other spellings of what is right, in small letters."""
    hint: str = ""
    """Where to look, for an answer that is not right yet."""
    why: str = ""
    """The reason, for one that is."""

    def __post_init__(self) -> None:
        if self.kind == "number" and not 0 < self.tolerance < 1:
            raise ExerciseError(f"exercise {self.number}: a number needs a tolerance between 0 and 1")
        if self.kind not in get_args(Kind):
            raise ExerciseError(
                f"exercise {self.number}: there is no kind {self.kind!r}, only {', '.join(get_args(Kind))}"
            )
        if self.kind not in ("number", "text") and len(self.options) < 2:
            raise ExerciseError(f"exercise {self.number}: a {self.kind} needs options")
        if self.because and (self.kind != "choice" or not self.because.keys() <= self.options.keys()):
            raise ExerciseError(f"exercise {self.number}: because is for options of a choice, and nothing else")
        if self.also and self.kind != "text":
            raise ExerciseError(f"exercise {self.number}: also is for a text, and nothing else")
        if (self.kind == "grid") != bool(self.cells):
            raise ExerciseError(f"exercise {self.number}: cells are what a grid has, and nothing else")

    @property
    def form(self) -> str:
        """How the answer is to be written."""
        names = ", ".join(f'"{name}"' for name in self.options)
        if self.kind == "number":
            unit = f" of {self.unit}" if self.unit else ""
            return f"a number{unit}, within {self.tolerance:.0%}"
        if self.kind == "text":
            return "a word or a few, in quotes"
        if self.kind == "choice":
            return f"one of {names}"
        if self.kind == "set":
            return f"a set of some of {names}"
        cells = ", ".join(f'"{name}"' for name in self.cells)
        return f"a dictionary that gives each of {cells} one of {names}"


def load(path: Path) -> dict[str, Exercise]:
    """The exercises of a page by number, in the order of the file. ExerciseError names what is wrong, and where."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
        return {number: Exercise(number=number, page=path.stem, **entry) for number, entry in table.items()}
    except (tomllib.TOMLDecodeError, TypeError, ExerciseError) as error:
        raise ExerciseError(f"book/exercises/{path.name}: {error}") from error


@cache
def exercises() -> dict[str, Exercise]:
    """All exercises by number, page by page."""
    found: dict[str, Exercise] = {}
    for path in sorted(FOLDER.glob("*.toml")):
        for number, one in load(path).items():
            if number in found:
                raise ExerciseError(f"book/exercises/{path.name}: {number} is taken by {found[number].page}.toml")
            found[number] = one
    return found


def exercise(number: str) -> Exercise:
    """The exercise of that number; KeyError if there is none."""
    return exercises()[number]


def of_page(stem: str) -> list[Exercise]:
    """The exercises of a page. ExerciseError if it has none."""
    found = [one for one in exercises().values() if one.page == stem]
    if not found:
        known = ", ".join(sorted({one.page for one in exercises().values()}))
        raise ExerciseError(
            f"there are no exercises of {stem!r}: {stem}.toml is missing in book/exercises. There are: {known}"
        )
    return found
