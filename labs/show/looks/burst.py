"""The look of L2.2: a point is a load on a pool and on a queue; a picture over time, and what became of the calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from labs.model.digest import Digest
from labs.model.figures import figure
from labs.model.text import BROKER_NAMES, NBSP, ms_text, percent, percent_text, seconds, span
from labs.show import Json
from labs.show.looks.base import Chart, Guess, Look, View
from labs.show.looks.picture import drawn
from labs.show.quantities import Quantities, Quantity

CHART = "course"
ENDS = {"once": "answered", "refused": "turned away", "timed_out": "given up", "unknown": "failed"}
"""How a call of the pool can end, by the names that colours have."""
COUNTED = {"once": "answered", "refused": "refused", "timed_out": "timed_out", "unknown": "failed"}
SOON, LATE = 250.0, 1000.0
"""ms: what a guess chooses between."""
OPTIONS = ("less than a quarter of a second", "between that and a second", "more than a second")


def said_of(broker: str, load: float, burst: int, workers: int, accepts: int) -> str:
    """RabbitMQ, load 0.7 in bursts: what is not as usual is said."""
    told = f"{BROKER_NAMES[broker]}, load {load:g}{' in bursts' if burst > 1 else ''}"
    told += f", {workers} workers" if workers != 16 else ""
    return told + (f", {accepts:,} may wait" if accepts != 20 else "")


def figures(name: str) -> Callable[[Digest], list[float]]:
    """A figure of each repeat that could say."""
    return lambda digest: digest.each("figures", name)


def middle(name: str) -> Callable[[Digest], float | None]:
    """The median over the repeats."""
    return lambda digest: digest.number("figures", name)


def _share(name: str, head: str) -> Quantity[list[float]]:
    return Quantity(f"{name}_range", figures(name), percent, head)


def _figure(name: str, unit: Callable[[float], str], head: str = "") -> Quantity[float]:
    return Quantity(name, middle(name), unit, head)


def _whole(value: float) -> str:
    return f"{value:,.0f}"


def _per_s(value: float) -> str:
    return f"{value:,.0f}/s"


def _s(value: float) -> str:
    return ms_text(value * 1000)


def _times(value: float) -> str:
    return f"{value:.2f}"


QUANTITIES = Quantities((
    Quantity("label", lambda digest: str(digest.settings["label"]), head="Queue and load"),
    _share("pool_share", "Pool answered"), _share("queue_share", "Queue did"),
    _share("late_share", "Of all, after 1 s"),
    _figure("queue_p50_ms", ms_text, "Queue, median"), _figure("queue_p99_ms", ms_text, "Queue, p99"),
    _figure("pool_p50_ms", ms_text, "Pool, median"),
    _figure("backlog_most", _whole, "Most waiting"), _figure("slope_per_s", _per_s, "Backlog grew by"),
    _figure("pool_share", percent_text), _figure("queue_share", percent_text), _figure("late_share", percent_text),
    _figure("pool_p99_ms", ms_text), _figure("load", _times),
    _figure("capacity_per_s", _per_s), _figure("arrival_per_s", _per_s), _figure("service_per_s", _per_s),
    _figure("straight", _times), _figure("waiting_mean", _whole), _figure("came_per_s", _per_s),
    _figure("wait_s", _s), _figure("wait_by_law_s", _s),
    _figure("for_nobody", _whole),
    Quantity("refused", lambda digest: [one["ends"]["refused"] for one in digest.repeats], span),
    Quantity("timed_out", lambda digest: [one["ends"]["timed_out"] for one in digest.repeats], span),
    Quantity("lost", lambda digest: [one["jobs"]["lost"] for one in digest.repeats], span),
    Quantity("waited", lambda digest: [value / 1000 for value in figures("queue_p99_ms")(digest)], seconds),
    Quantity("", lambda digest: digest.number("figures", "load"), _times, card="Load by what workers were seen to do"),
))  # fmt: skip


def strip(digest: Digest) -> list[Json]:
    """The parts of a bar, each with its share of the calls: sums over the repeats."""
    whole = sum(one["ends"]["calls"] for one in digest.repeats) or 1
    counts = {fate: [one["ends"][end] for one in digest.repeats] for fate, end in COUNTED.items()}
    return [
        {"fate": fate, "share": round(sum(each) / whole, 4), "text": f"{percent_text(sum(each) / whole)} {ENDS[fate]}"}
        for fate, each in counts.items()
        if any(each)
    ]


def _aside(digest: Digest) -> str:
    return f"{QUANTITIES['queue_share'].text(digest)} done, {QUANTITIES['late_share'].text(digest)} after 1{NBSP}s"


def shapes(digest: Digest) -> View:
    """A point as a picture over time, and as a bar."""
    return {"pictures": drawn(digest), "strip": strip(digest), "aside": _aside(digest)}


def layouts(_digests: Sequence[Digest]) -> dict[str, Json]:
    """Heads of the bars."""
    heads = ["Arrivals", "Calls of the HTTP pool", "Jobs of the queue"]
    return {"success": {"heads": heads, "fates": [list(one) for one in ENDS.items()]}}


def _nobody(digest: Digest) -> str:
    """The work that the pool did for callers who had gone."""
    vain = digest.number("figures", "for_nobody") or 0
    return f" The pool did {vain:,.0f} jobs for callers who had given up." if vain else ""


def _grew(digest: Digest) -> str:
    """How the backlog went while jobs came; nothing in bursts, where a line says nothing."""
    slope = digest.number("figures", "slope_per_s")
    if slope is None or slope < 5:
        return " At most {backlog_most} jobs waited."
    return " The backlog grew by {slope_per_s}, to {backlog_most}."


def truth(digest: Digest) -> str:
    """How long the slowest hundredth of the queue's jobs took at least; unknown where too few could say."""
    found = figure(digest.median, "figures", "queue_p99_ms")
    if found is None:
        return "unknown"
    return OPTIONS[0] if found < SOON else OPTIONS[1] if found <= LATE else OPTIONS[2]


TITLE = (
    "{label}: the pool answered {pool_share}, the queue did {queue_share}, {late_share} of all after more than a second"
)
BURST_LOOK = Look(
    point=("broker", "load", "burst", "workers", "accepts"),
    charts=(
        Chart(CHART, "What waited, and what came and was done", "timeline"),
        Chart("success", "What became of the calls and the jobs", "strips", rows="broker"),
    ),
    quantities=QUANTITIES,
    title=TITLE,
    sentence=(TITLE, ".", _grew, _nobody),
    part="{pool_share}",
    event="more comes than can be done",
    lead="the pool answered",
    rank="pool_share",
    shapes=shapes,
    layouts=layouts,
)
BURST_GUESS = Guess(
    question="{label}: one job of the queue in a hundred takes longer than the p99. How long is that?",
    options=OPTIONS,
    truth=truth,
)
