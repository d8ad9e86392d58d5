"""A lab measured in rounds: round r measures every point once, in an order drawn from a seed, and a journal keeps each.

So a drift of the machine hits all points alike, the spread of a point is that between rounds, and a recording that was
stopped goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from labs.experiments.base import Experiment, Settings
from labs.judge.code_fingerprint import code_of
from labs.judge.merging import COUNTS, merged
from labs.judge.recording_journal import Journal, Part
from labs.judge.repeats import foreign
from labs.judge.saturation import FOREIGN_CORES
from labs.model.digest import Digest
from labs.model.endpoint import BrokerError
from labs.model.errors import StackError
from labs.model.observer import Observer
from labs.model.run import FORMAT

RULES = 1
"""Of how a lab is recorded: another number makes every recorded file out of date."""
AGAIN = 2
"""A disturbed or void point of a round is done again at the end of its round so often at most."""
SEED = 1
Measure = Callable[[Settings, Observer], list[Digest]]


class EnoughError(Exception):
    """The time that was given for recording is over; what has been measured is kept."""


@dataclass(frozen=True)
class Watcher:
    """Who is told how a recording goes: before a point (and may raise EnoughError there), and when a part is kept."""

    begins: Callable[[int, Settings], Observer]
    """Round and point -> the observer of its run."""
    kept: Callable[[Part], None] = lambda _part: None


def key_of(point: Settings) -> str:
    """What a point is found by in a journal."""
    return json.dumps({name: value for name, value in point.items() if name != "repeats"}, sort_keys=True)


def rounds_of(points: Sequence[Settings]) -> int:
    """How many rounds these points have at most."""
    return max(int(point.get("repeats", 1)) for point in points)


def order(lab: str, points: Sequence[Settings], number: int, seed: int = SEED) -> list[int]:
    """The places of the points that round `number` (from 1) measures, in its order; the same for the same seed."""
    asked = [at for at, point in enumerate(points) if int(point.get("repeats", 1)) >= number]
    random.Random(f"{lab} {seed} {number}").shuffle(asked)
    return asked


def rules_of(lab: Experiment) -> str:
    """A few letters that change with the recording's rules, its format, the lab's grid and its ways of sending."""
    ways = [[one.name, one.profile, one.lane, repr(one.load)] for one in lab.ways]
    said = json.dumps([RULES, FORMAT, [lab.settings(point) for point in lab.grid()], ways], sort_keys=True, default=str)
    return f"{RULES}-{hashlib.sha256(said.encode()).hexdigest()[:8]}"


def made_by(lab: Experiment, backend: str) -> dict[str, str]:
    """What a part of this lab's recording must have been made by to count."""
    return {
        "code": code_of([f"labs.experiments.{lab.name.replace('-', '_')}"]),
        "backend": backend,
        "rules of recording": rules_of(lab),
    }


@dataclass(frozen=True)
class Rounds:
    """All rounds of some points of a lab, and the journal that knows which of them are done."""

    lab: Experiment
    points: Sequence[Settings]
    journal: Journal
    seed: int = SEED
    draft: bool = False
    """As short as a live run, and no limit looked for: what a page is written with. Such a file is out of date."""

    def left(self) -> list[tuple[int, int]]:
        """(round, place of the point) of what the journal has not, in the order in which it is measured."""
        return [one for one in self._plan() if (key_of(self.points[one[1]]), one[0]) not in self.journal]

    def _plan(self) -> Iterator[tuple[int, int]]:
        for number in range(1, rounds_of(self.points) + 1):
            yield from ((number, at) for at in order(self.lab.name, self.points, number, self.seed))

    def run(self, measure: Measure, watcher: Watcher) -> list[Digest]:
        """Measure what is left and give every point with all its rounds, in the order of the points.

        What a server of another version has measured is dropped and measured anew.
        """
        while left := self.left():
            number = left[0][0]
            self._round(number, [at for other, at in left if other == number], measure, watcher)
        return [digest for point in self.points for digest in self._merged(point)]

    def _round(self, number: int, places: Sequence[int], measure: Measure, watcher: Watcher) -> None:
        waiting = [(at, 0) for at in places]
        while waiting:
            at, again = waiting.pop(0)
            point, began_s = self.points[at], time.monotonic()
            asked = {**point, "repeats": 1, "seed": int(point.get("seed", 1)) + number - 1}
            asked |= {"recorded": True} if not self.draft else {"lift": ""} if "lift" in point else {}
            try:
                found = measure(asked, watcher.begins(number, point))
            except (BrokerError, StackError):
                if again == AGAIN:
                    raise
                found = []
            if again < AGAIN and (not found or any(disturbance(one, quiet=self.lab.quiet) for one in found)):
                waiting.append((at, again + 1))
                continue
            part = self._kept(point, number, [_counting(one, again) for one in found], time.monotonic() - began_s)
            watcher.kept(part)

    def _kept(self, point: Settings, number: int, found: Sequence[Digest], took_s: float) -> Part:
        part = self.journal.add(key_of(point), number, [one.to_json() for one in found], took_s)
        now = {name: text for one in found for name, text in servers(one.card, one.settings).items()}
        self.journal.drop("the server's version", lambda other: _differs(other, now))
        return part

    def _merged(self, point: Settings) -> list[Digest]:
        parts = [[Digest.from_json(one) for one in part.facts] for part in self.journal.parts(key_of(point))]
        said = {"order": f"round by round over all points, drawn from seed {self.seed}"}
        found = [merged(each, self.lab.sum_up) for each in zip(*parts, strict=True)]
        return [replace(one, card={**one.card, **said}) for one in found]

    def card(self) -> dict[str, object]:
        """What the recorded file says of how it was recorded; points by their number in it, from 1."""
        each = {at: self.journal.parts(key_of(point)) for at, point in enumerate(self.points)}
        drawn = [order(self.lab.name, self.points, number + 1, self.seed) for number in range(rounds_of(self.points))]
        seconds = [round(sum(one.took_s for one in parts) / max(len(parts), 1), 1) for parts in each.values()]
        return {
            "rules": rules_of(self.lab) + ("-draft" if self.draft else ""),
            "seed": self.seed,
            "order": [" ".join(str(at + 1) for at in places) for places in drawn],
            "point_s": seconds,
            "minutes": round(sum(one.took_s for one in self.journal.parts()) / 60, 1),
        }


def servers(card: Mapping[str, Any], chosen: Mapping[str, Any] = MappingProxyType({})) -> dict[str, str]:
    """Server -> its name with its version, as a run card names it, or them. Of a lab in which the reader chooses the
    `server` each of those is one by itself."""
    named = re.findall(r"([A-Z][A-Za-z ]*?) (\d[^,]*)", str(card.get("broker", "")))
    of = f", {chosen['server']}" if "server" in chosen else ""
    return {f"{name}{of}": f"{name} {text}" for name, text in named}


def _differs(part: Part, now: Mapping[str, str]) -> bool:
    """Whether one of its servers has another version than now."""
    if not isinstance(part.facts, list):
        return False
    then = [one for fact in part.facts for one in servers(fact["card"], fact["settings"]).items()]
    return any(now.get(name, text) != text for name, text in then)


def _counting(digest: Digest, again: int) -> Digest:
    """With how often the point was done again on its card."""
    [name] = COUNTS
    before = digest.card.get(name, 0)
    return replace(digest, card={**digest.card, name: again + (before if isinstance(before, int) else 0)})


def disturbance(digest: Digest, *, quiet: bool = True) -> str:
    """Why the point of one round is to be done again: it is void or, where that matters (`quiet`), other programs took
    too much of the processor.

    Asks only for what the broker does not decide, so that leaving such a run out does not choose a result.
    """
    if digest.void or not quiet:
        return digest.void
    used = max((cores for repeat in digest.repeats for cores in foreign(repeat)), default=0.0)
    return f"others used {used:.2f} cores" if used > FOREIGN_CORES else ""
