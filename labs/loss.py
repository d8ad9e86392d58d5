"""Run -> ledger: what became of every message. Three verdicts: kept, broken, unknown.

The fates are those of Jepsen's checkers. Unconfirmed is not lost, and what may still be on its
way is unknown, never lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from labs.runs import NEVER, Run

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
    """The ledger of a run. O(n log n); a run that did not settle has unknown messages and no lost ones."""
    attempted = run["sent_ns"] != NEVER
    acknowledged = attempted & (run["confirmed_ns"] != NEVER)
    sequence = run["delivered_sequence"]
    inside = (sequence >= 0) & (sequence < len(attempted))
    expected = np.zeros(len(sequence), bool)
    expected[inside] = attempted[sequence[inside]]
    known = sequence[expected]
    unique, first = np.unique(known, return_index=True)
    delivered = np.zeros(len(attempted), bool)
    delivered[unique] = True
    missing = int((acknowledged & ~delivered).sum())
    firsts = known[np.sort(first)]
    lost, unknown = (missing, 0) if run.settled else (0, missing)
    newest = int(unique.max()) if len(unique) else -1
    holes = int((acknowledged & ~delivered)[: newest + 1].sum()) if run.settled else 0
    counts = {
        "lost": lost,
        "duplicated": len(known) - len(unique),
        "reordered": int((firsts < np.maximum.accumulate(firsts)).sum()) if len(firsts) else 0,
        "unexpected": int((~expected).sum()),
    }
    return Ledger(
        attempted=int(attempted.sum()),
        acknowledged=int(acknowledged.sum()),
        delivered=len(unique),
        recovered=int((attempted & ~acknowledged & delivered).sum()),
        unconfirmed=int((attempted & ~acknowledged & ~delivered).sum()),
        refused=int((attempted & (run["refused_ns"] != NEVER)).sum()),
        unknown=unknown,
        holes=holes,
        tail=lost - holes,
        verdict=_verdict(counts, unknown, int(attempted.sum())),
        **counts,
    )


def loss_window_s(run: Run, fault_ns: int) -> float | None:
    """Seconds from the oldest lost acknowledgement to the fault (ns after the start); None if nothing was lost.

    A fault takes a moment to strike: an acknowledgement that came after it was begun moves it.
    """
    delivered = np.zeros(len(run["sent_ns"]), bool)
    sequence = run["delivered_sequence"]
    delivered[sequence[(sequence >= 0) & (sequence < len(delivered))]] = True
    at_ns = run["confirmed_ns"][(run["confirmed_ns"] != NEVER) & (run["sent_ns"] != NEVER) & ~delivered]
    struck_ns = max(fault_ns, int(run["confirmed_ns"].max(initial=0)))
    return round((struck_ns - int(at_ns.min())) / 1e9, 3) if run.settled and len(at_ns) else None


def _verdict(counts: dict[str, int], unknown: int, attempted: int) -> Verdict:
    if counts["lost"] or counts["unexpected"]:
        return "broken"
    return "unknown" if unknown or not attempted else "kept"
