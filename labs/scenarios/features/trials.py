"""The trials: each declares a queue and its dead letters, does one thing, and looks. Nothing is judged here."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import ChannelClosedByBroker
from pika.spec import BasicProperties

from labs.brokers import journal
from labs.brokers.rabbitmq.admin import undo
from labs.brokers.rabbitmq.client import blocking_channel, said_of, typed
from labs.model.endpoint import Endpoint
from labs.model.queue_features import TRIALS
from labs.scenarios.features.judge import Seen

TTL_MS, DELAY_MS, LIMIT = 100, 200, 3
STAYS_S = 0.5
"""So long an expired message is given to leave from behind another one: five times its time to live."""
COMES_S, LOOK_S = 5.0, 0.01
"""So long something that has to come may take: on a machine that is busy, it says nothing if it takes longer."""
MOST = 30
"""Deliveries after which we stop asking whether a limit comes: the default is 20 since 4.0."""
LOW, HIGH = 1, 9


@dataclass(frozen=True)
class Site:
    """One trial's place: a channel, the kind of queue, and the queue's name."""

    channel: BlockingChannel
    kind: str
    queue: str

    @property
    def dead(self) -> str:
        """The queue of its dead letters."""
        return f"{self.queue}-dead"

    def declare(self, **more: object) -> None:
        """The queue with further arguments (x_message_ttl is x-message-ttl) and where its dead letters go."""
        about: dict[str, Any] = {"x-queue-type": self.kind, "x-dead-letter-exchange": ""}
        about |= {"x-dead-letter-routing-key": self.dead}
        about |= {name.replace("_", "-"): value for name, value in more.items()}
        self.channel.queue_declare(self.dead, durable=True)
        self.channel.queue_declare(self.queue, durable=True, arguments=about)
        self.channel.confirm_delivery()

    def send(self, body: str, **about: object) -> None:
        """One persistent message, confirmed."""
        self.channel.basic_publish("", self.queue, body.encode(), BasicProperties(delivery_mode=2, **about))

    def get(self, queue: str, within_s: float = 0.0, *, ack: bool = False) -> tuple[Any, Any, str] | None:
        """A message that is there within that time: how it came, what stands on it, its body."""
        until_s = time.monotonic() + within_s
        while True:
            method, about, body = self.channel.basic_get(queue, auto_ack=ack)
            if method is not None:
                return method, about, body.decode()
            if time.monotonic() >= until_s:
                return None
            time.sleep(LOOK_S)

    def died_of(self, within_s: float) -> str:
        """Why the first dead letter is one, in the broker's word; empty if none comes."""
        found = self.get(self.dead, within_s, ack=True)
        return str((found[1].headers or {})["x-death"][0]["reason"]) if found else ""


def _ttl(site: Site) -> Seen:
    site.declare(x_message_ttl=TTL_MS)
    site.send("late")
    return {"died_of": site.died_of(COMES_S)}


def _ttl_head(site: Site) -> Seen:
    """One without a time to live, and behind it one that has one of its own."""
    site.declare()
    site.send("stays")
    site.send("late", expiration=str(TTL_MS))
    left = bool(site.died_of(STAYS_S))
    found = site.get(site.queue, COMES_S, ack=True)  # the first leaves
    return {"left_behind_another": left, "then_died_of": site.died_of(COMES_S) if found and not left else ""}


def _priority(site: Site) -> Seen:
    """Five of a low priority, then five of a high one; read when all are there. A quorum queue has no such argument."""
    site.declare(**({"x_max_priority": HIGH} if site.kind == "classic" else {}))
    for level in (LOW,) * 5 + (HIGH,) * 5:
        site.send(str(level), priority=level)
    found = [site.get(site.queue, COMES_S, ack=True) for _ in range(10)]
    return {"order": [int(one[2]) for one in found if one]}


def _dead_letter(site: Site) -> Seen:
    site.declare()
    site.send("bad")
    if found := site.get(site.queue, COMES_S):
        site.channel.basic_reject(found[0].delivery_tag, requeue=False)
    return {"died_of": site.died_of(COMES_S)}


def _returned(site: Site, back: Callable[..., object]) -> Seen:
    """How often a message is delivered that is returned each time, until it is a dead letter or MOST is reached."""
    site.send("bad")
    delivered = 0
    while delivered < MOST and (found := _again(site)):
        delivered += 1
        back(found[0].delivery_tag, requeue=True)
    return {"deliveries": delivered, "died_of": site.died_of(COMES_S if delivered < MOST else 0.0)}


def _again(site: Site) -> tuple[Any, Any, str] | None:
    """It, if it comes back before a dead letter is there."""
    until_s = time.monotonic() + COMES_S
    while time.monotonic() < until_s:
        if found := site.get(site.queue):
            return found
        if site.channel.queue_declare(site.dead, passive=True).method.message_count:
            return None
        time.sleep(LOOK_S)
    return None


def _limit(site: Site) -> Seen:
    site.declare(x_delivery_limit=LIMIT)
    return _returned(site, site.channel.basic_reject)


def _default_limit(site: Site) -> Seen:
    site.declare()
    return _returned(site, site.channel.basic_reject)


def _nack_counts(site: Site) -> Seen:
    """The same limit, with basic.nack instead of basic.reject."""
    site.declare(x_delivery_limit=LIMIT)
    return _returned(site, site.channel.basic_nack)


def _retry_delay(site: Site) -> Seen:
    site.declare(x_delayed_retry_type="all", x_delayed_retry_min=DELAY_MS, x_delayed_retry_max=DELAY_MS)
    site.send("bad")
    if not (found := site.get(site.queue, COMES_S)):
        return {"back_ms": None, "asked_ms": DELAY_MS}
    began_s = time.monotonic()
    site.channel.basic_reject(found[0].delivery_tag, requeue=True)
    back = site.get(site.queue, COMES_S, ack=True)
    return {"back_ms": round((time.monotonic() - began_s) * 1000, 1) if back else None, "asked_ms": DELAY_MS}


DO: Mapping[str, Callable[[Site], Seen]] = {
    "ttl": _ttl,
    "ttl_head": _ttl_head,
    "priority": _priority,
    "dead_letter": _dead_letter,
    "limit": _limit,
    "default_limit": _default_limit,
    "nack_counts": _nack_counts,
    "retry_delay": _retry_delay,
}


@contextmanager
def site(endpoint: Endpoint, kind: str) -> Iterator[Callable[[str], Seen]]:
    """What runs a trial on that kind of queue; all queues are in the journal first and gone afterwards."""
    name = f"features-{secrets.token_hex(4)}"
    queues = [f"{name}-{trial}" for trial in TRIALS]
    made = journal.note(endpoint, [one for queue in queues for one in (queue, f"{queue}-dead")])

    def seen(trial: str) -> Seen:
        with typed(endpoint), blocking_channel(endpoint) as channel:
            try:
                return DO[trial](Site(channel, kind, f"{name}-{trial}"))
            except ChannelClosedByBroker as error:
                return {"refused": said_of(error)}

    try:
        yield seen
    finally:
        journal.settle(made, lambda entry: undo(endpoint, entry))
