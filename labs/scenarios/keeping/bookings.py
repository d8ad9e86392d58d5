"""What the messages say: bookings on accounts. Each has the change, and the balance of its account after it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

from labs.scenarios.keeping import BODY_BYTES, MESSAGES, NEW

ACCOUNTS, QUIET, QUIET_AFTER = 40, 4, MESSAGES // 10
"""Some accounts have no booking after the first tenth: what is said of them lies at the beginning alone."""


class Booking(NamedTuple):
    """One message."""

    number: int
    account: int
    change: int
    """Cents."""
    balance: int
    """Of the account after it, cents."""


def bookings(seed: int) -> list[Booking]:
    """All messages of a run; the same for the same seed."""
    chance, balances, found = random.Random(seed), [0] * ACCOUNTS, []
    for number in range(MESSAGES + NEW):
        account = chance.randrange(ACCOUNTS if number < QUIET_AFTER else ACCOUNTS - QUIET)
        change = chance.randint(-500, 1000)
        balances[account] += change
        found.append(Booking(number, account, change, balances[account]))
    return found


def written(one: Booking) -> bytes:
    """The body of a message: its four numbers, and filling."""
    return " ".join(map(str, one)).encode().ljust(BODY_BYTES, b" ")


def read(body: bytes) -> Booking:
    """What a body says."""
    return Booking(*map(int, body.split()))


def key_of(body: bytes) -> bytes:
    """The account: what compaction keeps the last message of."""
    return body.split(b" ", 2)[1]


def added_up(found: Sequence[Booking]) -> int:
    """The total over all accounts by adding up every change."""
    return sum(one.change for one in found)


def latest(found: Sequence[Booking]) -> dict[int, int]:
    """Account -> its balance as its last booking says."""
    return {one.account: one.balance for one in found}
