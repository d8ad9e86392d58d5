"""PendingRun -> bill: what became of every message, and what the server kept and told. Pure arithmetic on facts.

A message is done once or twice by how often its work was done. One that was never done is forgotten where its entry is
still there and pending, unread where it is there and nobody had it, and gone where there is no entry any more. Never
done is said only where it is proven: all was added, and the living workers found nothing more to do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labs.judge.soundness import stood_still
from labs.model.run import NEVER
from labs.scenarios.pending import MESSAGES
from labs.scenarios.pending.board import Event
from labs.scenarios.pending.facts import PendingRun

FATES = ("once", "twice", "forgotten", "gone", "unread")
ONCE, TWICE, FORGOTTEN, GONE, UNKNOWN = "done once", "done twice", "pending for ever", "gone undone", "unknown"
"""What a run came to, by the worst that became of a message: gone before forgotten, forgotten before twice."""


@dataclass(frozen=True)
class Bill:
    """Of one run, in messages unless the name says otherwise."""

    fates: dict[str, int]
    gone_unread: int
    """Of those that are gone: nobody of the group had ever had them."""
    claims: int
    told_gone: int
    """Entries of which XAUTOCLAIM said that they are gone."""
    answered_0: int
    """Acknowledgements of which the server said that the message was no longer pending."""
    most_ghosts: int
    """The most pending ids without an entry at any look."""
    pending_end: int
    entries_end: int
    lag_end: int | None
    """What the server said was still to be read, at the last look before everything was trimmed."""
    bytes_acked: int | None
    """Memory of the stream in the end, when nobody did anything more; None where it is gone."""
    bytes_trimmed: int | None
    """The same after XTRIM had taken all entries."""
    again_s: float | None
    """From the kill to the first claim of what the dead worker had."""
    no_group: int
    """Workers to whom the server said that it has no such group."""
    outcome: str
    known: bool


def judge(run: PendingRun) -> Bill:
    """The bill of a run."""
    event, message = run["event"], run["message"]
    done, read = (_times(run, one) for one in (Event.DONE, Event.READ))
    had = (read + _times(run, Event.CLAIMED)) > 0
    kept, pending = run["kept"] > 0, run["pending"] > 0
    undone = done == 0
    fates = {
        "once": int((done == 1).sum()),
        "twice": int((done > 1).sum()),
        "forgotten": int((undone & kept & pending).sum()),
        "gone": int((undone & ~kept).sum()),
        "unread": int((undone & kept & ~pending).sum()),
    }
    known = run.settled and not run.trouble and "not seen" not in run.evidence and not fates["unread"]
    left, trimmed = _last(run, run.trimmed_ns)
    return Bill(
        fates=fates,
        gone_unread=int((undone & ~kept & ~had).sum()),
        claims=int((event == Event.CLAIMED).sum()),
        told_gone=len(set(message[event == Event.TOLD_GONE].tolist())),
        answered_0=int((event == Event.DONE).sum() - (event == Event.ACKED).sum()),
        most_ghosts=int(run["look_ghosts"].max(initial=0)),
        pending_end=int(pending.sum()),
        entries_end=int(kept.sum()),
        lag_end=None if left is None or run["look_lag"][left] == NEVER else int(run["look_lag"][left]),
        bytes_acked=None if left is None else int(run["look_bytes"][left]),
        bytes_trimmed=None if trimmed is None else int(run["look_bytes"][trimmed]),
        again_s=_again_s(run),
        no_group=len(set(run["worker"][event == Event.NO_GROUP].tolist())),
        outcome=outcome(fates) if known else UNKNOWN,
        known=known,
    )


def outcome(fates: dict[str, int]) -> str:
    """The worst that became of a message."""
    worst = ((GONE, "gone"), (FORGOTTEN, "forgotten"), (TWICE, "twice"))
    return next((word for word, name in worst if fates[name]), ONCE)


def _times(run: PendingRun, event: Event) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """How often that happened to each message."""
    return np.bincount(run["message"][run["event"] == event], minlength=MESSAGES)[:MESSAGES]


def _last(run: PendingRun, trimmed_ns: int) -> tuple[int | None, int | None]:
    """The rows of the last look before everything was trimmed, and of the first after it; none of a stream that is
    gone."""
    at = run["look_ns"]
    if run.gone_ns != NEVER or not len(at):
        return None, None
    if trimmed_ns == NEVER:
        return len(at) - 1, None
    before, after = np.flatnonzero(at < trimmed_ns), np.flatnonzero(at >= trimmed_ns)
    return (int(before[-1]) if len(before) else None), (int(after[0]) if len(after) else None)


def _again_s(run: PendingRun) -> float | None:
    """When the first of the dead worker's was claimed, s after the kill."""
    first = run["worker"] == 0
    his = set(run["message"][first & (run["event"] == Event.READ)].tolist())
    his -= set(run["message"][first & (run["event"] == Event.DONE)].tolist())
    claimed = (run["event"] == Event.CLAIMED) & np.isin(run["message"], list(his))
    times = run["at_ns"][claimed & (run["at_ns"] >= run.killed_ns)]
    return round((int(times.min()) - run.killed_ns) / 1e9, 3) if len(times) else None


def void(run: PendingRun) -> str:
    """Why nothing is known from a run, because the machine stood still; empty if something is."""
    return stood_still(run.facts.get("pauses", ()), [run[name] for name in ("added_ns", "at_ns", "look_ns")])
