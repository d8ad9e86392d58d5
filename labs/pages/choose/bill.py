"""What a choice takes a day on disk and in memory, from the reader's rate and sizes; and how such figures are written.

js/choose-bill.mjs is the same. The bytes beside the payload are what the recordings hold: of a backlog that was weighed
(big-backlog), else what went to disk while a rate was measured. Between two sizes that were measured they lie on a
straight line, beyond them they are those of the nearest. A day brings what the reader says, or else as much as HOURS
hours like the worst: the rate of the worst hour is no mean.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

Answers = Mapping[str, Any]
GB, HOUR_S, HOURS = 1e9, 3600, 10
UNITS = (("TB", 1e3), ("GB", 1.0), ("MB", 1e-3), ("kB", 1e-6))
UNMEASURED = "the messages alone; what is stored beside them was not measured here"
WROTE = "; all that it wrote, its log of writes with it"
FILES = "; what its files took"
Pairs = Sequence[Sequence[float]]


def per_day(answers: Answers) -> float:
    """Messages of a usual day: those that were answered, else those of HOURS hours like the worst."""
    return float(answers["day"] or answers["rate"] * HOUR_S * HOURS)


def beside(pairs: Pairs, size: float) -> float:
    """Bytes beside the payload of a message of that size; 0 where none were measured."""
    if not pairs:
        return 0.0
    (last, found), *rest = pairs
    for at, value in rest:
        if last < size:
            found += (value - found) * min((size - last) / (at - last), 1.0)
        last = at
    return float(found)


def measured(pairs: Pairs) -> str:
    """With which messages: 100 and 1,000 bytes."""
    return f"messages of {' and '.join(said(size) for size, _ in pairs)} bytes"


def bill(configuration: Mapping[str, Any], answers: Answers) -> list[dict[str, Any]]:
    """Lines: what, how many gigabytes, and what is to be known of it."""
    messages, size, nodes = per_day(answers) / GB, answers["size"], configuration["nodes"]
    payload, disk, held = messages * size, configuration["disk"], configuration["held"]
    readers = answers["services"] if answers["kind"] in ("event", "live") else 1
    lines = [{"what": "the messages of a usual day", "gb": payload, "note": _day(answers)}]
    if disk or configuration["writes"]:
        lines.append(_written(configuration, messages, size, readers))
    if answers["replay"] == "yes" and configuration["keeps"]:
        pairs = held if configuration["memory"] else disk
        kept = messages * (size + beside(pairs, size)) * nodes * answers["keep_days"]
        what = "kept in memory" if configuration["memory"] else "kept on disk"
        lines.append({"what": what, "gb": kept, "note": _beside(pairs, size)})
    elif configuration["memory"]:
        what = "in memory after the worst hour, if nobody reads in it"
        lines.append({"what": what, "gb": waiting_gb(configuration, answers), "note": _beside(held, size)})
    lines.append(_sent(configuration, payload, readers))
    return lines


def built(configuration: Mapping[str, Any], answers: Answers) -> str:
    """What is left to build: less where a framework brings it."""
    return str(configuration["with"].get(answers["framework"], configuration["build"]))


def _day(answers: Answers) -> str:
    """How many they are, and where that number is from."""
    told = f"{said(per_day(answers))} messages"
    if not answers["day"]:
        return f"{told}, if it is like {HOURS} of the worst hours"
    more = answers["day"] > answers["rate"] * HOUR_S * 24
    return f"{told}; that is more than your worst hour brings in 24 hours" if more else told


def _written(configuration: Mapping[str, Any], messages: float, size: float, readers: int) -> dict[str, Any]:
    """What goes to disk a day: a copy for each service where each has one, and what each group that reads writes."""
    disk, nodes, copies = configuration["disk"], configuration["nodes"], readers if configuration["copies"] else 1
    each = beside(configuration["reader"], size)
    note = _beside(disk, size) + (WROTE if configuration["wrote"] else FILES if disk else "")
    note += f"; {said(each)} for each group that reads" if each >= 1 else ""
    note += f"; {nodes} nodes" if nodes > 1 else ""
    note += f"; a copy for each of {copies} services" if copies > 1 else ""
    written = messages * ((size + beside(disk, size)) * copies + each * readers) * nodes
    return {"what": "written to disk a day", "gb": written, "note": note}


def waiting_gb(configuration: Mapping[str, Any], answers: Answers) -> float:
    """What waits in memory after the worst hour in which nobody reads, in gigabytes."""
    size = answers["size"]
    return float(answers["rate"] * HOUR_S / GB * (size + beside(configuration["held"], size)))


def _sent(configuration: Mapping[str, Any], payload: float, readers: int) -> dict[str, Any]:
    """What goes over the network a day at least: in, out to each that reads, and from node to node."""
    others, into = configuration["nodes"] - 1, 1 if configuration["system"] else 0
    note = "in once and " if into else ""
    note += f"out to {said(readers)} that read{'s' if readers == 1 else ''}"
    note += (
        f", a copy to each of {others} more nodes" if others > 1 else ", a copy to the second node" if others else ""
    )
    return {"what": "over the network a day, at least", "gb": payload * (into + readers + others), "note": note}


def _beside(pairs: Pairs, size: float) -> str:
    return (
        f"each takes {said(beside(pairs, size))} bytes more than its own, measured with {measured(pairs)}"
        if pairs
        else UNMEASURED
    )


def said(number: float) -> str:
    """A number with three digits that count: 65,700 · 12.3 · 0.5."""
    if number == 0:
        return "0"
    power, places = 1.0, 0
    while number / power >= 1000:
        power *= 10
    while number * 10**places < 100 and places < 6:
        places += 1
    if places == 0:
        return f"{math.floor(number / power + 0.5) * power:,.0f}"
    text = f"{math.floor(number * 10**places + 0.5) / 10**places:.{places}f}"
    return text.rstrip("0").rstrip(".")


def amount(gb: float) -> str:
    """Gigabytes in the unit in which they are best read."""
    for unit, size in UNITS:
        if gb >= size:
            return f"{said(gb / size)} {unit}"
    return "less than 1 kB"
