"""Rates along something that was recorded in steps: a curve a method, the article's figure as a level, a slider.

A line is drawn from three steps on; the points of a shorter one are rows of dots like any other way.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from labs.model.digest import Digest
from labs.model.text import about_per_s, rate_text
from labs.show import Json
from labs.show.looks import rate
from labs.show.looks.base import Chart, Look, View
from labs.show.traces import Trace, base_layout, log_axis

STEPS = 3
"""So many make a curve."""
LINE_DASHES = ("solid", "dash", "dot")
"""The lines of one broker, in the order in which the lab names them."""
ARTICLE = "published:article-"


def along(look: Look, axis: str, steps: Sequence[tuple[str, str]]) -> Look:
    """The look with its curve in front, both axes log; `steps` are the line and the broker of each point there can be,
    `axis` is what the lines run along."""
    chart = Chart("lines", f"Messages a second by {axis}", sweep="along", lines="line", slider=axis)
    lines = dashes(steps)

    def with_lines(digest: Digest) -> View:
        shown, name = look.shapes(digest), str(digest.settings.get("line", ""))
        drawn = {"traces": shown.get("traces", {}) | {"lines": line(digest, lines)}}
        return shown | drawn | {"row": name if name in lines else digest.settings["way"]}

    def with_axes(digests: Sequence[Digest]) -> dict[str, Json]:
        return {**look.layouts(digests), "lines": _axes(axis, digests, [d for d in digests if line(d, lines)])}

    rows = [replace(one, rows="row") if one.name == "rates" else one for one in look.charts]
    return replace(look, charts=(chart, *rows), shapes=with_lines, layouts=with_axes)


def dashes(steps: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Line -> its dash, of those with enough steps."""
    count, turn = Counter(steps), Counter[str]()
    found = {}
    for (name, broker), many in count.items():
        if name and many >= STEPS:
            found[name] = LINE_DASHES[turn[broker] % len(LINE_DASHES)]
            turn[broker] += 1
    return found


def line(digest: Digest, lines: Mapping[str, str]) -> list[Trace]:
    """The point of a line, its repeats faint; hollow as its dot is; nothing where it is of none."""
    settings, row = digest.settings, rate.shapes(digest)["dots"]
    name = settings.get("line", "")
    if name not in lines:
        return []
    named = {"broker": settings["broker"], "line": name, "name": name, "dash": lines[name]}
    about = named | {"hollow": row["kind"] == "open", "hover": "%{text}<extra>%{fullData.name}</extra>"}
    at, text = settings["along"], f"{about_per_s(row['at'])}, {row['word']}"
    faint = {"x": [at] * len(row["repeats"]), "y": row["repeats"], "meta": about | {"role": "points"}}
    mark = {"x": [at], "y": [row["at"]], "text": [text], "meta": about | {"role": "median"}}
    return [faint, mark] if row["repeats"] else [mark]


def _axes(axis: str, digests: Sequence[Digest], known: Sequence[Digest]) -> Json:
    steps = sorted({digest.settings["along"] for digest in known}) or [1]
    said = {d.settings["way"]: rate.per_s(d) for d in digests if str(d.settings["way"]).startswith(ARTICLE)}
    up = _span([*(value for d in known for value in (rate.per_s(d), *d.each("per_s"))), *said.values()])
    across = log_axis(axis, _span(steps)) | {"showgrid": False, "tickvals": steps}
    across |= {"ticktext": [f"{step:,}" for step in steps], "tickangle": 0}
    powers = range(math.ceil(up[0]), math.floor(up[1]) + 1)
    tall = {"tickvals": [10.0**power for power in powers], "ticktext": [f"{10**power:,}" for power in powers]}
    level = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "yref": "y", "layer": "below"}
    level |= {"line": {"color": "ink-soft", "width": 1, "dash": "4px,4px"}}
    at = {"xref": "paper", "x": 0.01, "xanchor": "left", "yref": "y", "yanchor": "bottom", "showarrow": False}
    at |= {"font": {"size": 11, "color": "ink-soft"}}
    return base_layout() | {
        "xaxis": across,
        "yaxis": log_axis("messages a second", up) | tall,
        "shapes": [level | {"y0": value, "y1": value} for value in said.values()],
        "annotations": [at | {"y": math.log10(v), "text": f"the article: {rate_text(v)}"} for v in said.values()],
        "margin": {"l": 84, "r": 150, "t": 12, "b": 52},
        "height": 300,
        "meta": {"narrow": {"l": 72, "r": 84}},
    }


def _span(values: Iterable[float]) -> list[float]:
    logs = [math.log10(value) for value in values if value > 0] or [0.0, 1.0]
    return [min(logs) - 0.1, max(logs) + 0.1]
