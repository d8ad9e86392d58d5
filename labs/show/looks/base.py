"""What a lab's digests look like: which settings make a point, what is drawn of it, what is said, what is guessed.

A lab names its look; the panel, the pages, the figures and the numbers in prose follow from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from labs.model.digest import Digest

View = dict[str, Any]
Kind = Literal["plot", "matrix", "strips", "dots", "bill", "bars", "timeline", "lanes", "grid"]


@dataclass(frozen=True)
class Chart:
    """One picture of a lab: a `plot` is drawn by plotly, the others are tables that a reader can pick from or read out.

    matrix: a cell a point, `rows` by `columns` (names of settings). strips: a bar a point, cut into shares.
    dots: a row a point, marks on one axis. bill: a column a chosen point, a row a count. bars: a figure a chosen
    point, framed where it misleads. timeline, lanes, grid: a picture a chosen point; or
    a grid with a row a point, `rows` its setting (labs/show/pictures; `labs.show.looks.picture` makes such looks).
    """

    name: str
    label: str
    kind: Kind = "plot"
    sweep: str = ""
    """The setting along the x axis of a plot that joins the points of a line."""
    lines: str = ""
    """The setting that makes a line of such a plot: all lines are drawn, not those of the chosen points alone."""
    rows: str = ""
    columns: str = ""
    only: str = ""
    """What a point's view must have to be a row; a plot with it is left out while no point has anything to draw."""
    page: bool = True
    """Whether the panel draws it; else only a notebook's cell that asks for it."""
    early: bool = False
    """Drawn before the reader has guessed: it is what the guess is about. Of `bars` only."""


@dataclass(frozen=True)
class Look:
    """What all digests of a lab have in common for those who show them."""

    point: tuple[str, ...]
    """The settings that make a point's key; a digest without one of them is keyed by the rest."""
    charts: tuple[Chart, ...]
    columns: tuple[str, ...]
    """Heads of the data table."""
    view: Callable[[Digest], View]
    """A point in words and shapes: `label`, `title`, `sentence`, `rows`, `traces`, and what its charts need.

    With `part` and `event` several points get a common title; `measured` are lines for the run card, `trouble` is
    what went wrong in the broker's own words.
    """
    layouts: Callable[[Sequence[Digest]], Mapping[str, Mapping[str, Any]]]
    """Chart name -> axes of a plot, or heads of a table, for all digests of the lab."""
    quantities: Mapping[str, Callable[[Digest], str]]
    """What prose may ask a point for, as text; a range where the repeats differ."""
    caption: str = "medians"
    applies: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict
    """The settings without those that mean nothing for this point: no key has them."""
    promise: str = "survives"
    """How a sentence puts a rung: a fault lab attacks the promise, so it may not say that it holds."""
    rank: Callable[[Digest], float | None] = lambda _digest: None
    """What several points are ranked by: their finding then names the lowest and the highest `part`."""
    several: Callable[[Sequence[Digest]], str] | None = None
    """The finding of several points together, where it is another."""

    def finding(self, digests: Sequence[Digest]) -> str:
        """What a picture of these points is called."""
        if not digests:
            return "Nothing to show for this choice"
        if self.several:
            return self.several(digests)
        known = sorted((found, at) for at, one in enumerate(digests) if (found := self.rank(one)) is not None)
        if len(digests) == 1 or not known:
            return str(self.view(digests[0])["title"])
        low, high = (self.view(digests[at]) for _, at in (known[0], known[-1]))
        return f"From {low['label']} {low['part']} to {high['label']} {high['part']}"

    def key(self, settings: Mapping[str, Any]) -> str:
        """kafka|2|1000|100: what a point is found by."""
        known = self.applies(settings)
        found = (known[name] for name in self.point if name in known)
        return "|".join(one if isinstance(one, str) else f"{one:g}" for one in found)


@dataclass(frozen=True)
class Guess:
    """What a reader says before the outcome is shown. `{label}`, `{event}` and the like come from the point's view."""

    question: str
    options: tuple[str, ...]
    truth: Callable[[Digest], str]
    """The option that was right, or another word (`unknown`, `mixed`): then no guess is counted."""
