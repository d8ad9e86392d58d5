"""Rows of dots for plotly: what js/dots.mjs draws in a panel, from the same marks."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from functools import partial
from html import escape as escaped

from labs.show import Json
from labs.show.colours import palette
from labs.show.looks.base import Chart, View
from labs.show.traces import FONT, MARKS

escape = partial(escaped, quote=False)
"""plotly takes a text for markup."""
Drawn = tuple[list[Json], Json]
HEAD_PX, DOT_PX = 190, 40
TABLE: Json = {"font": {"family": FONT, "size": 13}, "margin": {"l": 12, "r": 24, "t": 112, "b": 48}}
"""Of a picture whose rows are names."""
LETTER = 0.016
"""Of the width of an axis: a figure stands right of its marks where there is room for it."""
KEY_WORDS = {"at": "filled", "open": "hollow", "tail": "bar", "cross": "cross"}


def named(view: View, under: str) -> str:
    """The name of a row with something under it."""
    return f"{escape(view['label'])}<br><sub>{escape(under)}</sub>"


def dots(chart: Chart, views: Sequence[View], layout: Json) -> Drawn:
    """A row a point: each repeat faint, the median in its broker's mark with its figure beside it, the p99 as a line;
    a cross for what others have published."""
    axis, where = layout["axis"], chart.only or "dots"
    known = [view for view in views if view.get(where)][::-1]
    data: list[Json] = []
    labels = Counter(view["label"] for view in known)
    for view in known:
        row = view[where]
        name = named(view, row["text"]) if labels[view["label"]] > 1 else escape(view["label"])
        marks = [(row["at"], _symbol(view, row["kind"])), (row["tail"], "line-ns-open")]
        shown = [(at, symbol) for at, symbol in marks if at is not None]
        colour = (
            palette()["ink"] if row["kind"] == "cross" else palette().get(view.get("broker", ""), palette()["ink-soft"])
        )
        faint = {"symbol": "circle", "size": 6, "color": colour, "opacity": 0.35}
        trace: Json = {"type": "scatter", "mode": "markers", "hoverinfo": "skip", "y": [name] * len(row["repeats"])}
        data.append(trace | {"x": row["repeats"], "marker": faint})
        mark = {"symbol": [symbol for _, symbol in shown], "size": 12, "color": colour, "line": {"width": 2}}
        data.append(trace | {"x": [at for at, _ in shown], "y": [name] * len(shown), "marker": mark})
        data.append(
            trace
            | _beside(row, axis["range"], worded=len(layout["heads"]) > 2 or row["kind"] == "cross")
            | {"y": [name], "mode": "text", "textfont": {"size": 12}}
        )
    ticks, heads = axis["ticks"], layout["heads"]
    across = {"type": "log", "range": list(map(math.log10, axis["range"])), "tickvals": [at for at, _ in ticks]}
    across |= {"ticktext": [text for _, text in ticks], "title": heads[1]}
    axes = {"xaxis": across, "yaxis": {"automargin": True}, "showlegend": False}
    room = {"margin": TABLE["margin"] | {"r": 48}}
    return data, TABLE | axes | room | {"height": HEAD_PX + DOT_PX * len(known)}


def _symbol(view: View, kind: str) -> str:
    if kind == "cross":
        return "x-thin-open"
    mark = MARKS.get(view.get("broker", ""), "circle").removesuffix("-open")
    return f"{mark}-open" if kind == "open" else mark


def _beside(row: Json, ends: Sequence[float], *, worded: bool) -> Json:
    """The figure and the word, on the side of the marks where there is room."""
    known = [at for at in (row["at"], row["tail"], *row["repeats"]) if at is not None] or [ends[0]]
    low, high = (math.log10(end) for end in ends)
    said = ", ".join(filter(None, (row["text"], row["word"] if worded else "")))
    right, text = (math.log10(max(known)) - low) / (high - low) + LETTER * len(said) < 1, escape(said)
    # A text has no distance from its point: spaces that nobody trims are it.
    spaced = f"\u2003{text}" if right else f"{text}\u2003"
    side = {"textposition": "middle right" if right else "middle left"}
    return {"x": [max(known) if right else min(known)], "text": [spaced]} | side


def key_text(key: Sequence[Sequence[str]], views: Sequence[View], where: str) -> str:
    """What the marks of these rows mean, for under a title; of no mark that none of them has."""
    if not key:  # strips have none, and rows of another kind
        return ""
    rows = [view[where] for view in views if view.get(where)]
    there = {row["kind"] for row in rows} | {"tail" for row in rows if row["tail"] is not None}
    return "; ".join(f"{KEY_WORDS[kind]}: {text}" for kind, text in key if kind in KEY_WORDS and kind in there)
