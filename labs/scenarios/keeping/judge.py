"""History -> tally: what a second reader got of the history, what the broker forgot and in which steps, and whether
what was rebuilt from the messages is what the live reader has. Pure arithmetic on facts.

It counts only where the live reader got every message once and in order, and every reader has read to the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labs.judge.soundness import stood_still
from labs.model.run import NEVER
from labs.scenarios.keeping import MESSAGES, NEW, READERS, WAYS
from labs.scenarios.keeping.bookings import added_up, latest
from labs.scenarios.keeping.facts import SENT, History

ALL_OF_IT, A_PART, NOTHING, UNKNOWN = "all of it", "a part of it", "nothing", "unknown"


@dataclass(frozen=True)
class Tally:
    """One run, in messages unless the name says otherwise."""

    published: int
    again: int
    """Of them the second reader got, from the first that was there, once and in order."""
    first: int | None
    """The number of the first that it got."""
    holes: int
    """Missing between its first and its last."""
    doubled: int
    reordered: int
    records_acked: int | None
    """Held by the broker's word when all had been acknowledged, before anything was forgotten for it."""
    bytes_acked: int | None
    records_left: int | None
    bytes_left: int | None
    """The same just before the second reader came, or by its files."""
    steps: tuple[int, ...]
    """The numbers of the first message held, as they were seen, each once."""
    total_live: int
    total_again: int
    """By adding up every change that was read, cents."""
    balances: int
    """Accounts whose last balance the second reader knows as the live one does, of `accounts`."""
    accounts: int
    from_time: int
    """What the reader that asked for a time got."""
    early: int
    """Of that the broker had had before that time; what it took around it may be on either side."""
    late: int
    """What was handed over after it and this reader lacked, of what the second reader got."""
    at_end: int
    """What the reader at the end got of the new ones."""
    old_at_end: int
    """And of those from before it came."""
    per_s: float | None
    """Messages a second of the second reader."""
    known: bool
    outcome: str

    @property
    def smallest_step(self) -> int | None:
        """The fewest messages that were forgotten at once, of what was seen; None where nothing was."""
        return min((b - a for a, b in zip(self.steps, self.steps[1:], strict=False)), default=None)

    @property
    def adds_up(self) -> bool:
        """Whether the total by adding up the changes is that of the live reader."""
        return self.total_again == self.total_live


def judge(run: History) -> Tally:
    """The tally of one run."""
    live, again, timed, end = (run.got(who) for who in READERS)
    numbers = [one.number for one in again]
    unique = sorted(set(numbers))
    first = unique[0] if unique else None
    truth, rebuilt = latest(live), latest(again)
    known = run.settled and [one.number for one in live] == list(range(MESSAGES))
    had, wanted = (int(np.searchsorted(run.columns[name][:MESSAGES], run.asked_ns)) for name in reversed(SENT))
    times = run.when("first")
    took_s = (int(times[-1]) - int(times[0])) / 1e9 if len(times) else 0.0
    acked, left = _look(run, after=False), _look(run, after=True)
    return Tally(
        published=len(live),
        again=len(unique),
        first=first,
        holes=unique[-1] - unique[0] + 1 - len(unique) if unique else 0,
        doubled=len(numbers) - len(unique),
        reordered=_reordered(numbers),
        records_acked=acked[0], bytes_acked=acked[1], records_left=left[0], bytes_left=left[1],
        steps=_steps(run),
        total_live=added_up(live), total_again=added_up(again),
        balances=sum(rebuilt.get(account) == balance for account, balance in truth.items()), accounts=len(truth),
        early=sum(one.number < had for one in timed),
        late=len({number for number in unique if number >= wanted} - {one.number for one in timed}),
        from_time=len({one.number for one in timed}),
        at_end=len({one.number for one in end if one.number >= run.at_end}),
        old_at_end=sum(one.number < run.at_end for one in end),
        per_s=len(again) / took_s if took_s > 0 else None,
        known=known,
        outcome=_outcome(known, len(unique)),
    )  # fmt: skip


def void(run: History) -> str:
    """Why the run does not count, in words; empty if it does."""
    numbers = {one.number for one in run.got("live")}
    if WAYS[run.way].limit != "none" and run.acknowledged_ns and len(numbers) < MESSAGES:
        return f"{MESSAGES - len(numbers):,} messages were too old before anybody could read them: the machine was busy"
    return stood_still(run.facts.get("pauses", ()), [run.columns[name] for name in SENT])


def _outcome(known: bool, got: int) -> str:
    if not known:
        return UNKNOWN
    return ALL_OF_IT if got == MESSAGES else A_PART if got else NOTHING


def _reordered(numbers: Sequence[int]) -> int:
    """Messages that came after a later one."""
    table = np.array(numbers, np.int64)
    return int((table < np.maximum.accumulate(table)).sum()) if len(table) else 0


def _look(run: History, *, after: bool) -> tuple[int | None, int | None]:
    """Records and bytes at the first look after the acknowledgement, or at the last before somebody read again or
    published more."""
    at = run.columns["look_ns"]
    until = min([*run.when("first")[:1].tolist(), _more_ns(run)])
    those = np.flatnonzero((at >= run.acknowledged_ns) & (at <= until))
    if not len(those):
        return None, None
    row = those[-1] if after else those[0]
    found = [int(run.columns[name][row]) for name in ("look_records", "look_bytes")]
    records, kept = (None if one == NEVER else one for one in found)
    return records, kept


def _more_ns(run: History) -> int:
    """When more was published for the reader at the end."""
    new = run.columns["sent_ns"][MESSAGES:]
    return int(new[0]) if len(new) else int(np.iinfo(np.int64).max)


def _steps(run: History) -> tuple[int, ...]:
    """Where the broker said that its messages begin, each place once, until the last reader came."""
    found = run.columns["look_first"][run.columns["look_ns"] < _more_ns(run)]
    return tuple(dict.fromkeys(int(one) for one in found if one != NEVER))


def new_came(tally: Tally) -> bool:
    """Whether the reader at the end got all that came after it, and nothing else."""
    return tally.at_end == NEW and not tally.old_at_end
