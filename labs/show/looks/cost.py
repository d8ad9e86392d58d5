"""The look of a lab about the cost of being ready: a point is a pair of services with its carrier, a dot a quantity."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from labs.model.digest import Digest
from labs.show.looks.base import Chart, Look, View
from labs.show.looks.ranges import seconds, span
from labs.show.traces import Trace, base_layout, log_axis

QUANTITIES_DRAWN = {
    "memory": ("mb", "MB", "memory of all processes at rest, MB (log)"),
    "ready": ("to_first_s", "s", "until the first message was handled, s (log)"),
    "processes": ("processes", "processes", "processes at rest, both services included (log)"),
}
"""Chart -> the figure of a repeat, its unit, and what the axis is called."""
ROWS = ("http", "later", "redis", "rabbitmq", "kafka")
ROW_NAMES = ("HTTP call", "HTTP 202", "Redis", "RabbitMQ", "Kafka")
DECADES = {"mb": (1.5, 3.0), "to_first_s": (-0.5, 1.5), "processes": (0.0, 1.3)}
COLUMNS = (
    "Pair", "Processes", "Memory, MB", "of it the broker, MB", "Broker ready after", "First message after",
    "Settings, client", "Settings, server", "Lines of code", "Lost of the jobs", "Done twice", "Repeats",
)  # fmt: skip


def figures(digest: Digest, name: str) -> list[float]:
    """A figure of each repeat that can say."""
    return [one["figures"][name] for one in digest.repeats if one["figures"][name] is not None]


def said(digest: Digest, name: str) -> str:
    """The figure as a range over the repeats, whole numbers where it is large; `unknown` if no repeat can say."""
    found = [round(value) if value >= 10 else value for value in figures(digest, name)]
    return span(found) if found else "unknown"


def time_said(digest: Digest, name: str) -> str:
    """A time as a range over the repeats; – where there is nothing to wait for."""
    return seconds(value for value in figures(digest, name) if value)


def lost_said(digest: Digest) -> str:
    """1 to 3 of 200; unknown if one repeat cannot say."""
    lost = figures(digest, "lost")
    jobs = span(one["jobs"]["jobs"] for one in digest.repeats)
    return f"{span(lost)} of {jobs}" if len(lost) == len(digest.repeats) else "unknown"


def title(digest: Digest) -> str:
    """The finding of one pair."""
    label = digest.settings["label"]
    return f"{label}: {said(digest, 'processes')} processes, {said(digest, 'mb')} MB before the second message"


def summary(digests: Sequence[Digest]) -> str:
    """The finding of several pairs."""
    if len(digests) == 1:
        return title(digests[0])
    return "Memory at rest: " + ", ".join(f"{d.settings['label']} {said(d, 'mb')} MB" for d in digests)


def sentence(digest: Digest) -> str:
    """What the point says, in words."""
    parts = [f"{said(digest, 'processes')} processes hold {said(digest, 'mb')} MB"]
    if digest.settings["broker"] != "sync":
        parts.append(f"of it the broker {said(digest, 'broker_mb')} MB")
        parts.append(f"it was ready after {time_said(digest, 'ready_s')}")
    setup = digest.setup
    parts.append(
        f"{len(setup['client'])} settings in {setup['lines']} lines of code, {len(setup['server'])} for the server"
    )
    parts.append(f"one killed worker lost {lost_said(digest)} jobs")
    return f"{digest.settings['label']}: {'; '.join(parts)}."


def row(digest: Digest) -> list[str]:
    """The point as one row of the data table; COLUMNS names the cells."""
    setup = digest.setup
    alone = digest.settings["broker"] == "sync"
    return [
        digest.settings["label"],
        said(digest, "processes"),
        said(digest, "mb"),
        "–" if alone else said(digest, "broker_mb"),
        time_said(digest, "ready_s"),
        time_said(digest, "to_first_s"),
        *(f"{len(setup[name])}" for name in ("client", "server")),
        f"{setup['lines']}",
        lost_said(digest),
        span(figures(digest, "twice")),
        f"{len(digest.repeats)}",
    ]


def traces(digest: Digest, chart: str) -> list[Trace]:
    """The pair's row: each repeat as a faint point, the median as the mark."""
    name, unit, _ = QUANTITIES_DRAWN[chart]
    settings, values = digest.settings, figures(digest, name)
    middle = digest.median[name]
    if middle is None:
        return []
    at = -ROWS.index(settings["carrier"])
    meta = {"broker": settings["broker"], "hollow": settings["carrier"] == "later", "name": settings["label"]}
    meta |= {"hover": f"%{{x:.3g}} {unit}<extra>%{{fullData.name}}</extra>"}
    return [
        {"x": values, "y": [at] * len(values), "meta": meta | {"role": "points"}},
        {"x": [middle], "y": [at], "meta": meta | {"role": "dot"}},
    ]


def layout(digests: Sequence[Digest], chart: str) -> dict[str, Any]:
    """One row a carrier; a log axis wide enough for all digests of the lab."""
    name, _, axis = QUANTITIES_DRAWN[chart]
    drawn = [math.log10(value) for digest in digests for value in figures(digest, name) if value > 0]
    low, high = DECADES[name]
    span_ = [min([low, *drawn]) - 0.1, max([high, *drawn]) + 0.1]
    ticks = [mantissa * 10**power for power in range(-1, 4) for mantissa in (1, 2, 5)]
    ticks = [tick for tick in ticks if span_[0] <= math.log10(tick) <= span_[1]]
    base = base_layout()
    across = log_axis(axis, span_) | {"tickvals": ticks, "ticktext": [f"{tick:,g}" for tick in ticks]}
    up = {"range": [0.6 - len(ROWS), 0.6], "tickvals": [-at for at in range(len(ROWS))], "ticktext": list(ROW_NAMES)}
    quiet = {"showgrid": False, "zeroline": False, "fixedrange": True}
    margin = base["margin"] | {"l": 84, "r": 20}
    return base | {"xaxis": across, "yaxis": up | quiet, "margin": margin, "height": 220} | {
        "shapes": [], "annotations": [], "meta": {"labels": False, "narrow": {"l": 84, "r": 12}},
    }  # fmt: skip


def view(digest: Digest) -> View:
    """A pair in words, dots and a row."""
    rows = [f"{one['role']}: {one['name']}" for one in digest.repeats[-1]["weights"]]
    setup = digest.setup
    return {
        "label": digest.settings["label"],
        "title": title(digest),
        "part": f"{said(digest, 'mb')} MB",
        "event": "memory before the second message",
        "traces": {chart: traces(digest, chart) for chart in QUANTITIES_DRAWN},
        "sentence": sentence(digest),
        "rows": [row(digest)],
        "measured": [
            ["Processes", ", ".join(rows)],
            ["Memory is", f"RSS, resident memory; with shared pages divided (PSS) {said(digest, 'pss_mb')} MB"],
            ["Came to rest", "yes" if all(one["calm"] for one in digest.repeats) else "not in every repeat"],
            ["Set by the client's code", ", ".join(f"{name} = {value}" for name, value in setup["client"].items())],
            ["Set for the server", "; ".join(setup["server"]) or "nothing"],
            ["Proof of the kill", "; ".join(one["fault"]["evidence"] for one in digest.repeats)],
        ],
        "trouble": "\n\n".join(dict.fromkeys(str(r["trouble"]) for r in digest.repeats if r.get("trouble"))),
    }


def layouts(digests: Sequence[Digest]) -> dict[str, dict[str, Any]]:
    """The axes of the three charts."""
    return {chart: layout(digests, chart) for chart in QUANTITIES_DRAWN}


def _of(say: Callable[[Digest, str], str], *names: str) -> dict[str, Callable[[Digest], str]]:
    return {name: partial(lambda known, digest: say(digest, known), name) for name in names}


QUANTITIES: dict[str, Callable[[Digest], str]] = {
    **_of(said, "mb", "processes", "broker_mb", "services_mb", "pss_mb", "broker_processes", "twice"),
    **_of(time_said, "ready_s", "first_s", "to_first_s"),
    "lost": lost_said,
    "settings": lambda digest: f"{len(digest.setup['client'])}",
    "server_settings": lambda digest: f"{len(digest.setup['server'])}",
    "lines": lambda digest: f"{digest.setup['lines']}",
    "took": lambda digest: seconds(one["took_s"] for one in digest.repeats),
}
COST_LOOK = Look(
    point=("carrier", "guarantee"),
    charts=(
        Chart("memory", "Memory at rest"),
        Chart("ready", "From the order to start until the first message was handled"),
        Chart("processes", "Processes"),
    ),
    columns=COLUMNS,
    view=view,
    layouts=layouts,
    quantities=QUANTITIES,
    caption="medians, ranges where the repeats differ",
    several=summary,
)
