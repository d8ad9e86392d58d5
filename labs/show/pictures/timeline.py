"""Timeline: values over time in one to three stacked panels with one time axis; events and spans are marked.

A lab names its quantities in a table; panels, columns, rows, title, sentence and what prose may ask follow from it.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from labs.show.pictures.base import (
    FORMAT,
    About,
    Json,
    Mark,
    Span,
    after_start,
    capital,
    check,
    check_marks,
    closed,
    distinct,
    marked,
    value_text,
)
from labs.show.pictures.panels import Line, Panel, Scale, Shape, check_panel, panel_json, panel_of

Source = TypeVar("Source")
MOST_PANELS = 3
COLUMNS = ("Line", "From", "To", "Median", "Highest", "Measured")


@dataclass(frozen=True)
class Quantity(Generic[Source]):
    """One row of a lab's table: a panel's name, its unit and how its lines are got from what was recorded."""

    name: str
    unit: str
    get: Callable[[Source], Sequence[Line]]
    scale: Scale = "linear"
    shape: Shape = "line"


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
        return self.about.title or _finding(self.panels[0])

    @property
    def sentence(self) -> str:
        """What is to be seen: the first panel's highest line, when, and after what; then what is marked."""
        return " ".join(filter(None, (closed(self._seen(), self.about.condition), marked(self.marks, self.spans))))

    def _seen(self) -> str:
        panel = self.panels[0]
        top = _ranked(panel)[0]
        high = top.highest()
        if high is None or _flat(top):
            return _finding(panel)
        before = [mark for mark in self.marks if mark.at_ns <= high[0]]
        when = f"{after_start(high[0])} after the start"
        if before:
            last = max(before, key=lambda mark: mark.at_ns)
            when = f"{after_start(high[0] - last.at_ns)} after \u201c{last.text}\u201d"
        return f"{_finding(panel)}, {when}{_others(panel)}"

    @property
    def alt(self) -> str:
        """What a reader who does not see it is told: the panels and lines, then the sentence."""
        drawn = "; ".join(f"{_head(p)}: {', '.join(line.name for line in p.lines)}" for p in self.panels)
        return f"Values over time. {drawn}. {self.sentence}"

    @property
    def columns(self) -> tuple[str, ...]:
        """Heads of the table."""
        return COLUMNS

    @property
    def rows(self) -> list[list[str]]:
        """A row a line and a stretch between two marks: median and highest value, and how many were measured."""
        return [
            [_whose(line, panel), *_stretch(line, panel, start, end)]
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
        """What prose may ask: `waiting highest`, `waiting median`, `waiting highest at`; with several lines by name."""
        found: dict[str, str] = {}
        for panel, line in self._lines():
            name = f"{panel.name} {line.name}" if len(panel.lines) > 1 else panel.name
            high, values = line.highest(), [value for _, value in line.known()]
            found[f"{name} highest"] = value_text(high and high[1], panel.unit)
            found[f"{name} median"] = value_text(statistics.median(values) if values else None, panel.unit)
            found[f"{name} highest at"] = after_start(high[0]) if high else "–"
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
    def from_json(cls, data: Mapping[str, Any]) -> Timeline:
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
    panels = tuple(Panel(q.name, q.unit, tuple(q.get(source)), q.scale, q.shape) for q in quantities)
    return Timeline(panels, tuple(marks), tuple(spans), about or About())


def _head(panel: Panel) -> str:
    """backlog, messages"""
    return f"{panel.name}, {panel.unit}" if panel.unit else panel.name


def _whose(line: Line, panel: Panel) -> str:
    return _head(panel) if len(panel.lines) == 1 else f"{line.name} ({_head(panel)})"


def _flat(line: Line) -> bool:
    return len({value for _, value in line.known()}) == 1


def _ranked(panel: Panel) -> list[Line]:
    """The lines, the highest first; those without a value last."""
    return sorted(panel.lines, key=lambda line: -(line.highest() or (0, -math.inf))[1])


def _subject(panel: Panel, line: Line) -> str:
    return capital(panel.name) if len(panel.lines) == 1 else f"{capital(panel.name)} of {line.name}"


def _finding(panel: Panel) -> str:
    """Subject, verb, number of a panel."""
    ranked = _ranked(panel)
    high = ranked[0].highest()
    if high is None:
        return f"{capital(panel.name)}: nothing was measured"
    text = value_text(high[1], panel.unit)
    known = [line for line in ranked if line.highest()]
    alike = len(known) > 1 and all(_flat(line) and line.known()[0][1] == high[1] for line in known)
    if alike:
        every = "both" if len(known) == 2 else f"all {len(known)}"
        return f"{capital(panel.name)} stayed at {text} for {every} lines"
    return f"{_subject(panel, ranked[0])} {'stayed at' if _flat(ranked[0]) else 'rose to'} {text}"


def _others(panel: Panel) -> str:
    """What the other lines reached, and which have nothing."""
    said = []
    for line in _ranked(panel)[1:]:
        high = line.highest()
        said.append(f"{line.name} to {value_text(high[1], panel.unit)}" if high else f"{line.name} was not measured")
    return f" ({', '.join(said)})" if said else ""


def _stretch(line: Line, panel: Panel, start: int, end: int) -> list[str]:
    values = [value for _, value in line.known(start, end)]
    middle, high = (statistics.median(values), max(values)) if values else (None, None)
    figures = [value_text(value, panel.unit) for value in (middle, high)]
    return [after_start(start), after_start(end), *figures, f"{len(values):,}"]
