"""What follows from who got what: a word for each trial. Pure, from a trial's history alone.

yes: it does what the trial asks for. partly: some of it. no: it does not. unknown: the history cannot say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Table = dict[str, Any]
YES, PARTLY, NO, UNKNOWN = "yes", "partly", "no", "unknown"


@dataclass(frozen=True)
class History:
    """One trial: how many messages were sent, numbered from 0, and which of them each reader got, in its order.

    `told` is what the server said was waiting; `cut` whether it closed the connection of a reader; `facts` are figures
    that stand beside the word and do not make it.
    """

    sent: int
    got: Mapping[str, Sequence[int]]
    told: int | None = None
    cut: bool = False
    dead: bool = True
    """Of a kill: whether the system says that the worker died of it."""
    facts: Mapping[str, float | None] = field(default_factory=dict)


def _each(history: History) -> list[Counter[int]]:
    return [Counter(got) for got in history.got.values()]


def _has_all(got: Counter[int], sent: int) -> bool:
    """Whether one has every message, once."""
    return len(got) == sent and set(got.values()) <= {1} and set(got) == set(range(sent))


def share(history: History) -> str:
    """Whether workers share: every message goes to exactly one of them, and each has some."""
    readers = _each(history)
    together = sum(readers, Counter[int]())
    return YES if _has_all(together, history.sent) and all(readers) else NO


def fan_out(history: History) -> str:
    """Whether each reader has every message."""
    full = [_has_all(one, history.sent) for one in _each(history)]
    return YES if all(full) else PARTLY if any(full) else NO


def late(history: History) -> str:
    """How much of what was sent one reader has who was not there: all, some, nothing."""
    [got] = _each(history)
    return YES if _has_all(got, history.sent) else PARTLY if got else NO


def slow(history: History) -> str:
    """Whether a reader that took its time has everything in the end, and was not cut off for it."""
    [got] = _each(history)
    return YES if _has_all(got, history.sent) and not history.cut else NO


def killed(history: History) -> str:
    """Whether every message was handled by the killed worker or its successor; twice is allowed, never is not."""
    if not history.dead:
        return UNKNOWN
    return YES if set().union(*history.got.values()) == set(range(history.sent)) else NO


def backlog(history: History) -> str:
    """Whether the server says how many messages wait, and says it right."""
    if history.told is None:
        return NO
    return YES if history.told == history.sent else PARTLY


JUDGES: dict[str, Callable[[History], str]] = {
    "share": share,
    "fan_out": fan_out,
    "offline": late,
    "slow": slow,
    "replay": late,
    "killed": killed,
    "backlog": backlog,
}


def judged(trial: str, history: History) -> Table:
    """What a repeat keeps of a trial: its word, the counts, and the figures beside them."""
    together = sum(_each(history), Counter[int]())
    lost = history.sent - len([one for one in together if 0 <= one < history.sent])
    found: Table = {"outcome": JUDGES[trial](history), "sent": history.sent, "lost": lost}
    found |= {"got": {name: len(got) for name, got in history.got.items()}}
    found |= {"told": history.told} if trial == "backlog" else {}
    found |= {"cut": history.cut} if trial == "slow" else {}
    return found | dict(history.facts)
