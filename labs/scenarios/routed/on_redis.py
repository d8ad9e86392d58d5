"""Redis: PUBLISH to a channel that somebody is subscribed to by its name, and beside so many patterns.

Redis holds every message against every pattern that anybody has subscribed to; exactly one of ours matches.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

from labs.brokers import on_lane, open_broker
from labs.brokers.redis.admin import client
from labs.brokers.redis.client import typed
from labs.brokers.redis.fast.pubsub import Publisher
from labs.brokers.redis.fast.wire import Wire, command
from labs.model.endpoint import Address, Endpoint, UnreachableError
from labs.model.profile import profile
from labs.model.workload import Ceiling
from labs.scenarios.bench.base import Figure, Setting, Side
from labs.scenarios.bench.sides import publish_all
from labs.scenarios.routed.turns import PLAIN, ROUTED, Go, in_turns, share

PROFILE = "redis-pubsub"
READY_WITHIN_S = 5.0


@contextmanager
def listening(endpoint: Endpoint, *request: bytes) -> Iterator[None]:
    """A subscriber of its own that reads what comes and keeps nothing of it; it is there before the block begins."""
    wire, over = Wire(endpoint), threading.Event()

    def read() -> None:
        while not over.is_set():
            try:
                wire.fill(0.05)
            except UnreachableError:
                return
            wire.arrived = b""

    with typed(endpoint), closing(client(endpoint)) as asking:
        wire.open()
        reader = threading.Thread(target=read, daemon=True, name="labs-listener")
        try:
            wire.write(command(*request))
            reader.start()
            _await_there(asking, request)
            yield
        finally:
            over.set()
            reader.join()
            wire.close()


def _await_there(asking: object, request: tuple[bytes, ...]) -> None:
    """Until Redis counts the subscriptions: its patterns, or the subscribers of the channel."""
    by_pattern, until_s = request[0] == b"PSUBSCRIBE", time.monotonic() + READY_WITHIN_S
    while time.monotonic() < until_s:
        if by_pattern and asking.pubsub_numpat() >= len(request) - 1:  # type: ignore[attr-defined]
            return
        if not by_pattern and dict(asking.pubsub_numsub(request[1])).get(request[1].decode()):  # type: ignore[attr-defined]
            return
        time.sleep(0.002)
    raise UnreachableError("Redis did not count the subscriptions within 5 s.")


def pattern_side(patterns: int, load: Ceiling) -> Side:
    """Beside so many patterns, in turns with a subscription by name."""

    def side(here: Setting) -> Figure:
        token = secrets.token_hex(4)
        using, name = on_lane(profile(PROFILE), "fast"), f"labs-route-{token}.kind{patterns // 2}.order"
        asked = tuple(f"labs-route-{token}.kind{number}.*".encode() for number in range(patterns))
        with open_broker(here.endpoint, using, name), Publisher(Address(here.endpoint, using, name)) as publisher:
            ways = {
                PLAIN: _go(here.endpoint, publisher, load, b"SUBSCRIBE", name.encode()),
                ROUTED: _go(here.endpoint, publisher, load, b"PSUBSCRIBE", *asked),
            }
            return in_turns(here, ways, share(here, load.messages), f"{using.label}; each message answered")

    return side


def _go(endpoint: Endpoint, publisher: Publisher, load: Ceiling, *request: bytes) -> Go:
    def go(messages: int) -> float:
        with listening(endpoint, *request):
            began_s = time.monotonic()
            publish_all(publisher, replace(load, messages=messages))
            return messages / (time.monotonic() - began_s)

    return go
