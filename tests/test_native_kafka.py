"""Kafka's own load tools, run against a real broker."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from labs.brokers import open_broker, open_consumer
from labs.model.endpoint import Address, Endpoint
from labs.model.profile import profile
from labs.scenarios.bench.tool_sides import unlike_bodies
from labs.scenarios.bench.tools import ToolError, kafka_perf
from tests.conftest import free_port

NOWHERE = Endpoint("kafka", "127.0.0.1", 9)
BODY = b"a body of text in one line" * 4


@pytest.mark.broker
@pytest.mark.parametrize("endpoints", ["native"], indirect=True, scope="session")
def test_what_the_producing_tool_counts_is_in_the_topic_and_the_consuming_tool_reads_it(
    endpoints: dict[str, Endpoint],
) -> None:
    kafka, chosen, topic = endpoints["kafka"], profile("kafka-acks-1"), f"labs-test-{uuid4().hex[:12]}"
    with open_broker(kafka, chosen, topic) as broker:
        sent = kafka_perf.produce(kafka, topic, 150_000, [BODY], acks="1", warm=50_000)
        assert tempfile.gettempdir() not in sent.command, "a recorded file has no folder of this machine"
        assert (sent.messages, sent.body_bytes, sent.tool) == (150_000, len(BODY), "ProducerPerformance")
        assert broker.backlog() == 200_000
        with open_consumer(Address(kafka, chosen, topic)) as consumer:
            assert consumer.receive(5.0).bodies[0] == BODY
        read = kafka_perf.consume(kafka, topic, 200_000, len(BODY))
    assert read.messages >= 200_000
    assert min(sent.per_s, read.per_s) > 10_000
    assert f"--topic {topic}" in sent.command


@pytest.mark.broker
@pytest.mark.parametrize("endpoints", ["native"], indirect=True, scope="session")
def test_the_producing_tool_compresses_if_told_and_bodies_that_differ_do_not_become_small(
    endpoints: dict[str, Endpoint],
) -> None:
    kafka, chosen, per_message = endpoints["kafka"], profile("kafka-acks-1"), dict[tuple[str, int], float]()
    for compression, bodies in (("none", unlike_bodies()), ("gzip", unlike_bodies()), ("gzip", unlike_bodies()[:1])):
        topic = f"labs-test-{uuid4().hex[:12]}"
        with open_broker(kafka, chosen, topic), open_consumer(Address(kafka, chosen, topic)) as consumer:
            sent = kafka_perf.produce(kafka, topic, 20_000, bodies, acks="1", compression=compression)
            read = consumer.receive(5.0).bodies
            (log,) = Path(kafka.data_dir).rglob(f"{topic}-0/*.log")
            per_message[compression, len(bodies)] = log.stat().st_size / 20_000
        assert ("compression.type=gzip" in sent.command) == (compression == "gzip")
        assert set(read) <= set(bodies)
        assert len(set(read)) > 1 or len(bodies) == 1
    many = len(unlike_bodies())
    assert per_message["none", many] > 100  # the body and what frames it
    assert 75 < per_message["gzip", many] < 100  # six and a half bits of eight are 82 of 100 bytes
    assert per_message["gzip", 1] < 15


def test_a_tool_is_not_run_where_nothing_listens_or_elsewhere_or_with_a_body_it_would_split() -> None:
    with pytest.raises(ToolError, match="no Kafka at port"):
        kafka_perf.consume(replace(NOWHERE, port=free_port()), "topic", 1, 100)
    with pytest.raises(ToolError, match="this machine alone"):
        kafka_perf.produce(replace(NOWHERE, host="192.0.2.1"), "topic", 1, [BODY])
    with pytest.raises(ToolError, match="one line"):
        kafka_perf.produce(NOWHERE, "topic", 1, [BODY, b"two\nlines"])
