"""Handing in: all jobs at once to a broker, or to the balancer so many calls at a time, each waiting for its answer."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any

from kafka import KafkaAdminClient, KafkaProducer
from kafka.errors import KafkaError

from labs.brokers.kafka.client import ANSWER_MS, Site
from labs.model.endpoint import BrokerError, Endpoint, UnreachableError
from labs.model.message import encode, filler
from labs.model.observer import Observer
from labs.scenarios.jobs.by_http import posted
from labs.scenarios.jobs.producer import BODY_BYTES, Mailbox

ANSWERED_S = 5.0
JOINED_S = 15.0
LOOK_S = 0.05


def bodies(jobs: int) -> list[bytes]:
    """A message a job, with its number."""
    import numpy as np

    due = np.full(jobs, time.monotonic_ns(), np.int64)
    return list(encode(0, due, filler(BODY_BYTES)))


def publish(mailbox: Mailbox, jobs: int) -> None:
    """One message a job; every one is confirmed when this returns. UnreachableError if that takes too long."""
    mailbox.publish(bodies(jobs))
    known, give_up_s = 0, time.monotonic() + ANSWERED_S
    while known < jobs:
        news = mailbox.poll(0.1)
        known += len(news.confirmed)
        if news.refused or time.monotonic() > give_up_s:
            raise UnreachableError(f"of {jobs} jobs {known} were confirmed. {news.why}".strip())


def widen(endpoint: Endpoint, topic: str, partitions: int) -> None:
    """Give a topic of one partition so many."""
    site = Site(endpoint)
    with site.typed(), contextlib.closing(KafkaAdminClient(**site.config)) as admin:
        admin.create_partitions({topic: partitions}, timeout_ms=ANSWER_MS)


def publish_evenly(endpoint: Endpoint, topic: str, jobs: int, partitions: int) -> None:
    """One record a job, the partitions in turn; every one is acknowledged when this returns."""
    site = Site(endpoint)
    with site.typed(), contextlib.closing(KafkaProducer(**site.config, acks="all", max_block_ms=ANSWER_MS)) as producer:
        sent = [producer.send(topic, body, partition=job % partitions) for job, body in enumerate(bodies(jobs))]
        for one in sent:
            one.get(timeout=ANSWERED_S)


def await_members(endpoint: Endpoint, group: str, members: int, partitions: int, observer: Observer) -> None:
    """Until the group is at rest with so many members and all partitions are given out. UnreachableError if not."""
    site, give_up_s = Site(endpoint), time.monotonic() + JOINED_S
    with site.typed(), contextlib.closing(KafkaAdminClient(**site.config)) as admin:
        while not _at_rest(_described(admin, group), members, partitions):
            observer.check("while the group forms")
            if time.monotonic() > give_up_s:
                raise UnreachableError(f"{site.where}: the group of {members} did not form in {JOINED_S:g} s.")
            time.sleep(LOOK_S)


def _described(admin: KafkaAdminClient, group: str) -> dict[str, Any]:
    """The group as its coordinator sees it; as nothing where a fresh broker has no coordinator yet."""
    try:
        found: dict[str, Any] = admin.describe_groups([group])[group]
    except KafkaError as error:
        if not error.retriable:
            raise
        return {"group_state": "", "members": []}
    return found


def _at_rest(group: dict[str, Any], members: int, partitions: int) -> bool:
    """Whether a described group works: that many members, and every partition is given to one."""
    there = [one["member_assignment"] for one in group["members"]]
    known = [part["partitions"] for one in there if isinstance(one, dict) for part in one["assigned_partitions"]]
    return group["group_state"] == "Stable" and len(there) == members and sum(map(len, known)) == partitions


class Callers(threading.Thread):
    """The callers of a balancer, in a thread of this process, so many at once; what stops them is `trouble`."""

    def __init__(self, port: int, jobs: int, at_once: int) -> None:
        super().__init__(daemon=True, name="labs-callers")
        self._port, self._jobs, self._at_once = port, jobs, at_once
        self._over = threading.Event()
        self.trouble = ""

    def run(self) -> None:
        """Every job is called for once; a caller takes the next when it is answered."""
        try:
            asyncio.run(self._all())
        except (OSError, BrokerError, ExceptionGroup) as error:
            self.trouble = f"callers: {error}"

    async def _all(self) -> None:
        waiting = iter(range(self._jobs))
        async with asyncio.TaskGroup() as group:
            for _ in range(self._at_once):
                group.create_task(self._caller(waiting))

    async def _caller(self, waiting: Iterator[int]) -> None:
        for job in waiting:
            if self._over.is_set():
                return
            if not await posted(job, self._port, keyed=False):
                self.trouble = self.trouble or f"job {job} had no answer"

    def end(self) -> None:
        """No further job is called for."""
        self._over.set()
        self.join(ANSWERED_S)
