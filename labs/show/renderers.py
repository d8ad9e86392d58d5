"""One renderer a kind of chart: the views and the layout that a panel draws from -> data and axes for plotly.

A notebook's figure and a panel's picture so have the same data; what plotly and panel.mjs do, nobody does here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from labs.model.profile import BROKERS
from labs.show import Json
from labs.show.colours import coloured, dressed, palette, tint
from labs.show.dot_rows import HEAD_PX, TABLE, Drawn, dots, escape, named
from labs.show.looks.base import Chart, View
from labs.show.pictures.grid import SIGNS, State
from labs.show.traces import HEIGHT_PX, MARKS, joined

Cells = dict[tuple[str, str], tuple[State, str, Sequence[str]]]
"""(Row, column) -> state, word and further lines."""
STATES: dict[State, str] = {
    "yes": "holds", "partly": "conditions", "no": "never", "failed": "no-longer", "mixed": "undecided",
    "unknown": "undecided", "absent": "ink-soft", "unmeasured": "ink-soft",
}  # fmt: skip
"""State of a cell -> its colour, as in panel.css and pictures.css; its sign is that of a grid."""
OUTCOMES: dict[str, State] = {
    "none lost": "yes", "some lost": "partly", "all lost": "no", "did not start": "failed", "mixed": "mixed",
    "unknown": "unknown",
}  # fmt: skip
"""What becomes of messages -> the state of its cell."""
FATES = {
    "lost": ("never", 1.0, ""),
    "once": ("holds", 0.45, ""),
    "twice": ("conditions", 1.0, "/"),
    "late": ("holds", 0.45, ""),
    "refused": ("never", 1.0, ""),
    "timed_out": ("conditions", 1.0, "/"),
    "unknown": ("undecided", 1.0, "."),
    "history": ("holds", 0.45, ""),
    "missed": ("never", 1.0, ""),
    "after": ("holds", 0.45, "/"),
    "gone": ("never", 1.0, "/"),
}
"""Part of a bar -> its colour, how strong it is, and its pattern."""
CELL_PX, ROW_PX = 58, 48
KEY = {"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "traceorder": "normal"}
ALIKE = "The same rounds, measured alike"
HALVES = ([0.0, 0.44], [0.56, 1.0])


def plot(chart: Chart, views: Sequence[View], layout: Json) -> Drawn:
    """Lines and marks on two axes; a plot with a sweep joins the points of a line."""
    traces = [
        trace
        for at, view in enumerate(views)
        for trace in view["traces"].get(chart.name, ())
        if at == 0 or trace["meta"]["role"] != "floor"
    ]
    traces = joined(traces) if chart.sweep else traces
    made = coloured(layout, palette())
    made["annotations"] = [*made["annotations"], *_end_labels(traces, layout)]
    made |= {"height": layout["height"] + 60, "margin": layout["margin"] | {"t": 84}}
    return [dressed(trace) for trace in traces], made


def _end_labels(traces: Sequence[Json], layout: Json) -> list[Json]:
    """Names at the line ends instead of a legend, pushed apart so that none covers another."""
    if layout.get("meta", {}).get("labels") is False:
        return []
    last = {t["meta"].get("line", t["meta"]["broker"]): t for t in traces if t["meta"]["role"] in ("median", "floor")}
    across, up = (math.log10 if layout[f"{one}axis"].get("type") == "log" else float for one in "xy")
    low, high = layout["yaxis"]["range"]
    gap, at, labels = 18 / HEIGHT_PX * (high - low) * 1.3, -math.inf, []
    ends = [(trace, list(filter(_is_known, zip(trace["x"], trace["y"], strict=True)))) for trace in last.values()]
    known = [(float(there[-1][1]), there[-1][0], trace) for trace, there in ends if there]
    for y, x, trace in sorted(known, key=lambda one: one[0]):
        at = max(up(y), at + gap)
        broker = trace["meta"]["broker"]
        place = {"xref": "x", "x": across(x), "xshift": 8, "xanchor": "left", "yref": "y", "y": at}
        font = {"color": palette()["harness" if broker == "memory" else broker], "size": 13}
        labels.append(place | {"showarrow": False, "text": escape(trace["meta"]["name"]), "font": font})
    return labels


def _is_known(point: tuple[float, float | None]) -> bool:
    """A line has a gap where it is not."""
    return point[1] is not None


def strips(_chart: Chart, views: Sequence[View], layout: Json) -> Drawn:
    """A bar a point, cut into shares of 100 %."""
    what, beside = layout["heads"][1], layout["heads"][2]
    known = [view for view in views if view["strip"]][::-1]
    more = f"; {beside[0].lower()}{beside[1:]}: "
    names = [named(view, ", ".join(_said(view)) + more + view["aside"]) for view in known]
    data: list[Json] = []
    for fate, words in layout["fates"]:
        shares = [sum(100 * part["share"] for part in view["strip"] if part["fate"] == fate) for view in known]
        colour, strength, shape = FATES[fate]
        inks = [palette()[colour]] * len(known)
        marks: Json = {"color": [tint(ink, strength) for ink in inks], "pattern": {"shape": shape, "fgcolor": inks}}
        marks["line"] = {"color": inks, "width": 0}
        bar: Json = {"type": "bar", "orientation": "h", "x": shares, "y": names, "marker": marks, "name": words}
        data += [bar] if any(shares) else []
    axis: Json = {"range": [0, 100], "title": f"{what}, %"}
    axes = {"xaxis": axis, "yaxis": {"automargin": True}, "barmode": "stack", "showlegend": True, "legend": KEY}
    return data, TABLE | axes | {"height": HEAD_PX + ROW_PX * len(known)}


def _said(view: View) -> list[str]:
    return [part["text"] for part in view["strip"] if part["text"]]


def matrix(chart: Chart, views: Sequence[View], layout: Json) -> Drawn:
    """A cell a point with the outcome's sign, word and counts: rows by broker, columns from mild to hard."""
    broker = {view["label"]: view["broker"] for view in views}
    rows = sorted(broker, key=lambda label: BROKERS.index(broker[label]))
    heads = {key: text for key, text in layout["heads"] if any(view[chart.columns] == key for view in views)}
    cells: Cells = {
        (view["label"], heads[view[chart.columns]]): (OUTCOMES[cell["word"]], cell["word"], cell["lines"])
        for view in views for cell in [view["cell"]]
    }  # fmt: skip
    return _heat(rows, list(heads.values()), cells)


def grid(_chart: Chart, views: Sequence[View], layout: Json) -> Drawn:
    """A row a point, a column a capability, each cell with its sign, its word and its figure."""
    heads = [column["name"] for column in layout["columns"]]
    cells: Cells = {
        (view["label"], head): (cell["state"], cell["says"], [cell["figure"]] if cell["figure"] else [])
        for view in views for head, cell in zip(heads, view["grid"]["cells"], strict=True)
    }  # fmt: skip
    return _heat(list(dict.fromkeys(view["label"] for view in views)), heads, cells)


def _heat(rows: Sequence[str], heads: Sequence[str], cells: Cells) -> Drawn:
    states, ink, up = list(STATES), palette(), rows[::-1]
    steps = [tint(ink[colour], 0.3 if state == "no" else 0.15) for state, colour in STATES.items()]
    found = [[cells.get((row, head)) for head in heads] for row in up]
    heat = {
        "type": "heatmap", "x": list(heads), "y": list(map(escape, up)), "texttemplate": "%{text}",
        "z": [[states.index(cell[0]) if cell else None for cell in line] for line in found],
        "text": [["<br>".join(_cell_lines(*cell)) if cell else "" for cell in line] for line in found],
        "hoverinfo": "skip", "showscale": False, "xgap": 3, "ygap": 3, "zmin": -0.5, "zmax": len(states) - 0.5,
        "colorscale": [[edge / len(states), step] for n, step in enumerate(steps) for edge in (n, n + 1)],
        "textfont": {"size": 12, "color": ink["ink"]},
    }  # fmt: skip
    axes = {"xaxis": {"side": "top"}, "yaxis": {"automargin": True}, "showlegend": False}
    return [heat], TABLE | axes | {"height": 150 + CELL_PX * len(rows)}


def _cell_lines(state: State, word: str, lines: Sequence[str]) -> list[str]:
    return [f"<b>{SIGNS[state]} {escape(word)}</b>", *map(escape, lines)]


def bars(_chart: Chart, views: Sequence[View], _layout: Json) -> Drawn:
    """The charts of the first point side by side on one scale from zero; one that misleads says so over itself."""
    data: list[Json] = []
    made: Json = TABLE | {"annotations": [], "height": HEIGHT_PX, "showlegend": False}
    for drawn, (left, right), number in zip(views[0]["bars"].values(), HALVES, ("", "2"), strict=True):
        data += [trace | {"xaxis": f"x{number}", "yaxis": f"y{number}"} for trace in _bars(drawn)]
        ticks = {"tickvals": [at for at, _ in drawn["ticks"]], "ticktext": [text for _, text in drawn["ticks"]]}
        made[f"xaxis{number}"] = {"domain": [left, right], "range": [-0.03, 1.15], "title": drawn["unit"]} | ticks
        made[f"yaxis{number}"] = {"anchor": f"x{number}", "automargin": True}
        said = drawn["subtitle"] if drawn["tone"] else ALIKE
        place = {"xref": "paper", "x": left, "xanchor": "left", "yref": "paper", "y": 1.12, "showarrow": False}
        made["annotations"].append(place | {"text": f"<b>{escape(said)}</b>", "font": {"size": 12}})
    return data, made


def _bars(drawn: Json) -> list[Json]:
    """The rows of one of them as bars, or as dots with each repeat faint."""
    rows, ink = drawn["rows"][::-1], palette()
    colours = [ink[row["series"]] for row in rows]
    found: Json = {"x": [row["share"] for row in rows], "y": [row["label"] for row in rows]}
    found |= {"text": [row["text"] for row in rows], "hovertext": [row["note"] for row in rows]}
    if drawn["mark"] == "bar":
        return [found | {"type": "bar", "orientation": "h", "marker": {"color": colours}}]
    symbols = [MARKS[row["series"]] + "-open" * row["hollow"] for row in rows]
    found["marker"] = {"color": colours, "symbol": symbols, "size": 12, "line": {"color": colours, "width": 2}}
    dots = {"type": "scatter", "mode": "markers"}
    faint = [
        dots | {"x": row["repeats"], "y": [row["label"]] * len(row["repeats"]), "opacity": 0.35, "hoverinfo": "skip"}
        | {"marker": {"color": ink[row["series"]], "size": 6, "symbol": "circle"}}
        for row in rows if row["repeats"]
    ]  # fmt: skip
    return [*faint, found | dots | {"mode": "markers+text", "textposition": "top center"}]


KINDS: Mapping[str, Callable[[Chart, Sequence[View], Json], Drawn]] = {
    "plot": plot, "strips": strips, "dots": dots, "matrix": matrix, "grid": grid, "bars": bars,
}  # fmt: skip
"""A bill is a table, and timeline and lanes have a picture of their own (labs/show/pictures)."""


def drawable(chart: Chart) -> bool:
    """Whether it has a renderer here; of grids those that have a row a point."""
    return chart.kind in KINDS and (chart.kind != "grid" or bool(chart.rows))
