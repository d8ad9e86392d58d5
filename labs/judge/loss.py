"""Run -> ledger: what became of every message. Three verdicts: kept, broken, unknown.

The fates are those of Jepsen's checkers. Unconfirmed is not lost, and what may still be on its
way is unknown, never lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from labs.model.run import NEVER, NOT_SAID, REFUSAL, Column, Run, chunks, first_rows
from labs.model.workload import NS_PER_S

Verdict = Literal["kept", "broken", "unknown"]


@dataclass(frozen=True)
class Ledger:
    """Counts of messages; each attempted message is delivered, lost, unknown or unconfirmed and absent."""

    attempted: int
    acknowledged: int
    """Confirmed by the broker; where the profile has no confirmations, the call returned."""
    delivered: int
    lost: int
    """Acknowledged and never delivered, in a run that settled."""
    duplicated: int
    """Deliveries beyond the first that the broker did not mark as a redelivery or the message had already had."""
    reordered: int
    """First deliveries that came after a later message."""
    unexpected: int
    """Deliveries of messages that were never attempted."""
    recovered: int
    """Delivered although never acknowledged."""
    unconfirmed: int
    """Attempted, not acknowledged and not delivered: refused, or no answer came."""
    refused: int
    unknown: int
    """Acknowledged and not delivered, in a run that did not settle."""
    holes: int
    """Of the lost ones, those before the newest survivor: something in the middle is gone."""
    tail: int
    """Of the lost ones, those after the newest survivor: the end is gone."""
    verdict: Verdict


def account(run: Run) -> Ledger:
    """The ledger of a run. O(n); a run that did not settle has unknown messages and no lost ones."""
    attempted = run["sent_ns"] != NEVER
    acknowledged = attempted & (run["confirmed_ns"] != NEVER)
    first = first_rows(run)
    delivered = attempted & (first != NEVER)
    missing = int((acknowledged & ~delivered).sum())
    lost, unknown = (missing, 0) if run.settled else (0, missing)
    newest = len(delivered) - int(delivered[::-1].argmax()) if delivered.any() else 0
    holes = int((acknowledged & ~delivered)[:newest].sum()) if run.settled else 0
    expected, reordered = _in_order_of_arrival(run, attempted, first[delivered])
    counts = {
        "lost": lost,
        "duplicated": expected - int(delivered.sum()),
        "reordered": reordered,
        "unexpected": len(run["delivered_sequence"]) - expected,
    }
    return Ledger(
        attempted=int(attempted.sum()),
        acknowledged=int(acknowledged.sum()),
        delivered=int(delivered.sum()),
        recovered=int((attempted & ~acknowledged & delivered).sum()),
        unconfirmed=int((attempted & ~acknowledged & ~delivered).sum()),
        refused=int((attempted & (run["refused_ns"] != NEVER)).sum()),
        unknown=unknown,
        holes=holes,
        tail=lost - holes,
        verdict=_verdict(counts, unknown, int(attempted.sum())),
        **counts,
    )


def refused_messages(run: Run) -> int:
    """How many of the messages that were handed over the broker, or its client, turned down."""
    return int(((run["sent_ns"] != NEVER) & (run["refused_ns"] != NEVER)).sum())


def refusal(run: Run) -> str:
    """That messages were refused, how many, and the first refusal's own words; empty if none was."""
    if not (count := refused_messages(run)):
        return ""
    return refusal_text(count, int((run["sent_ns"] != NEVER).sum()), str(run.facts.get(REFUSAL) or NOT_SAID))


def refusal_text(count: int, of: int, said: str) -> str:
    """The words for it."""
    return f"{count:,} of {of:,} messages were refused, the first with: {said.rstrip('.')}"


def _in_order_of_arrival(run: Run, attempted: npt.NDArray[np.bool_], firsts: Column) -> tuple[int, int]:
    """Deliveries of messages that were attempted, and how many first ones (rows `firsts`) came after a later one."""
    sequence, is_first = run["delivered_sequence"], np.zeros(len(run["delivered_sequence"]), bool)
    is_first[firsts] = True
    expected, reordered, newest = 0, 0, NEVER
    for part in chunks(len(sequence)):
        some = sequence[part]
        inside = some[(some >= 0) & (some < len(attempted))]
        expected += int(attempted[inside].sum())
        order = np.concatenate(([newest], some[is_first[part]]))
        so_far = np.maximum.accumulate(order)
        reordered += int((order < so_far).sum())
        newest = int(so_far[-1])
    return expected, reordered


def loss_window_s(run: Run, fault_ns: int) -> float | None:
    """Seconds from the oldest lost acknowledgement to the fault (ns after the start); None if nothing was lost.

    A fault takes a moment to strike: an acknowledgement that came after it was begun moves it.
    """
    delivered = np.zeros(len(run["sent_ns"]), bool)
    sequence = run["delivered_sequence"]
    delivered[sequence[(sequence >= 0) & (sequence < len(delivered))]] = True
    at_ns = run["confirmed_ns"][(run["confirmed_ns"] != NEVER) & (run["sent_ns"] != NEVER) & ~delivered]
    struck_ns = max(fault_ns, int(run["confirmed_ns"].max(initial=0)))
    return round((struck_ns - int(at_ns.min())) / NS_PER_S, 3) if run.settled and len(at_ns) else None


def _verdict(counts: dict[str, int], unknown: int, attempted: int) -> Verdict:
    if counts["lost"] or counts["unexpected"]:
        return "broken"
    return "unknown" if unknown or not attempted else "kept"
