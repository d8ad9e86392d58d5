"""Rows of dots as plain HTML: what js/dots.mjs draws in a panel, for a page whose picture has no controls and needs no
script. Every text is escaped here; charts.css is the style of both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from labs.show import Json
from labs.show.traces import INKS, MARKS

ROOM = 0.7
"""Marks that end before this share of the axis have their figure on the right, as in js/dots.mjs."""
SHAPES = {
    "square": '<rect x="2" y="2" width="10" height="10" {}/>',
    "diamond": '<path d="M7 0L14 7L7 14L0 7Z" {}/>',
    "circle": '<circle cx="7" cy="7" r="6" {}/>',
}
CROSS = '<path d="M2 2L12 12M12 2L2 12" stroke="var(--ink)" stroke-width="2"/>'


@dataclass(frozen=True)
class Row:
    """A row: its name, whose colour and mark it has, and its marks as labs/show/looks/dots.py makes them."""

    name: str
    series: str
    marks: Json


def mark(series: str, kind: str) -> str:
    """The sign of a series, filled or hollow, or the cross of what others have published."""
    ink = f"var(--{INKS.get(series, series)})"
    paint = f'fill="{ink}"' if kind == "at" else f'fill="var(--paper)" stroke="{ink}" stroke-width="2"'
    shape = CROSS if kind == "cross" else SHAPES.get(MARKS.get(series, ""), SHAPES["circle"]).format(paint)
    return f'<svg viewBox="0 0 14 14" class="lp-mark" aria-hidden="true">{shape}</svg>'


def table(name: str, groups: Sequence[tuple[str, Sequence[Row]]], layout: Json) -> str:
    """The groups under their heads, on one axis."""
    heads, axis = layout["heads"], layout["axis"]
    scale = "".join(_put("name", at, axis, text) for at, text in axis["ticks"])
    top = "".join(
        f'<th scope="col">{escape(head)}{_scale(scale) if at == 1 else ""}</th>' for at, head in enumerate(heads)
    )
    body = "".join(
        f'<tr class="lp-group"><th scope="rowgroup" colspan="{len(heads)}">{escape(head)}</th></tr>'
        + "".join(_row(row, axis, limit=len(heads) > 2) for row in rows)
        for head, rows in groups
    )
    kinds = {"repeat", *(row.marks["kind"] for _, rows in groups for row in rows)}
    key = "".join(f"<span>{_sample(kind)}{escape(text)}</span>" for kind, text in layout["key"] if kind in kinds)
    inside = f'<table class="lp-strips lp-rows"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'
    region = f'<div class="lp-scroll" role="region" tabindex="0" aria-label="{escape(name)}">{inside}</div>'
    return f'<p class="lp-key" aria-hidden="true">{key}</p>{region}'


def _scale(names: str) -> str:
    return f'<div class="lp-dots lp-scale" aria-hidden="true">{names}</div>'


def _row(row: Row, axis: Json, *, limit: bool) -> str:
    marks = row.marks
    drawn = "".join(_put("tick", at, axis) for at, _ in axis["ticks"])
    drawn += "".join(_put("repeat", at, axis) for at in marks["repeats"])
    drawn += _put("at", marks["at"], axis, mark(row.series, marks["kind"]), raw=True)
    ends = [_share(at, axis) for at in (marks["at"], *marks["repeats"])]
    right = max(ends) < ROOM
    place = (
        f"left: calc({100 * max(ends):.2f}% + 12px)" if right else f"right: calc({100 * (1 - min(ends)):.2f}% + 12px)"
    )
    value = f'<span class="lp-value" style="{place}">{escape(marks["text"])}</span>'
    tone = f"--tone: var(--{INKS.get(row.series, row.series)})"
    track = f'<div class="lp-dots" style="{tone}"><span aria-hidden="true">{drawn}</span>{value}</div>'
    name = f'<th scope="row">{mark(row.series, "cross" if marks["kind"] == "cross" else "at")}{escape(row.name)}</th>'
    told = f' title="{escape(marks["more"])}"' if marks["more"] else ""
    word = f'<td class="lp-limit">{escape(marks["word"])}</td>' if limit else ""
    return f"<tr{told}>{name}<td>{track}</td>{word}</tr>"


def _share(at: float, axis: Json) -> float:
    low, high = map(math.log10, axis["range"])
    return min(max((math.log10(at) - low) / (high - low), 0.0), 1.0) if at > 0 else 0.0


def _put(kind: str, at: float, axis: Json, inside: str = "", *, raw: bool = False) -> str:
    place = f"left: {100 * _share(at, axis):.2f}%"
    return f'<span class="lp-dot" data-kind="{kind}" style="{place}">{inside if raw else escape(inside)}</span>'


def _sample(kind: str) -> str:
    if kind == "repeat":
        return '<span class="lp-dot" data-kind="repeat"></span>'
    return mark("ink", kind)
