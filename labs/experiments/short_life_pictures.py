"""A run of L7.1 over time: how old messages were when they came, and what became of those that were due then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from labs.model.run import NEVER, Column
from labs.model.workload import NS_PER_S
from labs.show.pictures.base import About, Span
from labs.show.pictures.panels import Line, Point
from labs.show.pictures.timeline import Quantity, Timeline, timeline

if TYPE_CHECKING:
    from labs.scenarios.fleeting.facts import FleetingRun

STEP_NS = 100_000_000
NS_PER_MS = 1_000_000
SAYS = {"none": "", "pause": "consumer stands still", "crash": "no consumer"}


def _steps(end_ns: int) -> Column:
    return np.arange(0, end_ns + STEP_NS, STEP_NS)


def ages(run: FleetingRun) -> Sequence[Line]:
    """How old the oldest was of those that came in each step, and how old one may be."""
    from labs.scenarios.fleeting import LIFE_S
    from labs.scenarios.fleeting.judge import by_message

    _, age = by_message(run)
    came = age != NEVER
    at, old = (run["due_ns"] + age)[came], age[came] / NS_PER_MS
    edges = _steps(int(at.max()) if len(at) else STEP_NS)
    step = np.digitize(at, edges) - 1
    points: list[Point] = [
        (int(edges[one]) + STEP_NS // 2, round(float(old[step == one].max()), 2)) for one in np.unique(step)
    ]
    life: tuple[Point, ...] = ((0, LIFE_S * 1000), (int(edges[-1]), LIFE_S * 1000))
    broker = run.way.partition("-")[0]
    return (Line("oldest that came", tuple(points), broker), Line("its life", life, "ink-soft", "dash"))


def fates(run: FleetingRun) -> Sequence[Line]:
    """What became of the messages by when they were due, a second."""
    from labs.scenarios.fleeting.judge import by_message

    words, _ = by_message(run)
    edges = _steps(int(run["due_ns"][-1]))

    def per_s(*names: str) -> tuple[Point, ...]:
        those = run["due_ns"][np.isin(words.astype(str), names)]
        counts = np.histogram(those, edges)[0] * (NS_PER_S / STEP_NS)
        return tuple((int(at), float(one)) for at, one in zip(edges[:-1] + STEP_NS // 2, counts, strict=True))

    return (
        Line("fresh", per_s("fresh"), "holds"),
        Line("stale", per_s("stale"), "conditions", "dot"),
        Line("dropped", per_s("thrown", "gone"), "never", "dash"),
    )


QUANTITIES = (Quantity("age", "ms", ages), Quantity("messages a second, by when they were due", "", fates))


def course(run: FleetingRun, about: About) -> Timeline:
    """The run in two panels with one axis; when nobody read is marked."""
    spans = [Span(run.gap_from_ns, run.gap_to_ns, SAYS[run.gap])] if run.gap_to_ns > run.gap_from_ns else []
    return timeline(QUANTITIES, run, spans=spans, about=about)
