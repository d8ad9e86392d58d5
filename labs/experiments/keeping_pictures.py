"""L5.5 over time: the log as a strip of message numbers with its readers' places in it, and the bytes that are kept."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from labs.model.run import NEVER, Column
from labs.scenarios.keeping import READERS, Begin, Way
from labs.scenarios.keeping.facts import History
from labs.show.pictures import Timeline
from labs.show.pictures.base import About, Mark
from labs.show.pictures.panels import Line, Panel

STEP_NS = 40_000_000
"""Of places that come closer together the last one is drawn."""
NAMES: dict[Begin, tuple[str, str, str]] = {
    "live": ("live reader", "ink", "solid"),
    "first": ("reader from the first", "holds", "solid"),
    "time": ("reader from a time", "conditions", "dash"),
    "end": ("reader from the end", "undecided", "dash"),
}
MB = 1e6


def course(run: History, way: Way) -> Timeline:
    """Places above, bytes below; a place is a message's number."""
    sent = run.columns["confirmed_ns"]
    lines = [Line("published", _thin(sent, np.arange(len(sent))), "ink-soft")]
    lines += [Line(NAMES[who][0], _thin(run.when(who), _numbers(run, who)), *NAMES[who][1:])
              for who in READERS if len(run.when(who))]  # fmt: skip
    if first := _told(run, "look_first"):
        lines.append(Line("first one kept", first, "never"))
    panels = [Panel("message", "", tuple(lines), shape="steps")]
    if kept := _told(run, "look_bytes"):
        held = tuple((at, value / MB) for at, value in kept)
        panels.append(
            Panel("kept", "MB", (Line("in memory" if way.broker == "redis" else "in files", held, way.broker),))
        )
    return Timeline(tuple(panels), tuple(_marks(run)), (), About(under=f"{way.label}. {UNDER}"))


UNDER = "Where each reader is in the log, and what the broker keeps of it."


def _numbers(run: History, who: Begin) -> Column:
    return np.array([one.number for one in run.got(who)], np.int64)


def _thin(at_ns: Column, values: Column) -> tuple[tuple[int, float], ...]:
    """The last place of each moment."""
    found: dict[int, tuple[int, float]] = {}
    for at, value in zip(at_ns.tolist(), values.tolist(), strict=True):
        found[at // STEP_NS] = (at, float(value))
    return tuple(sorted(found.values()))


def _told(run: History, name: str) -> tuple[tuple[int, float], ...]:
    pairs = zip(run.columns["look_ns"].tolist(), run.columns[name].tolist(), strict=True)
    return tuple((at, float(value)) for at, value in pairs if value != NEVER)


def _marks(run: History) -> Iterator[Mark]:
    if run.acknowledged_ns:
        yield Mark(run.acknowledged_ns, "all acknowledged")
    if len(when := run.when("first")):
        yield Mark(int(when[0]), "read again")
