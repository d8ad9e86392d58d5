"""The look of a rate lab: a point is a way of sending; how much went through, and what was the limit.

A point where our client was the limit says nothing about the broker: it is drawn hollow and never carries its name.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from labs.judge.lift import Found, limit_of
from labs.model.digest import Digest
from labs.model.text import BROKER_NAMES, about_per_s, span
from labs.show import Json
from labs.show.looks import rate_company
from labs.show.looks.base import Chart, Look, View
from labs.show.quantities import Quantities, Quantity, Rows
from labs.show.traces import Trace, base_layout, log_axis

LOW, HIGH = 100.0, 10_000_000.0
"""The ends of the bars, messages a second, on a log scale."""
FATE_WORDS = {
    "broker": "a queue, the broker or the machine was the limit",
    "window": "the window was the limit",
    "client": "our client was the limit",
    "unseen": "the limit was not found",
    "unasked": "limit not looked for",
    "published": "published",
}
HOLLOW = ("client", "window", "unseen", "unasked")
FATES: Mapping[str, str] = {
    "queue": "broker", "broker": "broker", "machine": "broker", "not found": "unseen", "not looked for": "unasked",
}  # fmt: skip
"""The limit -> the kind of a bar, where it is another word."""
TITLES = {
    "client": "{label}: {per_s}, and our client was the limit",
    "window": "{broker_name}, {label}: {per_s}, and the window was the limit",
    "unseen": "{broker_name}, {label}: {per_s}; the limit was not found",
    "unasked": "{broker_name}, {label}: {per_s}; limit not looked for",
}
"""What a title says where the rate is not known to be the most. A client's limit is not the broker's: no name."""
RAN_OUT = "{label}: {per_s}; limit not looked for, and our client ran out of CPU"


def per_s(digest: Digest) -> float:
    """The median, messages a second."""
    return float(digest.median["per_s"])


def found(digest: Digest) -> Found:
    """What was the limit, judged anew from the repeats: a recording from before has not looked for it."""
    return limit_of(digest.repeats)


def client_bound(digest: Digest) -> bool:
    """Whether our own client was the limit, or ran out of CPU where nobody looked for it."""
    return not published(digest) and found(digest).ours


def published(digest: Digest) -> bool:
    """Whether somebody else measured it."""
    return bool(digest.settings.get("published"))


def fate(digest: Digest) -> str:
    """The kind of a bar; FATE_WORDS says what it means."""
    if published(digest):
        return "published"
    word = found(digest).word
    return FATES.get(word, word)


def limit(digest: Digest) -> str:
    """What was the limit, in words with the figures; of a published figure its conditions. A rate that changed while it
    was measured says so."""
    return str(digest.card.get("conditions")) if published(digest) else f"{found(digest).said}{unsteady(digest)}"


def limit_word(digest: Digest) -> str:
    """The same in a word: window, client, queue, broker, machine, not found, not looked for."""
    return "" if published(digest) else found(digest).word


def unsteady(digest: Digest) -> str:
    """That most repeats did not go on as they began; empty where they did, and where nobody looked."""
    if digest.median.get("steady", True):
        return ""
    return f"; not steady: the second half had {_halves(digest.each('halves'))} times the rate of the first"


def title(digest: Digest) -> str:
    """The finding. Only where the broker had its say does it stand there by name."""
    if client_bound(digest) and found(digest).word != "client":
        return RAN_OUT
    return TITLES.get(fate(digest), "{broker_name}, {label}: {per_s}")


def _repeats(digest: Digest) -> list[float]:
    """The rates of the repeats, where there are several."""
    return digest.each("per_s") if len(digest.repeats) > 1 else []


def _mb(digest: Digest) -> str:
    """Payload carried, in millions of bytes a second; nothing where the payload is not known."""
    size = digest.settings.get("body_bytes")
    return f"{per_s(digest) * size / 1e6:.3g}" if size else ""


def _measured_by(digest: Digest) -> str:
    return str(digest.card["source"]) if published(digest) else f"{len(digest.repeats)}"


def _range(values: Sequence[float]) -> str:
    return f"{about_per_s(min(values))} to {about_per_s(max(values))}"


def _halves(ratios: Sequence[float]) -> str:
    return span(ratios, "{:.2f}".format)


LABEL: Quantity[str] = Quantity("label", lambda digest: digest.settings["label"], head="Way")
PER_S = Quantity("per_s", per_s, about_per_s, "Messages/s")
RANGE = Quantity("range", _repeats, _range, "Range")
BODY: Quantity[int] = Quantity("", lambda digest: digest.settings.get("body_bytes"), "{:,}".format, "Payload, B")
LIMIT = Quantity("limit", limit, head="Limit, by what lifts it")
WORDS: Rows = (
    Quantity("broker_name", lambda digest: BROKER_NAMES[digest.settings["broker"]]),
    Quantity("source", lambda digest: str(digest.card.get("source", ""))),
    Quantity("runs", lambda digest: f"{len(digest.repeats)}"),
    Quantity("", limit, card="Limit"),
    Quantity("limit_word", limit_word),
    Quantity("", lambda digest: RANGE.cell(digest), card="Range of the repeats"),
    Quantity("halves", lambda digest: digest.each("halves"), _halves, card="Second half over first"),
    Quantity("mb", lambda digest: f"{_mb(digest) or '–'} MB/s"),
    *rate_company.QUANTITIES,
)
QUANTITIES = Quantities((
    LABEL, PER_S, RANGE, Quantity("", _mb, head="MB/s"), BODY, LIMIT,
    Quantity("", _measured_by, head="Repeats or source"),
    *WORDS,
))  # fmt: skip


def _share(rate: float) -> float:
    return min(math.log(max(rate, LOW) / LOW) / math.log(HIGH / LOW), 1.0)


def shapes(digest: Digest) -> View:
    """A bar on a log scale, and the rest of the scale."""
    share = _share(per_s(digest))
    strip = [
        {"fate": fate(digest), "share": round(max(share, 0.01), 4), "text": limit(digest)},
        {"fate": "rest", "share": round(1 - share, 4), "text": ""},
    ]
    return {"strip": strip, "aside": PER_S.text(digest), "bound": client_bound(digest)}


def layouts(_digests: Sequence[Digest]) -> dict[str, Json]:
    """What the columns of the bars are called, their kinds in order, and the powers of ten under them."""
    names = ["Way", "Messages a second, each step of the bar is ten times the one before", "Messages/s"]
    powers = [10.0**power for power in range(round(math.log10(LOW)), round(math.log10(HIGH)) + 1)]
    ticks = [[round(_share(power), 4), f"{power:,.0f}"] for power in powers]
    return {"strips": {"heads": names, "fates": [list(one) for one in FATE_WORDS.items()], "ticks": ticks}}


def fastest(digests: Sequence[Digest]) -> str:
    """The finding of several ways: that of the fastest."""
    best = max(digests, key=per_s)
    return QUANTITIES.said(title(best), best)


SENTENCE = (
    title,
    lambda digest: ". Published: {source}; {limit}." if published(digest) else ". {limit} ({runs} repeats, ",
    lambda digest: "" if published(digest) else "{range})." if _repeats(digest) else "–).",
    rate_company.said,
)
RATE_LOOK = Look(
    point=("way",),
    charts=(Chart("strips", "Messages a second", "strips", rows="way"),),
    quantities=QUANTITIES,
    title=title,
    sentence=SENTENCE,
    part="{per_s}",
    event="messages a second",
    shapes=shapes,
    layouts=layouts,
    several=fastest,
)


def along(look: Look, axis: str) -> Look:
    """The look with a chart for notebooks: rates against what a line runs along, a line a method, both axes log."""
    chart = Chart("lines", f"Messages a second against {axis}", sweep="along", lines="line", page=False)

    def with_lines(digest: Digest) -> View:
        shown = look.shapes(digest)
        return shown | {"traces": shown.get("traces", {}) | {"lines": line(digest)}}

    def with_axes(digests: Sequence[Digest]) -> dict[str, Json]:
        known = [digest for digest in digests if line(digest)]
        spans = [_span(digest.settings["along"] for digest in known), _span(map(per_s, known))]
        across, up = (log_axis(name, span) for name, span in zip((axis, "messages a second"), spans, strict=True))
        room = base_layout() | {"shapes": [], "annotations": [], "margin": {"l": 72, "r": 200, "t": 12, "b": 52}}
        return {**look.layouts(digests), "lines": room | {"xaxis": across, "yaxis": up}}

    return replace(look, charts=(*look.charts, chart), shapes=with_lines, layouts=with_axes)


def line(digest: Digest) -> list[Trace]:
    """The point of a line: hollow as its bar is; nothing where it is of none."""
    settings = digest.settings
    if not settings.get("line"):
        return []
    named = {"broker": settings["broker"], "line": settings["line"], "name": settings["line"], "role": "median"}
    about = named | {
        "hollow": fate(digest) in HOLLOW or bool(unsteady(digest)),
        "hover": "%{y:,.3g}/s, %{text}<extra>%{fullData.name}</extra>",
    }
    return [{"x": [settings["along"]], "y": [per_s(digest)], "text": [limit(digest)], "meta": about}]


def _span(values: Iterable[float]) -> list[float]:
    logs = [math.log10(value) for value in values if value > 0] or [0.0, 1.0]
    return [min(logs) - 0.1, max(logs) + 0.1]
