"""Kafka, best effort: the position is committed before the work, so a crash skips what was read."""

from collections.abc import Callable
from typing import Any

import kafka

from labs.model.endpoint import Endpoint

TOPIC = {"num_partitions": 1, "replication_factor": 1}
CONSUMER: dict[str, Any] = {"group_id": "workers", "auto_offset_reset": "earliest", "enable_auto_commit": False}
SETTINGS = {**TOPIC, **CONSUMER}


def address(place: Endpoint) -> dict[str, str]:
    """Where the broker is."""
    return {"bootstrap_servers": f"{place.host}:{place.port}"}


def prepare(place: Endpoint) -> None:
    """The topic: here a mistyped one is an error and not a new one."""
    admin = kafka.KafkaAdminClient(**address(place))
    admin.create_topics({"first-best": TOPIC})
    admin.close()


def send(place: Endpoint, body: bytes) -> None:
    """Send and wait for the broker's yes."""
    producer = kafka.KafkaProducer(**address(place))
    producer.send("first-best", body).get(timeout=20)
    producer.close()


def receive(place: Endpoint, handle: Callable[[bytes], None]) -> None:
    """The first message that comes: committed, then done."""
    consumer = kafka.KafkaConsumer("first-best", **address(place), **CONSUMER)
    for record in consumer:
        consumer.commit()
        handle(record.value)
        break
    consumer.close()
