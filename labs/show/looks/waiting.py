"""The look of L1.1: a point is a carrier at a service time; how long a call blocks its caller."""

from __future__ import annotations

from collections.abc import Sequence

from labs.model.carriers import CARRIERS, CONFIRMS
from labs.model.digest import Digest, Table
from labs.model.text import BROKER_NAMES, NBSP, count_of, span
from labs.show import Json
from labs.show.looks.base import Chart, Look, View
from labs.show.looks.calls import (
    CALLS,
    CONFIRM_WORDS,
    PROCESSOR,
    UNKNOWN,
    bound,
    client_bound,
    dot_heads,
    rate,
    row,
    step_of,
    way,
)
from labs.show.looks.promises import unlike
from labs.show.quantities import Quantities, Quantity
from labs.show.traces import Trace, base_layout

SHORT = {"http-new": "HTTP, new", "http-kept": "HTTP, kept", "http-202": "HTTP, 202", "grpc": "gRPC"} | BROKER_NAMES
"""Names at the ends of lines; which confirmation it is, the control says."""


def half_ms(digest: Digest) -> float | None:
    """How long half of the calls blocked their caller at most."""
    found: float | None = digest.median["blocked_ms"]["p50"]
    return found


def _meanwhile(digest: Digest) -> str:
    """How many of the messages the service had done when the last caller was free: 48 of 2,000."""
    return f"{span(repeat['done_meanwhile'] for repeat in digest.repeats)} of {CALLS.text(digest)}"


def _callers(digest: Digest) -> str:
    return "One caller" if digest.settings["callers"] == 1 else f"{digest.settings['callers']} callers together"


def _confirmation(digest: Digest) -> str:
    return CONFIRM_WORDS.get(digest.settings.get("confirm", ""), "the answer")


QUANTITIES = Quantities((
    Quantity("", lambda digest: str(digest.settings["label"]), head="Carrier"),
    Quantity("", _confirmation, head="Confirmation"),
    Quantity("service_ms", lambda digest: f"{digest.settings['service_ms']:g}", head="Service, ms"),
    Quantity("", lambda digest: digest.settings["callers"], str, "Callers"),
    step_of("blocked_ms", "p50", "Blocked, median"), step_of("blocked_ms", "mean", "Mean"),
    step_of("blocked_ms", "p99", "p99"),
    Quantity("per_s", lambda digest: "unknown" if (found := digest.median["per_s"]) is None else rate(found),
             head="Calls/s"),
    Quantity("meanwhile", _meanwhile, head="Done meanwhile"),
    UNKNOWN, CALLS, PROCESSOR,
    step_of("blocked_ms", "p90"),
    Quantity("label", way), Quantity("callers", _callers), Quantity("half_ms", half_ms),
))  # fmt: skip


def _done(digest: Digest) -> str:
    """How far the service was when the callers were through, where they do not wait for it."""
    if "confirm" not in digest.settings:
        return ""
    meanwhile = [repeat["done_meanwhile"] for repeat in digest.repeats]
    calls = CALLS.value(digest) or [0]
    callers = "caller was" if digest.settings["callers"] == 1 else "callers were"
    done = count_of([min(pair) for pair in zip(meanwhile, calls, strict=True)], calls, "message")
    return f" When the {callers} through, the service had done {done}."


def slope(digest: Digest) -> list[Trace]:
    """The point of a line: its repeats faint, the median as the mark; nothing where there is no median."""
    settings, p50 = digest.settings, half_ms(digest)
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


def shapes(digest: Digest) -> View:
    """A carrier as a row of dots and as a point of a line."""
    return {"traces": {"slope": slope(digest)}, "dots": row(digest), "bound": client_bound(digest)}


def layouts(digests: Sequence[Digest]) -> dict[str, Json]:
    """The log axis of the dots; two linear axes of milliseconds, so that a slope is a slope."""
    known = [half_ms(digest) or 0 for digest in digests if digest.settings["callers"] == 1]
    far = max((digest.settings["service_ms"] for digest in digests), default=50)
    across = _axis("the service takes, ms", far * 1.02) | {"showgrid": False}
    up = _axis("the caller is blocked, ms", max(known, default=50) * 1.08) | {"gridcolor": "line"}
    slopes = base_layout() | {
        "margin": {"l": 56, "r": 100, "t": 12, "b": 52}, "font": {"size": 13}, "xaxis": across, "yaxis": up,
        "shapes": [], "annotations": [], "meta": {"narrow": {"l": 44, "r": 84}},
        "said": {"by": "confirm", "texts": {confirm: unlike(drawn(digests, confirm)) for confirm in CONFIRMS}},
    }  # fmt: skip
    return {"dots": dot_heads("A call blocks its caller", unlike(digests)), "slope": slopes}


def _axis(name: str, far: float) -> Json:
    title = {"text": name, "font": {"size": 12}, "standoff": 8}
    return {"title": title, "range": [-1, far], "zeroline": False, "fixedrange": True, "automargin": False}


def drawn(digests: Sequence[Digest], confirm: str) -> list[Digest]:
    """Those whose lines are drawn when this confirmation is chosen."""
    return [digest for digest in digests if digest.settings.get("confirm", confirm) == confirm]


def applying(settings: Table) -> Table:
    """Without the confirmation where the answer is waited for."""
    asks = settings["carrier"] in CARRIERS and CARRIERS[settings["carrier"]].asks
    return {name: value for name, value in settings.items() if name != "confirm" or not asks}


TITLE = f"{{label}}: a call blocks its caller for {{p50}} at a service time of {{service_ms}}{NBSP}ms"


def _rate(digest: Digest) -> str:
    """How many calls a second the callers make; nothing where that is not known."""
    verb, found = "makes" if digest.settings["callers"] == 1 else "make", digest.median["per_s"]
    return "" if found is None else f" {{callers}} {verb} {rate(found).removesuffix('/s')} calls a second."


WAITING_LOOK = Look(
    applies=applying,
    point=("carrier", "confirm", "service_ms", "callers"),
    charts=(
        Chart("dots", "How long a call blocks its caller", "dots", rows="way"),
        Chart("slope", "Held up against service time", sweep="service_ms", lines="way"),
    ),
    quantities=QUANTITIES,
    title=TITLE,
    sentence=(
        TITLE, ".", _rate, _done, bound,
    ),
    part="{p50}",
    event="how long a call blocks its caller",
    lead="a call blocks its caller for",
    shapes=shapes,
    layouts=layouts,
    rank="half_ms",
)  # fmt: skip
