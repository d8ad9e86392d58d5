"""Handing the jobs in: each when it is due, whatever the worker does; who said yes and when is written down."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from labs.brokers import open_broker, open_publisher
from labs.brokers.base import Broker, Confirmations
from labs.model.endpoint import Address, Endpoint
from labs.model.message import encode, filler
from labs.model.profile import profile
from labs.model.run import NEVER, Column, one_line
from labs.model.workload import NS_PER_S
from labs.scenarios.jobs import Mode
from labs.scenarios.jobs.facts import SENT

BODY_BYTES = 100
SETTLE_S = 5.0
"""How long an answer is waited for when none comes."""


@dataclass(frozen=True)
class Plan:
    """What is handed in, and where in it the kill falls: all of it from the seed."""

    seed: int
    jobs: int = 200
    every_ns: int = 12_000_000
    """Shorter than a job takes, so that jobs wait when the worker dies."""

    @property
    def due_ns(self) -> Column:
        """When each job is handed in, ns after the start."""
        return np.arange(self.jobs, dtype=np.int64) * self.every_ns

    @property
    def after(self) -> bool:
        """Whether the worker is killed after the effect of a job (even seeds) or before it (odd ones)."""
        return self.seed % 2 == 0

    @property
    def aim(self) -> tuple[int, float]:
        """The how many-th job it is, and how far into that half of it the kill comes, as a share of the job."""
        chance = random.Random(self.seed)
        return chance.randint(self.jobs // 5, self.jobs * 2 // 5), chance.uniform(0.0, 0.2)


class Answers:
    """The columns of the sender, and whether it shall stop."""

    def __init__(self, plan: Plan, start_ns: int) -> None:
        self.plan, self.start_ns = plan, start_ns
        self.columns: dict[str, Column] = {name: np.full(plan.jobs, NEVER, np.int64) for name in SENT}
        self.columns |= {"due_ns": plan.due_ns, "tries": np.zeros(plan.jobs, np.int64)}
        self.stop = threading.Event()
        self.refusal = ""
        """The first refusal's words."""

    def now_ns(self) -> int:
        """Nanoseconds after the start."""
        return time.monotonic_ns() - self.start_ns

    def due_in_s(self, job: int) -> float:
        """Seconds until a job is due; negative when it is late."""
        return (int(self.plan.due_ns[job]) - self.now_ns()) / NS_PER_S

    def sent(self, job: int) -> None:
        """Somebody is being asked to take it; the first time counts."""
        if self.columns["sent_ns"][job] == NEVER:
            self.columns["sent_ns"][job] = self.now_ns()
        self.columns["tries"][job] += 1

    def heard(self, news: Confirmations) -> int:
        """Note who said yes and who said no; how many did."""
        now_ns = self.now_ns()
        self.refusal = self.refusal or one_line(news.why)
        self.columns["accepted_ns"][list(news.confirmed)] = now_ns
        self.columns["refused_ns"][list(news.refused)] = now_ns
        return len(news.confirmed) + len(news.refused)


class Desk(Protocol):
    """The sender's side of a mode: where jobs are handed in, and what is still there."""

    def hand_in(self, answers: Answers, port: int) -> None:
        """Every job of the plan, each when it is due; back when all are answered or no answer comes any more."""

    def left(self) -> int:
        """How many jobs the broker still holds for a worker, waiting or given out and not acknowledged."""

    def about(self) -> dict[str, object]:
        """The server's version and the persistence in force, for the run card."""


@dataclass(frozen=True)
class BrokerDesk:
    """The sender's side at a broker."""

    address: Address
    broker: Broker
    count: Callable[[], int]
    publisher: Callable[[], AbstractContextManager[Mailbox]]

    def hand_in(self, answers: Answers, port: int) -> None:
        """Jobs are published, and each has the broker's yes or no."""
        with self.publisher() as publisher:
            publish_all(publisher, answers)

    def left(self) -> int:
        """What the broker says that it holds."""
        return self.count()

    def about(self) -> dict[str, object]:
        """The server's version and what the address promises."""
        return {"server": self.broker.version(), "durability": self.broker.durability()}


@contextmanager
def broker_desk(
    counting: Callable[[Address], AbstractContextManager[Callable[[], int]]],
    mode: Mode,
    endpoint: Endpoint,
    name: str,
) -> Iterator[BrokerDesk]:
    """A desk where jobs go through the labs' own publisher; `counting` gives what counts those that are left."""
    address = Address(endpoint, profile(mode.profile), name)
    with open_broker(endpoint, address.profile, name) as broker, counting(address) as count:
        yield BrokerDesk(address, broker, count, lambda: open_publisher(address))


class Mailbox(Protocol):
    """The part of a publisher that handing in needs."""

    def publish(self, bodies: Sequence[bytes]) -> None:
        """Hand a batch over."""

    def poll(self, timeout_s: float) -> Confirmations:
        """Who said yes and who said no since the last call."""


def publish_all(publisher: Mailbox, answers: Answers) -> None:
    """One message a job; the confirmations are heard in the pauses."""
    rest, answered = filler(BODY_BYTES), 0
    for job in range(answers.plan.jobs):
        while (left_s := answers.due_in_s(job)) > 0 and not answers.stop.is_set():
            if answered < job:
                answered += answers.heard(publisher.poll(left_s))
            else:
                time.sleep(left_s)
        if answers.stop.is_set():
            return
        answers.sent(job)
        publisher.publish(encode(job, answers.plan.due_ns[job : job + 1] + answers.start_ns, rest))
    silent_s = time.monotonic()
    while answered < answers.plan.jobs and not answers.stop.is_set() and time.monotonic() - silent_s < SETTLE_S:
        if news := answers.heard(publisher.poll(0.1)):
            answered, silent_s = answered + news, time.monotonic()
