"""One connection to a Kafka broker: frames go out as far as the socket takes them, answers come back in order."""

from __future__ import annotations

import select
import socket
import struct
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Self

import numpy as np
import numpy.typing as npt
from kafka.errors import for_code
from kafka.net.sasl import get_sasl_mechanism
from kafka.protocol.api_message import ApiMessage
from kafka.protocol.metadata import MetadataRequest
from kafka.protocol.sasl import SaslAuthenticateRequest, SaslHandshakeRequest

from labs.brokers.connection import Socket, connect, prove
from labs.brokers.kafka.client import ANSWER_MS, CONNECT_S, Site
from labs.model.endpoint import BrokerError, Endpoint, RefusedError

Bytes = npt.NDArray[np.uint8]
ANSWER_MOST = 100_000_000
"""Bytes of one answer; the limit of Kafka's own clients."""
CORRELATION_AT = 8
CLIENT = "labs"
METADATA = 4
"""The first version of that request that can be told not to create the topic."""
AGAIN_S = 0.05
LEADER_NOT_AVAILABLE = 5


class Link:
    """A connection that never blocks: what the socket does not take waits here."""

    def __init__(self, site: Site, endpoint: Endpoint, host: str, port: int) -> None:
        self._site, self._endpoint, self._where = site, endpoint, (host, port)
        self._socket: Socket | None = None
        self._unsent: deque[memoryview] = deque()
        self._size, self._answer, self._have = bytearray(4), memoryview(b""), 0
        self._numbers = 0

    def open(self) -> Self:
        """Connects, or raises UnreachableError."""
        with self._site.typed():
            self._socket = connect(self._endpoint, CONNECT_S, host=self._where[0], port=self._where[1])
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.setblocking(False)
        if self._endpoint.username:
            try:
                self._log_in()
            except BaseException:
                self.close()
                raise
        return self

    def _log_in(self) -> None:
        """As kafka-python does, with its own arithmetic; RefusedError for a wrong login or a way not offered."""
        way = get_sasl_mechanism(self._endpoint.sasl)(**self._site.config, host=self._where[0])
        self.ask(SaslHandshakeRequest[1](mechanism=self._endpoint.sasl), lambda answer: int(answer.error_code))
        while not way.is_done():
            request = SaslAuthenticateRequest[0](auth_bytes=way.auth_bytes())
            answer = self.ask(request, lambda answer: int(answer.error_code))
            try:
                way.receive(answer.auth_bytes)
            except (ValueError, KeyError) as error:
                raise RefusedError(f"{self._site.where} answered the login with what is none: {error}.") from error

    def close(self) -> None:
        """Drops the connection and what is unsent."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    @property
    def unsent(self) -> int:
        """Frames that the socket has not taken whole."""
        return len(self._unsent)

    def _open_socket(self) -> Socket:
        if self._socket is None:
            raise self._site.unreachable("this connection is closed")
        return self._socket

    def send(self, frame: Bytes) -> int:
        """Puts a frame behind those that wait, sends what can be sent and gives the frame's number: 0, 1, 2, ..."""
        struct.pack_into(">I", frame.data, CORRELATION_AT, self._numbers % (1 << 31))
        self._numbers += 1
        self._unsent.append(frame.data)
        self.push()
        return self._numbers - 1

    def push(self) -> None:
        """Sends what can be sent without waiting."""
        connection = self._open_socket()
        with self._site.typed():
            while self._unsent:
                frame = self._unsent[0]
                try:
                    sent = connection.send(frame)
                except BlockingIOError:
                    return
                if sent < len(frame):
                    self._unsent[0] = frame[sent:]
                    return
                self._unsent.popleft()

    def answer(self, timeout_s: float) -> Bytes | None:
        """The next answer, from its correlation number on; None if it is not complete within the time."""
        until_s = time.monotonic() + timeout_s
        while True:
            if self._unsent:
                self.push()
            if self._read():
                whole, self._answer, self._have = self._answer, memoryview(b""), 0
                return np.frombuffer(whole, np.uint8)
            left_s = until_s - time.monotonic()
            if left_s <= 0:
                return None
            connection = self._open_socket()
            select.select([connection], [connection] if self._unsent else [], [], left_s)

    def _read(self) -> bool:
        """Takes what has come of one answer; True once it is complete."""
        if self._have < 4:
            self._have += self._take(memoryview(self._size)[self._have :])
            if self._have < 4:
                return False
            (size,) = struct.unpack(">i", self._size)
            if not 4 <= size <= ANSWER_MOST:
                raise self._site.unreachable(f"an answer of {size} bytes is announced, so this is no Kafka")
            self._answer = np.empty(size, np.uint8).data
        while (done := self._have - 4) < len(self._answer):
            if not (found := self._take(self._answer[done:])):
                return False
            self._have += found
        return True

    def _take(self, place: memoryview) -> int:
        with self._site.typed():
            try:
                found = self._open_socket().recv_into(place)
            except BlockingIOError:
                return 0
            if not found:
                raise ConnectionResetError("it closed the connection")
            return found

    def ask(self, request: ApiMessage, code_of: Callable[[ApiMessage], int]) -> ApiMessage:
        """One request of kafka-python's and its answer, when nothing else is under way.

        `code_of` is the error in an answer, 0 if none. What a broker says that is not ready yet is asked again for
        ANSWER_MS; other errors are raised.
        """
        until_s = time.monotonic() + ANSWER_MS / 1000
        while True:
            number = self.send(encode(request))
            answer = self.answer(ANSWER_MS / 1000)
            if answer is None:
                raise self._site.unreachable("it took the connection and gives no answer")
            check(answer, number)
            found = decode(request.header.get_response_class(), answer)
            if not (code := code_of(found)):
                return found
            error = for_code(code)()
            if not error.retriable or time.monotonic() > until_s:
                with self._site.typed():
                    raise error
            time.sleep(AGAIN_S)


def encode(request: ApiMessage) -> Bytes:
    """A request of kafka-python's as a frame that `Link.send` can number."""
    request.with_header(client_id=CLIENT)
    return np.frombuffer(bytearray(request.encode(header=True, framed=True)), np.uint8)


def check(answer: Bytes, number: int) -> None:
    """BrokerError unless this answers the request of that number."""
    (found,) = struct.unpack_from(">I", answer.data)
    if found != number % (1 << 31):
        raise BrokerError(f"Kafka answered request {found} where {number} was due.")


def decode(response: type[ApiMessage], answer: Bytes) -> ApiMessage:
    """The answer as kafka-python's class; BrokerError for bytes that are none."""
    try:
        return response.decode(answer.data[4:])
    except (ValueError, TypeError, IndexError, struct.error) as error:
        raise BrokerError(f"An answer of Kafka's cannot be read: {error}.") from error


def meet(endpoint: Endpoint) -> None:
    """Log in and hear one answer. Kafka-python tries again for its whole time and does not say what was refused."""
    site = Site(endpoint)
    host, port = _first_place(site)
    prove(replace(endpoint, host=host, port=port), CONNECT_S, wholly=True)
    link = Link(site, endpoint, host, port).open()
    try:
        link.ask(MetadataRequest[METADATA](topics=[], allow_auto_topic_creation=False), lambda _answer: 0)
    finally:
        link.close()


def leader(site: Site, endpoint: Endpoint, topic: str) -> Link:
    """A connection to the broker that leads the topic's one partition, as the broker at `endpoint` says."""
    place = _first_place(site)
    first = Link(site, endpoint, *place).open()
    wanted = MetadataRequest.MetadataRequestTopic(name=topic)
    request = MetadataRequest[METADATA](topics=[wanted], allow_auto_topic_creation=False)
    try:
        found = first.ask(request, _no_leader)
        led_by = found.topics[0].partitions[0].leader_id
        node = next(broker for broker in found.brokers if broker.node_id == led_by)
    except BaseException:
        first.close()
        raise
    if (node.host, node.port) == place:
        return first
    first.close()
    return Link(site, endpoint, node.host, node.port).open()


def _first_place(site: Site) -> tuple[str, int]:
    with site.typed():
        return site.find()


def _no_leader(found: ApiMessage) -> int:
    """The error code of the topic or its partition; the one for no leader where the answer names none."""
    if len(found.topics) != 1 or found.topics[0].error_code:
        return int(found.topics[0].error_code) if found.topics else LEADER_NOT_AVAILABLE
    partition = next(iter(found.topics[0].partitions), None)
    if partition is None or partition.error_code:
        return int(partition.error_code) if partition else LEADER_NOT_AVAILABLE
    known = any(broker.node_id == partition.leader_id for broker in found.brokers)
    return 0 if known else LEADER_NOT_AVAILABLE
