"""The figures of the two labs about calls for notebooks: traces and axes as plotly wants them, without plotly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from labs.model.text import ms_text
from labs.show.looks.calls import client_bound, way
from labs.show.looks.promises import ASKED, DONE, unlike
from labs.show.looks.question import ENDS, away, question_title, strip
from labs.show.looks.waiting import waiting_layouts
from labs.show.traces import Digest


def dots_figure(digests: Sequence[Digest], ink: Mapping[str, str], step: str = "blocked_ms") -> dict[str, Any]:
    """A row a point on a log axis of milliseconds: median, repeats and p99."""
    known = [d for d in digests if d["median"].get(step) and d["median"][step]["p50"] is not None][::-1]
    data: list[dict[str, Any]] = []
    for digest in known:
        name = f"{way(digest)}<br><sub>{_where(digest)}</sub>"
        steps, colour = digest["median"][step], ink[digest["settings"]["broker"]]
        values = [r[step]["p50"] for r in digest["repeats"] if r[step] and r[step]["p50"] is not None]
        faint = {"symbol": "circle", "size": 6, "color": colour, "opacity": 0.35}
        data.append({"x": values, "y": [name] * len(values), "mode": "markers", "marker": faint, "hoverinfo": "skip"})
        marks = [("p50", "circle-open" if client_bound(digest) else "circle"), ("p99", "line-ns-open")]
        shown = [(steps[one], symbol) for one, symbol in marks if steps[one] is not None]
        mark = {"symbol": [symbol for _, symbol in shown], "size": 12, "color": colour, "line": {"width": 2}}
        data.append({"x": [ms for ms, _ in shown], "y": [name] * len(shown), "mode": "markers", "marker": mark})
    axes = {"xaxis": {"type": "log", "title": "ms, log; filled: median, bar: p99"}, "yaxis": {"automargin": True}}
    title = _summary(known, step)
    under = unlike(known, DONE if step == "blocked_ms" else ASKED)
    return {"data": data, "title": title, "under": under, "height": 170 + 40 * len(known), "layout": axes}


def _where(digest: Digest) -> str:
    settings = digest["settings"]
    if "callers" in settings:
        return f"service {settings['service_ms']:g} ms, callers {settings['callers']}"
    return f"{settings['rate_per_s']:,g}/s, {settings['body_bytes']:,} B"


def _summary(known: Sequence[Digest], step: str) -> str:
    if not known:
        return "Nothing to show: no point has enough calls for a median"
    ranked = sorted(known, key=lambda digest: float(digest["median"][step]["p50"]))
    ends = [f"{way(one)} {ms_text(one['median'][step]['p50'])}" for one in (ranked[0], ranked[-1])]
    return ends[0] if len(known) == 1 else f"From {ends[0]} to {ends[1]}"


def latency_figure(digests: Sequence[Digest], ink: Mapping[str, str]) -> dict[str, Any]:
    """The dots of the points whose service was up, from due to answered."""
    return dots_figure([d for d in digests if not away(d)], ink, "waited_ms")


def slope_figure(digests: Sequence[Digest], ink: Mapping[str, str]) -> dict[str, Any]:
    """Blocked time against service time, a line a way, one caller; both axes linear."""
    lines: dict[str, list[Digest]] = {}
    known = [d for d in digests if d["settings"]["callers"] == 1 and d["median"]["blocked_ms"]["p50"] is not None]
    for digest in known:
        lines.setdefault(way(digest), []).append(digest)
    data = []
    for name, line in lines.items():
        line.sort(key=lambda digest: float(digest["settings"]["service_ms"]))
        x, y = ([d["settings"]["service_ms"] for d in line], [d["median"]["blocked_ms"]["p50"] for d in line])
        colour = ink[line[0]["settings"]["broker"]]
        data.append({"x": x, "y": y, "name": name, "mode": "lines+markers", "line": {"color": colour}})
    layout = waiting_layouts(digests)["slope"]
    axes = {"xaxis": {"title": layout["xaxis"]["title"]["text"]}, "yaxis": {"title": layout["yaxis"]["title"]["text"]}}
    return {
        "data": data,
        "title": "Blocked time against service time",
        "under": unlike(known),
        "height": 420,
        "layout": axes | {"showlegend": True},
    }


FATE_INK = {"late": "holds", "refused": "never", "timed_out": "conditions", "unknown": "undecided"}


def away_figure(digests: Sequence[Digest], ink: Mapping[str, str]) -> dict[str, Any]:
    """What became of the questions while the service was away, a bar a carrier."""
    known = [digest for digest in digests if away(digest)][::-1]
    data = []
    for fate, colour in FATE_INK.items():
        values = [100 * next((p["share"] for p in strip(d) if p["fate"] == fate), 0) for d in known]
        names = [d["settings"]["label"] for d in known]
        more = {"orientation": "h", "marker": {"color": ink[colour]}, "name": ENDS[fate]}
        data.append({"type": "bar", "x": values, "y": names} | more)
    axes: dict[str, Any] = {"barmode": "stack", "showlegend": True, "yaxis": {"automargin": True}}
    axes["xaxis"] = {"range": [0, 100], "title": "share of the questions, %"}
    title = question_title(known[0]) if len(known) == 1 else "What callers saw while the service was away"
    return {"data": data, "title": title, "height": 200 + 44 * len(known), "layout": axes}
