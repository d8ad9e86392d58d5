"""The look of L4.2: a point is a kind of message and a window; what it costs in rate, in waiting and in bytes on disk.

A recording from before the waiting and the bytes were kept has neither: then no word and no chart is about them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from labs.model.digest import Digest
from labs.model.text import NBSP, ms_text, number_text, percent_text, three_digits
from labs.show import Json
from labs.show.looks import rate
from labs.show.looks.base import Chart, View
from labs.show.looks.calls import dot_heads, row
from labs.show.quantities import Quantities, Quantity
from labs.show.traces import Trace, base_layout

KINDS = {"transient": "transient", "persistent": "persistent", "quorum": "quorum queue"}
READERS = ("nobody reads", "a reader keeps up")
SHOWN_AT = 100
"""The window at which the bytes are drawn without and with a reader; the data table has the others."""
BEHIND = 0.1
"""Of the messages: a reader with more to come than that when the last one was sent did not keep up."""


def kind(digest: Digest) -> str:
    """transient, persistent or quorum."""
    return str(digest.settings["way"]).split("-")[0]


def read(digest: Digest) -> bool:
    """Whether somebody read meanwhile."""
    return bool(digest.settings.get("read"))


def bytes_text(size: float) -> str:
    """4,420 B: three digits that mean something, and nothing is nothing."""
    return f"{number_text(three_digits(size))}{NBSP}B"


def to_disk(digest: Digest) -> str:
    """What the broker caused to go to disk for a message; empty where that was not recorded."""
    if "disk_bytes_per_message" not in digest.median:
        return ""
    size = digest.median["disk_bytes_per_message"]
    return "unknown" if size is None else bytes_text(size)


def reader(digest: Digest) -> str:
    """Whether the reader kept up; where not, how many were still to come when the last one was sent."""
    behind = digest.median.get("behind")
    if behind is None:
        return ""
    late = f"{percent_text(behind)} of the messages had not arrived when the last one was sent"
    return "The reader kept up." if behind <= BEHIND else f"The reader did not keep up: {late}."


def confirmed(step: str) -> Callable[[Digest], str]:
    """How long a confirmation took; empty where that was not recorded."""

    def text(digest: Digest) -> str:
        known = digest.median.get("confirm_ms")
        return ms_text(known[step]) if known else ""

    return text


def _said_disk(digest: Digest) -> str:
    size = to_disk(digest)
    unseen = " What the broker wrote to disk could not be seen here."
    return unseen if size == "unknown" else NOTHING if digest.median.get("disk_bytes_per_message") == 0 else KERNEL


def _behind(digest: Digest) -> str:
    behind = digest.median.get("behind")
    return "" if behind is None else f"{percent_text(behind)} of the messages"


STEPS = {"median": "p50", "mean": "mean", "p99": "p99"}
KERNEL = " For each message {disk} went to disk, by the kernel's count."
NOTHING = " Nothing went to disk, by the kernel's count."
QUANTITIES = Quantities((
    rate.LABEL, rate.PER_S, rate.RANGE,
    Quantity("confirm_p50", confirmed("p50"), head="Confirmed, median", none=""),
    Quantity("confirm_mean", confirmed("mean"), head="Mean", none=""),
    Quantity("confirm_p99", confirmed("p99"), head="p99", none=""),
    Quantity("", lambda digest: to_disk(digest).removesuffix(f"{NBSP}B"), head="To disk, B/message"),
    rate.BODY, rate.LIMIT,
    Quantity("", lambda digest: len(digest.repeats), str, "Repeats"),
    *rate.WORDS,
    *(Quantity("", confirmed(step), card=f"Confirmed, {name}") for name, step in STEPS.items()),
    Quantity("disk", to_disk, card="To disk for each message", none=""),
    Quantity("reader", reader, none=""),
    Quantity("", _behind, card="Not yet read when the last one was sent", none=""),
))  # fmt: skip


def _point(at: float, text: str, values: Sequence[float], middle: float, about: Mapping[str, object]) -> list[Trace]:
    """A point of a line: the repeats faint, the median as the mark."""
    about = {**about, "hover": "%{text}<extra></extra>"}
    mark = {"x": [at], "y": [middle], "text": [text], "meta": about | {"role": "median"}}
    return [{"x": [at] * len(values), "y": list(values), "meta": about | {"role": "points"}}, mark]


def disk(digest: Digest) -> list[Trace]:
    """A point of the line of its kind, from nobody reads to a reader keeps up; nothing where it is not known."""
    settings, size = digest.settings, digest.median.get("disk_bytes_per_message")
    if size is None or settings["along"] != SHOWN_AT:
        return []
    about = {"broker": settings["broker"], "line": kind(digest), "name": KINDS[kind(digest)], "hollow": False}
    values = digest.each("disk_bytes_per_message")
    return _point(int(read(digest)), f"{settings['label']}: {bytes_text(size)}", values, size, about)


def shapes(digest: Digest) -> View:
    """A way of sending as a row of dots and as a point of the bytes; where nobody reads, its confirmations as well."""
    shown = rate.shapes(digest) | {"kind": kind(digest), "traces": {"disk": disk(digest)}}
    waited = confirmed("p50")(digest) and not read(digest)
    return shown | ({"confirm": row(digest, "confirm_ms")} if waited else {})


def layouts(digests: Sequence[Digest]) -> dict[str, Json]:
    """Dots on log axes of rates and of milliseconds; bytes from zero, without and with a reader."""
    most = max((size for one in digests for trace in disk(one) for size in trace["y"]), default=100)
    sizes = {**_quiet("bytes to disk for each message"), "gridcolor": "line", "showgrid": True, "tickformat": ",~r"}
    confirm = "From handed over to confirmed"
    return {
        **rate.layouts(digests),
        "confirm": dot_heads(confirm, row="Way"),
        "disk": _slopes(READERS, sizes | {"range": [-0.08 * most, 1.1 * most]}),
    }


def _slopes(places: Sequence[str], up: Json) -> Json:
    across = _quiet("") | {"tickvals": list(range(len(places))), "ticktext": list(places), "showgrid": False}
    across["range"] = [-0.2, len(places) - 1 + 0.12]
    room = {"margin": {"l": 64, "r": 118, "t": 12, "b": 36}, "shapes": [], "annotations": []}
    return base_layout() | room | {"xaxis": across, "yaxis": up, "meta": {"narrow": {"l": 52, "r": 114}}}


def _quiet(name: str) -> Json:
    said = {"title": {"text": name, "font": {"size": 12}, "standoff": 8}} if name else {}
    return {"zeroline": False, "fixedrange": True, "automargin": False} | said


PRICE_LOOK = replace(
    rate.RATE_LOOK,
    charts=(
        Chart("confirm", "How long a confirmation takes", "dots", rows="way", only="confirm"),
        Chart("disk", f"Bytes to disk for each message, {SHOWN_AT} under way", sweep="read", lines="kind", only="disk"),
        Chart("rates", "Messages a second, every way", "dots", rows="way"),
    ),
    quantities=QUANTITIES,
    sentence=(
        *rate.SENTENCE,
        " Half of the confirmations came within {confirm_p50}.",
        _said_disk, " {reader}",
    ),
    shapes=shapes,
    layouts=layouts,
)  # fmt: skip
