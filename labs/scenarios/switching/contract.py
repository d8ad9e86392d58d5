"""What every order service has to keep, a row a promise, and what follows from who did what. Pure.

yes: it was kept. no: it was not. unknown: no worker came to work, or the kill came too late.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from labs.model.workload import NS_PER_S
from labs.scenarios.switching.shop import DELAY_S, TRIES, Order

YES, NO, UNKNOWN = "yes", "no", "unknown"
Rows = Sequence[Mapping[str, Any]]
KILLED_AT, BUSY, BROKEN = 2, 2, 4
"""Numbers of the order over which a worker is killed, that the bank is too busy for, and that cannot be paid."""
HELD_S = 6.0
"""So long a worker has that order in its hands: on a busy machine the kill comes late, but not too late."""
FILLING, MOST_MB = 100_000, 20.0
"""Bytes that each order of the row `pressure` is longer by, and by how much its worker may grow while 40 MB wait."""
EARLY = 0.9
"""A retry may come by so much too early: the broker's clock and ours begin at different moments."""
WITHIN_S, COMES_WITHIN_S = 8.0, 90.0
"""How long a row waits for what it wants once work has begun, and for work to begin: some eighty processes come up."""


@dataclass(frozen=True)
class History:
    """What the ledger says of one row, and what else was seen: `facts` are figures, `read` and `parked` the numbers of
    the orders that were read again or lay parked."""

    rows: Rows
    facts: Mapping[str, float] = field(default_factory=dict)
    read: Sequence[int] = ()
    parked: Sequence[int] = ()

    def of(self, what: str, number: int | None = None) -> list[Mapping[str, Any]]:
        """The lines that say so, of one order or of all."""
        return [one for one in self.rows if one["what"] == what and number in (None, one["order"])]

    def counts(self, what: str) -> dict[int, int]:
        """Order -> how often."""
        found: dict[int, int] = {}
        for one in self.of(what):
            found[one["order"]] = found.get(one["order"], 0) + 1
        return found


@dataclass(frozen=True)
class Row:
    """One promise: the orders that are sent, the channels whose workers read them, and what is asked of the history."""

    name: str
    orders: tuple[Order, ...]
    workers: tuple[str, ...]
    kept: Callable[[History], bool]
    settled: Callable[[History], bool]
    """Whether there is nothing to wait for any longer."""
    filling: int = 0
    settles_s: float = 0.0
    """How long its workers are given to agree on who reads what before the first order is sent."""


def _numbers(row: Row | Sequence[Order]) -> set[int]:
    return {one.number for one in (row.orders if isinstance(row, Row) else row)}


def _done(history: History) -> bool:
    """Each paid once and mailed once."""
    once = dict.fromkeys(_numbers(PLAIN), 1)
    return history.counts("paid") == once and history.counts("mailed") == once


def _in_order(history: History) -> bool:
    """Each customer's payments, as they were first made, in the order of their steps, and none missing."""
    seen: dict[int, list[int]] = {}
    for one in sorted(history.of("paid"), key=lambda row: int(row["at_ns"])):
        steps = seen.setdefault(one["customer"], [])
        if one["step"] not in steps:
            steps.append(one["step"])
    return len(seen) == CUSTOMERS and all(steps == list(range(STEPS)) for steps in seen.values())


def _all_paid(history: History, but: int | None = None) -> bool:
    return set(history.counts("paid")) - {but} == _numbers(FEW) - {but}


def _redelivered(history: History) -> bool:
    """All paid in the end, the one in the dead worker's hands too; twice is allowed."""
    return _all_paid(history)


def _bounded(history: History) -> bool:
    """The worker did not take in what it could not handle yet."""
    return "grew_mb" in history.facts and history.facts["grew_mb"] < MOST_MB


def gaps_s(history: History, number: int) -> list[float]:
    """Between one try of an order and the next."""
    at = [int(one["at_ns"]) for one in history.of("begun", number)]
    return [(b - a) / NS_PER_S for a, b in pairwise(at)]


def _retried(history: History) -> bool:
    """Tried again after a while, not at once, and nobody else had to wait for it."""
    tries = history.of("begun", BUSY)
    if not history.of("paid", BUSY) or not _all_paid(history):
        return False
    others = max(int(one["at_ns"]) for one in history.of("paid") if one["order"] != BUSY)
    waited = all(one >= DELAY_S * EARLY for one in gaps_s(history, BUSY))
    return len(tries) == TRIES and waited and others < int(tries[-1]["at_ns"])


def _parked(history: History) -> bool:
    """Given up after TRIES, kept where somebody can look at it, and all others paid."""
    tried = len(history.of("begun", BROKEN)) == TRIES
    return tried and list(history.parked) == [BROKEN] and _all_paid(history, but=BROKEN)


def _replayed(history: History) -> bool:
    """A service that is new reads all that was ever ordered, though all of it was handled."""
    return sorted(history.read) == sorted(_numbers(PLAIN)) and _done(history)


def _tried(history: History, number: int) -> bool:
    return len(history.of("begun", number)) >= TRIES


CUSTOMERS, STEPS, MANY = 6, 6, 400
PLAIN = tuple(Order(at, customer=at) for at in range(20))
FEW = tuple(Order(at, customer=at, held_s=HELD_S * (at == KILLED_AT)) for at in range(8))
BY_CUSTOMER = tuple(
    Order(who * STEPS + step, who, step, takes_s=0.08 if step % 2 == 0 else 0.005)
    for who in range(CUSTOMERS) for step in range(STEPS)
)  # fmt: skip
SLOW = tuple(Order(at, customer=at, takes_s=3.0 * (at == 0)) for at in range(MANY))


def _with(number: int, bank: str) -> tuple[Order, ...]:
    return tuple(Order(at, customer=at, bank=bank if at == number else "well") for at in range(8))


CONTRACT = {
    one.name: one
    for one in (
        Row("done", PLAIN, ("orders", "paid"), _done, _done),
        Row("order", BY_CUSTOMER, ("orders", "orders"), _in_order,
            lambda h: len(h.counts("paid")) == len(BY_CUSTOMER), settles_s=2.0),
        Row("redelivery", FEW, ("orders",), _redelivered, _redelivered, settles_s=2.0),
        Row("pressure", SLOW, ("orders",), _bounded, lambda h: bool(h.of("paid", 0)), filling=FILLING),
        Row("retry", _with(BUSY, "busy"), ("orders",), _retried, _all_paid, settles_s=2.0),
        Row("parked", _with(BROKEN, "broken"), ("orders",), _parked,
            lambda h: _tried(h, BROKEN) and _all_paid(h, but=BROKEN), settles_s=2.0),
        Row("replay", PLAIN, (), _replayed, lambda _: True),
    )
}  # fmt: skip
"""`replay` has no workers of its own: it reads again what `done` has handled."""


def judge(name: str, history: History) -> str:
    """The word of a row."""
    if not history.of("begun") or (name == "redelivery" and not history.facts.get("killed")):
        return UNKNOWN
    return YES if CONTRACT[name].kept(history) else NO
