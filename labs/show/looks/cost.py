"""The look of a lab about the cost of being ready: a point is a pair of services with its carrier, a dot a quantity."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from labs.model.digest import Digest
from labs.model.text import NBSP, count_of, counted, enumerated, ms_text, number_text, seconds, span, was
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
ADDRESS = re.compile(r"127\.0\.0\.1|\$\(LAB_|listener|_host\b", re.IGNORECASE)
"""In a line of a server's configuration: it says where somebody is, and such settings count for nobody."""


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


def counted_settings(digest: Digest) -> tuple[int | None, int]:
    """How many values the code sets that is killed (None of a recording that does not have it), and how many our
    configuration of the server without addresses and ports: table and verdict count the same."""
    killed = digest.setup.get("killed")
    server = sum(not ADDRESS.search(line) for line in digest.setup["server"])
    return (None if killed is None else len(killed)), server


def _lost(digest: Digest) -> str:
    """1 to 3 of 200; unknown if one repeat cannot say."""
    lost, jobs = figures(digest, "lost"), span(one["jobs"]["jobs"] for one in digest.repeats)
    return f"{span(lost)} of {jobs}" if len(lost) == len(digest.repeats) else "unknown"


def _lost_of(digest: Digest) -> str:
    """none of 200 jobs; empty if one repeat cannot say."""
    lost, jobs = figures(digest, "lost"), [one["jobs"]["jobs"] for one in digest.repeats]
    return count_of([int(one) for one in lost], jobs, "job") if len(lost) == len(jobs) else ""


def _said_lost(digest: Digest) -> str:
    verb = was([int(one) for one in figures(digest, "lost")]) if _lost_of(digest) else ""
    return f" When a worker was killed, {{lost_of}} {verb} lost." if verb else " What a killed worker cost is unknown."


def _holds(digest: Digest) -> str:
    """How many processes hold how much, the medians; unknown where they could not be seen."""
    number, held = digest.number("processes"), digest.number("mb")
    if number is None or held is None:
        return "{label}: not all processes could be seen"
    return f"{{label}}: {counted(round(number), 'process', 'processes')} hold{'s' * (number == 1)} {_mb(held)}"


def _mb(value: float) -> str:
    return f"{number_text(_rounded(value))}{NBSP}MB"


def _of_it(digest: Digest) -> str:
    """What of it the broker holds, and after how long it was ready; a full stop where there is none."""
    held, ready = digest.number("broker_mb"), digest.number("ready_s")
    if _alone(digest) or held is None:
        return "."
    return f", {_mb(held)} of it the broker’s." + (
        f" The broker was ready after {ms_text(ready * 1000)}." if ready else ""
    )


def _settings(digest: Digest) -> str:
    killed, server = counted_settings(digest)
    if killed is None:
        return ""
    own = f" The code that is killed sets {counted(killed, 'value')}"
    return f"{own}, and its server {server:,} more, addresses aside." if server else f"{own}."


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
    Quantity("settings", lambda digest: counted_settings(digest)[0], str, "Settings, killed code"),
    Quantity("server_settings", lambda digest: counted_settings(digest)[1], str, "Settings, server, no addresses"),
    Quantity("lines", lambda digest: digest.setup["lines"], str, "Lines of code"),
    Quantity("lost", _lost, head="Jobs lost"), Quantity("lost_of", _lost_of),
    Quantity("", lambda digest: figures(digest, "twice"), span, "Done twice"),
    Quantity("", lambda digest: len(digest.repeats), str, "Repeats"),
    _size("twice"), _size("services_mb"), _size("pss_mb"), _size("broker_processes"),
    Quantity("took", lambda digest: [one["took_s"] for one in digest.repeats], seconds),
    Quantity("", _processes, card="Processes"),
    Quantity("", _memory_is, card="Memory is"),
    Quantity("", lambda digest: "yes" if all(one["calm"] for one in digest.repeats) else "not in every repeat",
             card="Came to rest"),
    Quantity("", _client_set, card="Set by the code that sends one message"),
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
    meta |= {"hover": f"%{{x:,.3~r}} {unit}<extra>%{{fullData.name}}</extra>"}
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
    across = log_axis(axis, ends) | {"tickvals": ticks, "ticktext": [number_text(tick) for tick in ticks]}
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
    """The finding of several pairs: what each holds, or of many the least and the most."""
    known = sorted((mb, at) for at, one in enumerate(digests) if (mb := one.number("mb")) is not None)
    if not known:
        return "What the pairs hold at rest could not be seen"
    told = [f"{_mb(mb)} ({digests[at].settings['label']})" for mb, at in known]
    held = enumerated(told) if len(told) < FEW else f"{told[0]} to {told[-1]}"
    return f"At rest {'the pair holds' if len(told) == 1 else 'the pairs hold'} {held}"


FEW = 4
"""So many pairs are told one by one."""
COST_LOOK = Look(
    point=("carrier", "guarantee"),
    charts=(
        Chart("memory", "Memory at rest"),
        Chart("ready", "From the order to start until the first message was handled"),
        Chart("processes", "Processes"),
    ),
    quantities=QUANTITIES,
    title=_holds,
    sentence=(
        _holds, _of_it, _settings, _said_lost,
    ),
    part="{mb} MB",
    event="memory before the second message",
    lead="at rest the processes hold",
    shapes=shapes,
    layouts=lambda digests: {chart: layout(digests, chart) for chart in DRAWN},
    caption="medians, ranges where the repeats differ",
    several=summary,
)  # fmt: skip
