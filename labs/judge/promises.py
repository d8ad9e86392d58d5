"""A row of the table of promises, what became of it in a trial, and the verdict: kept, broken or unknown.

Pure. A trial without its control, without evidence of the fault or without a message says nothing: it is unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from labs.judge.loss import Verdict

Expected = Literal["kept", "broken", "sometimes"]
EXPECTED: tuple[Expected, ...] = ("kept", "broken", "sometimes")
NOT_HERE = "not tested here"
WORDS = ("broken", "kept", "unknown", NOT_HERE)
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


Stance = Literal["promised", "warned", "both", "silent", "ours"]
STANCES: tuple[Stance, ...] = ("promised", "warned", "both", "silent", "ours")


@dataclass(frozen=True)
class Source:
    """A document: its title, its address, its few words that decide as a quotation, and the day they were read."""

    title: str
    url: str
    says: str
    read: str


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
    sources: tuple[Source, ...]
    experiment: str
    promise: Mapping[str, Range]
    """The guarantee is kept while every one of these counts is in its range."""
    expected: Expected
    reason: str
    stance: Stance = "silent"
    """What its sources say of it: they promise it, they warn that it is not so, or they do not say. `ours`: the row
    is about our own tools."""
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
    remark: str = ""
    """What a reader must know of the outcome, for example why it differs from what was seen before."""
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


OUTCOME = ("counts", "control", "happened", "trouble")
"""What of an outcome is kept in a file; the rest follows from it."""


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


def word(verdicts: Sequence[Verdict]) -> str:
    """One word for all attempts: one break in a sound attempt breaks a promise, and only if all kept it it is kept."""
    if not verdicts:
        return NOT_HERE
    return next((one for one in ("broken", "unknown") if one in verdicts), "kept")


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


TEXTS = (
    *("id", "broker", "guarantee", "experiment", "reason", "expected", "stance", "attack"),
    *("word", "not_run", "version", "backend", "date", "code"),
)


SOURCE = ("title", "url", "says", "read")


def disagreements(one: Mapping[str, Any]) -> Iterator[tuple[str, bool, str]]:
    """Each thing that can be checked of a row: its kind, whether it agrees, what is wrong if it does not.

    KeyError or TypeError where a part is missing.
    """
    for name in TEXTS:
        yield "", isinstance(one[name], str), f"its {name} is {one[name]!r} and not a text"
    yield "", isinstance(one["server"], Mapping), "what it says of its server is no table"
    whole = all(isinstance(source[name], str) for source in one["sources"] for name in SOURCE)
    yield "", whole, "a source lacks its title, its address, its words or the day"
    row = row_of(one)
    outcomes = [Outcome(**{name: each[name] for name in OUTCOME}) for each in one["outcomes"]]
    for number, (kept, outcome) in enumerate(zip(one["outcomes"], outcomes, strict=True), 1):
        for name, counts in (("counts", outcome.counts), ("control", outcome.control)):
            fit = all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in counts.values())
            yield "", fit, f"attempt {number} has a number in {name} that is no count"
        for name, found in (("verdict", judge(row, outcome)), ("doubt", doubt(row, outcome))):
            said = f"the {name} of attempt {number} is {kept[name]!r}, by its counts {found!r}"
            yield "verdicts", kept[name] == found, said
    together = word([judge(row, outcome) for outcome in outcomes])
    yield "verdicts", one["word"] == together, f"it is called {one['word']}, by its attempts {together}"
    blank = not outcomes and not one["not_run"]
    yield "", not blank, "it has neither attempts nor a reason why there are none"


def row_of(one: Mapping[str, Any]) -> Row:
    """What of a recorded row its judge needs."""
    promise = {name: Range(*bounds) for name, bounds in one["promise"].items()}
    ranges = {name: Range(*bounds) for name, bounds in one["ranges"].items()}
    texts = {name: one[name] for name in ("id", "broker", "guarantee", "experiment", "reason")}
    return Row(**texts, sources=(), promise=promise, ranges=ranges, expected=one["expected"])
