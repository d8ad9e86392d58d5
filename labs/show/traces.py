"""Digests -> slim traces and axes: what charts.py draws with plotly here, and traces.mjs draws again in a browser."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from typing import Any

from labs.model.digest import Digest, mostly_floor
from labs.model.figures import BEYOND, QUANTILES, Repeat, figure
from labs.model.text import BROKER_NAMES, ms_text, number_text, rate_text
from labs.show import Json

Trace = Json
MARKS = {"redis": "circle", "rabbitmq": "square", "kafka": "diamond", "memory": "circle-open", "sync": "triangle-up"}
INKS = {"memory": "harness"}
"""Colours of look.css that are not called as the series is."""
DASHES = {"sync": "dashdot"}
TICKS = {"50 %": 0.5, "90 %": 0.9, "99 %": 0.99, "99.9 %": 0.999, "99.99 %": 0.9999}
BLINK_MS = 100.0
AT_MOST = ", at most: more than half is our harness"
TOO_NEAR = 0.4
"""Powers of ten: the names of two lines that are nearer stand on different sides of them."""
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"
HEIGHT_PX = 360


def styles() -> dict[str, Trace]:
    """What a trace of a role looks like, all but its colour; a trace names its role and its broker in `meta`."""
    quiet: Trace = {"hoverinfo": "skip", "showlegend": False}
    mark = {"size": 8, "maxdisplayed": 9}
    return {
        "median": {
            "mode": "lines+markers",
            "line": {"width": 2.5},
            "marker": mark,
            "showlegend": False,
        },
        "repeat": quiet | {"mode": "lines", "line": {"width": 1}, "opacity": 0.3},
        "points": quiet | {"mode": "markers", "marker": {"size": 5}, "opacity": 0.35},
        "row": {"mode": "lines+markers", "line": {"width": 2}, "marker": {"size": 10}, "showlegend": False},
        "dot": {"mode": "markers", "marker": {"size": 12}, "showlegend": False},
        "chosen": quiet | {"mode": "markers", "marker": {"size": 20, "line": {"width": 3}}},
        "beside": quiet | {"mode": "markers", "marker": {"size": 16, "line": {"width": 1}}},
        "never": {
            "mode": "markers+text",
            "marker": {"size": 11},
            "textposition": "top center",
            "showlegend": False,
        },
        "floor": {"mode": "lines", "line": {"width": 1.5, "dash": "dot"}, "showlegend": False},
    }


def on_axis(quantile: float) -> float:
    """Where a quantile stands on the percentile axis: log10(1/(1-q)), so that each step is ten times rarer."""
    return round(-math.log10(1 - quantile), 4)


def hollow(digest: Digest) -> bool:
    """Whether the point says more about the client, a busy machine or what was refused than about the broker."""
    stamp = digest.median["stamp"]
    said = ("client-bound", "machine-bound", "refused", "void")
    return stamp in said or any(r.get("contaminated") for r in digest.repeats)


def _meta(digest: Digest, role: str) -> Trace:
    broker = digest.settings["broker"]
    return {"broker": broker, "role": role, "hollow": hollow(digest), "name": BROKER_NAMES[broker]}


def median_curve(repeats: Sequence[Repeat]) -> list[tuple[float, float]]:
    """The middle one of the repeats at each quantile that all of them reach. Of one whose line ends because messages
    never came, the rest is infinite, and where that is the middle one the line ends."""
    tables = [
        ({point[0]: point[1] for point in one["curve"]}, bool(one.get("never"))) for one in repeats if one["curve"]
    ]
    known = sorted({q for table, _ in tables for q in table})
    found = []
    for q in known:
        values = [table.get(q, math.inf if gone and q > max(table) else None) for table, gone in tables]
        if None not in values and (middle := statistics.median(one for one in values if one is not None)) < math.inf:
            found.append((q, middle))
    return found


def ladder_traces(digest: Digest) -> list[Trace]:
    """The percentile ladder of one digest: each repeat faint, the median, the harness's own floor if it is known."""
    found = [
        {"x": [on_axis(q) for q, _ in r["curve"]], "y": [ms for _, ms in r["curve"]], "meta": _meta(digest, "repeat")}
        for r in digest.repeats
    ]
    curve = median_curve(digest.repeats)
    middle: Trace = {"x": [on_axis(q) for q, _ in curve], "y": [round(ms, 4) for _, ms in curve]}
    text = [_percent(q) + (AT_MOST if _mostly_floor(digest, q, ms) else "") for q, ms in curve]
    found.append(middle | {"meta": _meta(digest, "median"), "text": text})
    if curve and 2 * sum(one.get("never", 0) > BEYOND for one in digest.repeats) > len(digest.repeats):
        found.append(_never(digest, *(part[-1:] for part in (middle["x"], middle["y"]))))
    floor = {name: ms for name, ms in digest.floor_ms.items() if ms is not None and name != "max"}
    if floor:
        line: Trace = {"x": [on_axis(QUANTILES[name]) for name in floor], "y": list(floor.values())}
        found.append(line | {"meta": _meta(digest, "floor") | {"broker": "memory", "name": BROKER_NAMES["memory"]}})
    return found


def _mostly_floor(digest: Digest, quantile: float, ms: float) -> bool:
    """Whether a point of the line is an upper bound only, by the floor's step that is as rare or the next less rare."""
    steps = [name for name, at in QUANTILES.items() if at <= quantile + 1e-3 and digest.floor_ms.get(name)]
    return bool(steps) and mostly_floor(ms, digest.floor_ms[steps[-1]] or 0.0)


def _never(digest: Digest, x: Sequence[float], y: Sequence[float]) -> Trace:
    """The mark from which on nothing came."""
    said = {"hover": "from here on they never came<extra>%{fullData.name}</extra>"}
    return {"x": list(x), "y": list(y), "text": ["never"] * len(x), "meta": _meta(digest, "never") | said}


def rate_traces(digest: Digest, step: str = "p99") -> list[Trace]:
    """p99 at the digest's rate: each repeat as a faint point, the median as the mark; nothing where it is unknown.
    Where it is `never` the line has a gap, and a mark stands at the slowest that came."""
    rate, middle = digest.settings["rate_per_s"], digest.median["latency_ms"][step]
    values = [ms for ms in digest.each("latency_ms", step) if ms < math.inf]
    if middle is None:
        return []
    most, gone = digest.at_most(step), middle == math.inf
    meta, text = _meta(digest, "median"), f"at {rate_text(rate)}{AT_MOST if most else ''}"
    mark: Trace = {"x": [rate], "y": [None if gone else middle], "text": [text]}
    slowest = max((ms for one in digest.repeats for _, ms in one["curve"]), default=BLINK_MS)
    return [
        {"x": [rate] * len(values), "y": values, "meta": _meta(digest, "points")},
        mark | {"meta": meta | {"hollow": meta["hollow"] or most}},
        *([_never(digest, [rate], [slowest])] if gone else []),
    ]


def _percent(quantile: float) -> str:
    return f"{math.floor(quantile * 1e5) / 1e3:g} %"


def layouts(digests: Sequence[Digest]) -> dict[str, Json]:
    """The axes of both charts, one range for all digests of the lab so that charts can be compared by eye."""
    curves = [ms for d in digests for r in d.repeats for _, ms in r["curve"] if ms > 0]
    floors = [ms for d in digests if (ms := d.floor_ms.get("p50"))]
    values = curves + floors or [0.1, 10]
    span = [math.floor(math.log10(min(values)) * 2) / 2, math.ceil(math.log10(max(values)) * 2) / 2]
    base, ms_axis = ms_axes("latency, ms (log)", span)
    far = max((on_axis(q) for d in digests for r in d.repeats for q, _ in r["curve"]), default=3)
    shown = {name: on_axis(q) for name, q in TICKS.items() if on_axis(q) <= far + 0.05}
    ladder_x = _axis("share of the messages that arrived within that time", range=[-0.08, far + 0.06])
    rates = sorted({d.settings["rate_per_s"] for d in digests}) or [100, 5000]
    edges = [math.log10(rates[0]) - 0.1, math.log10(rates[-1]) + 0.1]
    rate_x = _axis("messages per second, all producers (log)", type="log", range=edges, tickvals=rates, tickangle=0)
    ladder_x |= {"tickvals": list(shown.values()), "ticktext": list(shown)}
    rate_x |= {"ticktext": [number_text(rate) for rate in rates]}
    both = {"yaxis": ms_axis, "shapes": _references(digests, span), "annotations": _reference_names(digests, span)}
    return {"ladder": base | both | {"xaxis": ladder_x}, "rate": base | both | {"xaxis": rate_x}}


def ms_axes(name: str, span: Sequence[float]) -> tuple[Json, Json]:
    """A bare layout, and a log axis of milliseconds over `span` (powers of ten)."""
    return base_layout(), log_axis(name, span) | {"tickvals": _decades(*span)}


def log_axis(name: str, span: Sequence[float]) -> Json:
    """A log axis over `span` (powers of ten)."""
    return _axis(name, type="log", range=list(span), gridcolor="line")


def base_layout() -> Json:
    """What all charts have in common."""
    margin = {"l": 56, "r": 92, "t": 12, "b": 52}
    font = {"family": FONT, "size": 13}
    clear = {"paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)"}
    return {"height": HEIGHT_PX, "margin": margin, "font": font, "showlegend": False, "hovermode": "closest"} | clear


def _axis(name: str, **more: Any) -> Json:
    quiet = {"showgrid": "gridcolor" in more, "zeroline": False, "fixedrange": True, "automargin": False}
    return {"title": {"text": name, "font": {"size": 12}, "standoff": 8}} | quiet | more


def _decades(low: float, high: float) -> list[float]:
    return [float(f"1e{power}") for power in range(math.ceil(low), math.floor(high) + 1)]


def references(digests: Sequence[Digest]) -> dict[str, float]:
    """Times a reader knows, by name: measured on the machine of the run, and a blink."""
    card = digests[0].card if digests else {}
    known = {"one flush here": figure(card, "fsync_ms"), "one round trip": figure(card, "round_trip_ms")}
    return {name: ms for name, ms in known.items() if ms} | {"a blink": BLINK_MS}


def _within(digests: Sequence[Digest], span: Sequence[float]) -> dict[str, float]:
    known = references(digests).items()
    return {name: ms for name, ms in known if span[0] < math.log10(ms) < span[1]}


def _references(digests: Sequence[Digest], span: Sequence[float]) -> list[Json]:
    line = {"color": "ink-soft", "width": 1, "dash": "4px,4px"}
    at = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "yref": "y", "layer": "below", "line": line}
    return [at | {"y0": ms, "y1": ms} for ms in _within(digests, span).values()]


def _reference_names(digests: Sequence[Digest], span: Sequence[float]) -> list[Json]:
    at = {"xref": "paper", "x": 0.995, "xanchor": "right", "yref": "y", "yanchor": "bottom", "showarrow": False}
    soft = {"font": {"size": 11, "color": "ink-soft"}}
    within = _within(digests, span)
    up = {name: math.log10(ms) for name, ms in within.items()}
    under = {name for name, y in up.items() if any(0 < other - y < TOO_NEAR for other in up.values())}
    return [
        at | soft | {"y": up[name], "text": f"{name}, {ms_text(ms)}"} | ({"yanchor": "top"} if name in under else {})
        for name, ms in within.items()
    ]


def joined(traces: Iterable[Trace]) -> list[Trace]:
    """Traces of the same line (a broker's, unless they name another) and role put together, ordered along x."""
    groups: dict[tuple[str, str], list[Trace]] = {}
    for trace in traces:
        meta = trace["meta"]
        groups.setdefault((meta.get("line", meta["broker"]), meta["role"]), []).append(trace)
    lines = []
    for parts in groups.values():
        parts.sort(key=lambda part: part["x"][0])
        line = {name: [one for part in parts for one in part[name]] for name in ("x", "y", "text") if name in parts[0]}
        hollows = [part["meta"]["hollow"] for part in parts for _ in part["x"]]
        lines.append(line | {"meta": parts[-1]["meta"], "hollows": hollows})
    return lines


SLIM = {"ladder": ladder_traces, "rate": rate_traces}
"""Chart name -> what one digest adds to it."""
