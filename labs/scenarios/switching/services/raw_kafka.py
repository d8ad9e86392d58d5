"""The order service on Kafka with kafka-python: a topic a channel, and a group that shares its partitions."""

import time
from collections.abc import Iterator
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer

from labs.scenarios.switching.place import CHANNELS, Handle, Place
from labs.scenarios.switching.shop import DELAY_S, SESSION_S, TRIES, LaterError

TOPIC = {"num_partitions": 2, "replication_factor": 1}
MEMBER: dict[str, Any] = {
    "enable_auto_commit": False,
    "auto_offset_reset": "earliest",
    "max_poll_records": 1,
    "session_timeout_ms": SESSION_S * 1000,
}


class Service:
    """A producer from the first message on, and as many consumers as it reads topics."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.where: dict[str, Any] = {"bootstrap_servers": f"{place.host}:{place.port}"}
        if place.username:
            self.where |= {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "PLAIN"}
            self.where |= {"sasl_plain_username": place.username, "sasl_plain_password": place.password}
        self.producer: Any = None

    def prepare(self) -> None:
        """The topics."""
        names = [self.place.name(channel) for channel in CHANNELS]
        # own: retry
        names += [f"{self.place.name(channel)}-later" for channel in CHANNELS]
        # end
        # own: parked
        names += [f"{self.place.name(channel)}-parked" for channel in CHANNELS]
        # end
        admin = KafkaAdminClient(**self.where)
        admin.create_topics(dict.fromkeys(names, TOPIC), wait_for_metadata=True)
        admin.close()

    def send(self, channel: str, key: str, body: bytes) -> None:
        """All of one key go to one partition."""
        self.write(self.place.name(channel), key.encode(), body, 0)

    def write(self, topic: str, key: bytes, body: bytes, tries: int) -> None:
        """Returns when all replicas have it."""
        self.producer = self.producer or KafkaProducer(**self.where, acks="all")
        self.producer.send(topic, key=key, value=body, headers=[("tries", b"%d" % tries)]).get()

    def consumer(self, topic: str, group: str | None) -> KafkaConsumer:
        """A member of the group, or of none. It knows the topic before it joins, or it may be left without a share."""
        consumer = KafkaConsumer(topic, **self.where, **MEMBER, group_id=group)
        consumer.partitions_for_topic(topic)
        return consumer

    def work(self, channel: str, handle: Handle) -> None:
        """The group's position is committed after the work."""
        name = self.place.name(channel)
        consumer = self.consumer(name, f"{name}-workers")
        # own: retry
        later = self.consumer(f"{name}-later", f"{name}-later-workers")
        # end
        try:
            while True:
                # own: retry
                self.again(name, later)
                # end
                for records in consumer.poll(timeout_ms=50).values():
                    for record in records:
                        self.one(name, record, handle)
                    consumer.commit()
        finally:
            # own: retry
            later.close(autocommit=False)
            # end
            consumer.close(autocommit=False)

    def one(self, name: str, record: Any, handle: Handle) -> None:
        """A position has no holes: what fails is passed over, unless it is written somewhere else."""
        tries = int(dict(record.headers)["tries"]) + 1
        try:
            handle(record.value, self.send)
        # own: retry
        except LaterError:
            self.write(f"{name}-later", record.key, record.value, tries)
        # end
        except Exception:
            # own: parked
            where = f"{name}-parked" if tries >= TRIES else f"{name}-later"
            self.write(where, record.key, record.value, tries)
            # end
            return

    # own: retry
    def again(self, name: str, later: KafkaConsumer) -> None:
        """Send what has waited long enough to the workers once more, in the order in which it was put aside."""
        for partition, records in later.poll(timeout_ms=50).items():
            for record in records:
                if time.time() < record.timestamp / 1000 + DELAY_S:
                    later.seek(partition, record.offset)
                    return
                self.write(name, record.key, record.value, int(dict(record.headers)["tries"]))
            later.commit()

    # end

    def read_again(self, channel: str) -> Iterator[bytes]:
        """A topic keeps what was read."""
        yield from (record.value for record in self.consumer(self.place.name(channel), None))

    def parked(self, channel: str) -> Iterator[bytes]:
        """A topic of its own."""
        yield from (record.value for record in self.consumer(f"{self.place.name(channel)}-parked", None))
