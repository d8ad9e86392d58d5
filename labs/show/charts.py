"""Digests -> figures. The only user of plotly; a figure is put together from the same slim traces the panel replays."""

from __future__ import annotations

import math
import textwrap
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import plotly.graph_objects as go

from labs.model.profile import BROKERS, RUNGS
from labs.model.text import rate_text
from labs.show import passport_traces
from labs.show.colours import coloured, dressed, palette, tint
from labs.show.looks import cost, fault, jobs, lines, rate
from labs.show.sentences import sentence, title
from labs.show.still import still
from labs.show.traces import FONT, HEIGHT_PX, Digest, Trace, joined, ladder_traces, layouts, rate_traces


class Figure(go.Figure):  # type: ignore[misc]
    """A figure that brings a still picture of itself: a notebook is read where no script runs, too."""

    def _ipython_display_(self) -> None:
        from IPython.display import display  # a command line that draws nothing does not wait for it

        display(self._repr_mimebundle_(), raw=True)  # type: ignore[no-untyped-call]

    def _repr_mimebundle_(self, *given: Any, **named: Any) -> dict[str, Any]:
        return dict(super()._repr_mimebundle_(*given, **named)) | still(self.to_plotly_json())


def _on_paper(layout: Mapping[str, Any]) -> dict[str, Any]:
    """A figure in a notebook stands on white paper: its colours are those of the light theme, whatever Lab's is."""
    ink = palette()
    paper = {"paper_bgcolor": ink["paper"], "plot_bgcolor": ink["paper"], "template": None}
    return dict(layout) | paper | {"font": {**layout["font"], "color": ink["ink"]}}


def _figure(digests: Sequence[Digest], chart: str, traces: Sequence[Trace]) -> Figure:
    layout = coloured(layouts(digests)[chart], palette())
    layout["annotations"] = layout["annotations"] + _end_labels(traces, layout["yaxis"]["range"], chart == "rate")
    figure = Figure([go.Scatter(dressed(trace)) for trace in traces], _on_paper(layout))
    note = f"{_drawn(chart)}; survives {_promises(digests)}"
    figure.update_layout(
        title={"text": title(digests), "subtitle": {"text": note}, "font": {"size": 16}, "x": 0.01, "xanchor": "left"},
        margin={**layout["margin"], "t": 72},
        height=HEIGHT_PX + 60,
        meta={"sentence": " ".join(sentence(d) for d in digests)},
    )
    return figure


def _drawn(chart: str) -> str:
    return "Latency ladder" if chart == "ladder" else "p99 against rate"


def _promises(digests: Sequence[Digest]) -> str:
    rungs = sorted({d["settings"]["rung"] for d in digests})
    rates = sorted({d["settings"]["rate_per_s"] for d in digests})
    span = " to ".join(rate_text(rate) for rate in sorted({rates[0], rates[-1]}))
    return f"{' or '.join(RUNGS[rung] for rung in rungs)}; {span}"


def _end_labels(traces: Sequence[Trace], span: Sequence[float], log_x: bool) -> list[dict[str, Any]]:
    """Names at the line ends instead of a legend, pushed apart so that none covers another."""
    last = {t["meta"]["broker"]: t for t in traces if t["meta"]["role"] in ("median", "floor") and t["y"]}
    gap = 18 / HEIGHT_PX * (span[1] - span[0]) * 1.3
    at, labels = -math.inf, []
    for broker, trace in sorted(last.items(), key=lambda item: item[1]["y"][-1]):
        at = max(math.log10(trace["y"][-1]), at + gap)
        colour = palette()["harness" if broker == "memory" else broker]
        x = math.log10(trace["x"][-1]) if log_x else trace["x"][-1]
        place = {"xref": "x", "x": x, "xshift": 8, "xanchor": "left", "yref": "y", "y": at, "showarrow": False}
        labels.append(place | {"text": trace["meta"]["name"], "font": {"color": colour, "size": 13}})
    return labels


def latency_ladder(digests: Sequence[Digest]) -> Figure:
    """The share of messages that arrived within a time, one line a broker; percentiles as far as they can be said."""
    return _figure(digests, "ladder", [trace for d in digests for trace in ladder_traces(d)])


def p99_against_rate(digests: Sequence[Digest]) -> Figure:
    """p99 over the rates recorded, one line a broker, each repeat a faint point."""
    return _figure(digests, "rate", joined(trace for d in digests for trace in rate_traces(d)))


def passport(digests: Sequence[Digest]) -> Figure:
    """What this machine does without any broker, a row a quantity."""
    axes = coloured(passport_traces.layout(digests[0]), palette())
    drawn = [go.Scatter(dressed(trace)) for digest in digests for trace in passport_traces.traces(digest)]
    named = {"title": {"text": passport_traces.title(digests[0]), "x": 0.01, "xanchor": "left"}}
    return Figure(drawn, _on_paper(axes) | named | {"margin": axes["margin"] | {"t": 56}})


def costs(digests: Sequence[Digest]) -> Figure:
    """What each pair holds in memory at rest, a row a carrier, each repeat a faint point."""
    axes = coloured(cost.layout(digests, "memory"), palette())
    drawn = [go.Scatter(dressed(trace)) for digest in digests for trace in cost.traces(digest, "memory")]
    named = {"title": {"text": cost.summary(digests), "font": {"size": 16}, "x": 0.01, "xanchor": "left"}}
    return Figure(drawn, _on_paper(axes) | named | {"margin": axes["margin"] | {"t": 56}, "height": 280})


OUTCOMES = {
    "none lost": ("●", "holds"),
    "some lost": ("◐", "conditions"),
    "all lost": ("✕", "never"),
    "did not start": ("■", "no-longer"),
    "mixed": ("≈", "undecided"),
    "unknown": ("○", "undecided"),
}
"""Outcome -> its sign and its colour, as in panel.css."""
CELL_PX, UNDER = 58, 110
LEGEND = {"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "traceorder": "normal"}
JOB_LOOKS = {"lost": ("never", 1.0, ""), "once": ("holds", 0.5, ""), "twice": ("conditions", 1.0, "/")}
"""Fate of a job -> its colour, how strong it is, and its pattern."""


def _table_figure(data: Sequence[Any], text: str, height: int, **layout: Any) -> Figure:
    base = {"height": height, "font": {"family": FONT, "size": 13}, "showlegend": False}
    margin = {"l": 12, "r": 24, "t": 96, "b": 36}
    named = {"title": {"text": text, "font": {"size": 16}, "x": 0.01, "xanchor": "left", "y": 0.97}, "margin": margin}
    return Figure(data, _on_paper(base) | named | layout)


def loss_matrix(digests: Sequence[Digest]) -> Figure:
    """What each setting lost at each fault: the outcome's word, sign and counts in a cell a point."""
    broker = {d["settings"]["label"]: d["settings"]["broker"] for d in digests}
    rows = sorted(broker, key=lambda label: BROKERS.index(broker[label]))[::-1]
    heads = [head for head in fault.HEADS.values() if any(fault.head(d) == head for d in digests)]
    words, ink = list(OUTCOMES), palette()
    cells = {(d["settings"]["label"], fault.head(d)): fault.cell(d) for d in digests}
    found = [[cells.get((row, head)) for head in heads] for row in rows]
    at = [[words.index(cell["word"]) if cell else None for cell in line] for line in found]
    steps = [tint(ink[OUTCOMES[word][1]], 0.3 if word == "all lost" else 0.15) for word in words]
    scale = [[edge / len(words), step] for n, step in enumerate(steps) for edge in (n, n + 1)]
    text = [[_cell_text(cell) for cell in line] for line in found]
    heat = go.Heatmap(
        x=heads, y=rows, z=at, text=text, texttemplate="%{text}", hoverinfo="skip", showscale=False, xgap=3, ygap=3,
        zmin=-0.5, zmax=len(words) - 0.5, colorscale=scale, textfont={"size": 12, "color": ink["ink"]},
    )  # fmt: skip
    axes = {"xaxis": {"side": "top"}, "yaxis": {"automargin": True}}
    return _table_figure([heat], fault.summary(digests), 110 + CELL_PX * len(rows), **axes)


def _cell_text(cell: Mapping[str, Any] | None) -> str:
    return "" if cell is None else "<br>".join([f"<b>{OUTCOMES[cell['word']][0]} {cell['word']}</b>", *cell["lines"]])


def bill(digests: Sequence[Digest]) -> Figure:
    """What each point attempted, acknowledged, kept and lost: medians as bars, ranges as text."""
    seen: Counter[str] = Counter()
    bars = []
    for digest in digests:
        seen[digest["settings"]["broker"]] += 1
        bars.append(_bill_bars(digest, strength=1 / seen[digest["settings"]["broker"]]))
    far = max((max(bar.x, default=0) for bar in bars), default=1)
    axes = {"yaxis": {"autorange": "reversed", "automargin": True}, "xaxis": {"range": [0, far * 1.25]}}
    both = {"barmode": "group", "showlegend": len(digests) > 1, "legend": LEGEND}
    return _table_figure(bars, fault.summary(digests), 200 + 100 * len(digests), **axes, **both)


def _bill_bars(digest: Digest, strength: float) -> go.Bar:
    """One point's bars; a second setting of the same broker is paler."""
    whole = {line["name"]: line for line in fault.bill(digest)}
    lines = [line for line in whole.values() if line["value"] is not None]
    over = f", over {whole['loss window']['text']}" if (whole["lost"]["value"] or 0) > 0 else ""
    names = ["acknowledged" if line["name"] == "sent" else line["name"] for line in lines]
    shapes = {"shape": ["/" if name == "lost" else "" for name in names]}
    return go.Bar(
        y=names,
        x=[line["value"] for line in lines],
        text=[line["text"] + (over if line["name"] == "lost" else "") for line in lines],
        textposition="outside",
        orientation="h",
        marker={"color": tint(palette()[digest["settings"]["broker"]], strength), "pattern": shapes},
        name=f"{digest['settings']['label']}, {fault.event(digest)}",
    )


def jobs_done(digests: Sequence[Digest]) -> Figure:
    """What became of the jobs, a bar a way of handing them out, with when a lost worker's job was done again."""
    known = [digest for digest in digests if jobs.strip(digest)][::-1]
    names = [f"{jobs.name(d)}<br><sub>{jobs.view(d)['part']}; {jobs.again_text(d)}</sub>" for d in known]
    bars = []
    for at, fate in enumerate(jobs.FATES):
        shares = [jobs.strip(digest)[at]["share"] * 100 for digest in known]
        colour, strength, shape = JOB_LOOKS[fate]
        marks = {"color": tint(palette()[colour], strength), "pattern": {"shape": shape}}
        bars.append(go.Bar(y=names, x=shares, orientation="h", marker=marks, name=jobs.FATE_WORDS[fate]))
    axes = {"xaxis": {"range": [0, 100], "title": "share of the jobs, %"}, "yaxis": {"automargin": True}}
    both = {"barmode": "stack", "showlegend": True, "legend": LEGEND}
    return _table_figure(bars, jobs.summary(digests), 200 + 44 * len(known), **axes, **both)


SHAPES = {"broker": "", "window": ".", "unseen": "x", "client": "", "published": "/"}


def rates(digests: Sequence[Digest]) -> Figure:
    """Messages a second, a bar a way of sending on a log axis; hollow where our client was the limit.

    Dotted where nobody was at the limit, crossed where that could not be seen, striped where others measured it.
    """
    ranked = sorted(digests, key=lambda digest: float(digest["median"]["per_s"]))
    bars = []
    for digest in ranked:
        colour, hollow = palette()[digest["settings"]["broker"]], rate.fate(digest) in rate.HOLLOW
        marks = {"color": "rgba(0,0,0,0)" if hollow else colour, "line": {"color": colour, "width": 2}}
        marks["pattern"] = {"shape": SHAPES[rate.fate(digest)], "fgcolor": colour}
        name = f"{digest['settings']['label']}<br><sub>{escape(rate.limit(digest))}</sub>"
        text = rate.rate_text(digest["median"]["per_s"])
        bars.append(go.Bar(y=[name], x=[digest["median"]["per_s"]], orientation="h", marker=marks, text=[text]))
    axes = {"xaxis": {"type": "log", "title": "messages a second"}, "yaxis": {"automargin": True}}
    title = rate.title(ranked[-1]) if ranked else "Nothing was measured"
    return _table_figure(bars, title, 200 + 44 * len(bars), **axes, showlegend=False)


def rate_lines(digests: Sequence[Digest], axis: str) -> Figure:
    """Rates along `axis`, both logarithmic, a line a method, hollow as in `rates`; published figures are dotted levels.

    Where the payload differs, megabytes a second stand in a panel of their own.
    """
    drawn = [go.Scatter(trace) for trace in lines.traces(digests, palette())]
    axes = lines.axes(digests, axis, palette()["ink"])
    title = f"Messages a second against {axis.split(',')[0]}"
    return _table_figure(drawn, title, HEIGHT_PX + 60, **axes, showlegend=True, legend=LEGEND)


def drawn(
    make: Callable[[Sequence[Digest], Mapping[str, str]], Mapping[str, Any]], digests: Sequence[Digest]
) -> Figure:
    """The figure that a look has put together: `data`, `title` and `under` it, `height`, `layout`. A replay says so."""
    made, origins = make(digests, palette()), {str(d["origin"]) for d in digests if "origin" in d}
    title = made["title"] + (f" ({'; '.join(sorted(origins))})" if origins else "")
    title += "".join(f"<br><sub>{line}</sub>" for line in textwrap.wrap(made.get("under", ""), UNDER))
    return _table_figure(made["data"], title, made["height"], **made["layout"])
