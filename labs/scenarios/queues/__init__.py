"""Redis's own ways to pass messages on, each put through the same trials by redis-py, and what the server says.

`shapes` has a client for each way, `trials` what is done with it, `judge` what follows from who got what, and `server`
asks the server which commands it has and since when.
"""

from __future__ import annotations

from dataclasses import dataclass

from labs.model.profile import UnknownNameError

MESSAGES = 100
"""Of each trial but the slow one."""
TRIALS = ("share", "fan_out", "offline", "slow", "replay", "killed", "backlog")


@dataclass(frozen=True)
class Way:
    """One way: the commands that its client sends, which the server has to have, the newest deciding since when."""

    name: str
    label: str
    commands: tuple[str, ...]


WAYS = {
    one.name: one
    for one in (
        Way("list", "List, BLPOP", ("RPUSH", "BLPOP")),
        Way("list-moved", "List, BLMOVE into a second one", ("RPUSH", "BLMOVE", "LREM")),
        Way("pubsub", "Pub/Sub", ("PUBLISH", "SUBSCRIBE")),
        Way("sharded-pubsub", "Sharded Pub/Sub", ("SPUBLISH", "SSUBSCRIBE")),
        Way("stream-group", "Stream with groups", ("XADD", "XGROUP", "XREADGROUP", "XACK")),
    )
}


def way_of(name: str) -> Way:
    """The way of that name, or UnknownNameError with the nearest ones."""
    if name not in WAYS:
        raise UnknownNameError("way", name, list(WAYS))
    return WAYS[name]
