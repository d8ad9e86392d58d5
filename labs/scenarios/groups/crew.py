"""The consumers of a run as this process sees them: a program in the environment of their client, and what it says."""

from __future__ import annotations

import contextlib
import json
import math
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labs.brokers.connection import tls_of
from labs.brokers.kafka.client import Site
from labs.model.endpoint import BrokerError, Endpoint, UnreachableError
from labs.model.facts import Facts
from labs.model.observer import Observer
from labs.scenarios.groups import HELD, HOLD_MS, Trial
from labs.stack import packages
from labs.stack.packages.program import Program, begin

SCRIPT = Path(__file__).with_name("members.py")
LOOK_S = 0.05
LEAVES_WITHIN_S = 10.0


@dataclass
class Crew:
    """What the consumers have said so far."""

    program: Program
    observer: Observer
    tries: list[list[int]] = field(default_factory=list)
    """A row each, as TRIES."""
    held: list[list[int]] = field(default_factory=list)
    """Who held how many records, from when to when."""
    holds: bool = False
    """Somebody has taken many records at once."""
    busy: set[int] = field(default_factory=set)
    """Who has tried a record, or warmed up with one."""
    warm: dict[int, int] = field(default_factory=dict)
    """Partition -> the last record done of those that were there to warm up."""
    done: set[int] = field(default_factory=set)
    empty: Counter[int] = field(default_factory=Counter)
    """Consumer -> how often it asked and got nothing."""

    def listen(self, until: Callable[[], bool], within_s: float, what: str) -> None:
        """Until that is so. UnreachableError says what a consumer could not do, or that it took too long."""
        give_up_s = time.monotonic() + within_s
        while not until():
            self.observer.check(f"while {what}")
            self._next(LOOK_S, what)
            if time.monotonic() > give_up_s:
                raise UnreachableError(f"{what} was not over after {within_s:.0f} s")

    def _next(self, within_s: float, what: str) -> bool:
        """Hear one line, if it comes within that time; whether it did."""
        if line := self.program.line(within_s):
            self._hear(json.loads(line))
        elif self.program.code is not None:
            last = (self.program.errors().strip().splitlines() or ["nothing"])[-1]
            raise UnreachableError(f"the consumers ended while {what}, and said: {last}")
        return bool(line)

    def catch_up(self, what: str) -> None:
        """Hear all that they have said until now. The same errors."""
        while self._next(0, what):
            pass

    def hear(self, for_s: float, what: str) -> None:
        """What they say within that time."""
        until_s = time.monotonic() + for_s
        self.listen(lambda: time.monotonic() > until_s, math.inf, what)

    def _hear(self, words: list[Any]) -> None:
        kind, *more = words
        if kind == "trouble":
            raise BrokerError(f"consumer {more[0]}: {more[1]}")
        if kind in ("holds", "held"):
            self.holds = True
            self.held += [more] if kind == "held" else []
            return
        if kind == "nothing":
            self.empty[more[0]] += 1
            return
        who, number, partition, offset, *_, done = more
        self.busy.add(who)
        if number < 0:
            self.warm[partition] = max(offset, self.warm.get(partition, 0))
            return
        self.tries.append(more)
        if done:
            self.done.add(number)

    def allow(self, those: list[int]) -> None:
        """Only these may take records from now on."""
        self.program.tell(json.dumps(those))


@contextlib.contextmanager
def started(
    trial: Trial,
    endpoint: Endpoint,
    topic: str,
    observer: Observer,
    *,
    group: str = "",
    slow: tuple[int, int] = (0, 1),
) -> Iterator[Crew]:
    """The consumers at work; afterwards they have left their group and are gone. StackError where their client cannot
    be had. `group` is their name if not the topic's own; `slow` is a consumer and how many times as long as the others
    it takes for everything."""
    task = {"way": trial.way.name, "topic": topic, "consumers": trial.size.consumers}
    task |= {"group": group or f"{topic}-workers"}
    task |= {"hoard": HELD if trial.trouble.hoards else 0, "hold_ms": HOLD_MS, "slow": slow}
    ours = trial.way.needs == ""
    with _program(trial, observer) as program:
        program.tell(json.dumps(task | {"config": _plain(endpoint) if ours else for_librdkafka(endpoint)}))
        yield Crew(program, observer)
        program.tell("stop")
        program.wait(LEAVES_WITHIN_S)


@contextlib.contextmanager
def _program(trial: Trial, observer: Observer) -> Iterator[Program]:
    if needs := trial.way.needs:
        with packages.program(needs, SCRIPT, report=lambda text: observer.progress(0.0, text)) as program:
            yield program
        return
    program = begin(Path(sys.executable), SCRIPT, (), {})
    try:
        yield program
    finally:
        program.end()


def _plain(endpoint: Endpoint) -> Facts:
    """The settings of kafka-python as another process can have them: files by their names."""
    found = {name: value for name, value in Site(endpoint).config.items() if name != "ssl_context"}
    if tls := tls_of(endpoint):
        named = {"ssl_cafile": tls.authority, "ssl_certfile": tls.certificate, "ssl_keyfile": tls.key}
        found |= {name: value for name, value in named.items() if value}
    return found


def for_librdkafka(endpoint: Endpoint) -> Facts:
    """The same for confluent-kafka; its warnings are not for the reader."""
    known = _plain(endpoint)
    names = {
        "security_protocol": "security.protocol",
        "sasl_mechanism": "sasl.mechanism",
        "sasl_plain_username": "sasl.username",
        "sasl_plain_password": "sasl.password",
        "ssl_cafile": "ssl.ca.location",
        "ssl_certfile": "ssl.certificate.location",
        "ssl_keyfile": "ssl.key.location",
    }
    found = {names[name]: value for name, value in known.items() if name in names}
    return found | {"bootstrap.servers": ",".join(known["bootstrap_servers"]), "log_level": 3}
