"""What the three kinds of picture share: colours by name, marks and spans on a time axis, checks, words, JSON.

Inside all times are integer ns after the start of the run; at the edge (JSON, tables, sentences) they are ms or s.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields

from labs.model.digest import Table
from labs.model.text import enumerated, measured_text, ms_text
from labs.show import Json

FORMAT = 1
NS_PER_MS = 1_000_000
INKS = (
    "redis", "rabbitmq", "kafka", "sync", "harness", "holds", "conditions", "no-longer", "never", "undecided", "ink",
    "ink-soft",
)  # fmt: skip
"""The colours that a picture may name: custom properties of look.css."""


class PictureError(ValueError):
    """Data that cannot be drawn; one line that says what is wrong where, and what is wanted."""


def check(good: bool, where: str, wrong: str, wanted: str) -> None:
    """PictureError unless `good`."""
    if not good:
        raise PictureError(f"{where}: {wrong}; {wanted}")


def distinct(names: Iterable[str], where: str) -> None:
    """PictureError if a name is empty or there twice: names are what a reader and prose ask by."""
    known: set[str] = set()
    for name in names:
        check(bool(name.strip()), where, "a name is empty", "give each one a name")
        check(name not in known, where, f"{name!r} is there twice", "give each one a name of its own")
        known.add(name)


def known_ink(ink: str, where: str) -> None:
    """PictureError unless look.css has the colour."""
    check(ink in INKS, where, f"there is no colour {ink!r}", f"take one of {', '.join(INKS)}")


def to_ms(ns: int) -> float:
    """ms with six decimals: no ns is lost on the way to JSON and back."""
    return round(ns / NS_PER_MS, 6)


def to_ns(ms: float) -> int:
    """Integer ns of a number of ms."""
    return round(ms * NS_PER_MS)


def after_start(ns: int) -> str:
    """1.35 s, 12.0 ms: a time after the start as a sentence writes it."""
    return "0\u00a0ms" if ns == 0 else ms_text(ns / NS_PER_MS) if ns > 0 else f"\u2212{ms_text(-ns / NS_PER_MS)}"


def value_text(value: float | None, unit: str) -> str:
    """A figure with its unit, three digits below a thousand; a time as sentences write it; – for None."""
    if value is None:
        return "–"
    if unit == "ms":
        return "0\u00a0ms" if value == 0 else ms_text(value)
    number = f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else measured_text(value)
    return number if not unit else f"{number}{unit}" if unit.startswith(("/", "%")) else f"{number}\u00a0{unit}"


def closed(text: str, condition: str) -> str:
    """A sentence with its one condition and its full stop."""
    return f"{text}, {condition}." if condition else f"{text}."


@dataclass(frozen=True)
class Mark:
    """Something that happened at one moment: `killed`, `connection blocked`, `flush`. Of one lane, or of all."""

    at_ns: int
    text: str
    lane: str = ""

    def to_json(self) -> Json:
        """`at_ms` instead of `at_ns`."""
        return {"at_ms": to_ms(self.at_ns), "text": self.text, "lane": self.lane}

    @classmethod
    def from_json(cls, data: Table) -> Mark:
        """What `to_json` gave."""
        return cls(to_ns(data["at_ms"]), str(data["text"]), str(data.get("lane", "")))


@dataclass(frozen=True)
class Span:
    """Something that lasted: a pause, from `start_ns` to `end_ns`."""

    start_ns: int
    end_ns: int
    text: str

    def to_json(self) -> Json:
        """In ms."""
        return {"start_ms": to_ms(self.start_ns), "end_ms": to_ms(self.end_ns), "text": self.text}

    @classmethod
    def from_json(cls, data: Table) -> Span:
        """What `to_json` gave."""
        return cls(to_ns(data["start_ms"]), to_ns(data["end_ms"]), str(data["text"]))


@dataclass(frozen=True)
class About:
    """What every picture says of itself beside its data."""

    title: str = ""
    """The finding, where whoever draws it has a better one than the sentence's own."""
    under: str = ""
    """What is drawn, and at which setting; stands under the title."""
    condition: str = ""
    """The one condition of the sentence: `with 10 jobs taken at once`."""
    command: str = ""
    """What repeats the run."""
    card: Table = field(default_factory=dict)
    """The run card, as a digest has it."""

    def to_json(self) -> Json:
        """By name."""
        return {one.name: getattr(self, one.name) for one in fields(self)} | {"card": dict(self.card)}

    @classmethod
    def from_json(cls, data: Table) -> About:
        """What `to_json` gave."""
        known = {name: str(data.get(name, "")) for name in ("title", "under", "condition", "command")}
        return cls(**known, card=dict(data.get("card", {})))


def check_marks(marks: Sequence[Mark], spans: Sequence[Span], lanes: Sequence[str] = ()) -> None:
    """PictureError if a mark or a span has no words, ends before it starts, or names a lane that is not there."""
    for mark in marks:
        check(bool(mark.text.strip()), f"mark at {after_start(mark.at_ns)}", "it has no text", "say what happened")
        there = not mark.lane or mark.lane in lanes
        check(there, f"mark {mark.text!r}", f"there is no lane {mark.lane!r}", f"lanes: {', '.join(lanes) or 'none'}")
    for span in spans:
        check(bool(span.text.strip()), f"span at {after_start(span.start_ns)}", "it has no text", "say what lasted")
        wanted = "start_ns must be before end_ns"
        check(span.start_ns < span.end_ns, f"span {span.text!r}", "it ends before it starts", wanted)


def marked(marks: Sequence[Mark], spans: Sequence[Span]) -> str:
    """Marked: killed at 1.00 s and no worker from 1.00 s to 1.32 s. Empty where nothing is."""
    said = [(mark.at_ns, f"{mark.text} at {after_start(mark.at_ns)}") for mark in marks]
    said += [(s.start_ns, f"{s.text} from {after_start(s.start_ns)} to {after_start(s.end_ns)}") for s in spans]
    said.sort(key=lambda one: one[0])
    shown = [text for _, text in said[:4]]
    shown += [f"{len(said) - 4} more"] if len(said) > 4 else []
    return f"Marked: {enumerated(shown)}." if shown else ""
