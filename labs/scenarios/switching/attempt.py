"""A reader's own worker on a Redis stream, with eight orders of which the bank is too busy for one, twice."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from labs.scenarios.switching.contract import BUSY, EARLY
from labs.scenarios.switching.shop import DELAY_S, TRIES, LaterError
from labs.stack.by_hand import running

ORDERS, WITHIN_S = 8, 6.0
Pay = Callable[[bytes], None]
Worker = Callable[[Any, str, str, Pay], None]


class Bank:
    """It takes every order at once, but for one that it is too busy for at first; it knows when it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, float]] = []

    def pay(self, order: bytes) -> None:
        """LaterError where it is too busy."""
        self.asked.append((int(order), time.monotonic()))
        if int(order) == BUSY and len(self.times(BUSY)) < TRIES:
            raise LaterError("the bank is busy")

    def times(self, order: int) -> list[float]:
        """When it was asked for that order, s."""
        return [at for number, at in self.asked if number == order]

    @property
    def done(self) -> bool:
        """Whether nothing is left to be asked for."""
        return len(self.times(BUSY)) >= TRIES and {number for number, _ in self.asked} == set(range(ORDERS))


def attempt(worker: Worker) -> str:
    """What the worker did, in words; without a running Redis what is needed is printed."""
    import redis

    with running("redis") as here:
        if not here:
            return "not run"
        link = redis.Redis(**here.client)
        link.xgroup_create(here.name, "workers", id="0", mkstream=True)
        for number in range(ORDERS):
            link.xadd(here.name, {b"order": b"%d" % number})
        bank, until_s = Bank(), time.monotonic() + WITHIN_S
        while not bank.done and time.monotonic() < until_s:
            with contextlib.suppress(LaterError):  # who does not catch it is started again
                worker(link, here.name, "me", bank.pay)
        left = int(link.xpending(here.name, "workers")["pending"])
        return told(bank, left)


def told(bank: Bank, left: int) -> str:
    """right, or what is wrong: with the tries, with the others, or with what is still pending."""
    tries = bank.times(BUSY)
    missing = sorted(set(range(ORDERS)) - {number for number, _ in bank.asked})
    if missing:
        return f"not yet: {len(missing)} orders were never brought to the bank, for example order {missing[0]}"
    if len(tries) < TRIES:
        return f"not yet: order {BUSY} was tried {len(tries)} of {TRIES} times, and then nobody came back to it"
    if any(later - at < DELAY_S * EARLY for at, later in pairwise(tries)):
        return f"not yet: order {BUSY} was tried again before the bank had its second"
    if max(at for number, at in bank.asked if number != BUSY) > tries[-1]:
        return f"not yet: other orders waited until order {BUSY} was through"
    return f"not yet: {left} entries are still pending" if left else "right: tried again later, and nobody waited"
