"""What the looks of the two labs about calls share: a dot is how long a caller was held up, on a log axis."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from labs.model.digest import Digest
from labs.model.text import ms_text, number_text, span, three_digits
from labs.show import Json
from labs.show.looks import dots
from labs.show.quantities import Quantity

LOW_MS, HIGH_MS = 0.001, 1000.0
"""The ends of the log axis of dots; what lies outside stands at the end."""
KEYS = {
    "at": "median",
    "open": "median; our client was the limit",
    "repeat": "median of one repeat",
    "tail": "p99, with ten samples beyond it",
}
CONFIRM_WORDS = {"none": "not confirmed", "each": "each confirmed", "window": "100 unconfirmed at most"}
BOUND = " Our callers ran out of CPU, so this says nothing about the carrier."


def row(digest: Digest, step: str = "blocked_ms") -> Json:
    """The marks of a row: the median, the p99 where it can be said, and the median of each repeat; what never came
    stands at the end of the axis."""
    half, most = (digest.number(step, one) for one in ("p50", "p99"))
    text, kind = ms_text(half), "open" if client_bound(digest) else "at"
    repeats = filter(None, map(_on_axis, digest.each(step, "p50")))
    return dots.marks(_on_axis(half), repeats, text, tail=_on_axis(most), kind=kind)


def _on_axis(ms: float | None) -> float | None:
    return None if ms is None else min(max(ms, LOW_MS), HIGH_MS)


def dot_heads(what: str, said: str = "", row: str = "Carrier") -> Json:
    """What the columns of the dots are called, their axis of milliseconds, what the marks mean; `said` stands above."""
    axis = dots.log_ticks((LOW_MS, HIGH_MS), (LOW_MS, HIGH_MS), "ms")
    return dots.layout((row, f"{what}, ms (log)"), axis, KEYS, said)


def bound(digest: Digest) -> str:
    """A clause of caution where the callers had no processor time left."""
    return BOUND if client_bound(digest) else ""


def client_bound(digest: Digest) -> bool:
    """Whether the callers' process had no processor time left."""
    return bool(digest.median.get("client_bound"))


def over(end: str) -> Callable[[Digest], list[int]]:
    """How many calls ended so, a number a repeat."""
    return lambda digest: [repeat["ends"][end] for repeat in digest.repeats]


def rate(per_s: float) -> str:
    """1,230/s: three digits."""
    return f"{number_text(three_digits(per_s))}/s"


def way(digest: Digest) -> str:
    """The carrier, and how its messages are confirmed where a broker does that."""
    settings = digest.settings
    return str(settings["label"]) + (f", {CONFIRM_WORDS[settings['confirm']]}" if "confirm" in settings else "")


def cores(digest: Digest) -> str:
    """Who used the processor in the last repeat."""
    used = digest.repeats[-1]["cores"]
    said = ", ".join(f"{role} {one:.2f}" for role, one in used.items() if one is not None)
    dark = "; the broker was not seen" if "broker_cpu" in digest.card else ""
    return f"{said} cores{dark}" if said else "not seen"


def step_of(name: str, step: str, head: str = "") -> Quantity[str]:
    """A step of a ladder, as text: a step with too few samples says so, and a point without the ladder says nothing."""

    def get(digest: Digest) -> str:
        known: object = digest.median.get(name)
        return ms_text(digest.number(name, step)) if isinstance(known, Mapping) and step in known else ""

    return Quantity(step, get, head=head, none="too few samples")


PROCESSOR = Quantity("", cores, card="Processor")
UNKNOWN = Quantity("", over("unknown"), span, "Unknown")
CALLS = Quantity("calls", over("calls"), span)
