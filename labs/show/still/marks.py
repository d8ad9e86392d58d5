"""What stands on the axes of a still picture: lines and marks, bars, the cells of a matrix; each as SVG."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from html import escape, unescape
from typing import Any, NamedTuple
from zlib import crc32

from labs.show.still.axes import Axis, Told

DASHES = {"dot": "2 4", "dash": "8 5", "longdash": "12 6", "dashdot": "8 4 2 4", "longdashdot": "12 4 2 4"}
HATCHES = {"/": "M0 6L6 0", ".": "M2 3H4", "x": "M0 0L6 6M6 0L0 6"}
THICK = 0.72
"""How much of a row its bars take."""
CHARACTER = 6.4
"""Width of a letter."""
MARKUP = re.compile(r"</?(?:b|i|sub|sup)>")


class Box(NamedTuple):
    """Where axes stand."""

    left: float
    top: float
    right: float
    bottom: float


def lines(text: str, width: int = 0) -> list[str]:
    """The lines of a figure's text without the few tags that plotly knows; at `width` characters it goes on below."""
    found = [unescape(MARKUP.sub("", part)) for part in str(text).split("<br>")]
    return [line for part in found for line in ((textwrap.wrap(part, width) or [""]) if width else [part])]


def text_at(x: float, y: float, text: str, more: str = "") -> str:
    """Words at a place; whatever they are, they stay words."""
    return f'<text x="{x:.1f}" y="{y:.1f}" {more}>{escape(text)}</text>'


def scatter(trace: Told, x: Axis, y: Axis) -> str:
    """A line that breaks where there is nothing, and its marks."""
    found = [(x.of(a), y.of(b)) for a, b in zip(_list(trace, "x"), _list(trace, "y"), strict=False)]
    line, marker, mode = trace.get("line") or {}, trace.get("marker") or {}, str(trace.get("mode", "lines"))
    colour = str(line.get("color") or _one(marker.get("color"), 0) or "#555")
    parts = []
    if "lines" in mode and (way := _way(found)):
        dash = DASHES.get(str(line.get("dash", "")), "")
        more = f' stroke-dasharray="{dash}"' if dash else ""
        wide = float(line.get("width", 2))
        parts.append(f'<path d="{way}" fill="none" stroke="{escape(colour)}" stroke-width="{wide:g}"{more}/>')
    if "markers" in mode:
        shown = [(at, place) for at, place in enumerate(found) if None not in place]
        parts += [_mark(marker, at, px, py, colour) for at, (px, py) in _thinned(shown, marker)]
    if "text" in mode:
        parts += _words(trace, found)
    opacity = float(trace.get("opacity") or 1)
    return f'<g opacity="{opacity:g}">{"".join(parts)}</g>'


def _words(trace: Told, found: Sequence[tuple[float | None, float | None]]) -> list[str]:
    """What stands beside the points, on the side that the trace names."""
    side = str(trace.get("textposition", "middle right"))
    anchor = "end" if "left" in side else "start" if "right" in side else "middle"
    rise = -8 if "top" in side else 4
    texts = [str(_one(trace.get("text"), at) or "") for at in range(len(found))]
    return [
        text_at(x, y + rise, " ".join(lines(text)), f'text-anchor="{anchor}" xml:space="preserve"')
        for text, (x, y) in zip(texts, found, strict=True)
        if text and x is not None and y is not None
    ]


def _list(trace: Told, name: str) -> list[Any]:
    found = trace.get(name)
    return [] if found is None else list(found)


def _way(found: Sequence[tuple[float | None, float | None]]) -> str:
    way, pen = [], "M"
    for px, py in found:
        if px is None or py is None:
            pen = "M"
            continue
        way.append(f"{pen}{px:.1f} {py:.1f}")
        pen = "L"
    return "".join(way)


def _thinned(shown: list[Any], marker: Told) -> list[Any]:
    """`maxdisplayed` marks at most, the last one among them."""
    most = int(marker.get("maxdisplayed") or 0)
    if not most or len(shown) <= most:
        return shown
    step = (len(shown) - 1) / (most - 1)
    return [shown[round(at * step)] for at in range(most)]


def _one(value: Any, at: int) -> Any:
    """A value that is the same for all marks, or that of one."""
    if isinstance(value, str) or not hasattr(value, "__len__"):
        return value
    return value[at] if at < len(value) else None


def _mark(marker: Told, at: int, x: float, y: float, usual: str) -> str:
    symbol, size = str(_one(marker.get("symbol"), at) or "circle"), float(_one(marker.get("size"), at) or 8)
    colour = escape(str(_one(marker.get("color"), at) or usual))
    half, tip, hollow = size / 2, size * 0.6, symbol.endswith("-open")
    shape = symbol.removesuffix("-open")
    paint = f'fill="{"none" if hollow else colour}" stroke="{colour}" stroke-width="{2 if hollow else 1}"'
    paint += f' opacity="{float(_one(marker.get("opacity"), at) or 1):g}"'
    if shape == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{half:g}" {paint}/>'
    ways = {
        "square": f"M{x - half:.1f} {y - half:.1f}h{size:g}v{size:g}h-{size:g}z",
        "diamond": f"M{x:.1f} {y - tip:.1f}L{x + tip:.1f} {y:.1f}L{x:.1f} {y + tip:.1f}L{x - tip:.1f} {y:.1f}z",
        "triangle-up": f"M{x:.1f} {y - half:.1f}L{x + half:.1f} {y + half:.1f}H{x - half:.1f}z",
        "line-ns": f"M{x:.1f} {y - half:.1f}V{y + half:.1f}",
        "cross": f"M{x - half:.1f} {y:.1f}h{size:g}M{x:.1f} {y - half:.1f}v{size:g}",
        "x-thin": f"M{x - half:.1f} {y - half:.1f}l{size:g} {size:g}M{x + half:.1f} {y - half:.1f}l-{size:g} {size:g}",
        "x": f"M{x - half:.1f} {y - half:.1f}l{size:g} {size:g}M{x + half:.1f} {y - half:.1f}l-{size:g} {size:g}",
    }
    return f'<path d="{ways.get(shape, ways["square"])}" {paint}/>'


def bars(traces: Sequence[Told], x: Axis, y: Axis, mode: str) -> str:
    """Horizontal bars: end to end in a stack, side by side where traces share a row, else each in a row of its own."""
    named = [str(name) for trace in traces for name in _list(trace, "y")]
    shared = mode != "stack" and len(set(named)) < len(named)
    turns = len(traces) if shared else 1
    row = abs(y.place(1) - y.place(0)) * THICK / turns
    sums: dict[str, float] = {}
    parts = []
    for turn, trace in enumerate(traces):
        for at, (name, value) in enumerate(zip(_list(trace, "y"), _list(trace, "x"), strict=False)):
            middle = y.of(name)
            if middle is None or value is None:
                continue
            begin = sums.get(str(name), 0.0) if mode == "stack" else 0.0
            sums[str(name)] = begin + float(value)
            top = middle - row * turns / 2 + row * (turn if shared else 0)
            span = (_start(x, begin), x.of(begin + float(value)))
            if span[1] is not None and span[1] > span[0] - 0.01:
                parts.append(_bar(trace, at, (span[0], span[1]), (top, row), x.end))
    return "".join(parts)


def _start(x: Axis, begin: float) -> float:
    found = x.of(begin)
    return x.start if found is None else max(found, x.start)


def _bar(trace: Told, at: int, span: tuple[float, float], rows: tuple[float, float], end: float) -> str:
    marker, (left, right), (top, height) = trace.get("marker") or {}, span, rows
    colour = str(_one(marker.get("color"), at) or "#555")
    edge = marker.get("line") or {}
    border = escape(str(_one(edge.get("color"), at) or "none"))
    pattern = marker.get("pattern") or {}
    shape = str(_one(pattern.get("shape"), at) or "")
    place = f'x="{left:.1f}" y="{top:.1f}" width="{max(right - left, 0.5):.1f}" height="{max(height - 1, 1):.1f}"'
    found = (
        f'<rect {place} fill="{escape(colour)}" stroke="{border}" stroke-width="{float(edge.get("width") or 0):g}"/>'
    )
    if shape in HATCHES:
        found += _hatched(place, shape, str(_one(pattern.get("fgcolor"), at) or "#ffffff"))
    text = str(_one(trace.get("text"), at) or "")
    return found + (_beside(text, right, top + height / 2 + 4, end) if text else "")


def _hatched(place: str, shape: str, colour: str) -> str:
    name = f"h{crc32(f'{shape}{colour}'.encode()):x}"
    stroke = f'<path d="{HATCHES[shape]}" stroke="{escape(colour)}" stroke-width="1.5"/>'
    pattern = f'<pattern id="{name}" width="6" height="6" patternUnits="userSpaceOnUse">{stroke}</pattern>'
    return f'<defs>{pattern}</defs><rect {place} fill="url(#{name})"/>'


def _beside(text: str, right: float, y: float, end: float) -> str:
    """After the bar where there is room, else inside its end, on a rim of paper."""
    fits = right + 6 + len(text) * CHARACTER <= end + 20
    x, anchor = (right + 6, "start") if fits else (right - 6, "end")
    rim = ' stroke="#ffffff" stroke-width="3" paint-order="stroke"'
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{rim}>{escape(text)}</text>'


def cells(trace: Told, x: Axis, y: Axis) -> str:
    """A matrix: each cell in its colour with its words."""
    wide, tall = abs(x.place(1) - x.place(0)) - 3, abs(y.place(1) - y.place(0)) - 3
    parts = []
    for row, values in enumerate(_list(trace, "z")):
        for column, value in enumerate(values):
            if value is None:
                continue
            px, py = x.place(column), y.place(row)
            place = f'x="{px - wide / 2:.1f}" y="{py - tall / 2:.1f}" width="{wide:.1f}" height="{tall:.1f}"'
            parts.append(
                f'<rect {place} fill="{escape(_colour(trace, float(value)))}" stroke="#888" stroke-opacity="0.4"/>'
            )
            words = lines(trace["text"][row][column], int(wide / 5.8)) if trace.get("text") else []
            for at, line in enumerate(words):
                down = py + 4 + (at - (len(words) - 1) / 2) * 14
                weight = ' font-weight="600"' if at == 0 else ' font-size="11"'
                parts.append(f'<text x="{px:.1f}" y="{down:.1f}" text-anchor="middle"{weight}>{escape(line)}</text>')
    return "".join(parts)


def _colour(trace: Told, value: float) -> str:
    low, high = float(trace.get("zmin", 0)), float(trace.get("zmax", 1))
    share = (value - low) / ((high - low) or 1)
    return str([colour for edge, colour in trace["colorscale"] if edge <= share + 1e-9][-1])
