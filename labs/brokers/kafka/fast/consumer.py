"""Kafka's fast consumer: one Fetch always under way, its records read where they lie."""

from __future__ import annotations

import struct
import time
from collections.abc import Sequence
from types import TracebackType

from kafka.errors import for_code
from kafka.protocol.consumer import FetchRequest

from labs.brokers.base import Deliveries
from labs.brokers.kafka import topic as idiomatic
from labs.brokers.kafka.client import ANSWER_MS, PROBE_S, TOPIC_LIMIT_BYTES
from labs.brokers.kafka.fast import reading
from labs.brokers.kafka.fast.client import Bytes, Link, check, encode, leader
from labs.model.endpoint import Address, BrokerError

FETCH_BYTES = 4 * TOPIC_LIMIT_BYTES
FETCH_WAIT_MS = 500
FETCH = 4
"""The version of the request: it names its topic, and the answer has no more than is read here."""
BEFORE_ERROR = 22
"""Bytes beside the topic's name: number, throttling, count of topics, its length, count of partitions, index."""


class Consumer(idiomatic.Consumer):
    """Finds its place and commits as the idiomatic one does; the records come over a connection of its own."""

    def __init__(self, address: Address, group: str) -> None:
        super().__init__(address, group)
        self._endpoint, self._topic = address.endpoint, address.name
        self._link: Link
        self._asked = -1
        self._place = 0
        self._request = self._fetch()

    def _fetch(self) -> Bytes:
        """A Fetch request; where it asks for, stands 12 bytes before its end."""
        part = FetchRequest.FetchTopic.FetchPartition
        partition = part(partition=0, fetch_offset=0, partition_max_bytes=FETCH_BYTES)
        topic = FetchRequest.FetchTopic(topic=self._topic, partitions=[partition])
        limits = {"max_wait_ms": FETCH_WAIT_MS, "min_bytes": 1, "max_bytes": FETCH_BYTES, "isolation_level": 0}
        return encode(FetchRequest[FETCH](replica_id=-1, topics=[topic], **limits))

    def _begin(self) -> None:
        super()._begin()
        self._consumer.pause(self._partition)
        self._place = int(self._consumer.position(self._partition, timeout_ms=ANSWER_MS))
        self._link = leader(self._site, self._endpoint, self._topic)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._link.close()
        super().__exit__(kind, error, trace)

    def _ask(self) -> None:
        """Has the broker send what follows; it waits up to FETCH_WAIT_MS for something to come."""
        frame = self._request.copy()
        struct.pack_into(">q", frame.data, len(frame) - 12, self._place)
        self._asked = self._link.send(frame)

    def receive(self, timeout_s: float) -> Deliveries:
        """What a fetch has brought; the next one is under way before it is read."""
        until_s = time.monotonic() + timeout_s
        while True:
            if self._asked < 0:
                self._ask()
            answer = self._link.answer(min(max(until_s - time.monotonic(), 0.0), PROBE_S))
            if answer is not None:
                if bodies := self._bodies(answer):
                    return Deliveries(bodies, [False] * len(bodies), self._place)
                continue
            if time.monotonic() >= until_s:
                return Deliveries()
            self._site.probe_sometimes()

    def _bodies(self, answer: Bytes) -> Sequence[bytes]:
        check(answer, self._asked)
        self._asked = -1
        found = self._records(answer)
        place, self._place = self._place, reading.behind(found, self._place)
        self._ask()
        return reading.read(found, place)

    def _records(self, answer: Bytes) -> Bytes:
        """The batches in the answer, where they lie: kafka-python's class would copy them."""
        at = BEFORE_ERROR + len(self._topic.encode())
        try:
            code, _, _, aborted = struct.unpack_from(">hqqi", answer.data, at)
            (size,) = struct.unpack_from(">i", answer.data, at + 22 + 16 * max(aborted, 0))
        except struct.error as error:
            raise BrokerError("Kafka's answer to a fetch is too short.") from error
        if code:
            with self._site.typed():
                raise for_code(code)
        start = at + 26 + 16 * max(aborted, 0)
        return answer[start : start + max(size, 0)]
