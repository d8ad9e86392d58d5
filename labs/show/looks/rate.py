"""The look of a rate lab: a point is a way of sending; how much went through, and who had no more to give.

A point where our client was the limit says nothing about the broker: it is drawn hollow and never carries its name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from labs.model.digest import Digest
from labs.model.text import BROKER_NAMES, about_per_s
from labs.show.looks import rate_company
from labs.show.looks.base import Chart, Look, View
from labs.show.traces import Trace, base_layout, log_axis

LOW, HIGH = 100.0, 10_000_000.0
"""The ends of the bars, messages a second, on a log scale."""
COLUMNS = ("Way", "Messages/s", "Range", "MB/s", "Payload, B", "Limit", "Repeats or source")
FATE_WORDS = {
    "broker": "broker or machine at its limit",
    "window": "nobody at the limit: the round trip decides",
    "unseen": "not known: not all processor time could be seen",
    "client": "our client at its limit",
    "published": "published",
}
HOLLOW = ("client", "window", "unseen")
WHY = {"window": ", and the round trip was the limit", "unseen": ", and the limit is not known"}
"""What a title adds where the rate is not known to be the most."""


def rate_text(per_s: float) -> str:
    """812,000/s: three digits that mean something."""
    return about_per_s(per_s)


def client_bound(digest: Digest) -> bool:
    """Whether our own client was the limit."""
    return bool(digest.median.get("client_bound"))


def fate(digest: Digest) -> str:
    """The kind of a bar; FATE_WORDS says what it means."""
    if published(digest):
        return "published"
    if client_bound(digest):
        return "client"
    return {"window-bound": "window", "unknown": "unseen"}.get(digest.median["stamp"], "broker")


def published(digest: Digest) -> bool:
    """Whether somebody else measured it."""
    return bool(digest.settings.get("published"))


def limit(digest: Digest) -> str:
    """Who had no more to give, in words with the figures; of a published figure its conditions."""
    return str(digest.card.get("conditions") if published(digest) else digest.median["limit"])


def title(digest: Digest) -> str:
    """The finding. Only where the broker had its say does it stand there by name."""
    label, per_s = digest.settings["label"], rate_text(digest.median["per_s"])
    if client_bound(digest):
        return f"{label}: {per_s}, and the client was the limit"
    why = WHY.get(fate(digest), "")
    return f"{BROKER_NAMES[digest.settings['broker']]}, {label}: {per_s}{why}"


def spread(digest: Digest) -> str:
    """The lowest and the highest of the repeats."""
    values = [repeat["per_s"] for repeat in digest.repeats]
    return f"{rate_text(min(values))} to {rate_text(max(values))}" if len(values) > 1 else "–"


def mb_text(digest: Digest) -> str:
    """Payload carried, in millions of bytes a second; – where the payload is not known."""
    size = digest.settings.get("body_bytes")
    return f"{digest.median['per_s'] * size / 1e6:.3g}" if size else "–"


def sentence(digest: Digest) -> str:
    """What the point says, in words."""
    if published(digest):
        return f"{title(digest)}. Published: {digest.card['source']}; {limit(digest)}."
    told = f"{title(digest)} ({limit(digest)}; {len(digest.repeats)} repeats, {spread(digest)})."
    return told + rate_company.said(digest)


def strip(digest: Digest) -> list[dict[str, Any]]:
    """A bar on a log scale, and the rest of the scale."""
    share = _share(digest.median["per_s"])
    return [
        {"fate": fate(digest), "share": round(max(share, 0.01), 4), "text": limit(digest)},
        {"fate": "rest", "share": round(1 - share, 4), "text": ""},
    ]


def _share(per_s: float) -> float:
    return min(math.log(max(per_s, LOW) / LOW) / math.log(HIGH / LOW), 1.0)


def row(digest: Digest) -> list[str]:
    """The point as one row of the data table; COLUMNS names the cells."""
    settings = digest.settings
    said = digest.card["source"] if published(digest) else f"{len(digest.repeats)}"
    size = f"{settings['body_bytes']:,}" if settings.get("body_bytes") else "–"
    per_s = rate_text(digest.median["per_s"])
    return [settings["label"], per_s, spread(digest), mb_text(digest), size, limit(digest), said]


def view(digest: Digest) -> View:
    """A way of sending, as a bar."""
    return {
        "label": digest.settings["label"],
        "title": title(digest),
        "part": rate_text(digest.median["per_s"]),
        "event": "messages a second",
        "traces": {},
        "sentence": sentence(digest),
        "rows": [row(digest)],
        "measured": [
            ["Limit", limit(digest)],
            ["Range of the repeats", spread(digest)],
            *rate_company.measured(digest),
        ],
        "strip": strip(digest),
        "aside": rate_text(digest.median["per_s"]),
        "bound": client_bound(digest),
        "trouble": "",
    }


def heads(_digests: Sequence[Digest]) -> dict[str, dict[str, Any]]:
    """What the columns of the bars are called, their kinds in order, and the powers of ten under them."""
    names = ["Way", "Messages a second, each step of the bar is ten times the one before", "Messages/s"]
    powers = [10.0**power for power in range(round(math.log10(LOW)), round(math.log10(HIGH)) + 1)]
    ticks = [[round(_share(power), 4), f"{power:,.0f}"] for power in powers]
    return {"strips": {"heads": names, "fates": [list(one) for one in FATE_WORDS.items()], "ticks": ticks}}


QUANTITIES: dict[str, Callable[[Digest], str]] = {
    "per_s": lambda digest: rate_text(digest.median["per_s"]),
    "range": spread,
    "mb": lambda digest: f"{mb_text(digest)} MB/s",
    "limit": limit,
    **rate_company.QUANTITIES,
}
RATE_LOOK = Look(
    point=("way",),
    charts=(Chart("strips", "Messages a second", "strips", rows="way"),),
    columns=COLUMNS,
    view=view,
    layouts=heads,
    quantities=QUANTITIES,
    caption="medians",
    several=lambda digests: title(max(digests, key=lambda one: float(one.median["per_s"]))),
)


def along(look: Look, axis: str) -> Look:
    """The look with a chart for notebooks: rates against what a line runs along, a line a method, both axes log."""
    chart = Chart("lines", f"Messages a second against {axis}", sweep="along", lines="line", page=False)

    def with_lines(digest: Digest) -> View:
        shown = look.view(digest)
        return shown | {"traces": shown["traces"] | {"lines": line(digest)}}

    def with_axes(digests: Sequence[Digest]) -> Mapping[str, Mapping[str, Any]]:
        known = [digest for digest in digests if line(digest)]
        spans = [_span(d.settings["along"] for d in known), _span(d.median["per_s"] for d in known)]
        across, up = (log_axis(name, span) for name, span in zip((axis, "messages a second"), spans, strict=True))
        room = base_layout() | {"shapes": [], "annotations": [], "margin": {"l": 72, "r": 200, "t": 12, "b": 52}}
        return {**look.layouts(digests), "lines": room | {"xaxis": across, "yaxis": up}}

    return replace(look, charts=(*look.charts, chart), view=with_lines, layouts=with_axes)


def line(digest: Digest) -> list[Trace]:
    """The point of a line: hollow as its bar is; nothing where it is of none."""
    settings, per_s = digest.settings, digest.median["per_s"]
    if not settings.get("line"):
        return []
    about = {"broker": settings["broker"], "line": settings["line"], "name": settings["line"], "role": "median"}
    about |= {"hollow": fate(digest) in HOLLOW, "hover": "%{y:,.3g}/s, %{text}<extra>%{fullData.name}</extra>"}
    return [{"x": [settings["along"]], "y": [per_s], "text": [limit(digest)], "meta": about}]


def _span(values: Iterable[float]) -> list[float]:
    logs = [math.log10(value) for value in values if value > 0] or [0.0, 1.0]
    return [min(logs) - 0.1, max(logs) + 0.1]
