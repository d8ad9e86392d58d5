"""Digests -> figures for notebooks. The only user of plotly; what is drawn is what a panel draws (renderers.py)."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import plotly.graph_objects as go

from labs.model.digest import Digest
from labs.model.profile import RUNGS
from labs.show import Json
from labs.show.colours import palette
from labs.show.dot_rows import key_text
from labs.show.looks.base import Look
from labs.show.renderers import KINDS, drawable
from labs.show.still import still

UNDER = 110
"""Letters in a line of what stands under a title."""


class Figure(go.Figure):  # type: ignore[misc]
    """A figure that brings a still picture of itself: a notebook is read where no script runs, too."""

    def _ipython_display_(self) -> None:
        from IPython.display import display  # a command line that draws nothing does not wait for it

        display(self._repr_mimebundle_(), raw=True)  # type: ignore[no-untyped-call]

    def _repr_mimebundle_(self, *given: Any, **named: Any) -> Json:
        return dict(super()._repr_mimebundle_(*given, **named)) | still(self.to_plotly_json())


def figure(look: Look, name: str, digests: Sequence[Digest]) -> Figure:
    """The look's chart of these points. ValueError names the charts that can be drawn here.

    A figure in a notebook stands on white paper: its colours are those of the light theme, whatever Lab's is.
    """
    known = {chart.name: chart for chart in look.charts if drawable(chart)}
    if name not in known:
        raise ValueError(f"there is no chart {name!r} to draw; there are: {', '.join(known) or 'none'}")
    chart = known[name]
    shown = [(one, {**one.settings, **look.view(one)}) for one in digests]
    shown = [(one, view) for one, view in shown if chart.kind == "plot" or not chart.only or view.get(chart.only)]
    digests, views = [one for one, _ in shown], [view for _, view in shown]
    layout = dict(look.layouts(digests).get(name, {}))
    ink, finding = palette(), look.finding(digests)
    paper = {"paper_bgcolor": ink["paper"], "plot_bgcolor": ink["paper"], "template": None}
    under = "; ".join(filter(None, [chart.label, _promised(look, digests), *_origins(digests)]))
    told = (under, _said(layout.pop("said", ""), digests), key_text(layout.get("key", ()), views, chart.only or "dots"))
    lines = [line for text in told for line in textwrap.wrap(text, UNDER)]
    data, made = KINDS[chart.kind](chart, views, layout)
    text = "".join([escape(finding, quote=False), *(f"<br><sub>{escape(line, quote=False)}</sub>" for line in lines)])
    made |= paper | {"title": {"text": text, "font": {"size": 16}, "x": 0.01, "xanchor": "left"}}
    made["font"] = {**made["font"], "color": ink["ink"]}
    made["meta"] = {"sentence": " ".join(view["sentence"] for view in views)}
    return Figure(data, made)


def _promised(look: Look, digests: Sequence[Digest]) -> str:
    """survives a killed process or a power cut; empty where the points have no rung."""
    rungs = sorted({digest.settings["rung"] for digest in digests if "rung" in digest.settings})
    return f"{look.promise} {' or '.join(RUNGS[rung] for rung in rungs)}" if rungs else ""


def _origins(digests: Sequence[Digest]) -> list[str]:
    """Whose run it is, where it is not the reader's own."""
    return sorted({digest.origin for digest in digests if digest.origin})


def _said(said: str | Mapping[str, Any], digests: Sequence[Digest]) -> str:
    """What stands over the chart: unlike promises, for all points or for those of a setting."""
    if isinstance(said, str):
        return said
    ways = {str(digest.settings.get(said["by"])) for digest in digests}
    return next((text for way, text in said["texts"].items() if way in ways), next(iter(said["texts"].values()), ""))
