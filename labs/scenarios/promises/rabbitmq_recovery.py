"""Q11: a stream is published to while its broker comes back from a kill; was all that it confirmed written?"""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Callable

from pika.exceptions import AMQPError

from labs import stack
from labs.brokers import open_broker, open_consumer
from labs.judge.promises import Trial
from labs.model.endpoint import Address, Endpoint
from labs.model.profile import profile
from labs.scenarios.promises.rabbitmq_site import TRANSIENT, channel
from labs.scenarios.promises.stage import Stage, TroubleError
from labs.scenarios.promises.tally import tally

MESSAGES = 2000
TRIES_S, GAP_S, QUIET_S = 60.0, 0.01, 1.0
_BODY = re.compile(rb"labs-(\d+);")


def published_while_recovering(stage: Stage) -> Trial:
    """Publishes over AMQP without `mandatory`, from the first moment at which a connection is taken."""
    using = profile("rabbitmq-stream")
    with (
        stack.arena("rabbitmq", stage.endpoint.backend, report=lambda _text: None) as arena,
        open_broker(arena.endpoint, using, stage.name),
    ):
        _publish(arena.endpoint, stage.name, 0, 100)  # so that there is something to recover
        happened, starting = "", None
        if stage.fault:
            happened = arena.kill().text
            starting = threading.Thread(target=arena.start, daemon=True)
            starting.start()
        confirmed = _patiently(lambda: _publish(arena.endpoint, stage.name, 100, MESSAGES))
        if starting:
            starting.join(TRIES_S)
        delivered = _all_in(Address(arena.endpoint, using, stage.name))
    return Trial(tally(100 + MESSAGES, [*range(100), *confirmed], delivered), happened)


def _patiently(publish: Callable[[], list[int]]) -> list[int]:
    """As soon as the broker takes a connection."""
    give_up_s = time.monotonic() + TRIES_S
    while True:
        try:
            return publish()
        except (AMQPError, OSError) as error:
            if time.monotonic() > give_up_s:
                raise TroubleError(f"no connection within {TRIES_S:g} s: {error!r}") from error
            time.sleep(GAP_S)


def _publish(endpoint: Endpoint, name: str, first: int, count: int) -> list[int]:
    """The numbers that were confirmed. A break in the middle ends it: what was confirmed before it was confirmed."""
    confirmed: list[int] = []
    with channel(endpoint, confirms=True) as link, contextlib.suppress(AMQPError, OSError):
        for number in range(first, first + count):
            link.basic_publish("", name, b"labs-%d;" % number, TRANSIENT)
            confirmed.append(number)
    return confirmed


def _all_in(address: Address) -> list[int]:
    """The numbers in the stream, read to its end. AMQP wraps a body in sections of its own."""
    found: list[int] = []
    with open_consumer(address) as consumer:
        quiet_s = time.monotonic() + QUIET_S
        while time.monotonic() < quiet_s:
            bodies = consumer.receive(0.2).bodies
            if len(bodies):
                quiet_s = time.monotonic() + QUIET_S
            found += [int(number[1]) for body in bodies if (number := _BODY.search(body))]
    return found
