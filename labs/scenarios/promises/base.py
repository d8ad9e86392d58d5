"""A row of the table of promises, what became of it in a trial, and the verdict: kept, broken or unknown.

Pure. A trial without its control, without evidence of the fault or without a message says nothing: it is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from labs.judge.loss import Verdict

Expected = Literal["kept", "broken", "sometimes"]
EXPECTED: tuple[Expected, ...] = ("kept", "broken", "sometimes")
COUNTS = (
    "attempted",
    "acknowledged",
    "delivered",
    "lost",
    "duplicated",
    "reordered",
    "unexpected",
    "recovered",
    "unconfirmed",
    "refused",
    "unreceived",
    "silent",
    "returned",
    "redelivered",
    "acknowledged_in_alarm",
    "aborted",
    "window_ms",
    "lost_by_ledger",
    "acknowledged_by_ledger",
    "disagreed",
)
"""The ledger's counts, and those that single experiments add.

`unreceived`: messages that PUBLISH said nobody got. `silent`: lost, although the answer had counted a receiver.
`aborted`: copies that only a reader of uncommitted messages sees. `window_ms`: from the oldest lost message's
acknowledgement to the fault. `disagreed`: 1 if two ways to cut the power did not both lose all, some or none; then
`lost` is what the file system's shutdown cost and `lost_by_ledger` what the other one did.
"""


@dataclass(frozen=True)
class Range:
    """Two bounds, both allowed; a bound is a number or the name of another count of the same trial."""

    low: int | str
    high: int | str

    def holds(self, value: int, counts: Mapping[str, int]) -> bool:
        """Whether the value lies inside; a bound that was not counted lets nothing through."""
        low, high = (counts.get(bound) if isinstance(bound, str) else bound for bound in (self.low, self.high))
        return low is not None and high is not None and low <= value <= high

    def __str__(self) -> str:
        return f"{self.low}" if self.low == self.high else f"{self.low} to {self.high}"


@dataclass(frozen=True)
class Row:
    """One promise: a sentence that can be false, the experiment that attacks it, and what we expect and why."""

    id: str
    broker: str
    guarantee: str
    source: str
    experiment: str
    promise: Mapping[str, Range]
    """The guarantee is kept while every one of these counts is in its range."""
    expected: Expected
    reason: str
    ranges: Mapping[str, Range] = field(default_factory=dict)
    """Where the counts come to lie in this experiment, whoever is right: outside, something else has happened."""
    arguments: Mapping[str, object] = field(default_factory=dict)
    seeds: int = 5
    fast: bool = False
    """In every run of the tests."""
    fresh: bool = False
    """Each trial gets a broker that has just been started."""
    pending: bool = False
    needs_disk: tuple[str, ...] = ()
    """Kinds of disk that the experiment brings along (labs/stack/disks); without them the row cannot be run."""
    not_here: str = ""
    """Why one machine with one node cannot run it; such a row is never called kept."""
    from_version: str = ""
    before_version: str = ""


@dataclass(frozen=True)
class Trial:
    """One experiment done once. `happened` is the fault's own evidence; empty, the fault did not happen."""

    counts: Mapping[str, int]
    happened: str = ""
    trouble: str = ""
    version: str = ""
    """Of the broker that was broken, if the experiment brought its own."""


@dataclass(frozen=True)
class Outcome:
    """A trial with the fault beside its control: the same without the fault."""

    counts: Mapping[str, int]
    control: Mapping[str, int]
    happened: str
    trouble: str = ""


def doubt(row: Row, outcome: Outcome) -> str:
    """Why the outcome says nothing about the row; empty if it does."""
    if outcome.trouble:
        return outcome.trouble
    if outcome.control.get("attempted", 0) <= 0:
        return "there was no control"
    off = [f"{outcome.control.get(fate, 'not counted')} {fate}" for fate in ("lost", "duplicated", "unexpected")]
    if any(outcome.control.get(fate) != 0 for fate in ("lost", "duplicated", "unexpected")):
        return f"the control is not clean without the fault: {', '.join(off)}"
    if not outcome.happened:
        return "there is no evidence that the fault happened"
    if outcome.counts.get("attempted", 0) <= 0:
        return "no message was attempted"
    missing = [name for name in row.promise if name not in outcome.counts]
    return f"not counted: {', '.join(missing)}" if missing else ""


def judge(row: Row, outcome: Outcome) -> Verdict:
    """Kept or broken by the row's promise alone; unknown as soon as there is a doubt."""
    if doubt(row, outcome):
        return "unknown"
    inside = (bounds.holds(outcome.counts[name], outcome.counts) for name, bounds in row.promise.items())
    return "kept" if all(inside) else "broken"


def surprises(row: Row, outcome: Outcome) -> list[str]:
    """The counts that lie outside the range in which the row expects them."""
    found = {name: outcome.counts.get(name) for name in row.ranges}
    return [
        f"{name} is {'not counted' if value is None else value}, expected {row.ranges[name]}"
        for name, value in found.items()
        if value is None or not row.ranges[name].holds(value, outcome.counts)
    ]


def as_expected(row: Row, verdicts: Sequence[Verdict]) -> bool:
    """Every verdict is the expected one; `sometimes` allows kept and broken, and nothing allows unknown or silence."""
    allowed = ("kept", "broken") if row.expected == "sometimes" else (row.expected,)
    return bool(verdicts) and all(verdict in allowed for verdict in verdicts)
