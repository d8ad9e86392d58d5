"""What stands in a digest, by name and kind. No point has all of it: each kind of lab has its own part.

Whoever reads a figure by a name of their own, or one that stands in a variable, asks `Digest.number` and `Digest.each`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from labs.model.figure_parts import Gap, Move, Puzzle, Reading, Routed, Weight

Ladder = Mapping[str, float | None]
"""Step (p50, p90, p99, p999, max, mean) -> its figure; None where too few samples could say, infinite where it falls
among what never came. JSON has no infinite number: a file has the word NEVER_CAME there."""
STEPS = ("p50", "p90", "p99", "p999", "max", "mean")
NEVER_CAME = "never"
QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999}
BEYOND = 10
"""A percentile is printed, and a curve drawn, only with this many samples beyond it (measuring.md 8.5)."""


class Chosen(Puzzle, Gap, Reading, Move, total=False):
    """What makes a point: what the reader chose, and who that is."""

    label: str
    broker: str
    profile: str
    rung: int
    rate_per_s: int
    body_bytes: int
    arrivals: str
    linger: str
    """How long the client of Kafka waits to fill a batch: as it comes by `default`, or as `java` has it."""
    judged_s: float
    """How long messages were judged in each repeat."""
    carrier: str
    confirm: str
    callers: int
    service: str
    service_ms: int
    guarantee: str
    mode: str
    prefetch: int
    batches: bool
    groups: int
    members: int
    partitions: int
    fault: str
    way: str
    share: int
    queue: str
    lane: str
    line: str
    along: int
    read: bool
    published: bool
    trick: str
    winner: str
    case: str
    change: str
    change_label: str
    backlog: str


class Ledger(TypedDict, total=False):
    """What became of the messages of one run, in messages; `verdict` says it in a word."""

    attempted: int
    acknowledged: int
    delivered: int
    lost: int
    duplicated: int
    reordered: int
    unexpected: int
    recovered: int
    unconfirmed: int
    unknown: int
    refused: int
    holes: int
    tail: int
    verdict: str


class Struck(TypedDict, total=False):
    """The fault of one run, and the proof that it happened."""

    kind: str
    method: str
    at_s: float | None
    evidence: str


class Shown(TypedDict, total=False):
    """One broker's figure in a chart of a trick, and who was the limit."""

    value: float | None
    stamp: str
    limit: str
    foreign: float


class Middle(TypedDict, total=False):
    """Medians over the repeats, and what all of them together are called."""

    outcome: str
    verdict: str
    agree: int
    stamp: str
    limit: str
    client_bound: bool
    per_s: float
    latency_ms: Ladder
    service_ms: Ladder
    lateness_ms: Ladder
    confirm_ms: Ladder
    blocked_ms: Ladder
    waited_ms: Ladder
    late_ms: Ladder
    behind: float | None
    disk_bytes_per_message: float | None
    publishes_per_s: float
    deliveries_per_s: float
    common_s: float
    counted_s: float
    halves: float | None
    steady: bool
    redelivery_s: float | None
    restart_s: float | None
    took_s: float | None
    lost: float | None
    lost_share: float | None
    acknowledged: float | None
    loss_window_s: float | None
    recovery_s: float | None
    processes: int
    mb: float
    broker_mb: float
    to_first_s: float
    makespan_s: float | None
    ideal_s: float
    ratio: float | None


class Repeat(Routed, total=False):
    """The figures of one repeat."""

    seed: int
    count: int
    """Messages whose latency was asked for, `never` of which had not come when the run ended."""
    never: int
    stalls: int
    """Separate events among the slowest messages (labs/judge/latency.py)."""
    outcome: str
    verdict: str
    trouble: str
    refusal: str
    stamp: str
    why: str
    limit: str
    said: str
    machine_full: bool
    lift: Mapping[str, Mapping[str, Any]]
    threads: Mapping[str, Sequence[Any]]
    saturated: bool
    contaminated: bool
    young: bool
    client_bound: bool
    calm: bool
    seen: bool
    over: bool
    ledger: Ledger
    ledgers: Sequence[Ledger]
    fault: Struck
    jobs: Mapping[str, int]
    trials: Mapping[str, Mapping[str, Any]]
    """Trial -> its word, its counts and the figures beside them (labs/scenarios/queues/judge.py)."""
    since: Mapping[str, str]
    """Command -> the version in which the server says that it came; empty where the server lacks it."""
    newest: str
    """Of the commands that a way needs, the version of the newest."""
    deliveries: Mapping[str, int]
    counts: Mapping[str, int]
    done: Sequence[Sequence[int]]
    """Message by message as they were done: their numbers, and those of the consumers."""
    waiting: Mapping[str, int]
    held: int
    ends: Mapping[str, int]
    away: Mapping[str, Any] | None
    done_meanwhile: int
    delivered: int
    curve: Sequence[Sequence[float]]
    latency_ms: Ladder
    service_ms: Ladder
    lateness_ms: Ladder
    confirm_ms: Ladder | None
    blocked_ms: Ladder
    waited_ms: Ladder
    late_ms: Ladder
    cpu: Mapping[str, float | None]
    cores: Mapping[str, float | None]
    foreign: float
    per_s: float | None
    counted_s: float
    halves: float | None
    disk_bytes_per_message: float | None
    behind: float | None
    took_s: float | None
    recovery_s: float | None
    redelivery_s: float | None
    restart_s: float | None
    loss_window_s: float | None
    lost_share: float | None
    ready_s: float
    first_s: float
    weights: Sequence[Weight]
    figures: Mapping[str, float | None]
    told: Mapping[str, Shown]
    fair: Mapping[str, Shown]
    joined: Mapping[str, Any]
    """What came to a reader that was there early and to one that joined late, and of how many messages."""
    sender: Mapping[str, Any]
    """Whether it was the same before and after, and what it knows of its readers."""
    slow: int
    had: Mapping[str, int]
    makespan_s: float | None
    ideal_s: float
    ratio: float | None
    cells: Mapping[str, Mapping[str, Any]]


def for_file(part: Any) -> Any:
    """The same with the word for every infinite figure."""
    if isinstance(part, Mapping):
        return {name: for_file(one) for name, one in part.items()}
    if isinstance(part, list | tuple):
        return [for_file(one) for one in part]
    return NEVER_CAME if part == math.inf else part


def of_file(part: Any, name: str = "") -> Any:
    """The same with an infinite figure for the word, where a step of a ladder, or its range, is read."""
    if isinstance(part, Mapping):
        return {key: of_file(one, key) for key, one in part.items()}
    if isinstance(part, list):
        return [of_file(one, name) for one in part]
    return math.inf if part == NEVER_CAME and name in STEPS else part


def figure(table: Mapping[str, object], name: str, step: str = "") -> float | None:
    """A number by its name, or a step of a ladder of numbers; None where there is none."""
    found = table.get(name)
    if step:
        found = found.get(step) if isinstance(found, Mapping) else None
    return found if isinstance(found, int | float) else None
