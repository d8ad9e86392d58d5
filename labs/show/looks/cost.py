"""The look of a lab about the cost of being ready: a point is a pair of services with its carrier, a dot a quantity."""

from __future__ import annotations

import math
from collections.abc import Sequence

from labs.model.digest import Digest
from labs.model.text import seconds, span
from labs.show import Json
from labs.show.looks.base import Chart, Look, View
from labs.show.quantities import Quantities, Quantity
from labs.show.traces import Trace, base_layout, log_axis

DRAWN = {
    "memory": ("mb", "MB", "memory of all processes at rest, MB (log)"),
    "ready": ("to_first_s", "s", "until the first message was handled, s (log)"),
    "processes": ("processes", "processes", "processes at rest, both services included (log)"),
}
"""Chart -> the figure of a repeat, its unit, and what the axis is called."""
ROWS = {"http": "HTTP call", "later": "HTTP 202", "redis": "Redis", "rabbitmq": "RabbitMQ", "kafka": "Kafka"}
DECADES = {"mb": (1.5, 3.0), "to_first_s": (-0.5, 1.5), "processes": (0.0, 1.3)}


def figures(digest: Digest, name: str) -> list[float]:
    """A figure of each repeat that can say."""
    return digest.each("figures", name)


def _alone(digest: Digest) -> bool:
    return bool(digest.settings["broker"] == "sync")


def _size(name: str, head: str = "") -> Quantity[str]:
    """A range over the repeats, whole numbers where it is large; unknown if no repeat can say."""
    return Quantity(name, lambda digest: span(map(_rounded, figures(digest, name)), none="unknown"), head=head)


def _rounded(value: float) -> float:
    return round(value) if value >= 10 else value


def _time(name: str, head: str = "") -> Quantity[str]:
    """A time over the repeats; a dash where there is nothing to wait for."""
    return Quantity(name, lambda digest: seconds(value for value in figures(digest, name) if value), head=head)


def _set(name: str, asked: str, head: str) -> Quantity[int]:
    """How many settings there are, for the client or the server."""
    return Quantity(asked, lambda digest: len(digest.setup[name]), str, head)


def _lost(digest: Digest) -> str:
    """1 to 3 of 200; unknown if one repeat cannot say."""
    lost, jobs = figures(digest, "lost"), span(one["jobs"]["jobs"] for one in digest.repeats)
    return f"{span(lost)} of {jobs}" if len(lost) == len(digest.repeats) else "unknown"


def _broker_mb(digest: Digest) -> str:
    return "" if _alone(digest) else QUANTITIES["broker_mb"].text(digest)


def _processes(digest: Digest) -> str:
    return ", ".join(f"{one['role']}: {one['name']}" for one in digest.repeats[-1]["weights"])


def _memory_is(digest: Digest) -> str:
    said = QUANTITIES["pss_mb"].text(digest)
    return f"RSS, resident memory; with shared pages divided (PSS) {said} MB"


def _client_set(digest: Digest, whose: str = "client") -> str:
    known = digest.setup.get(whose)
    return "not recorded" if known is None else ", ".join(f"{name} = {value}" for name, value in known.items())


QUANTITIES = Quantities((
    Quantity("label", lambda digest: str(digest.settings["label"]), head="Pair"),
    _size("processes", "Processes"), _size("mb", "Memory, MB"), _size("broker_mb"),
    Quantity("", _broker_mb, head="of it the broker, MB"),
    _time("ready_s", "Broker ready after"), _time("to_first_s", "First message after"), _time("first_s"),
    _set("client", "settings", "Settings, client"), _set("server", "server_settings", "Settings, server"),
    Quantity("lines", lambda digest: digest.setup["lines"], str, "Lines of code"),
    Quantity("lost", _lost, head="Lost of the jobs"),
    Quantity("", lambda digest: figures(digest, "twice"), span, "Done twice"),
    Quantity("", lambda digest: len(digest.repeats), str, "Repeats"),
    _size("twice"), _size("services_mb"), _size("pss_mb"), _size("broker_processes"),
    Quantity("took", lambda digest: [one["took_s"] for one in digest.repeats], seconds),
    Quantity("", _processes, card="Processes"),
    Quantity("", _memory_is, card="Memory is"),
    Quantity("", lambda digest: "yes" if all(one["calm"] for one in digest.repeats) else "not in every repeat",
             card="Came to rest"),
    Quantity("", _client_set, card="Set by the client's code"),
    Quantity("", lambda digest: _client_set(digest, "killed"), card="Set by the code that is killed"),
    Quantity("", lambda digest: "; ".join(digest.setup["server"]) or "nothing", card="Set for the server"),
    Quantity("", lambda digest: "; ".join(r["fault"]["evidence"] for r in digest.repeats), card="Proof of the kill"),
))  # fmt: skip


def traces(digest: Digest, chart: str) -> list[Trace]:
    """The pair's row: each repeat as a faint point, the median as the mark."""
    name, unit, _ = DRAWN[chart]
    settings, values, middle = digest.settings, figures(digest, name), digest.number(name)
    if middle is None:
        return []
    at = -list(ROWS).index(settings["carrier"])
    meta = {"broker": settings["broker"], "hollow": settings["carrier"] == "later", "name": settings["label"]}
    meta |= {"hover": f"%{{x:.3g}} {unit}<extra>%{{fullData.name}}</extra>"}
    return [
        {"x": values, "y": [at] * len(values), "meta": meta | {"role": "points"}},
        {"x": [middle], "y": [at], "meta": meta | {"role": "dot"}},
    ]


def layout(digests: Sequence[Digest], chart: str) -> Json:
    """One row a carrier; a log axis wide enough for all digests of the lab."""
    name, _, axis = DRAWN[chart]
    drawn = [math.log10(value) for digest in digests for value in figures(digest, name) if value > 0]
    low, high = DECADES[name]
    ends = [min([low, *drawn]) - 0.1, max([high, *drawn]) + 0.1]
    ticks = [mantissa * 10**power for power in range(-1, 4) for mantissa in (1, 2, 5)]
    ticks = [tick for tick in ticks if ends[0] <= math.log10(tick) <= ends[1]]
    base = base_layout()
    across = log_axis(axis, ends) | {"tickvals": ticks, "ticktext": [f"{tick:,g}" for tick in ticks]}
    places = [-at for at in range(len(ROWS))]
    up = {"range": [0.6 - len(ROWS), 0.6], "tickvals": places, "ticktext": list(ROWS.values())}
    quiet = {"showgrid": False, "zeroline": False, "fixedrange": True}
    margin = base["margin"] | {"l": 84, "r": 20}
    return base | {"xaxis": across, "yaxis": up | quiet, "margin": margin, "height": 220} | {
        "shapes": [], "annotations": [], "meta": {"labels": False, "narrow": {"l": 84, "r": 12}},
    }  # fmt: skip


def shapes(digest: Digest) -> View:
    """A dot a quantity."""
    return {"traces": {chart: traces(digest, chart) for chart in DRAWN}}


def summary(digests: Sequence[Digest]) -> str:
    """The finding of several pairs."""
    return "Memory at rest: " + ", ".join(QUANTITIES.said("{label} {mb} MB", one) for one in digests)


COST_LOOK = Look(
    point=("carrier", "guarantee"),
    charts=(
        Chart("memory", "Memory at rest"),
        Chart("ready", "From the order to start until the first message was handled"),
        Chart("processes", "Processes"),
    ),
    quantities=QUANTITIES,
    title="{label}: {processes} processes, {mb} MB before the second message",
    sentence=(
        "{label}: {processes} processes hold {mb} MB",
        lambda digest: "" if _alone(digest) else "; of it the broker {broker_mb} MB; it was ready after {ready_s}",
        "; {settings} settings in {lines} lines of code, {server_settings} for the server",
        "; one killed worker lost {lost} jobs.",
    ),
    part="{mb} MB",
    event="memory before the second message",
    shapes=shapes,
    layouts=lambda digests: {chart: layout(digests, chart) for chart in DRAWN},
    caption="medians, ranges where the repeats differ",
    several=summary,
)  # fmt: skip
