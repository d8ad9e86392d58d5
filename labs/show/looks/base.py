"""What a lab's digests look like: which settings make a point, what is drawn of it, what is said, what is guessed.

A lab names its look; the panel, the pages, the figures and the numbers in prose follow from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from labs.model.digest import Digest, Table
from labs.model.text import capital
from labs.show import Json
from labs.show.quantities import Quantities, Says

View = Json
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
    slider: str = ""
    """What the sweep is called on a slider under the plot, which goes along the line of the chosen point."""
    only: str = ""
    """What a point's view must have to be a row, in dots also where its marks are; a plot with it is left out while no
    point has anything to draw."""
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
    quantities: Quantities
    """What is said of a point: columns, rows, lines of the run card, and what prose may ask for."""
    title: Says = ""
    """The finding of one point; without one it is compared with others (`several`)."""
    sentence: Sequence[Says] = ()
    """What a point says in words, clause by clause."""
    part: Says = ""
    event: Says = ""
    """Of several points together: what of each, and what it is called."""
    lead: Says = ""
    """How a sentence about several points begins, before each one's `part`; without one it is the event and a colon."""
    shapes: Callable[[Digest], View] = lambda _digest: {}
    """What its charts need: `traces` by chart, `cell`, `strip` and `aside`, `dots`, `bill`, `bars`, `pictures`."""
    layouts: Callable[[Sequence[Digest]], Mapping[str, View]] = lambda _digests: {}
    """Chart name -> axes of a plot, or heads of a table, for all digests of the lab."""
    caption: str = "medians"
    applies: Callable[[Table], Table] = dict
    """The settings without those that mean nothing for this point: no key has them."""
    promise: str = "survives"
    """How a sentence puts a rung: a fault lab attacks the promise, so it may not say that it holds."""
    rank: str = ""
    """The quantity that several points are ranked by: their finding is the `lead` with the lowest and the highest
    `part`."""
    several: Callable[[Sequence[Digest]], str] | None = None
    """The finding of several points together, where it is another."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Heads of the data table."""
        return self.quantities.columns

    def key(self, settings: Table) -> str:
        """kafka|2|1000|100: what a point is found by."""
        known = self.applies(settings)
        found = (known[name] for name in self.point if name in known)
        return "|".join(one if isinstance(one, str) else f"{one:g}" for one in found)

    def view(self, digest: Digest) -> View:
        """A point in words and shapes, as JSON; `measured` are lines for the run card."""
        words = {name: self.quantities.said(getattr(self, name), digest) for name in ("title", "part", "event")}
        view: View = {"label": self.quantities["label"].text(digest), "traces": {}}
        words["title"] = capital(words["title"])
        view |= {name: text for name, text in words.items() if text}
        view |= {"lead": self.leading(digest), "sentence": self.said(digest), "rows": self.quantities.rows(digest)}
        return view | {"measured": self.quantities.card(digest), "last_words": trouble(digest)} | self.shapes(digest)

    def said(self, digest: Digest) -> str:
        """The sentence of a point."""
        return capital(self.quantities.sentence(self.sentence, digest))

    def leading(self, digest: Digest) -> str:
        """How a sentence about several points begins."""
        event = self.quantities.said(self.event, digest)
        return capital(self.quantities.said(self.lead, digest) or (event and f"{event}:"))

    def finding(self, digests: Sequence[Digest]) -> str:
        """What a picture of these points is called."""
        if not digests:
            return "Nothing to show for this choice"
        if self.several and not (self.title and len(digests) == 1):
            return capital(self.several(digests))
        return ranking(self, digests)


def ranking(look: Look, digests: Sequence[Digest]) -> str:
    """Which of several points have the lowest and the highest figure; the finding of the first where none has one."""
    numbers = [look.quantities[look.rank].number(one) if look.rank else None for one in digests]
    known = sorted((number, at) for at, number in enumerate(numbers) if number is not None)
    if len(digests) == 1 or len(known) < 2:
        return capital(look.quantities.said(look.title, digests[known[0][1] if known else 0]))
    ends = [digests[at] for _, at in (known[0], known[-1])]
    parts = list(dict.fromkeys(look.quantities.said(look.part, one) for one in ends))
    lead = look.leading(digests[0])
    if len(parts) == 1:
        return f"{lead} {parts[0]} at every point".strip()
    low, high = (f"{part} ({look.quantities.said('{label}', one)})" for part, one in zip(parts, ends, strict=True))
    return f"{lead} {low} to {high}".strip()


def trouble(digest: Digest) -> str:
    """What went wrong in a repeat, in its own words; each text once."""
    return "\n\n".join(dict.fromkeys(str(one["trouble"]) for one in digest.repeats if one.get("trouble")))


@dataclass(frozen=True)
class Guess:
    """What a reader says before the outcome is shown. `{label}`, `{event}` and the like come from the point's view."""

    question: str
    options: tuple[str, ...]
    truth: Callable[[Digest], str]
    """The option that was right, or another word (`unknown`, `mixed`): then no guess is counted."""
    summary: Callable[[Sequence[Digest]], str] = lambda _digests: ""
    """All points in a sentence, for a reader who has seen all of them."""
