"""What follows from what a trial has seen: a word for each. Pure.

yes: the queue does it. partly: not all of it. no: it does not. absent: it refuses to be declared so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Table = dict[str, Any]
Seen = Mapping[str, Any]
"""What a trial has seen; `refused` alone, in the server's words, where the queue could not be declared."""
YES, PARTLY, NO, ABSENT = "yes", "partly", "no", "absent"


def _ttl(seen: Seen) -> str:
    return YES if seen["died_of"] == "expired" else NO


def _ttl_head(seen: Seen) -> str:
    """Whether an expired message leaves while one that has not expired stands before it."""
    return YES if seen["left_behind_another"] else NO


def _priority(seen: Seen) -> str:
    """Strict: all of the higher come first. Partly: in another order than they were sent in."""
    order = seen["order"]
    return YES if order == sorted(order, reverse=True) else NO if order == sorted(order) else PARTLY


def _dead_letter(seen: Seen) -> str:
    return YES if seen["died_of"] == "rejected" else NO


def _limit(seen: Seen) -> str:
    return YES if seen["died_of"] == "delivery_limit" else NO


def _retry_delay(seen: Seen) -> str:
    """Whether it came back, and not before its time."""
    return YES if seen["back_ms"] is not None and seen["back_ms"] >= seen["asked_ms"] else NO


JUDGES: dict[str, Callable[[Seen], str]] = {
    "ttl": _ttl,
    "ttl_head": _ttl_head,
    "priority": _priority,
    "dead_letter": _dead_letter,
    "limit": _limit,
    "default_limit": _limit,
    "nack_counts": _limit,
    "retry_delay": _retry_delay,
}


def judged(trial: str, seen: Seen) -> Table:
    """What a repeat keeps of a trial: its word, and what was seen."""
    return {"outcome": ABSENT if "refused" in seen else JUDGES[trial](seen), **seen}
