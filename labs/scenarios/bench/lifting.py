"""A side and what may lift its rate, measured in the same round: twice the window, a second client, a second queue.

By time a variant is shorter than its base: a tenth more is seen in two seconds.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from labs.model.endpoint import BrokerError
from labs.scenarios.bench.base import Figure, Result, Setting, Side, VoidError
from labs.stack import StackError

TRIES = 3
BASE = "base"


@dataclass(frozen=True)
class Variant:
    """One thing that is doubled: `name` is one of judge.lift.CHAIN. Without a side, `why_not`."""

    name: str
    what: str
    """A second publisher: what raised the rate, if it did."""
    blame: str
    """One publisher was the limit: what that shows."""
    side: Side | None = None
    why_not: str = ""


@dataclass(frozen=True)
class Liftable:
    """A side; where its setting asks for the limit, its figure has each variant's rate of the same round as well."""

    base: Side
    variants: Sequence[Variant]

    def __call__(self, here: Setting) -> Figure:
        """The side's figure, with `lift` if that is asked for."""
        if not here.lift:
            return self.base(here)
        plain, lift = replace(here, lift=""), dict[str, Result]()
        brief = replace(plain, length=here.length.brief()) if here.length else plain
        order = [BASE, *(one.name for one in self.variants if one.side)]
        random.Random(here.lift).shuffle(order)
        by_name, figure = {one.name: one for one in self.variants}, None
        for name in order:
            here.observer.check("while the limit is looked for")
            if name == BASE:
                figure = self.base(plain)
            else:
                lift[name] = _tried(by_name[name], brief)
        assert figure is not None
        told = {one.name: lift.get(one.name) or _reason(one, one.why_not) for one in self.variants}
        return replace(figure, lift=told, more=figure.more | {"order": [*order]})


def _tried(one: Variant, here: Setting) -> Result:
    """Its rate; why there is none where it broke. What the variant could not do says nothing about the base."""
    assert one.side is not None
    for left in reversed(range(TRIES)):
        try:
            found = one.side(here)
        except VoidError as error:
            if not left:
                return _reason(one, str(error))
        except (BrokerError, StackError, ValueError) as error:
            return _reason(one, str(error))
        else:
            return {
                "what": one.what, "blame": one.blame, "per_s": float(f"{found.value:.5g}"), "stamp": found.stamp,
                "cores": {role: None if used is None else round(used, 2) for role, used in found.cores.items()},
            }  # fmt: skip
    raise AssertionError("the last try returns")


def _reason(one: Variant, why: str) -> Result:
    return {"what": one.what, "why_not": " ".join(why.split()).rstrip(".")}
