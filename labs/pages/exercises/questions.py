"""The exercises of the book, from book.toml: what is asked, in which form, and how near a number has to be."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Literal

Kind = Literal["number", "choice", "set", "grid"]


@dataclass(frozen=True)
class Exercise:
    """One question. `truth` names the function of answer_key.py that reads what is right out of a run."""

    number: str
    lab: str
    kind: Kind
    question: str
    truth: str
    unit: str = ""
    """Of a number; empty where it has none."""
    tolerance: float = 0.0
    """Of a number: the share by which it may differ."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Of a choice or a set: what may be named, and what it is. Of a grid: the places."""
    cells: Mapping[str, str] = field(default_factory=dict)
    """Of a grid: what is to be placed."""
    hint: str = ""
    """Where to look, for an answer that is not right yet."""
    why: str = ""
    """The reason, for one that is."""

    def __post_init__(self) -> None:
        if self.kind == "number" and not 0 < self.tolerance < 1:
            raise ValueError(f"exercise {self.number}: a number needs a tolerance between 0 and 1")
        if self.kind != "number" and len(self.options) < 2:
            raise ValueError(f"exercise {self.number}: a {self.kind} needs options")
        if (self.kind == "grid") != bool(self.cells):
            raise ValueError(f"exercise {self.number}: cells are what a grid has, and nothing else")

    @property
    def form(self) -> str:
        """How the answer is to be written."""
        names = ", ".join(f'"{name}"' for name in self.options)
        if self.kind == "number":
            unit = f" of {self.unit}" if self.unit else ""
            return f"a number{unit}, within {self.tolerance:.0%}"
        if self.kind == "choice":
            return f"one of {names}"
        if self.kind == "set":
            return f"a set of some of {names}"
        cells = ", ".join(f'"{name}"' for name in self.cells)
        return f"a dictionary that gives each of {cells} one of {names}"


@cache
def exercises() -> dict[str, Exercise]:
    """All exercises by number."""
    table = tomllib.loads(files("labs.pages.exercises").joinpath("book.toml").read_text("utf-8"))
    return {number: Exercise(number=number, **entry) for number, entry in table.items()}


def exercise(number: str) -> Exercise:
    """The exercise of that number; KeyError if there is none."""
    return exercises()[number]
