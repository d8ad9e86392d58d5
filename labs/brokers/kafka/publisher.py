"""Kafka's publisher on kafka-python: its thread sends, and what it keeps to itself is asked of it."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError, MessageSizeTooLargeError, UnknownTopicOrPartitionError
from kafka.future import Future

from labs.brokers.base import Confirmations
from labs.brokers.kafka.client import (
    ANSWER_MS,
    PROBE_S,
    TOPIC_LIMIT_BYTES,
    TURNED_DOWN,
    TURNED_DOWN_S,
    Site,
    Throttled,
    said_of,
)
from labs.model.endpoint import Address


class Publisher:
    """kafka-python's producer; its thread sends, `poll` looks at the futures in order."""

    def __init__(self, address: Address) -> None:
        self._site = Site(address.endpoint)
        self._topic = address.name
        self._acks = str(address.profile.settings["acks"])
        waits = address.profile.settings.get("linger_ms")
        self._linger = {} if waits is None else {"linger_ms": int(waits)}
        self._producer: KafkaProducer = None
        self._next = 0
        self._waiting: deque[tuple[int, Future]] = deque()
        self._refused: list[int] = []
        self._why = ""
        self._no: tuple[float, str] | None = None
        """Since when the broker has said nothing but no, s, and what."""
        self._gone = ""
        """Why nothing is sent any more: the client waits for a topic that is gone with each message anew."""
        self._throttled = Throttled()

    def __enter__(self) -> Self:
        self._site.probe()
        with self._site.typed():
            self._producer = KafkaProducer(
                **self._site.config,
                **self._linger,
                metrics_enabled=False,
                acks=self._acks if self._acks == "all" else int(self._acks),
                enable_idempotence=self._acks == "all",  # the client's default; it excludes weaker acks
                # As by default the client knows the limit: once a broker has refused a message for its size, an
                # idempotent producer of kafka-python refuses all that follow.
                max_request_size=TOPIC_LIMIT_BYTES,
                max_block_ms=ANSWER_MS,
            )
            self._producer.partitions_for(self._topic)
        self._listen()
        return self

    def _listen(self) -> None:
        """Hear what the client keeps to itself: each no that it answers with another try, and a quota's pauses."""
        sender, ask = self._producer._sender, self._producer._sender._can_retry

        def heard(batch: object, error: type[KafkaError]) -> bool:
            if issubclass(error, TURNED_DOWN) and self._no is None:
                self._no = time.monotonic(), said_of(error())
            return bool(ask(batch, error))

        sender._can_retry = heard
        self._throttled.listen()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._throttled.stop()
        if self._waiting:
            # close() begins by flushing and gives up with an error; only this makes the thread drop what is unsent.
            self._producer._sender.force_close()
        with contextlib.suppress(KafkaError):
            self._producer.close(timeout=2)

    def publish(self, bodies: Sequence[bytes]) -> None:
        """Gives the batch to the producer's thread, which sends what has gathered."""
        send, topic, waiting = self._producer.send, self._topic, self._waiting
        first, self._next = self._next, self._next + len(bodies)
        with self._site.typed():
            for number, body in enumerate(bodies, first):
                if self._gone:
                    self._refuse(number, self._gone)
                    continue
                try:
                    waiting.append((number, send(topic, body, partition=0)))
                except MessageSizeTooLargeError as error:
                    self._refuse(number, said_of(error))
                except KafkaTimeoutError as error:
                    self._site.probe()  # nobody there is another matter
                    self._gone = f"{said_of(UnknownTopicOrPartitionError())} ({said_of(error)})"
                    self._refuse(number, self._gone)

    def _refuse(self, number: int, why: str) -> None:
        self._refused.append(number)
        self._why = self._why or why

    def poll(self, timeout_s: float) -> Confirmations:
        """What the futures say; waits for the oldest one if none is done."""
        refused, self._refused = self._refused, []
        if self._waiting and not refused and not self._waiting[0][1].is_done:
            self._wait(timeout_s)
        confirmed: list[int] = []
        while self._waiting and self._waiting[0][1].is_done:
            number, future = self._waiting.popleft()
            if future.exception is None:
                confirmed.append(number)
                self._no = None
            elif not future.exception.retriable or isinstance(future.exception, TURNED_DOWN):
                refused.append(number)
                self._why = self._why or said_of(future.exception)
            elif confirmed or refused:
                self._waiting.appendleft((number, future))
                break
            else:
                raise self._site.unreachable(future.exception) from future.exception
        if self._no and time.monotonic() - self._no[0] > TURNED_DOWN_S:
            refused += [number for number, _ in self._waiting]
            self._why = self._why or self._no[1]
            self._waiting.clear()
        why, self._why = (self._why, "") if refused else ("", self._why)
        return Confirmations(confirmed, refused, why, self._throttled.said)

    def _wait(self, timeout_s: float) -> None:
        """For the oldest message, looking now and then whether the broker is still there."""
        future, until_s = self._waiting[0][1], time.monotonic() + timeout_s
        while not future.is_done and (left_s := until_s - time.monotonic()) > 0:
            with contextlib.suppress(KafkaError):  # what it is, the future tells again
                future.get(min(left_s, PROBE_S))
            if not future.is_done:
                self._site.probe_sometimes()
