"""The moving picture that opens chapter 4: a queue with confirms and acknowledgements. One run on RabbitMQ, by pika."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from labs.show.pictures.messages import Message, Scene

if TYPE_CHECKING:
    from pika.adapters.blocking_connection import BlockingChannel

    from labs.model.endpoint import Endpoint

MESSAGES, EVERY_S = 90, 0.015
LATER_S, PREFETCH, WORK_S = 0.5, 10, 0.012
"""When the consumer comes, how many it may hold, and how long it works on each."""
NAME = "labs-queue-picture"
Times = list[int | None]
"""When a message was sent, confirmed, handed over and acknowledged: ns after the start, None where it was not."""


def scene_of(times: Sequence[Times], name: str, card: Mapping[str, Any]) -> Scene:
    """Until the last one is confirmed: then some still wait, some are with the consumer, and some are gone."""
    end_ns = max(one[1] or 0 for one in times)
    found = tuple(Message(tuple(at if at is not None and at <= end_ns else None for at in one)) for one in times)
    names = ("sent", "confirmed", "handed_over", "acknowledged")
    counts = {name: sum(one[at] is not None for one in times) for at, name in enumerate(names)}
    return Scene(name, "rabbitmq", found, end_ns, (), {**card, "ledger": counts})


def queue(name: str) -> Scene:
    """A sender who waits for each confirm, and a consumer who comes later."""
    from labs import stack
    from labs.brokers import open_broker
    from labs.judge.card import card
    from labs.model.profile import profile

    using = profile("rabbitmq-confirms")
    with stack.session((using.broker,), "native", report=lambda _text: None) as found:
        here = found[using.broker]
        times: list[Times] = [[None] * 4 for _ in range(MESSAGES)]
        with open_broker(here, using, NAME), ThreadPoolExecutor() as beside:
            start_ns = time.monotonic_ns()
            jobs = [beside.submit(one, here, times, start_ns) for one in (_send, _consume)]
            for job in jobs:
                job.result()
        more = {"prefetch": PREFETCH, "work_ms": WORK_S * 1000, "client": "pika"}
        return scene_of(times, name, card(here, using, {}, more, repeats=1))


@contextmanager
def _channel(endpoint: Endpoint) -> Iterator[BlockingChannel]:
    import pika

    from labs.brokers.rabbitmq.client import place_of

    with closing(pika.BlockingConnection(pika.ConnectionParameters(**place_of(endpoint)))) as connection:
        yield connection.channel()


def _send(endpoint: Endpoint, times: Sequence[Times], start_ns: int) -> None:
    """One every EVERY_S, persistent; pika returns when the confirm has come."""
    from pika.spec import BasicProperties

    with _channel(endpoint) as channel:
        channel.confirm_delivery()
        for number, one in enumerate(times):
            time.sleep(max(0.0, number * EVERY_S - (time.monotonic_ns() - start_ns) / 1e9))
            one[0] = time.monotonic_ns() - start_ns
            channel.basic_publish("", NAME, b"%d" % number, BasicProperties(delivery_mode=2))
            one[1] = time.monotonic_ns() - start_ns


def _consume(endpoint: Endpoint, times: Sequence[Times], start_ns: int) -> None:
    """From LATER_S on: what comes is noted when it comes, worked on one by one and acknowledged."""
    come: deque[tuple[int, int]] = deque()

    def on_message(_channel: object, method: Any, _properties: object, body: bytes) -> None:
        times[int(body)][2] = time.monotonic_ns() - start_ns
        come.append((int(body), method.delivery_tag))

    with _channel(endpoint) as channel:
        channel.basic_qos(prefetch_count=PREFETCH)
        channel.connection.sleep(LATER_S)
        channel.basic_consume(NAME, on_message)
        for _ in times:
            while not come:
                channel.connection.process_data_events(time_limit=1)
            number, tag = come.popleft()
            channel.connection.sleep(WORK_S)
            channel.basic_ack(tag)
            times[number][3] = time.monotonic_ns() - start_ns
