"""Colours of figures: those of look.css by name, a trace in its broker's colour, a colour made paler."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from labs.show.traces import DASHES, INKS, MARKS, Trace, styles

ROW = ["circle", "circle-open", "line-ns-open"]
"""The marks of a row: median, p90, worst."""


@cache
def palette(theme: str = "light") -> dict[str, str]:
    """The custom properties of look.css for a theme, by name."""
    blocks = re.findall(r"\{([^}]*)\}", files("labs.show").joinpath("look.css").read_text("utf-8"))
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", blocks[1 if theme == "dark" else 0]))


def dressed(trace: Trace, theme: str = "light") -> Trace:
    """A slim trace with its style and colour, as plotly wants it. traces.mjs does the same."""
    meta, ink = trace["meta"], palette(theme)
    colour = ink[INKS.get(meta["broker"], meta["broker"])]
    style = styles()[meta["role"]]
    mark, hollows = MARKS[meta["broker"]], trace.get("hollows", [meta["hollow"]] * len(trace["x"]))
    marks = ROW if meta["role"] == "row" else [mark + "-open" * (one and not mark.endswith("open")) for one in hollows]
    dress: Trace = {"marker": style.get("marker", {}) | {"color": colour, "symbol": marks}, "name": meta["name"]}
    dash = meta.get("dash") or DASHES.get(meta["broker"])
    dress["line"] = ({"dash": dash} if dash else {}) | style.get("line", {}) | {"color": colour}
    said = {"hovertemplate": meta["hover"]} if "hover" in meta and "hoverinfo" not in style else {}
    timed = {"hovertemplate": "%{y:,.3~r} ms, %{text}<extra>%{fullData.name}</extra>"} if "text" in trace else {}
    return style | {name: one for name, one in trace.items() if name != "hollows"} | dress | (said or timed)


def tint(colour: str, share: float) -> str:
    """A colour thinned with white paper, so that text on it can be read."""
    parts = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgb({', '.join(str(round(255 - (255 - part) * share)) for part in parts)})"


def coloured(part: Any, ink: Mapping[str, str]) -> Any:
    """A layout with the names of colours replaced by what they are in `ink`."""
    if isinstance(part, dict):
        return {k: ink[v] if "color" in k and v in ink else coloured(v, ink) for k, v in part.items()}
    return [coloured(item, ink) for item in part] if isinstance(part, list) else part
