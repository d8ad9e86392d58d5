"""What is kept of measured runs: a digest for each point, and a recording, which is a lab's file of them.

A digest holds a few kB of JSON: what the reader chose, the figures of each repeat, their medians and ranges, and the
run card. Parts that not every lab has are empty where they are missing, and then no file has them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Self

from labs.model.figures import Chosen, Ladder, Middle, Repeat, figure, for_file, of_file
from labs.model.run import FORMAT

Table = Mapping[str, Any]
"""JSON of many shapes: what a lab counts of a setup, and ranges, which are of figures or of ladders of them."""
Card = Mapping[str, object]
NEEDED = ("lab", "settings", "repeats", "median", "card")
MEASURED = ("repeats", "median", "spread", "floor_ms")
"""The parts that have figures of latency."""


FLOOR_SHARE = 0.5
"""Of a latency. Broker and harness cannot be taken apart by subtraction, for quantiles do not add."""


def mostly_floor(ms: float, floor_ms: float) -> bool:
    """Whether more than half of a latency is the same one around a server that only keeps messages in memory, at the
    same rate and size in the same recording. What never came is not the harness's doing."""
    return math.isfinite(ms) and floor_ms > FLOOR_SHARE * ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """One measured point; its parts stand in the order in which a file has them."""

    lab: str
    settings: Chosen
    """What was chosen, and what identifies the point: broker, profile, label."""
    setup: Table = field(default_factory=dict)
    """What has to be set and written for it, where that is what the lab counts."""
    setups: Table = field(default_factory=dict)
    """Chart -> broker -> the conditions it was measured under, where they differ."""
    labels: Table = field(default_factory=dict)
    """Chart -> broker -> the label of its profile."""
    repeats: Sequence[Repeat]
    """The figures of each repeat that counts."""
    median: Middle
    """Figure by figure the median over the repeats, and what all of them together are called."""
    spread: Table = field(default_factory=dict)
    """Figure by figure [lowest, highest] over the repeats."""
    floor_ms: Ladder = field(default_factory=dict)
    """The same latencies around a server that only keeps messages in memory, ms."""
    card: Card
    """The run card: versions, machine, settings in force, date."""
    void: str = ""
    """Why none of the repeats counts."""
    refused: Table = field(default_factory=dict)
    """How many messages were refused unasked: `count`, `of` how many, and the `first` one's words."""
    pictures: Table = field(default_factory=dict)
    """Chart -> the JSON of a picture (labs/show/pictures)."""
    origin: str = ""
    """Where a notebook has it from, if not from a run of its own; no recorded file has it."""

    @classmethod
    def from_json(cls, content: Table) -> Self:
        """The digest that was written. ValueError names a part that is missing or that this program does not know."""
        parts = dict(content)
        parts.pop("format", None)
        known = {one.name for one in fields(cls)}
        for what, names in (("lacks", set(NEEDED) - set(parts)), ("has the unknown part", set(parts) - known)):
            if names:
                raise ValueError(f"it {what} {', '.join(sorted(names))}")
        return cls(**{name: of_file(part) if name in MEASURED else part for name, part in parts.items()})

    def number(self, name: str, step: str = "") -> float | None:
        """A median, or a step of a ladder of medians; None where there is none or too few samples could say."""
        return figure(self.median, name, step)

    def at_most(self, step: str) -> bool:
        """Whether a step of the latency is an upper bound and no more, because it is mostly our own harness: then no
        ratio is made of it, and no headline."""
        ms, floor_ms = self.number("latency_ms", step), self.floor_ms.get(step)
        return ms is not None and floor_ms is not None and mostly_floor(ms, floor_ms)

    def each(self, name: str, step: str = "") -> list[float]:
        """The same figure of each repeat that could say."""
        found = [figure(one, name, step) for one in self.repeats]
        return [one for one in found if one is not None]

    def to_json(self) -> dict[str, Any]:
        """What a file has of it."""
        parts = {one.name: getattr(self, one.name) for one in fields(self)}
        parts |= {name: for_file(parts[name]) for name in MEASURED}
        return {"format": FORMAT} | {name: part for name, part in parts.items() if part or name in NEEDED}


@dataclass(frozen=True, slots=True)
class Recording:
    """The recorded points of a lab, in the order of its grid, and the run card of the whole."""

    lab: str
    card: Card
    digests: Sequence[Digest]
