"""The order service's business: an order is paid, and what is paid is confirmed by mail. It knows no broker.

What was done is written down in a ledger, which stands for the database and the bank of a real shop.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

DELAY_S = 1.0
"""How long a bank that is busy is left alone."""
TRIES = 3
"""So often an order is tried; then it is parked for somebody to look at."""
SESSION_S = 6
"""After how long of silence a worker counts as dead, where silence is all that the broker has to go by."""


class LaterError(Exception):
    """The bank is busy: try this order again in DELAY_S."""


class BrokenError(Exception):
    """This order cannot be paid."""


@dataclass(frozen=True)
class Order:
    """`step` counts a customer's own orders; `bank` is how the bank takes it: well, busy or broken; `held_s` is how
    long the first try of it takes, unless its worker is killed before."""

    number: int
    customer: int = 0
    step: int = 0
    takes_s: float = 0.0
    bank: str = "well"
    held_s: float = 0.0

    @property
    def key(self) -> str:
        """What has to stay in order."""
        return f"customer-{self.customer}"


def written(order: Order, filling: int = 0) -> bytes:
    """As it travels; `filling` makes it longer."""
    return json.dumps(asdict(order)).encode() + b" " * filling


def read(body: bytes) -> Order:
    """What `written` gave."""
    return Order(**json.loads(body))


class Ledger:
    """A file of lines: what was begun and done, of which order, when and by which process."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def note(self, what: str, order: Order) -> None:
        """One line, whole or not at all."""
        row = {"what": what, "order": order.number, "at_ns": time.monotonic_ns(), "worker": os.getpid()}
        line = json.dumps(row | {"customer": order.customer, "step": order.step}) + "\n"
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, line.encode())
        finally:
            os.close(handle)

    def rows(self) -> list[dict[str, Any]]:
        """All that was written so far."""
        text = self.path.read_text("utf-8") if self.path.exists() else ""
        return [json.loads(line) for line in text.splitlines()]

    def tries(self, order: Order) -> int:
        """How often the payment of an order was begun."""
        return sum(one["what"] == "begun" and one["order"] == order.number for one in self.rows())


class Shop:
    """The two steps of an order, by the channel that each reads."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def pay(self, order: Order) -> str:
        """Take the money; gives the channel that has to hear of it. LaterError or BrokenError if it cannot be had."""
        self._ledger.note("begun", order)
        time.sleep(order.takes_s)
        if order.held_s and self._ledger.tries(order) == 1:
            time.sleep(order.held_s)
        if order.bank == "broken":
            raise BrokenError
        if order.bank == "busy" and self._ledger.tries(order) < TRIES:
            raise LaterError
        self._ledger.note("paid", order)
        return "paid"

    def mail(self, order: Order) -> str:
        """Confirm the order."""
        self._ledger.note("mailed", order)
        return ""

    def step(self, channel: str) -> Callable[[bytes, Callable[[str, str, bytes], None]], None]:
        """What a worker of a channel does with a message: its step, and then it tells the next channel by `send`."""
        step = {"orders": self.pay, "paid": self.mail}[channel]

        def handle(body: bytes, send: Callable[[str, str, bytes], None]) -> None:
            order = read(body)
            if follows := step(order):
                send(follows, order.key, written(order))

        return handle
