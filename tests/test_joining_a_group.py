"""A member of a Kafka group gets its partition, however short its looks are; kafka-python, on a real broker."""

from __future__ import annotations

import contextlib
import time

import pytest
from kafka import KafkaConsumer

from labs.brokers import open_broker
from labs.brokers.kafka.client import Site, learn
from labs.model.endpoint import Endpoint
from labs.model.profile import profile

GROUPS = 8
SHORT_MS = 10
"""A look that may end within the second of two joins: without `learn` 15 of 25 members were left without a share."""
WITHIN_S = 15.0
"""A join takes some 50 ms; the busiest machine that was seen made it 3 s."""


@pytest.mark.broker
@pytest.mark.parametrize("endpoints", ["native"], indirect=True)
def test_a_member_that_knows_its_topic_gets_the_partition_in_looks_shorter_than_a_join(
    endpoints: dict[str, Endpoint],
) -> None:
    name, site = f"labs-joining-{time.monotonic_ns()}", Site(endpoints["kafka"])
    with open_broker(endpoints["kafka"], profile("kafka-acks-all"), name):
        for at in range(GROUPS):
            settings = site.config | {"group_id": f"{name}-{at}", "enable_auto_commit": False}
            with contextlib.closing(KafkaConsumer(name, **settings)) as member:
                learn(member, name)
                until_s = time.monotonic() + WITHIN_S
                while not member.assignment():
                    assert time.monotonic() < until_s, f"member {at} has no partition after {WITHIN_S:g} s"
                    member.poll(timeout_ms=SHORT_MS)
