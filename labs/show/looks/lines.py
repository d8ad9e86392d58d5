"""Rates along a payload, a batch or a window: the lines of a rate lab as plotly wants them, without plotly."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from labs.show.looks import rate
from labs.show.traces import MARKS, Digest

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
"""The lines of one broker have its colour and differ in their dashes."""
PANELS = ("messages a second", "MB a second")
GAP = 0.14
"""Between two panels, as a share of the width."""


def lines(digests: Sequence[Digest]) -> dict[str, list[Digest]]:
    """Line -> its points from left to right; a way that is a point of none is left out."""
    found: dict[str, list[Digest]] = {}
    for digest in sorted(digests, key=lambda one: float(one["settings"].get("along", 0))):
        if line := digest["settings"].get("line"):
            found.setdefault(line, []).append(digest)
    return found


def panels(digests: Sequence[Digest]) -> tuple[str, ...]:
    """Megabytes a second are worth a panel only where the payload differs."""
    sizes = {digest["settings"]["body_bytes"] for line in lines(digests).values() for digest in line}
    return PANELS if len(sizes) > 1 else PANELS[:1]


def traces(digests: Sequence[Digest], ink: Mapping[str, str]) -> list[dict[str, Any]]:
    """A line a method and panel; `ink` has the colours of the brokers."""
    return [
        _trace(name, line, at, DASHES[turn % len(DASHES)], ink)
        for at in range(len(panels(digests)))
        for turn, (name, line) in enumerate(lines(digests).items())
    ]


def _trace(name: str, line: Sequence[Digest], at: int, dash: str, ink: Mapping[str, str]) -> dict[str, Any]:
    broker, number = line[0]["settings"]["broker"], _number(at)
    hollow = [rate.fate(digest) in rate.HOLLOW for digest in line]
    return {
        "x": [digest["settings"]["along"] for digest in line],
        "y": [d["median"]["per_s"] * (d["settings"]["body_bytes"] / 1e6 if at else 1) for d in line],
        "text": [escape(rate.limit(digest)) for digest in line],  # plotly takes a text for markup
        "mode": "lines+markers",
        "marker": {"symbol": [MARKS[broker] + "-open" * one for one in hollow], "size": 10, "color": ink[broker]},
        "line": {"color": ink[broker], "dash": dash},
        "name": name,
        "showlegend": not at,
        "xaxis": f"x{number}",
        "yaxis": f"y{number}",
    }


def axes(digests: Sequence[Digest], axis: str, ink: str) -> dict[str, Any]:
    """The axes of the panels, both logarithmic, and the published figures as levels in the first."""
    told = [digest for digest in digests if rate.published(digest)]
    found: dict[str, Any] = {"shapes": [_level(one, ink) for one in told], "annotations": [_named(one) for one in told]}
    drawn = panels(digests)
    width = (1 - GAP * (len(drawn) - 1)) / len(drawn)
    for at, said in enumerate(drawn):
        number, left = _number(at), at * (width + GAP)
        found[f"xaxis{number}"] = {"type": "log", "title": axis, "domain": [left, left + width], "anchor": f"y{number}"}
        found[f"yaxis{number}"] = {"type": "log", "title": said, "anchor": f"x{number}"}
    return found


def _number(at: int) -> str:
    return str(at + 1) if at else ""


def _level(digest: Digest, ink: str) -> dict[str, Any]:
    per_s = digest["median"]["per_s"]
    place = {"type": "line", "xref": "x domain", "x0": 0, "x1": 1, "y0": per_s, "y1": per_s}
    return place | {"line": {"dash": "dot", "width": 1, "color": ink}}


def _named(digest: Digest) -> dict[str, Any]:
    at = {"xref": "x domain", "x": 0, "xanchor": "left", "y": math.log10(digest["median"]["per_s"])}
    said = {"text": digest["settings"]["label"], "hovertext": escape(rate.sentence(digest)), "font": {"size": 11}}
    return at | said | {"yanchor": "bottom", "showarrow": False}
