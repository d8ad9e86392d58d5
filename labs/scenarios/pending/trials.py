"""What a server can do for the groups of a stream: each trial on a stream of its own, with redis-py's bare commands.

The stage is always the same. Four entries: the first is read and acknowledged, the second and third are read and
pending, the fourth nobody has read. A trial sends one command, and says what is there afterwards.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

import redis

from labs.brokers import journal
from labs.brokers.redis.admin import Client, client, undo
from labs.brokers.redis.client import said_of, typed
from labs.model.endpoint import Endpoint
from labs.model.stream_features import FEATURES
from labs.scenarios.pending import GROUP

OTHER, ME = "other", "me"
LONG_MS = 3_600_000
"""Nothing has been pending for so long."""
Seen = Mapping[str, Any]
"""What a trial has seen: the numbers of the entries that were handed out, were told to be gone, are there, and are
pending; `refused` alone, in the server's words, where it does not know the command or its option."""


class Stage:
    """A stream of four entries with its group."""

    def __init__(self, link: Client, key: str) -> None:
        self.link, self.key = link, key
        link.xgroup_create(key, GROUP, id="0", mkstream=True)
        self.ids: list[bytes] = [link.xadd(key, {"n": number}) for number in range(4)]
        link.xreadgroup(GROUP, OTHER, {key: ">"}, count=3)
        link.xack(key, GROUP, self.ids[0])

    def ask(self, *command: str | int | bytes) -> Any:
        """A command word by word: what the client's own methods know does not matter then."""
        return self.link.execute_command(*command)

    def numbers(self, ids: Sequence[bytes]) -> list[int]:
        """Which of the four these are; 4 is one that came later."""
        return sorted(self.ids.index(one) if one in self.ids else 4 for one in ids)

    def after(self) -> dict[str, list[int]]:
        """Which entries are there, and which are pending."""
        pending = self.link.xpending_range(self.key, GROUP, "-", "+", 10)
        there = [name for name, _ in self.link.xrange(self.key)]
        return {
            "there": self.numbers(there),
            "pending": self.numbers([one["message_id"] for one in pending]),
        }


def _xautoclaim(stage: Stage) -> Seen:
    got = stage.ask("XAUTOCLAIM", stage.key, GROUP, ME, 0, "0")[1]
    return {"got": stage.numbers([one[0] for one in got])}


def _told_gone(stage: Stage) -> Seen:
    """The second is deleted; what does the claim say of it?"""
    stage.link.xdel(stage.key, stage.ids[1])
    found = stage.ask("XAUTOCLAIM", stage.key, GROUP, ME, 0, "0")
    return {"gone": stage.numbers(found[2]) if len(found) > 2 else []}


def _xackdel(stage: Stage) -> Seen:
    """The second, which is pending."""
    stage.ask("XACKDEL", stage.key, GROUP, "IDS", 1, stage.ids[1])
    return {}


def _xdelex(stage: Stage) -> Seen:
    """The first, which is acknowledged, and the second, which is pending."""
    stage.ask("XDELEX", stage.key, "ACKED", "IDS", 2, *stage.ids[:2])
    return {}


def _xtrim_acked(stage: Stage) -> Seen:
    """All of them, as far as they are acknowledged."""
    stage.ask("XTRIM", stage.key, "MAXLEN", "=", 0, "ACKED")
    return {}


def _xadd_acked(stage: Stage) -> Seen:
    """A fifth, with room for one."""
    stage.ask("XADD", stage.key, "ACKED", "MAXLEN", "=", 1, "*", "n", 4)
    return {}


def _readgroup_claim(stage: Stage) -> Seen:
    """What is pending and what is new, in one answer."""
    found = stage.ask("XREADGROUP", "GROUP", GROUP, ME, "COUNT", 10, "CLAIM", 0, "STREAMS", stage.key, ">")
    return {"got": stage.numbers([one[0] for _, entries in found for one in entries])}


def _xnack(stage: Stage) -> Seen:
    """The second is given back; whoever claims with a long idle time has it at once."""
    stage.ask("XNACK", stage.key, GROUP, "FAIL", "IDS", 1, stage.ids[1])
    got = stage.ask("XAUTOCLAIM", stage.key, GROUP, ME, LONG_MS, "0")[1]
    return {"got": stage.numbers([one[0] for one in got])}


DO: Mapping[str, Callable[[Stage], Seen]] = {
    "xautoclaim": _xautoclaim,
    "told-gone": _told_gone,
    "xackdel": _xackdel,
    "xdelex": _xdelex,
    "xtrim-acked": _xtrim_acked,
    "xadd-acked": _xadd_acked,
    "readgroup-claim": _readgroup_claim,
    "xnack": _xnack,
}


@contextmanager
def site(endpoint: Endpoint) -> Iterator[Callable[[str], Seen]]:
    """What runs a trial; all keys are in the journal first and gone afterwards."""
    name = f"stream-features-{secrets.token_hex(4)}"
    made = journal.note(endpoint, [f"{name}-{feature}" for feature in FEATURES])
    try:
        with typed(endpoint), closing(client(endpoint, text=False)) as link:
            yield lambda feature: _seen(Stage(link, f"{name}-{feature}"), feature)
    finally:
        journal.settle(made, lambda entry: undo(endpoint, entry))


def _seen(stage: Stage, feature: str) -> Seen:
    try:
        return {**DO[feature](stage), **stage.after()}
    except redis.ResponseError as error:
        return {"refused": said_of(error)}
