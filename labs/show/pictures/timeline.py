"""Timeline: values over time in one to three stacked panels with one time axis; events and spans are marked.

A lab names its quantities in a table; panels, columns, rows, title, sentence and what prose may ask follow from it.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

from labs.model.digest import Table
from labs.show import Json
from labs.show.pictures.base import (
    FORMAT,
    About,
    Mark,
    Span,
    after_start,
    check,
    check_marks,
    closed,
    distinct,
    marked,
    value_text,
)
from labs.show.pictures.panel_words import finding, head, others, whose
from labs.show.pictures.panels import Line, Panel, Scale, Seen, Shape, check_panel, panel_json, panel_of

Source = TypeVar("Source")
MOST_PANELS = 3
SEEN: tuple[Seen, ...] = ("highest", "lowest")
COLUMNS = ("Line", "From", "To", "Lowest", "Median", "Highest", "Measured")


@dataclass(frozen=True)
class Quantity(Generic[Source]):
    """One row of a lab's table: a panel's name, its unit and how its lines are got from what was recorded."""

    name: str
    unit: str
    get: Callable[[Source], Sequence[Line]]
    scale: Scale = "linear"
    shape: Shape = "line"
    seen: Seen = "highest"


@dataclass(frozen=True)
class Timeline:
    """The whole picture. Raises PictureError when it cannot be drawn."""

    panels: tuple[Panel, ...]
    marks: tuple[Mark, ...] = ()
    spans: tuple[Span, ...] = ()
    about: About = field(default_factory=About)
    kind: Literal["timeline"] = "timeline"

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn or read."""
        found = len(self.panels)
        check(1 <= found <= MOST_PANELS, "timeline", f"it has {found} panels", f"1 to {MOST_PANELS} can be read")
        distinct((panel.name for panel in self.panels), "timeline")
        for panel in self.panels:
            check_panel(panel)
        check_marks(self.marks, self.spans)

    @property
    def title(self) -> str:
        """The finding: the given one, or the first part of the sentence."""
        return self.about.title or finding(self.panels[0])[0]

    @property
    def sentence(self) -> str:
        """What is to be seen: what the first panel's farthest line did, when, and after what; then what is marked."""
        return " ".join(filter(None, (closed(self._seen(), self.about.condition), marked(self.marks, self.spans))))

    def _seen(self) -> str:
        found, at_ns = finding(self.panels[0])
        if at_ns is None:
            return found
        before = [mark for mark in self.marks if mark.at_ns <= at_ns]
        when = f"{after_start(at_ns)} after the start"
        if before:
            last = max(before, key=lambda mark: mark.at_ns)
            when = f"{after_start(at_ns - last.at_ns)} after \u201c{last.text}\u201d"
        return f"{found}, {when}{others(self.panels[0])}"

    @property
    def alt(self) -> str:
        """What a reader who does not see it is told: the panels and lines, then the sentence."""
        drawn = "; ".join(f"{head(p)}: {', '.join(line.name for line in p.lines)}" for p in self.panels)
        return f"Values over time. {drawn}. {self.sentence}"

    @property
    def columns(self) -> tuple[str, ...]:
        """Heads of the table."""
        return COLUMNS

    @property
    def rows(self) -> list[list[str]]:
        """A row a line and a stretch between two marks: lowest, median and highest value, and how many there are."""
        return [
            [whose(line, panel), *_stretch(line, panel, start, end)]
            for panel in self.panels for line in panel.lines for start, end in self.stretches()
        ]  # fmt: skip

    def stretches(self) -> list[tuple[int, int]]:
        """The times between start, marks, ends of spans and end: half open, in ns."""
        times = [at for panel in self.panels for line in panel.lines for at, _ in line.points]
        if not times:
            return [(0, 1)]
        first, last = min(times), max(times) + 1
        cuts = [mark.at_ns for mark in self.marks] + [
            edge for span in self.spans for edge in (span.start_ns, span.end_ns)
        ]
        edges = sorted({first, last, *(cut for cut in cuts if first < cut < last)})
        return list(itertools.pairwise(edges))

    def figures(self) -> dict[str, str]:
        """What prose may ask: `waiting median`, `waiting highest`, `waiting lowest at`; several lines by name."""
        found: dict[str, str] = {}
        for panel, line in self._lines():
            name = f"{panel.name} {line.name}" if len(panel.lines) > 1 else panel.name
            values, unit = [value for _, value in line.known()], panel.unit
            found[f"{name} median"] = value_text(statistics.median(values) if values else None, unit)
            for seen in SEEN:
                far = line.farthest(seen)
                found[f"{name} {seen}"] = value_text(far and far[1], unit)
                found[f"{name} {seen} at"] = after_start(far[0]) if far else "–"
        return found

    def _lines(self) -> Iterator[tuple[Panel, Line]]:
        return ((panel, line) for panel in self.panels for line in panel.lines)

    def to_json(self) -> Json:
        """Plain JSON, times in ms; `said` holds the words that follow from the data."""
        said = {"title": self.title, "sentence": self.sentence, "alt": self.alt}
        marks, spans = [mark.to_json() for mark in self.marks], [span.to_json() for span in self.spans]
        data = {"format": FORMAT, "kind": self.kind, "panels": [panel_json(panel) for panel in self.panels]}
        return data | {"marks": marks, "spans": spans, "about": self.about.to_json(), "said": said}

    @classmethod
    def from_json(cls, data: Table) -> Timeline:
        """What `to_json` gave; words are made anew from the data."""
        panels = tuple(panel_of(one) for one in data["panels"])
        marks, spans = (tuple(of(one) for one in data.get(name, ()))
                        for name, of in (("marks", Mark.from_json), ("spans", Span.from_json)))  # fmt: skip
        return cls(panels, marks, spans, About.from_json(data.get("about", {})))  # type: ignore[arg-type]


def timeline(
    quantities: Sequence[Quantity[Source]], source: Source, marks: Sequence[Mark] = (), spans: Sequence[Span] = (),
    *, about: About | None = None,
) -> Timeline:  # fmt: skip
    """A lab's table of quantities and what it recorded -> the picture: a panel a quantity."""
    panels = tuple(Panel(q.name, q.unit, tuple(q.get(source)), q.scale, q.shape, q.seen) for q in quantities)
    return Timeline(panels, tuple(marks), tuple(spans), about or About())


def _stretch(line: Line, panel: Panel, start: int, end: int) -> list[str]:
    values = [value for _, value in line.known(start, end)]
    levels = (min(values), statistics.median(values), max(values)) if values else (None, None, None)
    figures = [value_text(value, panel.unit) for value in levels]
    return [after_start(start), after_start(end), *figures, f"{len(values):,}"]
