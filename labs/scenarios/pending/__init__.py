"""A Redis stream and its group: what becomes of each message when a worker dies, a job is slow and nobody reads for a
while.

Seven ways to claim, to delete and to trim. What happened to each message, and what the server told of the stream
meanwhile, is written down; nothing is judged here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from labs.model.profile import UnknownNameError

MESSAGES, PER_S, BODY_BYTES = 200, 100, 100
WORK_S, SLOW_S = 0.002, 0.6
SLOW = (60, 120)
"""The messages whose work takes SLOW_S, whoever does it."""
WORKERS = 3
"""The first of them dies."""
HOLDS = 5
"""Messages in its hands when it does."""
DIES_AT_S = 0.4
AWAY_FROM_S, AWAY_TO_S = 0.8, 1.8
"""When the others stand still, as while a new version is rolled out."""
KEEP = 50
"""Entries that a stream with a limit may keep: half of what comes while nobody reads."""
SOON_MS, LATE_MS = 150, 1500
"""How long a message must have been pending before another worker claims it: less than a slow job takes, and more."""
WATCHED_S = 3.5
"""So long at least a run lasts in which nobody claims: twice as long as the others need."""
CACHE_KEYS, CACHE_BYTES, ROOM_BYTES = 16, 1_000_000, 8_000_000
"""What a cache on the same server writes, one key after the other, and what fits into memory."""
QUIET_S = 1.5
"""So long nobody touches the stream before the cache grows: Redis looks at the time of a use once a second."""
LOOK_MS = 20
GROUP, FIELD = "workers", b"body"


@dataclass(frozen=True)
class Way:
    """One way to run the group. `claim_ms` None: nobody claims. `trim`: MAXLEN at each XADD, exactly or about."""

    name: str
    label: str
    claim_ms: int | None = LATE_MS
    deletes: bool = False
    trim: Literal["", "=", "~"] = ""
    evicts: bool = False


WAYS = {
    one.name: one
    for one in (
        Way("never", "Nobody claims", None),
        Way("soon", f"Claimed after {SOON_MS} ms", SOON_MS),
        Way("late", f"Claimed after {LATE_MS / 1000:g} s"),
        Way("deleted", "XACK, then XDEL", deletes=True),
        Way("maxlen", f"MAXLEN {KEEP}", trim="="),
        Way("maxlen-about", f"MAXLEN ~ {KEEP}", trim="~"),
        Way("evicted", "Memory full, allkeys-lru", evicts=True),
    )
}


def way_of(name: str) -> Way:
    """The way of that name, or UnknownNameError with the nearest ones."""
    if name not in WAYS:
        raise UnknownNameError("way", name, list(WAYS))
    return WAYS[name]
