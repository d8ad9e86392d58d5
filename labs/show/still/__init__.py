"""A figure as one SVG picture, for where no script runs: nbconvert, a preview, paper. It takes what plotly takes.

It draws lines, marks, horizontal bars and matrices, which is what charts.py makes, on the figure's own paper.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from html import escape
from typing import Any

from labs.show.still.axes import Axis, Told, axis
from labs.show.still.key import CHARACTER, LINE, WIDTH, legend, rows
from labs.show.still.marks import Box, bars, cells, lines, scatter, text_at

WRAP, UNDER, NAME = 76, 112, 44
"""Letters in a line of the title, of what stands under it, of a name beside its row."""
CELL, ROW = 112, 72
"""The least width of a matrix' columns, the height of its rows."""
SIZES = {"small": 11, "usual": 12, "head": 16}
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"


def picture(figure: Told) -> str:
    """The SVG. Every text in it is text: what stands in a name is never markup."""
    data, layout = figure.get("data") or [], figure.get("layout") or {}
    head, key = _head(layout), rows(data, layout)
    left, right = _sides(data, layout)
    top = len(head) * LINE + 14 + LINE * len(key) + _above(layout)
    foot = 22 if _ticks_above(layout) else 44
    height = top + _tall(data, layout) + foot
    width = max(WIDTH, left + right + CELL * _columns(data))
    box = Box(left, top, width - right, height - foot)
    named = legend(key, len(head) * LINE + 26)
    inside = "".join(_plot(data, layout, name, box) for name in _panels(data))
    inside += "".join(
        _note(one, Axis(0, 1, box.left, box.right), Axis(0, 1, box.bottom, box.top), box) for one in _free(layout)
    )
    titles = "".join(text_at(12, 22 + LINE * at, line, _style(kind)) for at, (line, kind) in enumerate(head))
    return _sheet(layout, (width, height), " ".join(line for line, _ in head), titles + named + inside)


def finding(figure: Told) -> str:
    """What stands over the picture."""
    return " ".join(line for line, kind in _head(figure.get("layout") or {}) if kind == "head")


def still(figure: Told) -> dict[str, str]:
    """The figure as a notebook's output: the picture, and in words what it finds and says."""
    said = str(((figure.get("layout") or {}).get("meta") or {}).get("sentence", ""))
    return {"text/html": image(figure, said), "text/plain": f"{finding(figure)}. {said}".strip()}


def image(figure: Told, said: str = "") -> str:
    """The picture as an HTML image: previews that clean inline SVG away leave it. `said` is what it says in words."""
    told = finding(figure)
    coded = b64encode(picture(figure).encode()).decode()
    words = escape(f"{told}. {said}".removesuffix(" "))
    return f'<img alt="{words}" src="data:image/svg+xml;base64,{coded}" style="max-width: 100%; height: auto">'


def _sheet(layout: Told, size: tuple[float, float], told: str, inside: str) -> str:
    ink, paper = (layout.get("font") or {}).get("color", "#1f2328"), layout.get("paper_bgcolor", "#ffffff")
    width, height = (f"{length:.0f}" for length in size)
    place = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    text = f'font-family="{FONT}" font-size="{SIZES["usual"]}" fill="{escape(str(ink))}"'
    sheet = f'<rect width="{width}" height="{height}" fill="{escape(str(paper))}"/>'
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" {place} role="img" {text}>'
    return f"{opening}<title>{escape(told)}</title>{sheet}{inside}</svg>"


def _above(layout: Told) -> float:
    """Room over the axes: for the name of the upright one, names of columns, notes that stand there."""
    notes = any(float(one.get("y") or 0) >= 1 for one in _free(layout))
    named = any((layout.get(f"yaxis{n}") or {}).get("title") for n in ("", "2"))
    return 6.0 + 20 * (_ticks_above(layout) or named) + 34 * notes


def _tall(data: Sequence[Told], layout: Told) -> float:
    """How tall the axes are: as the figure has them, and every row as tall as its name."""
    names = {name for trace in data for name in _values(trace, "y") if isinstance(name, str)}
    margin = layout.get("margin") or {}
    told = float(layout.get("height") or 420) - float(margin.get("t", 96)) - float(margin.get("b", 36))
    row = max((14 * len(lines(name, NAME)) + 8 for name in names), default=0)
    row = ROW if _columns(data) else row
    return float(max(told, row * len(names), 60))


def _columns(data: Sequence[Told]) -> int:
    """How many columns its matrix has, if it is one."""
    return max((len(_values(trace, "x")) for trace in data if trace.get("type") == "heatmap"), default=0)


def _free(layout: Told) -> list[Told]:
    """Notes that belong to no pair of axes."""
    return [one for one in layout.get("annotations") or [] if _home(one) == "paper"]


def _home(note: Told) -> str:
    """The axis that a note belongs to; one across the picture at a level of the data belongs to the first."""
    ref = str(note.get("xref", "x")).removesuffix(" domain")
    return "x" if ref == "paper" and str(note.get("yref", "y"))[0] == "y" else ref


def _style(kind: str) -> str:
    return (
        f'font-size="{SIZES["head"]}" font-weight="600"'
        if kind == "head"
        else f'font-size="{SIZES["small"]}" fill-opacity="0.8"'
    )


def _head(layout: Told) -> list[tuple[str, str]]:
    """The lines of the title: the finding first, what is drawn below it."""
    title = layout.get("title") or {}
    first, _, rest = str(title.get("text") or "").partition("<br>")
    under = [*rest.split("<br>"), str((title.get("subtitle") or {}).get("text") or "")]
    found = [(line, "head") for line in lines(first, WRAP) if line]
    return found + [(line, "under") for part in under if part for line in lines(part, UNDER)]


def _ticks_above(layout: Told) -> bool:
    return bool((layout.get("xaxis") or {}).get("side") == "top")


def _panels(data: Sequence[Told]) -> list[str]:
    return list(dict.fromkeys(str(trace.get("xaxis", "x"))[1:] for trace in data)) or [""]


def _sides(data: Sequence[Told], layout: Told) -> tuple[float, float]:
    """Room left of the axis for its names, and right of the lines for theirs."""
    named = [str(name) for trace in data for name in _values(trace, "y") if isinstance(name, str)]
    named += [str(text) for text in (layout.get("yaxis") or {}).get("ticktext") or []]
    wrap = NAME // 2 if _columns(data) else NAME
    widest = max((len(line) for name in named for line in lines(name, wrap)), default=0)
    left = max(widest * CHARACTER + 18, 76.0)
    return min(left, WIDTH * 0.45), max(float((layout.get("margin") or {}).get("r", 24)), 24.0)


def _values(trace: Told, name: str) -> list[Any]:
    found = trace.get(name)
    return [] if found is None else list(found)


def _plot(data: Sequence[Told], layout: Told, panel: str, box: Box) -> str:
    """One pair of axes with what stands on them."""
    mine = [trace for trace in data if str(trace.get("xaxis", "x"))[1:] == panel]
    told_x, told_y = (layout.get(f"{name}axis{panel}") or {} for name in "xy")
    begin, end = told_x.get("domain") or (0, 1)
    wide = box.right - box.left
    box = Box(box.left + wide * begin, box.top, box.left + wide * end, box.bottom)
    has_bars = any(trace.get("type") == "bar" for trace in mine)
    reach = _stacked(mine) if layout.get("barmode") == "stack" else [v for t in mine for v in _values(t, "x")]
    x = axis(told_x, reach, (box.left, box.right), from_zero=has_bars)
    levels = [shape.get("y0") for shape in layout.get("shapes") or [] if not panel and shape.get("type") == "line"]
    up = [v for t in mine for v in _values(t, "y")]
    up += [] if any(isinstance(v, str) for v in up) else levels
    y = axis(told_y, up, (box.bottom, box.top), from_zero=False)
    parts = [_frame(x, y, box, above=_ticks_above(layout))]
    parts += [cells(trace, x, y) for trace in mine if trace.get("type") == "heatmap"]
    parts.append(bars([t for t in mine if t.get("type") == "bar"], x, y, str(layout.get("barmode", ""))))
    parts += [_shape(shape, x, y, box) for shape in layout.get("shapes") or [] if not panel]
    parts += [scatter(trace, x, y) for trace in mine if trace.get("type", "scatter") == "scatter"]
    notes = [one for one in layout.get("annotations") or [] if _home(one) == f"x{panel}"]
    return "".join([*parts, *(_note(one, x, y, box) for one in notes)])


def _stacked(mine: Sequence[Told]) -> list[float]:
    sums: dict[str, float] = {}
    for trace in mine:
        for name, value in zip(_values(trace, "y"), _values(trace, "x"), strict=False):
            sums[str(name)] = sums.get(str(name), 0.0) + float(value or 0)
    return list(sums.values())


def _frame(x: Axis, y: Axis, box: Box, *, above: bool) -> str:
    """Ticks, their names, and the titles of the axes."""
    parts = []
    for at, text in y.ticks:
        place = y.place(at)
        if not y.names:
            parts.append(f'<path d="M{box.left:.1f} {place:.1f}H{box.right:.1f}" stroke="#888" stroke-opacity="0.3"/>')
        said = lines(text, NAME // 2 if x.names else NAME)
        for line, words in enumerate(said):
            down = place + 4 + (line - (len(said) - 1) / 2) * 14
            soft = ' fill-opacity="0.75"' if line and "<br>" in text else ""
            parts.append(text_at(box.left - 8, down, words, f'text-anchor="end"{soft}'))
    foot = box.top - 8 if above else box.bottom + 16
    for at, text in x.ticks:
        if not x.names:
            parts.append(
                f'<path d="M{x.place(at):.1f} {box.top:.1f}V{box.bottom:.1f}" stroke="#888" stroke-opacity="0.2"/>'
            )
        parts.append(text_at(x.place(at), foot, " ".join(lines(text)), 'text-anchor="middle"'))
    parts.append(f'<path d="M{box.left:.1f} {box.bottom:.1f}H{box.right:.1f}" stroke="#888"/>' if not x.names else "")
    middle = (box.left + box.right) / 2
    parts.append(
        text_at(middle, box.bottom + 36, x.title, 'text-anchor="middle" fill-opacity="0.75"') if x.title else ""
    )
    parts.append(text_at(box.left - 40, box.top - 8, y.title, 'fill-opacity="0.75"') if y.title else "")
    return "".join(parts)


def _shape(shape: Told, x: Axis, y: Axis, box: Box) -> str:
    """A reference: a level across the whole picture, or a line between two points of the data."""
    across = "domain" in str(shape.get("xref", "x")) or shape.get("xref") == "paper"
    ends = (box.left, box.right) if across else (x.of(shape.get("x0")), x.of(shape.get("x1")))
    levels = (y.of(shape.get("y0")), y.of(shape.get("y1")))
    inside = all(level is not None and box.top - 1 <= level <= box.bottom + 1 for level in levels)
    if None in ends or not inside or shape.get("type") != "line":
        return ""
    colour = escape(str((shape.get("line") or {}).get("color", "#888")))
    start, stop = f"M{ends[0]:.1f} {levels[0]:.1f}", f"L{ends[1]:.1f} {levels[1]:.1f}"
    return f'<path d="{start}{stop}" stroke="{colour}" stroke-dasharray="2 4" fill="none"/>'


def _note(note: Told, x: Axis, y: Axis, box: Box) -> str:
    """An annotation; on a logarithmic axis plotly counts its place in powers of ten."""
    free_x, free_y = (str(note.get(f"{a}ref", a)) for a in "xy")
    across, up = float(note.get("x") or 0), float(note.get("y") or 0)
    in_box = "domain" in free_x or free_x == "paper"
    at_x = (box.left + (box.right - box.left) * across) if in_box else x.place(across)
    in_box = "domain" in free_y or free_y == "paper"
    at_y = (box.bottom + (box.top - box.bottom) * up) if in_box else y.place(up)
    if not in_box and not box.top - 1 <= at_y <= box.bottom + 1:
        return ""  # it names what lies outside
    anchor = {"left": "start", "right": "end"}.get(str(note.get("xanchor", "center")), "middle")
    down = {"bottom": -4, "top": 12}.get(str(note.get("yanchor", "middle")), 4)
    font = note.get("font") or {}
    more = f'text-anchor="{anchor}" font-size="{float(font.get("size", 12)):g}"'
    more += f' fill="{escape(str(font["color"]))}"' if "color" in font else ""
    words = lines(note.get("text", ""))
    shift = float(note.get("xshift") or 0)
    return "".join(text_at(at_x + shift, at_y + down + 14 * at, one, more) for at, one in enumerate(words))
