"""The members of the group as this process sees them: a program each, and what they have said so far."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labs.model.endpoint import BrokerError, UnreachableError
from labs.model.observer import Observer
from labs.scenarios.rebalance import EVENTS, FIRST, PARTITIONS, SET
from labs.scenarios.rebalance.facts import WORDS
from labs.stack import packages
from labs.stack.packages.program import Program

SCRIPT = Path(__file__).with_name("member.py")
LOOK_S = 0.02
READY_WITHIN_S, LEAVES_WITHIN_S = 20.0, 5.0


@dataclass
class Crew:
    """All members, also the one that has not come yet, by their numbers."""

    programs: Mapping[int, Program]
    observer: Observer
    done: list[list[int]] = field(default_factory=list)
    """A row each, as DONE."""
    told: list[list[int]] = field(default_factory=list)
    """A row each, as TOLD."""
    owns: dict[int, set[int]] = field(default_factory=dict)
    """Member -> the partitions that it has, as it was told."""
    reached: dict[int, int] = field(default_factory=dict)
    """Partition -> the last offset that somebody has done."""
    ready: set[int] = field(default_factory=set)
    dead: set[int] = field(default_factory=set)
    changed_s: float = 0.0
    """When a member was last given or refused a partition."""

    def catch_up(self) -> None:
        """Hear all that they have said until now. BrokerError says what a member could not do."""
        for who, program in self.programs.items():
            while line := program.line(0):
                self._hear(who, json.loads(line))
            if program.code is not None and who not in self.dead:
                last = (program.errors().strip().splitlines() or ["nothing"])[-1]
                raise BrokerError(f"member {who} ended, and said: {last}")

    def _hear(self, who: int, words: list[Any]) -> None:
        kind, *more = words
        if kind == "ready":
            self.ready.add(who)
        elif kind == "trouble":
            raise BrokerError(f"member {who}: {more[0]}")
        elif kind == "did":
            at_ns, partition, offset = more
            self.done.append([who, partition, offset, at_ns])
            self.reached[partition] = max(offset, self.reached.get(partition, -1))
        else:
            at_ns, parts = more
            self.told += [[who, WORDS.index(kind), one, at_ns] for one in parts]
            had = self.owns.setdefault(who, set())
            self.owns[who] = had | {*parts} if kind == "got" else had - {*parts}
            self.changed_s = time.monotonic()

    def wait(self, until: Callable[[], bool], within_s: float, what: str) -> None:
        """Until that is so. UnreachableError where it takes too long."""
        give_up_s = time.monotonic() + within_s
        while not until():
            self.observer.check(f"while {what}")
            if time.monotonic() > give_up_s:
                raise UnreachableError(f"{what} was not over after {within_s:.0f} s")
            time.sleep(LOOK_S)
            self.catch_up()

    def at_rest(self, for_s: float) -> bool:
        """Whether each partition has one owner, all of the first members have as many, and nothing changed lately."""
        shares = [self.owns.get(who, set()) for who in FIRST]
        whole = set().union(*shares) == set(range(PARTITIONS)) and sum(map(len, shares)) == PARTITIONS
        alike = len({len(one) for one in shares}) == 1
        return whole and alike and time.monotonic() - self.changed_s > for_s

    def join(self, who: int) -> None:
        """That member subscribes."""
        self.programs[who].tell("join")

    def leave(self, who: int) -> None:
        """That member closes its consumer, as a program does that is stopped in good order."""
        self.dead.add(who)
        self.programs[who].tell("leave")

    def kill(self, who: int) -> None:
        """SIGKILL: it says nothing to anybody any more."""
        self.dead.add(who)
        self.programs[who].kill()


@contextlib.contextmanager
def started(config: Mapping[str, object], topic: str, observer: Observer) -> Iterator[Crew]:
    """Every member as a program that is ready to join; afterwards those that are left have left their group and are
    gone. StackError where their client cannot be had."""
    numbers = sorted({*FIRST, *(one.member for one in EVENTS)})
    with contextlib.ExitStack() as stack:
        begin = [packages.program(SET, SCRIPT, report=lambda text: observer.progress(0.0, text)) for _ in numbers]
        crew = Crew({who: stack.enter_context(one) for who, one in zip(numbers, begin, strict=True)}, observer)
        for who, program in crew.programs.items():
            program.tell(json.dumps({"topic": topic, "config": {**config, "client.id": f"member-{who}"}}))
        crew.wait(lambda: crew.ready == {*numbers}, READY_WITHIN_S, "starting the members")
        yield crew
        left = [one for who, one in crew.programs.items() if who not in crew.dead]
        crew.dead.update(crew.programs)
        for one in left:
            one.tell("leave")
        for one in left:
            one.wait(LEAVES_WITHIN_S)
