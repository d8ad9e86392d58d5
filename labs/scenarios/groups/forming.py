"""What a run with a share group needs: a Kafka that has them, records one in a batch, and members that all get some."""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from kafka import KafkaProducer

from labs.brokers.kafka.client import Site
from labs.model.endpoint import Endpoint, RefusedError, UnreachableError
from labs.scenarios.groups import FAIL_MS, SET, SHARE_SINCE, WAYS, Size
from labs.scenarios.groups.crew import Crew
from labs.stack import packages

FORMS_WITHIN_S = 45.0
"""The first group of a Kafka waits until the topics that remember groups are there."""
ANSWERED_S = 5.0
WARM_EVERY_S, WARM_MS = 0.1, 20
LINGER_MS = 300


def check(server: str) -> None:
    """RefusedError where this Kafka has no share groups."""
    known = tuple(int(part) for part in re.findall(r"\d+", server)[:2])
    if known < SHARE_SINCE:
        wanted = ".".join(map(str, SHARE_SINCE))
        raise RefusedError(f"Share groups came with Kafka {wanted}, and this is {server}. Take the consumer group.")


def client() -> str:
    """The client of a share group's members, its version, and what its makers say of it."""
    name = WAYS["share"].client
    return f"{name} {packages.versions(SET)[name]}, in an environment of its own; its share consumer is a preview"


@contextlib.contextmanager
def producer(endpoint: Endpoint, *, together: bool = False) -> Iterator[KafkaProducer]:
    """One record a batch: a share group hands out no less than a batch. `together`: as many as are there at once."""
    site, batch = Site(endpoint), {"linger_ms": LINGER_MS} if together else {"batch_size": 0}
    with site.typed(), contextlib.closing(KafkaProducer(**site.config, acks="all", **batch)) as out:
        yield out


def send(
    out: KafkaProducer,
    topic: str,
    number: int,
    to: int | bytes,
    *,
    took_ms: float,
    fails: int = 0,
) -> Any:
    """One record for the consumers' program, to a partition or to that of a key; what is given back knows when Kafka
    has it."""
    body = json.dumps({"number": number, "took_ms": took_ms, "fails": fails, "fail_ms": FAIL_MS})
    where: dict[str, Any] = {"partition": to} if isinstance(to, int) else {"key": to}
    return out.send(topic, body.encode(), **where)


def await_share_groups(endpoint: Endpoint, topic: str, size: Size, *groups: Crew) -> None:
    """Until every member of each group has had a record, and no such record is left. UnreachableError if that takes
    too long."""
    last, give_up_s = {}, time.monotonic() + FORMS_WITHIN_S
    with producer(endpoint) as out:
        while any(len(one.busy) < size.consumers or len(one.warm) < size.partitions for one in groups):
            last = {at: send(out, topic, -1, at, took_ms=WARM_MS) for at in range(size.partitions)}
            for one in groups:
                one.hear(WARM_EVERY_S, "the share group forms")
            if time.monotonic() > give_up_s:
                raise UnreachableError(f"the share group of {size.consumers} did not form in {FORMS_WITHIN_S:.0f} s")
        ends = {at: sent.get(timeout=ANSWERED_S).offset for at, sent in last.items()}
    # What was sent before the group had begun with a partition it never sees, so the last one is waited for.
    for one in groups:
        one.listen(partial(_warmed, one, ends), FORMS_WITHIN_S, "warming up")


def _warmed(group: Crew, ends: Mapping[int, int]) -> bool:
    """Whether in each partition the last record to warm up is done."""
    return all(group.warm.get(at, -1) >= end for at, end in ends.items())
