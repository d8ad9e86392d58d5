"""The key of a still picture: which line or bar has which name, where the names do not stand beside them."""

from __future__ import annotations

from collections.abc import Sequence

from labs.show.still.axes import Axis, Told
from labs.show.still.marks import bars, lines, scatter, text_at

WIDTH, CHARACTER, LINE = 760, 6.8, 17
"""Of the picture, of a letter and of a line of text, in the units of the drawing."""


def rows(data: Sequence[Told], layout: Told) -> list[list[tuple[str, Told]]]:
    """The lines of the key: name and trace of each; none where the names stand elsewhere."""
    key = _key(data, layout)
    found: list[list[tuple[str, Told]]] = [[]] if key else []
    used = 12.0
    for name, trace in key:
        wide = len(name) * CHARACTER + 44
        if found[-1] and used + wide > WIDTH:
            found.append([])
            used = 12.0
        found[-1].append((name, trace))
        used += wide
    return found


def _key(data: Sequence[Told], layout: Told) -> list[tuple[str, Told]]:
    """Name and trace of what a legend names; none where the names stand elsewhere."""
    if not layout.get("showlegend"):
        return []
    shown = [trace for trace in data if trace.get("showlegend") is not False and trace.get("name")]
    return [(" ".join(lines(trace["name"])), trace) for trace in shown]


def legend(rows: Sequence[Sequence[tuple[str, Told]]], top: float) -> str:
    """The key as SVG, its first line at `top`."""
    parts = []
    for row, names in enumerate(rows):
        at, down = 12.0, top + LINE * row
        for name, trace in names:
            parts += [_sample(trace, at, down - 4), text_at(at + 26, down, name)]
            at += len(name) * CHARACTER + 44
    return "".join(parts)


def _sample(trace: Told, x: float, y: float) -> str:
    """A piece of the trace for the legend."""
    if trace.get("type") == "bar":
        line = Axis(0, 1, x, x + 20)
        return bars(
            [{**trace, "x": [1], "y": [""], "text": None}], line, Axis(-0.5, 0.5, y + 7, y - 7, names=("",)), ""
        )
    line, level = Axis(0, 1, x, x + 20), Axis(0, 1, y, y)
    marker = {**(trace.get("marker") or {})}
    marker = {
        name: (value[0] if isinstance(value, list | tuple) and value else value) for name, value in marker.items()
    }
    return scatter({**trace, "x": [0, 1], "y": [0, 0], "marker": marker | {"size": 8}}, line, level)
