"""Kafka's share groups as a shape: a member has what it asks for, record by record, from partitions that it may share.

The members are those of the consumers' program of labs/scenarios/groups, a program for each group.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from kafka import KafkaProducer

from labs.brokers import open_broker
from labs.brokers.kafka.client import Site
from labs.model.profile import profile
from labs.model.shapes import Crew
from labs.scenarios.groups import TROUBLES, WAYS, Size, Trial, forming
from labs.scenarios.groups.crew import Crew as Members
from labs.scenarios.groups.crew import started
from labs.scenarios.shapes.work import AtWork, Desk, Task, group_name, numbers
from labs.scenarios.sharing.handing_in import widen

PROFILE = "kafka-acks-all"


class Member:
    """A member at work, as the lab sees its consumers: by what its program has said."""

    ready = True

    def __init__(self, name: str, members: Members, who: int) -> None:
        self.name, self._members, self._who = name, members, who

    @property
    def rows(self) -> Sequence[tuple[int, int]]:
        """Message and when it was done, ns on the monotonic clock."""
        return [(row[1], row[6]) for row in self._members.tries if row[0] == self._who and row[7]]

    @property
    def empty(self) -> int:
        """How often it asked and got nothing."""
        return self._members.empty[self._who]

    @property
    def done(self) -> bool:
        """Its program has ended."""
        return self._members.program.code is not None

    def said(self) -> str:
        """What went wrong is heard by whoever asks what is left."""
        return ""

    def wait(self, within_s: float) -> bool:
        """Whether its program has ended by then."""
        return self._members.program.wait(within_s)

    def trouble(self, within_s: float = 0) -> str:
        """That its program has ended is told with the program's last words, by whoever asks what is left."""
        return ""


class _Sender:
    """Sends one record, a batch of its own, and waits until the broker has it."""

    def __init__(self, task: Task, groups: Sequence[Members], out: KafkaProducer, consumers: Sequence[AtWork]) -> None:
        self._task, self._groups, self._out, self._sent = task, groups, out, 0
        self.consumers = consumers

    def send(self, key: str, body: bytes) -> bool:
        """The client's own partitioner puts all records of a key into one partition."""
        [number] = numbers([body])
        took_ms = self._task.plan.takes_s(number) * 1000
        with Site(self._task.endpoint).typed():
            sent = forming.send(self._out, self._task.name, number, key.encode(), took_ms=took_ms)
            sent.get(timeout=forming.ANSWERED_S)
        self._sent += 1
        return True

    def left(self) -> int:
        """What the members of each group have not done yet: Kafka's own count of it this client cannot ask for."""
        for group in self._groups:
            group.catch_up("messages are worked on")
        return sum(self._sent - len(group.done) for group in self._groups)

    def settled(self) -> bool:
        """Every member has had a record before the desk was there."""
        return True


@contextmanager
def desk(task: Task, crew: Crew) -> Iterator[Desk]:
    """The topic is there, and each group's members have all had a record, before anybody sends."""
    size, trial = (
        Size(task.partitions, crew.members),
        Trial(WAYS["share"], Size(task.partitions, crew.members), TROUBLES["none"]),
    )
    with open_broker(task.endpoint, profile(PROFILE), task.name) as broker, ExitStack() as held:
        forming.check(broker.version())
        if task.partitions > 1:
            widen(task.endpoint, task.name, task.partitions)
        names = [group_name(task.name, letter) for letter in crew.letters]
        groups = [
            held.enter_context(started(trial, task.endpoint, task.name, task.observer, group=name)) for name in names
        ]
        forming.await_share_groups(task.endpoint, task.name, size, *groups)
        members = list(range(1, crew.members + 1))
        for group in groups:
            group.allow(members)
        at_work = [(group, who) for group in groups for who in members]
        consumers = [Member(f"consumer {name}", *one) for name, one in zip(crew.names, at_work, strict=True)]
        yield _Sender(task, groups, held.enter_context(forming.producer(task.endpoint)), consumers)
