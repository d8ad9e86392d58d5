"""L6.4 over time: messages, what is pending, and the memory of the stream; when a worker died and nobody read."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from labs.model.run import NEVER, Column
from labs.scenarios.pending import Way
from labs.scenarios.pending.board import Event
from labs.scenarios.pending.facts import PendingRun
from labs.show.pictures import Timeline
from labs.show.pictures.base import About, Mark, Span
from labs.show.pictures.panels import Line, Panel, Point

KB = 1000


def course(run: PendingRun, way: Way) -> Timeline:
    """Three panels with one axis."""
    first_done = _first(run, Event.DONE)
    added = run["added_ns"][run["added_ns"] != NEVER]
    messages = (
        Line("added", _counted(added), "ink-soft", "dot"),
        Line("done", _counted(first_done), "holds"),
        Line("in the stream", _told(run, "look_entries"), "redis", "dash"),
    )
    pending = (
        Line("pending", _told(run, "look_pending"), "conditions"),
        Line("without an entry", _told(run, "look_ghosts"), "never", "dash"),
    )
    memory = (Line("stream", tuple((at, value / KB) for at, value in _told(run, "look_bytes")), "redis"),)
    panels = (
        Panel("messages", "", messages, shape="steps"),
        Panel("pending", "", pending, shape="steps"),
        Panel("memory of the stream", "kB", memory, shape="steps"),
    )
    return Timeline(panels, tuple(_marks(run)), tuple(_spans(run)), About(under=f"{way.label}. {UNDER}"))


UNDER = "One run: what its workers did, and what the server told of the stream."


def _first(run: PendingRun, event: Event) -> Column:
    """When that happened to each message for the first time, in the order of time."""
    those = run["event"] == event
    _, at = np.unique(run["message"][those], return_index=True)
    return np.sort(run["at_ns"][those][at])


def _counted(at_ns: Column) -> tuple[Point, ...]:
    """How many so far, at each time."""
    return ((0, 0.0), *((int(at), float(number)) for number, at in enumerate(at_ns.tolist(), 1)))


def _told(run: PendingRun, name: str) -> tuple[tuple[int, float], ...]:
    """What the server said, where it changed, and the last."""
    rows = list(zip(run["look_ns"].tolist(), run[name].tolist(), strict=True))
    kept = [row for at, row in enumerate(rows) if at in (0, len(rows) - 1) or rows[at - 1][1] != row[1]]
    return tuple((at, float(value)) for at, value in kept)


def _marks(run: PendingRun) -> Iterator[Mark]:
    yield Mark(run.killed_ns, "worker killed")
    late = run["at_ns"][(run["event"] == Event.CLAIMED) | (run["event"] == Event.TOLD_GONE)]
    if len(late):
        yield Mark(int(late[0]), "first claim")
    if run.gone_ns != NEVER:
        yield Mark(run.gone_ns, "stream evicted")
    if run.trimmed_ns != NEVER:
        yield Mark(run.trimmed_ns, "XTRIM")


def _spans(run: PendingRun) -> Iterator[Span]:
    if run.away_to_ns > run.away_from_ns:
        yield Span(run.away_from_ns, run.away_to_ns, "nobody reads")
