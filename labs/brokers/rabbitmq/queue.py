"""RabbitMQ: a durable queue, classic or quorum, with or without publisher confirms."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence

from pika import BasicProperties
from pika.channel import Channel
from pika.exceptions import ChannelWrongStateError
from pika.frame import Method
from pika.spec import Basic

from labs.brokers.base import Confirmations, Deliveries
from labs.brokers.lifetime import Connected
from labs.brokers.rabbitmq.admin import Broker
from labs.brokers.rabbitmq.client import NACKED, Link, said_of
from labs.model.endpoint import Address

__all__ = ["Broker", "Consumer", "Publisher"]
PREFETCH = 1000
ALONE_BYTES = 16 * 1024 * 1024
"""The smallest default limit of a message. Over the limit the server closes the channel, and with it goes the fate of
all that is not confirmed: a message of this size waits for those before it and is waited for."""
ALONE_S = 30.0


class _Member(Connected[Link]):
    def __init__(self, address: Address) -> None:
        self.queue = address.name
        self.settings = address.profile.settings
        self.link = Link(address.endpoint)


class Publisher(_Member):
    """Publishes to the default exchange, a batch in one write."""

    def __init__(self, address: Address) -> None:
        super().__init__(address)
        self._confirms = bool(self.settings["confirms"])
        self._mode = 2 if self.settings["persistent"] else 1
        self._next = 0
        self._base = 0
        """The number of the first message on this channel, whose delivery tag is 1."""
        self._settled_to = 0
        self._channel: Channel | None = None
        self._outstanding: set[int] = set()
        self._returned: set[int] = set()
        self._confirmed: list[int] = []
        self._refused: list[int] = []
        self._why = ""

    def _begin(self) -> None:
        self._channel = channel = self.link.channel(self._on_close)
        channel.add_on_return_callback(self._on_return)
        self._base = self._settled_to = self._next
        if self._confirms:
            self.link.call(channel, "confirm", lambda done: channel.confirm_delivery(self._on_answer, done))

    def publish(self, bodies: Sequence[bytes]) -> None:
        """Hands the batch to the socket; after a refusal that closed the channel, on a new one."""
        start = 0
        for at, body in enumerate(bodies):
            if len(body) > ALONE_BYTES:
                self._send(bodies[start:at])
                self._settle()
                self._send([body])
                self._settle()
                start = at + 1
        self._send(bodies[start:])

    def _send(self, bodies: Sequence[bytes]) -> None:
        if not bodies:
            return
        self.link.pump(0.0)
        if self._channel is None:
            self._begin()
        channel, connection = self._channel, self.link.connection
        assert channel is not None
        properties = BasicProperties(delivery_mode=self._mode)
        connection.hold()
        for number, body in enumerate(bodies, self._next):
            properties.message_id = str(number)  # a returned message is known by nothing else
            channel.basic_publish("", self.queue, body, properties, mandatory=True)
        self._outstanding.update(range(self._next, self._next + len(bodies)))
        self._next += len(bodies)
        connection.release()
        self.link.pump(0.0)

    def _settle(self) -> None:
        """Waits until nothing is outstanding; an error comes from the pump."""
        give_up = time.monotonic() + ALONE_S
        while self._outstanding and time.monotonic() < give_up:
            self.link.pump(0.5)
            self._count_handed_over()

    def _on_answer(self, frame: Method) -> None:
        method = frame.method
        last = self._base + method.delivery_tag - 1
        numbers = range(self._settled_to, last + 1) if method.multiple else (last,)
        fate = self._confirmed if isinstance(method, Basic.Ack) else self._refused
        if fate is self._refused:
            self._why = self._why or NACKED
        for number in numbers:
            if number in self._outstanding:
                self._outstanding.remove(number)
                (self._refused if number in self._returned else fate).append(number)
        if method.multiple:
            self._settled_to = last + 1

    def _on_return(self, channel: Channel, method: Basic.Return, properties: BasicProperties, body: bytes) -> None:
        """No queue took it; the confirmation that follows says only that the broker has dealt with it."""
        number = int(properties.message_id or -1)
        self._returned.add(number)
        self._why = self._why or f"{method.reply_code} {method.reply_text}: it came back, no queue took it"

    def _on_close(self, channel: Channel, reason: Exception) -> None:
        """The server closed the channel over a message; what it has not confirmed it will not."""
        self._channel = None
        if self._outstanding:
            self._why = self._why or f"it closed the channel: {said_of(reason)}"
        self._refused += sorted(self._outstanding)
        self._outstanding.clear()

    def _count_handed_over(self) -> None:
        """Without confirms a message counts when the operating system has it."""
        if not self._confirms and self._outstanding and not self.link.connection.unsent_bytes:
            self._confirmed += sorted(self._outstanding - self._returned)
            self._refused += sorted(self._outstanding & self._returned)
            self._outstanding.clear()

    def poll(self, timeout_s: float) -> Confirmations:
        """What has been settled; waits for something only if nothing is known."""
        self.link.pump(0.0)
        self._count_handed_over()
        give_up = time.monotonic() + timeout_s
        while self._outstanding and not (self._confirmed or self._refused) and time.monotonic() < give_up:
            self.link.pump(give_up - time.monotonic())
            self._count_handed_over()
        why, held = self._why if self._refused else "", self.link.held
        news = Confirmations(self._confirmed, self._refused, why, held)
        self._confirmed, self._refused = [], []
        self._why = self._why if not why else ""
        return news


class Consumer(_Member):
    """One of those who share the queue; `group` means nothing, there is one queue."""

    def __init__(self, address: Address, group: str) -> None:
        super().__init__(address)
        self.group = group
        self._channel: Channel | None = None
        self._bodies: list[bytes] = []
        self._redelivered: list[bool] = []
        self._last_tag = 0
        self._acked_to = 0

    def _begin(self) -> None:
        self._channel = channel = self.link.channel()
        self.link.call(
            channel, "limit what is unacknowledged", lambda done: channel.basic_qos(0, PREFETCH, False, done)
        )
        self.link.call(
            channel,
            "consume",
            lambda done: channel.basic_consume(self.queue, self._on_message, callback=done),
        )

    def _on_message(self, channel: Channel, method: Basic.Deliver, properties: object, body: bytes) -> None:
        self._bodies.append(body)
        self._redelivered.append(bool(method.redelivered))
        self._last_tag = method.delivery_tag

    def receive(self, timeout_s: float) -> Deliveries:
        """What the server has pushed."""
        self.link.pump(0.0)
        give_up = time.monotonic() + timeout_s
        while not self._bodies and time.monotonic() < give_up:
            self.link.pump(give_up - time.monotonic())
        tags = range(self._last_tag - len(self._bodies) + 1, self._last_tag + 1)
        batch = Deliveries(self._bodies, self._redelivered, tags)
        self._bodies, self._redelivered = [], []
        return batch

    def acknowledge(self, deliveries: Deliveries) -> None:
        """One acknowledgement for the batch, unless an earlier batch is still open."""
        tags = deliveries.token
        if not isinstance(tags, range) or not tags or self._channel is None:
            return
        with contextlib.suppress(ChannelWrongStateError):  # the pump says why
            if tags[0] == self._acked_to + 1:
                self._channel.basic_ack(tags[-1], multiple=True)
                self._acked_to = tags[-1]
            else:
                for tag in tags:
                    self._channel.basic_ack(tag)
        self.link.pump(0.0)
