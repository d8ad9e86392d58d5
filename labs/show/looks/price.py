"""The look of L4.2: a point is a kind of message and a window; what it costs in rate, in waiting and in bytes on disk.

A recording from before the waiting and the bytes were kept has neither: then no word and no chart is about them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from labs.model.digest import Digest
from labs.model.text import NBSP, ms_text
from labs.show.looks import rate
from labs.show.looks.base import Chart, Look, View
from labs.show.looks.calls import dot_heads, dots
from labs.show.traces import base_layout, log_axis

KINDS = {"transient": "transient", "persistent": "persistent", "quorum": "quorum queue"}
READERS = ("nobody reads", "a reader keeps up")
SHOWN_AT = 100
"""The window at which the bytes are drawn without and with a reader; the data table has the others."""
LIMITS = {
    "broker": "the broker or the machine",
    "window": "the round trip",
    "client": "our client",
    "unseen": "not known",
}
"""What limited a rate, in a few words; the data table has all of them."""
BEHIND = 0.1
"""Of the messages: a reader with more to come than that when the last one was sent did not keep up."""
BAR = "Messages a second, each step of the bar is ten times the one before, and what limited it"
COLUMNS = (
    "Way", "Messages/s", "Range", "Confirmed, median", "Mean", "p99", "To disk, B/message", "Payload, B", "Limit",
    "Repeats",
)  # fmt: skip


def kind(digest: Digest) -> str:
    """transient, persistent or quorum."""
    return str(digest.settings["way"]).split("-")[0]


def read(digest: Digest) -> bool:
    """Whether somebody read meanwhile."""
    return bool(digest.settings.get("read"))


def confirmed(digest: Digest, step: str) -> str:
    """How long a confirmation took; empty where that was not recorded."""
    known = digest.median.get("confirm_ms")
    return ms_text(known[step]) if known else ""


def bytes_text(size: float) -> str:
    """4,420 B: three digits that mean something, and nothing is nothing."""
    return f"{float(f'{size:.3g}'):,g}{NBSP}B"


def to_disk(digest: Digest) -> str:
    """What the broker caused to go to disk for a message; empty where that was not recorded."""
    if "disk_bytes_per_message" not in digest.median:
        return ""
    size = digest.median["disk_bytes_per_message"]
    return "unknown" if size is None else bytes_text(size)


def reader(digest: Digest) -> str:
    """Whether the reader kept up, with the share that had not arrived when the last message was sent."""
    behind = digest.median.get("behind")
    if behind is None:
        return ""
    share = f"{behind * 100:.2g}{NBSP}% had not arrived when the last one was sent"
    return f"The reader kept up: {share}." if behind <= BEHIND else f"The reader did not keep up: {share}."


def sentence(digest: Digest) -> str:
    """What the point says, in words."""
    said = [rate.sentence(digest)]
    if confirmed(digest, "p50"):
        said.append(
            f"Half of the confirmations came within {confirmed(digest, 'p50')}, 99{NBSP}% within "
            f"{confirmed(digest, 'p99')}."
        )
    if size := to_disk(digest):
        known = f"The kernel counted {size} to disk for each message."
        said.append("What the broker wrote to disk could not be seen here." if size == "unknown" else known)
    return " ".join(filter(None, [*said, reader(digest)]))


def row(digest: Digest) -> list[str]:
    """The point as one row of the data table; COLUMNS names the cells."""
    settings = digest.settings
    waited = [confirmed(digest, step) or "–" for step in ("p50", "mean", "p99")]
    size = (to_disk(digest) or "–").removesuffix(f"{NBSP}B")
    first = [settings["label"], rate.rate_text(digest.median["per_s"]), rate.spread(digest)]
    return [*first, *waited, size, f"{settings['body_bytes']:,}", rate.limit(digest), f"{len(digest.repeats)}"]


def _point(at: float, text: str, values: Sequence[float], middle: float, about: dict[str, Any]) -> list[dict[str, Any]]:
    """A point of a line: the repeats faint, the median as the mark."""
    mark = {"x": [at], "y": [middle], "text": [text], "meta": about | {"role": "median"}}
    return [{"x": [at] * len(values), "y": list(values), "meta": about | {"role": "points"}}, mark]


def slope(digest: Digest) -> list[dict[str, Any]]:
    """A point of the line of its window, from transient to persistent and on to the quorum queue."""
    settings = digest.settings
    if read(digest):
        return []
    line = "one by one" if settings["along"] == 1 else f"{settings['along']:,} under way"
    about = {"broker": settings["broker"], "line": str(settings["along"]), "name": line}
    about |= {"hollow": rate.fate(digest) in rate.HOLLOW, "hover": "%{text}<extra></extra>"}
    per_s = float(digest.median["per_s"])
    text = f"{settings['label']}: {rate.rate_text(per_s)}"
    return _point(list(KINDS).index(kind(digest)), text, [one["per_s"] for one in digest.repeats], per_s, about)


def disk(digest: Digest) -> list[dict[str, Any]]:
    """A point of the line of its kind, from nobody reads to a reader keeps up; nothing where it is not known."""
    settings, size = digest.settings, digest.median.get("disk_bytes_per_message")
    if size is None or settings["along"] != SHOWN_AT:
        return []
    about = {"broker": settings["broker"], "line": kind(digest), "name": KINDS[kind(digest)], "hollow": False}
    about |= {"hover": "%{text}<extra></extra>"}
    values = [one["disk_bytes_per_message"] for one in digest.repeats]
    return _point(int(read(digest)), f"{settings['label']}: {bytes_text(size)}", values, size, about)


def view(digest: Digest) -> View:
    """A way of sending as a bar and as a point of lines; where nobody reads, its confirmations as a row of dots."""
    shown = rate.view(digest) | {"kind": kind(digest), "traces": {"slope": slope(digest), "disk": disk(digest)}}
    shown["strip"][0]["text"] = LIMITS[rate.fate(digest)]
    if confirmed(digest, "p50") and not read(digest):
        shown |= {"dots": dots(digest, "confirm_ms") | {"aside": confirmed(digest, "p50")}}
    told = [["Confirmed, median", "p50"], ["Confirmed, mean", "mean"], ["Confirmed, p99", "p99"]]
    measured = [[name, text] for name, step in told if (text := confirmed(digest, step))]
    measured += [["To disk for each message", to_disk(digest)], ["The reader", reader(digest)]]
    shown["measured"] = shown["measured"] + [line for line in measured if line[1]]
    return shown | {"sentence": sentence(digest), "rows": [row(digest)]}


def layouts(digests: Sequence[Digest]) -> dict[str, dict[str, Any]]:
    """Rates on a log axis over the three kinds; bytes from zero, without and with a reader; heads of the tables."""
    own = [one for one in digests if not read(one)]
    rates = [repeat["per_s"] for one in own for repeat in one.repeats if repeat["per_s"] > 0] or [100, 1e5]
    span = [math.floor(math.log10(min(rates)) * 2) / 2, math.ceil(math.log10(max(rates)) * 2) / 2]
    up = log_axis("messages per second (log)", span) | {"tickformat": "~s"}
    sizes = [size for one in digests for trace in disk(one) for size in trace["y"]]
    size_axis = {**_quiet("bytes to disk for each message"), "gridcolor": "line", "showgrid": True, "tickformat": ",~r"}
    most = max(sizes, default=100)
    size_axis["range"] = [-0.08 * most, 1.1 * most]
    return {
        "strips": rate.heads(digests)["strips"] | {"heads": ["Way", BAR, "Messages/s"]},
        "confirm": dot_heads("From handed over to confirmed")
        | {"heads": ["Way", "From handed over to confirmed, log axis", "Median"]},
        "slope": _slopes(list(KINDS), up),
        "disk": _slopes(READERS, size_axis),
    }


def _slopes(places: Sequence[str], up: dict[str, Any]) -> dict[str, Any]:
    across = _quiet("") | {"tickvals": list(range(len(places))), "ticktext": list(places), "showgrid": False}
    across["range"] = [-0.2, len(places) - 1 + 0.12]
    room = {"margin": {"l": 64, "r": 118, "t": 12, "b": 36}, "shapes": [], "annotations": []}
    return base_layout() | room | {"xaxis": across, "yaxis": up, "meta": {"narrow": {"l": 52, "r": 114}}}


def _quiet(name: str) -> dict[str, Any]:
    said = {"title": {"text": name, "font": {"size": 12}, "standoff": 8}} if name else {}
    return {"zeroline": False, "fixedrange": True, "automargin": False} | said


def _quantities() -> dict[str, Callable[[Digest], str]]:
    waited: dict[str, Callable[[Digest], str]] = {
        f"confirm_{step}": lambda digest, step=step: confirmed(digest, step)  # type: ignore[misc]
        for step in ("p50", "mean", "p99")
    }
    return {**rate.QUANTITIES, **waited, "disk": to_disk, "reader": reader}


PRICE_LOOK: Look = replace(
    rate.RATE_LOOK,
    charts=(
        Chart("slope", "Messages a second, by kind of message", sweep="kind", lines="along"),
        Chart("confirm", "How long a confirmation takes", "dots", rows="way", only="dots"),
        Chart("disk", f"Bytes to disk for each message, {SHOWN_AT} under way", sweep="read", lines="kind", only="disk"),
        Chart("strips", "Messages a second, every way", "strips", rows="way"),
    ),
    columns=COLUMNS,
    view=view,
    layouts=layouts,
    quantities=_quantities(),
)
