"""The panels of a timeline: lines of values over time with one vertical axis. Times are ns after the start."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from labs.model.digest import Table
from labs.show import Json
from labs.show.pictures.base import PictureError, check, distinct, known_ink, to_ms, to_ns

Scale = Literal["linear", "log"]
Shape = Literal["line", "steps", "dots"]
Seen = Literal["highest", "lowest"]
Point = tuple[int, float | None]
DASHES = ("solid", "dash", "dot", "dashdot")
MOST_LINES, MOST_POINTS = 6, 5000


@dataclass(frozen=True)
class Line:
    """One line: its points as (ns after the start, value), in the order of time; None is a gap: nothing measured."""

    name: str
    points: tuple[Point, ...]
    ink: str = "ink"
    dash: str = "solid"

    def known(self, start_ns: float = -math.inf, end_ns: float = math.inf) -> list[tuple[int, float]]:
        """The measured points in start <= time < end."""
        return [(at, value) for at, value in self.points if value is not None and start_ns <= at < end_ns]

    def farthest(self, seen: Seen) -> tuple[int, float] | None:
        """When it was highest, or lowest, first, and how high; None of nothing."""
        sign = 1 if seen == "highest" else -1
        return max(self.known(), key=lambda point: (sign * point[1], -point[0]), default=None)


@dataclass(frozen=True)
class Panel:
    """Lines with one vertical axis. A value of `steps` holds until the next, as a count does; `dots` stand alone.

    `seen` is what its sentence is about: the highest value, or the lowest, as of a rate that falls.
    """

    name: str
    unit: str
    lines: tuple[Line, ...]
    scale: Scale = "linear"
    shape: Shape = "line"
    seen: Seen = "highest"


def check_panel(panel: Panel) -> None:
    """PictureError unless it can be drawn and read."""
    where = f"panel {panel.name!r}"
    wanted = f"1 to {MOST_LINES} can be told apart"
    check(1 <= len(panel.lines) <= MOST_LINES, where, f"it has {len(panel.lines)} lines", wanted)
    check(panel.scale in ("linear", "log"), where, f"there is no scale {panel.scale!r}", "take linear or log")
    check(
        panel.shape in ("line", "steps", "dots"),
        where,
        f"there is no shape {panel.shape!r}",
        "take line, steps or dots",
    )
    check(panel.seen in ("highest", "lowest"), where, f"{panel.seen!r} cannot be seen", "take highest or lowest")
    distinct((line.name for line in panel.lines), where)
    for line in panel.lines:
        spot = f"{where}, line {line.name!r}"
        known_ink(line.ink, spot)
        check(line.dash in DASHES, spot, f"there is no dash {line.dash!r}", f"take one of {', '.join(DASHES)}")
        found = len(line.points)
        check(found <= MOST_POINTS, spot, f"it has {found:,} points", f"at most {MOST_POINTS:,}: gather them first")
        times = [at for at, _ in line.points]
        check(times == sorted(times), spot, "its points are not in the order of time", "sort them")
        values = [value for _, value in line.known()]
        check(all(map(math.isfinite, values)), spot, "a value is not finite", "None stands for nothing measured")
        lowest = min(values, default=1)
        check(panel.scale == "linear" or lowest > 0, spot, f"{lowest:g} is not on a log axis", "take linear, or None")


def panel_json(panel: Panel) -> Json:
    """Plain JSON, times in ms."""
    lines = [
        {"name": line.name, "ink": line.ink, "dash": line.dash, "at_ms": [to_ms(at) for at, _ in line.points],
         "values": [value for _, value in line.points]} for line in panel.lines
    ]  # fmt: skip
    return {
        "name": panel.name,
        "unit": panel.unit,
        "scale": panel.scale,
        "shape": panel.shape,
        "seen": panel.seen,
        "lines": lines,
    }


def panel_of(data: Table) -> Panel:
    """What `panel_json` gave."""
    where = f"panel {data.get('name')!r}"
    lines = []
    for one in data["lines"]:
        at, values = [to_ns(ms) for ms in one["at_ms"]], one["values"]
        if len(at) != len(values):
            raise PictureError(f"{where}, line {one['name']!r}: {len(at)} times and {len(values)} values; one each")
        lines.append(Line(one["name"], tuple(zip(at, values, strict=True)), one["ink"], one["dash"]))
    return Panel(data["name"], data["unit"], tuple(lines), data["scale"], data["shape"], data["seen"])
