"""The look of L1.1: a point is a carrier at a service time; how long a call holds its caller up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from labs.model.carriers import CARRIERS, CONFIRMS
from labs.model.digest import Digest
from labs.model.text import BROKER_NAMES, ms_text
from labs.show.looks.base import Chart, Look, View
from labs.show.looks.calls import (
    CONFIRM_WORDS,
    bound,
    client_bound,
    cores,
    dot_heads,
    dots,
    over,
    rate,
    step_of,
    trouble,
    way,
)
from labs.show.looks.promises import unlike
from labs.show.looks.ranges import span

SHORT = {"http-new": "HTTP, new", "http-kept": "HTTP, kept", "http-202": "HTTP, 202", "grpc": "gRPC"} | BROKER_NAMES
"""Names at the ends of lines; which confirmation it is, the control says."""
WAITING_COLUMNS = (
    "Carrier",
    "Confirmation",
    "Service, ms",
    "Callers",
    "Blocked, median",
    "p99",
    "Calls/s",
    "Done meanwhile",
    "Unknown",
)


def waiting_title(digest: Digest) -> str:
    """The finding of one point."""
    settings, p50 = digest.settings, digest.median["blocked_ms"]["p50"]
    takes = f"the service takes {settings['service_ms']:g}\u00a0ms"
    return f"{way(digest)}: a call holds its caller up {ms_text(p50)}, {takes}"


def waiting_sentence(digest: Digest) -> str:
    """What the point says, in words."""
    settings, steps = digest.settings, digest.median["blocked_ms"]
    who = "one caller" if settings["callers"] == 1 else f"{settings['callers']} callers"
    text = f"{waiting_title(digest)} (99\u00a0%: {ms_text(steps['p99'])}); {who}: {rate(digest.median['per_s'])}."
    if "confirm" in settings:
        text += f" When the callers were through, the service had done {meanwhile(digest)}."
    return text + bound(digest)


def meanwhile(digest: Digest) -> str:
    """How many of the messages the service had done when the last caller was free: 48 of 2,000."""
    return f"{span(r['done_meanwhile'] for r in digest.repeats)} of {over(digest, 'calls')}"


def waiting_row(digest: Digest) -> list[str]:
    """The point as one row of the data table; WAITING_COLUMNS names the cells."""
    settings, median = digest.settings, digest.median
    first = [settings["label"], CONFIRM_WORDS.get(settings.get("confirm", ""), "the answer")]
    numbers = [f"{settings['service_ms']:g}", f"{settings['callers']}"]
    times = [ms_text(median["blocked_ms"][step]) for step in ("p50", "p99")]
    return [*first, *numbers, *times, rate(median["per_s"]), meanwhile(digest), over(digest, "unknown")]


def waiting_view(digest: Digest) -> View:
    """A carrier as a row of dots and as a point of a line."""
    p50 = digest.median["blocked_ms"]["p50"]
    return {
        "label": way(digest),
        "title": waiting_title(digest),
        "part": ms_text(p50),
        "event": "how long a call holds its caller up",
        "traces": {"slope": slope_traces(digest)},
        "sentence": waiting_sentence(digest),
        "rows": [waiting_row(digest)],
        "measured": [["Processor", cores(digest)]],
        "dots": dots(digest),
        "aside": ms_text(p50),
        "bound": client_bound(digest),
        "trouble": trouble(digest),
    }


def slope_traces(digest: Digest) -> list[dict[str, Any]]:
    """The point of a line: its repeats faint, the median as the mark; nothing where there is no median."""
    settings, p50 = digest.settings, digest.median["blocked_ms"]["p50"]
    if p50 is None:
        return []
    about = {
        "broker": settings["broker"],
        "line": settings["way"],
        "hollow": client_bound(digest),
        "name": SHORT[settings["carrier"]],
    }
    values = [r["blocked_ms"]["p50"] for r in digest.repeats if r["blocked_ms"]["p50"] is not None]
    at, text = settings["service_ms"], f"service {settings['service_ms']:g} ms"
    faint = {"x": [at] * len(values), "y": values, "meta": about | {"role": "points"}}
    return [faint, {"x": [at], "y": [p50], "text": [text], "meta": about | {"role": "median"}}]


def waiting_layouts(digests: Sequence[Digest]) -> dict[str, dict[str, Any]]:
    """The log axis of the dots; two linear axes of milliseconds, so that a slope is a slope."""
    known = [d.median["blocked_ms"]["p50"] or 0 for d in digests if d.settings["callers"] == 1]
    far, high = max((d.settings["service_ms"] for d in digests), default=50), max(known, default=50)
    quiet = {"zeroline": False, "fixedrange": True, "automargin": False}
    across = {
        "title": {"text": "the service takes, ms", "font": {"size": 12}, "standoff": 8},
        "range": [-1, far * 1.02],
    }
    up = {
        "title": {"text": "the caller is held up, ms", "font": {"size": 12}, "standoff": 8},
        "range": [-1, high * 1.08],
    }
    plain = {
        "height": 360, "margin": {"l": 56, "r": 100, "t": 12, "b": 52}, "showlegend": False, "hovermode": "closest",
        "font": {"size": 13}, "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)",
        "xaxis": across | quiet | {"showgrid": False}, "yaxis": up | quiet | {"gridcolor": "line"},
        "shapes": [], "annotations": [], "meta": {"narrow": {"l": 44, "r": 84}},
        "said": {"by": "confirm", "texts": {confirm: unlike(drawn(digests, confirm)) for confirm in CONFIRMS}},
    }  # fmt: skip
    return {"dots": dot_heads("A call holds its caller up", unlike(digests)), "slope": plain}


def drawn(digests: Sequence[Digest], confirm: str) -> list[Digest]:
    """Those whose lines are drawn when this confirmation is chosen."""
    return [digest for digest in digests if digest.settings.get("confirm", confirm) == confirm]


def applying(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Without the confirmation where the answer is waited for."""
    asks = settings["carrier"] in CARRIERS and CARRIERS[settings["carrier"]].asks
    return {name: value for name, value in settings.items() if name != "confirm" or not asks}


WAITING_LOOK = Look(
    applies=applying,
    point=("carrier", "confirm", "service_ms", "callers"),
    charts=(
        Chart("dots", "How long a call holds its caller up", "dots", rows="way"),
        Chart("slope", "Held up against service time", sweep="service_ms", lines="way"),
    ),
    columns=WAITING_COLUMNS,
    view=waiting_view,
    rank=lambda digest: digest.median["blocked_ms"]["p50"],
    layouts=waiting_layouts,
    quantities={
        **{step: step_of("blocked_ms", step) for step in ("p50", "p90", "p99")},
        "per_s": lambda digest: rate(digest.median["per_s"]),
        "meanwhile": meanwhile,
    },
)
