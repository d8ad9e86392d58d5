"""The axes of a still picture: where a value stands, and which ticks are named. Units are those of the drawing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Told = Mapping[str, Any]
"""What plotly is told: a trace, a layout or a part of one."""
Named = Sequence[tuple[float, str]]
ROOM = 0.05
"""An axis that names no range ends so far beyond its data, as a share of them."""


@dataclass(frozen=True)
class Axis:
    """One axis: from `low` to `high` (powers of ten where `log`, places where `names`), drawn from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False
    names: tuple[str, ...] = ()
    ticks: tuple[tuple[float, str], ...] = ()
    title: str = ""

    def place(self, at: float) -> float:
        """Where a number of the axis' own stands: a power of ten, the place of a name, else the value."""
        return self.start + (self.end - self.start) * (at - self.low) / ((self.high - self.low) or 1)

    def of(self, value: Any) -> float | None:
        """Where a value of the data stands; None for what cannot stand on this axis."""
        number = self.number(value)
        return None if number is None else self.place(number)

    def number(self, value: Any) -> float | None:
        """The value in the axis' own numbers."""
        if self.names:
            return self.names.index(str(value)) if str(value) in self.names else None
        if not isinstance(value, int | float) or not math.isfinite(value) or (self.log and value <= 0):
            return None
        return math.log10(value) if self.log else float(value)


def axis(told: Told, values: Iterable[Any], ends: tuple[float, float], *, from_zero: bool) -> Axis:
    """The axis that plotly's words ask for, over these values; bars begin at zero where that can be."""
    found, title = list(values), told.get("title", {})
    text = str(title.get("text") or "") if isinstance(title, Mapping) else str(title)
    if any(isinstance(value, str) for value in found):
        return _of_names(told, list(dict.fromkeys(map(str, found))), ends, text)
    log = told.get("type") == "log"
    known = [v for v in found if isinstance(v, int | float) and math.isfinite(v) and (v > 0 or not log)]
    numbers = [math.log10(v) if log else float(v) for v in known] or [0.0, 1.0]
    low, high = _span(numbers, log=log, from_zero=from_zero)
    if told.get("range"):
        low, high = map(float, told["range"])
    return Axis(
        low, high, *ends, log, (), tuple(_ticks(told, (low, high), log=log, most=abs(ends[1] - ends[0]) // 64)), text
    )


def _of_names(told: Told, names: list[str], ends: tuple[float, float], text: str) -> Axis:
    if told.get("autorange") == "reversed":
        ends = (ends[1], ends[0])
    ticks = tuple((float(at), name) for at, name in enumerate(names))
    return Axis(-0.5, len(names) - 0.5, *ends, False, tuple(names), ticks, text)


def _span(numbers: Sequence[float], *, log: bool, from_zero: bool) -> tuple[float, float]:
    low, high = min(numbers), max(numbers)
    if from_zero:
        return (math.floor(low - 0.3), high + 0.1) if log else (min(low, 0.0), high * (1 + ROOM))
    room = (high - low) * ROOM or (0.3 if log else abs(high) * ROOM or 1)
    return low - room, high + room


def _ticks(told: Told, span: tuple[float, float], *, log: bool, most: float) -> Named:
    low, high = span
    if told.get("tickvals") is not None:
        places = [math.log10(value) if log else float(value) for value in told["tickvals"]]
        texts = told.get("ticktext") or [number_text(value) for value in told["tickvals"]]
        return [(at, str(text)) for at, text in zip(places, texts, strict=False) if low <= at <= high]
    if log:
        return _powers(low, high)
    step = 10 ** math.floor(math.log10((high - low) or 1))
    step = next((step * by for by in (0.2, 0.5, 1, 2, 5) if (high - low) / (step * by) <= min(most, 7)), step * 5)
    first = math.ceil(low / step)
    return [(n * step, number_text(round(n * step, 10))) for n in range(first, math.floor(high / step + 1e-9) + 1)]


def _powers(low: float, high: float) -> Named:
    """Whole powers of ten, with 2 and 5 between them where there are fewer than three."""
    whole = range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1)
    parts = (1, 2, 5) if len(whole) < 3 else (1,)
    every = [(power + math.log10(by), by * 10.0**power) for power in range(math.floor(low), whole.stop) for by in parts]
    return [(at, number_text(value)) for at, value in every if low - 1e-9 <= at <= high + 1e-9]


def number_text(value: float) -> str:
    """1,000,000 and 0.05: no exponent, no trailing zeros."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.10g}"
