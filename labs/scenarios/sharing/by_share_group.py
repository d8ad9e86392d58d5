"""Kafka's share group: its members are the workers, as the consumers' program of labs/scenarios/groups runs them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import numpy as np

from labs.model.endpoint import BrokerError, Endpoint
from labs.model.observer import Observer
from labs.model.run import Column
from labs.scenarios.groups import TROUBLES, WAYS, Size, Trial, forming
from labs.scenarios.groups.crew import Crew, started
from labs.scenarios.jobs.event_log import Kind
from labs.scenarios.jobs.facts import EVENTS
from labs.scenarios.sharing import SLOWED, WORK_MS, WORKERS, Way


class Members:
    """The members at work, as a team of this lab: what they have said is heard when somebody asks for it."""

    ports: Sequence[int] = ()
    """Nobody calls them."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew

    @property
    def done(self) -> int:
        """How many jobs are done, as far as was heard."""
        return len(self._crew.done)

    def said(self) -> str:
        """What went wrong for one of them until now; empty if nothing did."""
        try:
            self._crew.catch_up("jobs are done")
        except BrokerError as error:
            return str(error)
        return ""

    def columns(self, start_ns: int) -> dict[str, Column]:
        """All of their events in the order in which they happened, on the same clock as everybody's."""
        events = [
            (int(kind), job, who, at_ns - start_ns)
            for who, job, _, _, _, begun_ns, ended_ns, _ in self._crew.tries
            for kind, at_ns in ((Kind.BEGUN, begun_ns), (Kind.DONE, ended_ns))
        ]
        rows = np.array(sorted(events, key=lambda event: event[3]), np.int64).reshape(-1, len(EVENTS))
        return {name: rows[:, at].copy() for at, name in enumerate(EVENTS)}


@contextlib.contextmanager
def at_work(way: Way, endpoint: Endpoint, topic: str, slow: int, observer: Observer) -> Iterator[Members]:
    """The members, once each has had a record; afterwards they have left their group and are gone."""
    trial = Trial(WAYS["share"], Size(way.many, WORKERS), TROUBLES["none"])
    with started(trial, endpoint, topic, observer, slow=(slow, SLOWED)) as crew:
        forming.await_share_groups(endpoint, topic, trial.size, crew)
        crew.allow(list(range(1, WORKERS + 1)))
        yield Members(crew)


def publish(endpoint: Endpoint, topic: str, jobs: int, partitions: int) -> None:
    """One record a job, the partitions in turn and each a batch of its own; all are acknowledged when this returns."""
    with forming.producer(endpoint) as out:
        sent = [forming.send(out, topic, job, job % partitions, took_ms=WORK_MS) for job in range(jobs)]
        for one in sent:
            one.get(timeout=forming.ANSWERED_S)
