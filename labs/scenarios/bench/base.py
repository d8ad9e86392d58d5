"""What a row of the benchmark is: two sides that take turns, the ratio wanted, and who was the limit on each side."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from labs.judge.lift import limit_of
from labs.judge.limit import Stamp
from labs.model.endpoint import BrokerError, Endpoint
from labs.model.observer import Observer
from labs.model.workload import Ceiling, Length

Result = dict[str, Any]
"""A row's or a side's figures by name, as JSON has them."""


ROOM_BYTES = {"redis": 800_000_000, "rabbitmq": 2_000_000_000, "kafka": 2_000_000_000}
OVERHEAD_BYTES = 25
"""What a broker has room for, of messages that nobody takes away, and what a message takes there besides its body."""


@dataclass(frozen=True)
class Figure:
    """What one side reached in one round. `value` is in the row's unit, `cores` are means over the round by role."""

    value: float
    took_s: float
    cores: Mapping[str, float | None] = field(default_factory=dict)
    limit: str = ""
    """Who was the bottleneck, in words with the figures."""
    foreign: float = 0.0
    """Cores that processes used which are neither the broker nor ours."""
    said: str = ""
    """The tool and its command, or what of our ledger a reader has to know."""
    stamp: Stamp | None = None
    """Who was the bottleneck, in one word; None where nobody asked."""
    more: Result = field(default_factory=dict)
    """What else our own generator knows of the round, by name, as a digest keeps it."""
    threads: Mapping[str, tuple[str, float]] = field(default_factory=dict)
    """Role -> the kernel's name of its busiest thread, and the cores that it used."""
    machine_full: bool = False
    """Whether all cores that may be used were taken, whoever was full besides."""
    lift: Mapping[str, Result] = field(default_factory=dict)
    """Variant -> its rate in the same round, or why there is none (judge.lift); empty where the limit was not looked
    for."""

    @property
    def round(self) -> Result:
        """What the judge of the limit asks of it."""
        facts = {"per_s": self.value, "stamp": self.stamp, "limit": self.limit}
        return facts | {"machine_full": self.machine_full, "lift": self.lift}


class VoidError(BrokerError):
    """A round in which the machine stood still, so that nothing was measured. It can be done again."""


@dataclass(frozen=True)
class Setting:
    """Where a side runs: the broker of this row, and how large a round is (1 for a real one, less for a trial)."""

    endpoint: Endpoint
    scale: float
    observer: Observer
    lift: str = ""
    """Look for the limit as well, the variants in an order that is drawn by this; empty: do not."""
    length: Length | None = None
    """How long a round is where it is by time: `scale` is then not asked."""

    def load(self, load: Ceiling) -> Ceiling:
        """What is sent in this round."""
        return load.lasting(self.length) if self.length else load.scaled(self.scale)

    def count(self, messages: int) -> int:
        """Messages of a tool that counts them: enough for the time, or of so many its share."""
        if not self.length:
            return round(messages * self.scale)
        asked = round(self.length.counted_s * self.length.per_s)
        return min(asked, self.length.most) if self.length.most else asked

    def seconds(self, seconds: float) -> float:
        """How long a tool is at work that is told the time."""
        return self.length.warmup_s + self.length.counted_s if self.length else seconds * self.scale


Side = Callable[[Setting], Figure]


@dataclass(frozen=True)
class Goal:
    """The range that the median of the per-round ratios should lie in; a row without bounds is shown, not judged."""

    low: float | None = None
    high: float | None = None

    def met(self, ratio: float) -> bool | None:
        """None where nothing is asked."""
        if self.low is None and self.high is None:
            return None
        return (self.low is None or ratio >= self.low) and (self.high is None or ratio <= self.high)

    def __str__(self) -> str:
        if self.low is not None and self.high is not None:
            return f"{self.low:g} to {self.high:g}"
        if self.low is not None:
            return f"at least {self.low:g}"
        return "shown" if self.high is None else f"at most {self.high:g}"


@dataclass(frozen=True)
class Row:
    """One question of the benchmark: `ours` over `theirs`, round by round."""

    id: str
    broker: str
    lane: str
    title: str
    ours: str
    theirs: str
    sides: tuple[Side, Side]
    goal: Goal = Goal()
    unit: str = "messages/s"
    promise: str = ""
    """What both sides promise about each message, in words."""
    warm_rounds: int = 3
    """So many rounds at most come first and do not count; they end when two in a row are alike."""
    most: int | None = None
    """Rounds that count are by time: so many messages find room on the broker, 0 for as many as come. None: rounds are
    as long as their sides say."""


def ratios(rounds: list[tuple[Figure, Figure]]) -> list[float]:
    """Ours over theirs, one a round."""
    return [ours.value / theirs.value for ours, theirs in rounds if theirs.value]


def summary(row: Row, rounds: list[tuple[Figure, Figure]], again: int) -> Result:
    """A row's results as JSON: every round of both sides, median and range of the per-round ratios, the goal."""
    found = ratios(rounds)
    middle = statistics.median(found) if found else None
    return {
        "id": row.id,
        "broker": row.broker,
        "lane": row.lane,
        "title": row.title,
        "unit": row.unit,
        "promise": row.promise,
        "ours": _side(row.ours, [one for one, _ in rounds]),
        "theirs": _side(row.theirs, [one for _, one in rounds]),
        "ratios": [round(ratio, 4) for ratio in found],
        "median": None if middle is None else round(middle, 4),
        "range": [round(min(found), 4), round(max(found), 4)] if found else None,
        "goal": str(row.goal),
        "met": None if middle is None else row.goal.met(middle),
        "rounds_done_again": again,
    }


def _side(name: str, figures: list[Figure]) -> Result:
    values = [figure.value for figure in figures]
    last = figures[-1] if figures else Figure(0, 0)
    judged = all(figure.stamp for figure in figures) and bool(figures)
    found = limit_of([figure.round for figure in figures]) if judged else None
    return {
        "name": name,
        **({"tool": tool} if (tool := last.more.get("tool")) else {}),
        "values": [float(f"{value:.6g}") for value in values],
        "median": float(f"{statistics.median(values):.6g}") if values else None,
        "client_bound": found.ours if found else False,
        "limit": found.said if found else last.limit,
        "rounds": [figure.round for figure in figures] if judged else [],
        "cores": {role: None if used is None else round(used, 2) for role, used in last.cores.items()},
        "said": last.said,
    }
