"""Kafka with kafka-python: a publish that tells what became of each record, a worker that commits after the work."""

from collections.abc import Callable, Sequence

from kafka import KafkaConsumer, KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError


class NotThereError(Exception):
    """`refused` are not there. `unknown` may be there: send them again; the worker must bear what comes twice.

    After it make a new producer: once the broker has refused a record, this client's idempotent one refuses all others.
    """

    def __init__(self, refused: list[bytes], unknown: list[bytes], last: KafkaError) -> None:
        super().__init__(f"{len(refused)} refused, {len(unknown)} unknown; the last one: {last!r}")
        self.refused, self.unknown = refused, unknown


def producer_of(servers: str = "localhost:9092") -> KafkaProducer:
    return KafkaProducer(
        bootstrap_servers=servers,
        acks="all",  # the topic's min.insync.replicas says how many that are: 2 of 3, else it may be one
        enable_idempotence=True,  # what the client sends again by itself is not there twice
        allow_auto_create_topics=False,  # a topic with a slip in its name is an error
        max_block_ms=5_000,  # for a topic that is not there, and for a buffer that is full
        request_timeout_ms=5_000,
        delivery_timeout_ms=15_000,  # after this a record counts as unknown
    )


def publish(producer: KafkaProducer, topic: str, bodies: Sequence[bytes]) -> None:
    """Return when Kafka has all of them, and raise with those that it has not."""
    waiting, refused, unknown, last = [], [], [], None
    for body in bodies:
        try:
            waiting.append((body, producer.send(topic, body)))
        except KafkaError as error:  # it never left: too large, no such topic, a full buffer
            refused.append(body)
            last = error
    for body, future in waiting:  # every one: an answer for the last says nothing about those before it
        try:
            future.get(timeout=20)
        except KafkaTimeoutError as error:
            unknown.append(body)
            last = error
        except KafkaError as error:
            (unknown if error.retriable else refused).append(body)
            last = error
    if last is not None:
        raise NotThereError(refused, unknown, last)


def consumer_of(topic: str, group: str, servers: str = "localhost:9092") -> KafkaConsumer:
    return KafkaConsumer(
        topic,
        bootstrap_servers=servers,
        group_id=group,
        enable_auto_commit=False,  # by itself the client commits by the clock, whether the work is done or not
        auto_offset_reset="earliest",  # a new group begins with the oldest; the default leaves out what is there
        max_poll_records=10,  # so many at most are done twice when a worker dies
        max_poll_interval_ms=300_000,  # ten records' work must fit in here, or others get the partitions
    )


def work_off(consumer: KafkaConsumer, work: Callable[[bytes], None], idle_s: float = 5) -> None:
    """Work until nothing has come for so many seconds. An error of the work ends it, and nothing is skipped."""
    while found := consumer.poll(timeout_ms=round(idle_s * 1000)):
        for records in found.values():
            for record in records:
                work(record.value)
        consumer.commit()  # after the work, never before it
