"""PoisonRun -> bill: where every message ended, how often it was tried, how long good ones waited. Pure arithmetic."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from labs.judge.soundness import stood_still
from labs.model.run import NEVER
from labs.scenarios.poison import MESSAGES, Kind, Plan
from labs.scenarios.poison.facts import PoisonRun
from labs.scenarios.poison.work import DONE, STOPPED

HANDLED, LETTER, GIVEN_UP, TWICE, NOWHERE = "done", "dead letter", "stopped by us", "in two places", "nowhere"
"""Where a message ended. Whoever is in two places or in none is a finding against the way."""
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Bill:
    """Of one run. Waits are from when a message was due until it was done, of good messages that were."""

    places: dict[Kind, Counter[str]]
    tries: dict[Kind, list[int]]
    """Of each message of a kind, how often it was tried."""
    waits_ms: list[float]

    def all_in(self, kind: Kind, place: str) -> bool:
        """Whether every message of a kind ended there; also where there is none."""
        return set(self.places[kind]) <= {place}

    @property
    def outcome(self) -> str:
        """Where those ended that only needed time: one place, or `in several places`; HANDLED where there is none."""
        found = set(self.places["heals"])
        return HANDLED if not found else found.pop() if len(found) == 1 else "in several places"

    @property
    def sound(self) -> bool:
        """Whether every message ended in exactly one place, and every good one was done."""
        odd = sum(self.places[kind][place] for kind in self.places for place in (TWICE, NOWHERE))
        return not odd and self.all_in("good", HANDLED)


def judge(run: PoisonRun) -> Bill:
    """The bill of a run."""
    plan, letters = Plan(run.share, run.seed), Counter(run["letters"].tolist())
    tried = Counter(run["tried_message"].tolist())
    ends: dict[int, list[str]] = {number: [LETTER] * letters[number] for number in range(MESSAGES)}
    done_ns: dict[int, int] = {}
    for number, ended, how in zip(*(run[name].tolist() for name in ("tried_message", "ended_ns", "how")), strict=True):
        if how in (DONE, STOPPED):
            ends[number].append(HANDLED if how == DONE else GIVEN_UP)
            done_ns.setdefault(number, ended)
    kinds: dict[Kind, list[int]] = {"good": [], "heals": [], "poison": []}
    for number in range(MESSAGES):
        kinds[plan.kind(number)].append(number)
    return Bill(
        {kind: Counter(_place(ends[one]) for one in those) for kind, those in kinds.items()},
        {kind: [tried[one] for one in those] for kind, those in kinds.items()},
        [(done_ns[one] - int(run["due_ns"][one])) / 1e6 for one in kinds["good"] if ends[one] == [HANDLED]],
    )


def _place(ends: list[str]) -> str:
    return ends[0] if len(ends) == 1 else TWICE if ends else NOWHERE


def wait_ms(bill: Bill, share: float) -> float | None:
    """The wait that this share of the good messages does not exceed; None where none was done."""
    return round(float(np.quantile(bill.waits_ms, share)), 3) if bill.waits_ms else None


def void(run: PoisonRun) -> str:
    """Why nothing is known from a run, because the machine stood still; empty if something is."""
    stamps = [run[name][run[name] != NEVER] for name in ("there_ns", "began_ns", "ended_ns")]
    return stood_still(run.facts.get("pauses", ()), stamps)
