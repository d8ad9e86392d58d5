"""What the looks of the two labs about calls share: a dot is how long a caller was held up, on a log axis."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from labs.model.digest import Digest
from labs.model.text import ms_text, number_text, span, three_digits
from labs.show import Json
from labs.show.quantities import Quantity

LOW_MS, HIGH_MS = 0.001, 1000.0
"""The ends of the log axis of dots; what lies outside stands at the end."""
CONFIRM_WORDS = {"none": "not confirmed", "each": "each confirmed", "window": "100 unconfirmed at most"}
BOUND = " The callers' process was the limit, so this says nothing about the carrier."


def place(ms: float | None) -> float | None:
    """Where a time stands on the axis, 0 to 1."""
    if ms is None:
        return None
    ms = min(ms, HIGH_MS)  # also what never came
    return round(min(max(math.log(max(ms, 1e-9) / LOW_MS) / math.log(HIGH_MS / LOW_MS), 0.0), 1.0), 4)


def dots(digest: Digest, step: str = "blocked_ms") -> Json:
    """The marks of a row: the median, the p99 where it can be said, and the median of each repeat."""
    repeats = map(place, digest.each(step, "p50"))
    return {
        "at": place(digest.number(step, "p50")),
        "tail": place(digest.number(step, "p99")),
        "repeats": [one for one in repeats if one is not None],
        "hollow": client_bound(digest),
    }


def dot_heads(what: str, said: str = "") -> Json:
    """What the columns of the dots are called, the ticks of the axis, what the marks mean; `said` stands above them."""
    ticks = [0.01, 0.1, 1.0, 10.0, 100.0]
    return {
        "heads": ["Carrier", f"{what}, ms, log axis", "Median"],
        "ticks": [[place(ms), f"{ms:g}"] for ms in ticks],
        "said": said,
        "key": [["at", "median"], ["repeat", "median of one repeat"], ["tail", "p99, with ten samples beyond it"]],
    }


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
