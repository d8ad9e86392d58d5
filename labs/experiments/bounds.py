"""Rules as data: a quantity, a comparison and a number for a word. What a panel says of a rule is made of the same."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from labs.model.text import NBSP, number_text

Comparison = Literal["at least", "at most", "above", "below"]
_COMPARE: Mapping[Comparison, Callable[[float, float], bool]] = {
    "at least": operator.ge,
    "at most": operator.le,
    "above": operator.gt,
    "below": operator.lt,
}


@dataclass(frozen=True)
class Bound:
    """What a quantity has to be for a word: `Kafka's p99` `at most` 10 `ms`."""

    word: str
    quantity: str
    how: Comparison
    limit: float
    unit: str = ""

    def __call__(self, value: float) -> bool:
        """Whether a value passes it."""
        return _COMPARE[self.how](value, self.limit)

    def __str__(self) -> str:
        unit = f"{'' if self.unit.startswith('/') else NBSP}{self.unit}" if self.unit else ""
        return f"it {self.word} if {self.quantity} is {self.how} {number_text(self.limit)}{unit}"


def asked(bounds: tuple[Bound, ...]) -> str:
    """What a rule with these bounds asks for, a sentence a bound; empty of none."""
    return "".join(f" By the rule {bound}." for bound in bounds)
