"""The two charts of a trick as plotly wants them, without plotly: side by side, on one scale, from zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from labs.show.looks import tricks
from labs.show.traces import HEIGHT_PX, MARKS, Digest

HALF = ([0.0, 0.44], [0.56, 1.0])


def figure(digests: Sequence[Digest], ink: Mapping[str, str]) -> dict[str, Any]:
    """The misleading chart of the first point and the even one, side by side on one scale."""
    first = digests[0]
    return {"data": traces(first, ink), "title": tricks.title(first), "height": HEIGHT_PX, "layout": axes(first)}


def traces(digest: Digest, ink: Mapping[str, str]) -> list[dict[str, Any]]:
    """Bars of rates and dots of percentiles, hollow where our client was the limit; a trace a chart."""
    return [_trace(digest, chart, number, ink) for chart, number in zip(tricks.CHARTS, ("", "2"), strict=True)]


def _trace(digest: Digest, chart: str, number: str, ink: Mapping[str, str]) -> dict[str, Any]:
    drawn = tricks.figure(digest, chart)
    rows = drawn["rows"][::-1]
    colours = [ink[row["broker"]] for row in rows]
    fill = ["rgba(0,0,0,0)" if row["hollow"] else colour for row, colour in zip(rows, colours, strict=True)]
    trace: dict[str, Any] = {
        "x": [tricks.value(digest, chart, row["broker"]) for row in rows],
        "y": [row["label"] for row in rows],
        "text": [row["text"] for row in rows],
        "hovertext": [row["note"] for row in rows],
        "xaxis": f"x{number}",
        "yaxis": f"y{number}",
        "marker": {"color": fill, "line": {"color": colours, "width": 2}},
    }
    if drawn["mark"] == "bar":
        return trace | {"type": "bar", "orientation": "h"}
    marks = {"symbol": [MARKS[row["broker"]] for row in rows], "size": 12}
    return trace | {"type": "scatter", "mode": "markers+text", "textposition": "top center"} | {
        "marker": trace["marker"] | marks
    }  # fmt: skip


def axes(digest: Digest) -> dict[str, Any]:
    """Two panels with the same range; each says above itself what it is."""
    shown = [tricks.value(digest, chart, b) for chart in tricks.CHARTS for b in digest["setups"][chart]]
    far = max((value for value in shown if value is not None), default=1.0) * 1.1
    found: dict[str, Any] = {"annotations": []}
    for chart, number, (left, right) in zip(tricks.CHARTS, ("", "2"), HALF, strict=True):
        drawn = tricks.figure(digest, chart)
        found[f"xaxis{number}"] = {
            "domain": [left, right],
            "range": [0, far],
            "title": drawn["unit"],
        }
        found[f"yaxis{number}"] = {"anchor": f"x{number}", "automargin": True}
        place = {"xref": "paper", "x": left, "xanchor": "left", "yref": "paper", "y": 1.12, "showarrow": False}
        said = tricks.WARNING if drawn["tone"] else "The same rounds, measured alike"
        found["annotations"].append(place | {"text": f"<b>{said}</b>", "font": {"size": 12}})
    return found
