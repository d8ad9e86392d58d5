"""Kafka's fast publisher: Produce requests built in place, each with the answer of its own."""

from __future__ import annotations

import struct
import time
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import pairwise
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np
from kafka.errors import MessageSizeTooLargeError, for_code
from kafka.protocol.producer import InitProducerIdRequest, ProduceRequest, ProduceResponse

from labs.brokers.base import Confirmations
from labs.brokers.kafka.client import ANSWER_MS, PROBE_S, THROTTLED, TOPIC_LIMIT_BYTES, TURNED_DOWN, Site, said_of
from labs.brokers.kafka.fast import records
from labs.brokers.kafka.fast.client import Bytes, Link, check, decode, encode, leader
from labs.model.endpoint import Address, BrokerError
from labs.model.message import Stamped

FRAME_BYTES = 256 * 1024
"""Of a batch, as ProducerPerformance is given; a record larger than that travels alone."""
PRODUCE, PRODUCER_ID = 7, 1
"""Versions of the requests; this Produce is one that ends in the records."""
EPOCH_MOST = 32767
TICK_S = 0.005


class Flight(NamedTuple):
    """A request that is not answered yet: its number, its messages, who wrote it."""

    request: int
    first: int
    messages: int
    writer: records.Identity


class Publisher:
    """A batch is one frame, or as many as its size asks for; frames follow each other without waiting."""

    def __init__(self, address: Address) -> None:
        self._endpoint, self._topic = address.endpoint, address.name
        self._site = Site(address.endpoint)
        self._acks = {"all": -1, "1": 1, "0": 0}[str(address.profile.settings["acks"])]
        self._link: Link
        self._writer = records.Identity()
        self._before = self._prefix()
        self._next = 0
        self._flights: deque[Flight] = deque()
        self._refused: list[range] = []
        self._trouble: BrokerError | None = None
        self._why = self._held = ""

    def _prefix(self) -> Bytes:
        """A Produce request up to its records; the last four bytes are their length."""
        partition = ProduceRequest.TopicProduceData.PartitionProduceData(index=0, records=b"")
        topic = ProduceRequest.TopicProduceData(name=self._topic, partition_data=[partition])
        request = {"transactional_id": None, "acks": self._acks, "timeout_ms": 10 * ANSWER_MS}
        return encode(ProduceRequest[PRODUCE](topic_data=[topic], **request))

    def __enter__(self) -> Self:
        self._link = leader(self._site, self._endpoint, self._topic)
        if self._acks < 0:  # as Kafka's clients do by default: the broker notices a missing or repeated batch
            try:
                self._writer = self._identity()
            except BaseException:
                self._link.close()
                raise
        return self

    def _identity(self) -> records.Identity:
        request = InitProducerIdRequest[PRODUCER_ID](transactional_id=None, transaction_timeout_ms=ANSWER_MS)
        found = self._link.ask(request, lambda answer: int(answer.error_code))
        return records.Identity(found.producer_id, found.producer_epoch, 0)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._link.close()

    def publish(self, bodies: Sequence[bytes]) -> None:
        """Builds the frames and sends what the socket takes."""
        for batch in self._stamped(bodies) if isinstance(bodies, Stamped) else self._mixed(bodies):
            self._hand_over(*batch)

    def _stamped(self, bodies: Stamped) -> Iterator[tuple[Bytes | None, int]]:
        template = records.template(bodies.rest, FRAME_BYTES)
        if template.bytes_of(1) > TOPIC_LIMIT_BYTES:
            yield None, len(bodies)
            return
        for at in range(0, len(bodies), template.most):
            heads = bodies.heads[at : at + template.most]
            frame = self._frame(template.bytes_of(len(heads)))
            template.fill(frame[len(self._before) :], heads)
            yield frame, len(heads)

    def _mixed(self, bodies: Sequence[bytes]) -> Iterator[tuple[Bytes | None, int]]:
        parts: list[bytes] = []
        size = 0
        for body in bodies:
            if parts and size + len(body) > FRAME_BYTES:
                yield self._joined(parts), len(parts)
                parts, size = [], 0
            one = records.record(len(parts), body)
            if records.BATCH_BYTES + len(one) <= TOPIC_LIMIT_BYTES:
                parts.append(one)
                size += len(one)
            else:
                if parts:
                    yield self._joined(parts), len(parts)
                    parts, size = [], 0
                yield None, 1
        if parts:
            yield self._joined(parts), len(parts)

    def _joined(self, parts: list[bytes]) -> Bytes:
        whole = np.frombuffer(b"".join(parts), np.uint8)
        frame = self._frame(records.BATCH_BYTES + len(whole))
        frame[len(frame) - len(whole) :] = whole
        return frame

    def _frame(self, batch_bytes: int) -> Bytes:
        """An empty request for a batch of that size."""
        start = len(self._before)
        frame = np.empty(start + batch_bytes, np.uint8)
        frame[:start] = self._before
        struct.pack_into(">i", frame.data, 0, len(frame) - 4)
        struct.pack_into(">i", frame.data, start - 4, batch_bytes)
        return frame

    def _hand_over(self, frame: Bytes | None, count: int) -> None:
        """Numbers the messages; those without a frame are too large for the topic, which is not worth a journey."""
        first, self._next = self._next, self._next + count
        if frame is None:
            self._refused.append(range(first, self._next))
            self._why = self._why or said_of(MessageSizeTooLargeError())
            return
        records.seal(frame[len(self._before) :], count, self._writer)
        self._flights.append(Flight(self._link.send(frame), first, count, self._writer))
        self._writer = self._writer.after(count)

    def poll(self, timeout_s: float) -> Confirmations:
        """What the broker has answered; without acknowledgements, what the socket has taken."""
        refused, self._refused = self._refused, []
        confirmed: list[range] = []
        try:
            self._hear(confirmed, refused, time.monotonic() + timeout_s)
        except BrokerError as error:
            if not (confirmed or refused):
                raise
            self._trouble = error  # told the next time: what came before it counts
        why, self._why = (self._why, "") if refused else ("", self._why)
        return Confirmations(joined(confirmed), joined(refused), why, self._held)

    def _hear(self, confirmed: list[range], refused: list[range], until_s: float) -> None:
        if self._trouble:
            raise self._trouble
        while self._flights:
            wait_s = 0.0 if confirmed or refused else min(max(until_s - time.monotonic(), 0.0), PROBE_S)
            if not self._acks:
                confirmed += self._taken(wait_s)
            elif (answer := self._link.answer(wait_s)) is not None:
                (refused if self._is_refusal(answer) else confirmed).append(self._landed())
                continue
            if confirmed or refused or time.monotonic() >= until_s:
                return
            self._site.probe_sometimes()

    def _landed(self) -> range:
        flight = self._flights.popleft()
        return range(flight.first, flight.first + flight.messages)

    def _taken(self, wait_s: float) -> list[range]:
        """The messages whose frames have left; nobody answers them, so that an answer means a lost connection."""
        if self._link.answer(min(wait_s, TICK_S) if self._link.unsent else 0.0) is not None:
            raise BrokerError("Kafka answered a request that asked for no answer.")
        return [self._landed() for _ in range(len(self._flights) - self._link.unsent)]

    def _is_refusal(self, answer: Bytes) -> bool:
        """Whether the oldest request was refused. Where a client would look elsewhere, this broker is gone."""
        flight = self._flights[0]
        check(answer, flight.request)
        found = decode(ProduceResponse[PRODUCE], answer)
        if found.throttle_time_ms:
            self._held = THROTTLED.format(found.throttle_time_ms)
        try:
            part = found.responses[0].partition_responses[0]
        except IndexError as error:
            raise BrokerError("Kafka answered without saying what became of a batch.") from error
        if not part.error_code:
            return False
        problem = for_code(part.error_code)
        if problem.retriable and not issubclass(problem, TURNED_DOWN):
            raise self._site.unreachable(problem.__name__)
        self._why = self._why or said_of(problem(*filter(None, [getattr(part, "error_message", None)])))
        if flight.writer.producer >= 0 and flight.writer.epoch == self._writer.epoch:
            self._new_epoch()
        return True

    def _new_epoch(self) -> None:
        """After a refusal the broker takes no later batch of the same epoch, for one is missing. Source: KIP-360."""
        who = self._writer
        if who.epoch >= EPOCH_MOST:
            raise BrokerError(f"Kafka has refused {who.epoch} batches of this publisher: open a new one.")
        self._writer = records.Identity(who.producer, who.epoch + 1, 0)


def joined(ranges: Sequence[range]) -> Sequence[int]:
    """The numbers in ranges that ascend: one range where nothing lies between them."""
    if not ranges:
        return ()
    if all(one.stop == other.start for one, other in pairwise(ranges)):
        return range(ranges[0].start, ranges[-1].stop)
    return [number for one in ranges for number in one]
