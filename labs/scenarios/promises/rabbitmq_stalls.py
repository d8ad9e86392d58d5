"""Q14 and Q18: a broker that does not answer for a while, frozen by us or blocked by its own memory alarm."""

from __future__ import annotations

import time
from contextlib import ExitStack

import psutil

from labs import stack
from labs.brokers import open_broker, open_consumer, open_publisher
from labs.brokers.base import Publisher
from labs.judge.promises import Trial
from labs.model.endpoint import Address, Endpoint
from labs.model.profile import profile
from labs.scenarios.promises.killable import READY, Note, killable
from labs.scenarios.promises.rabbitmq_site import TRANSIENT, channel, in_alarm, queue
from labs.scenarios.promises.stage import Stage, TroubleError, wait_for
from labs.scenarios.promises.tally import tally

PROFILE = "rabbitmq-confirms"
MESSAGES = 200
DEADLINE_S, FROZEN_S, ANSWER_S = 1.0, 3.0, 15.0
PART = 50
LARGE_BYTES = 4 * 1024 * 1024
ALARM_S = 60.0


class _Sender:
    """Sends messages by number and knows which of them are confirmed, however often each was sent."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._sent: list[int] = []
        self.confirmed: set[int] = set()

    def send(self, *sequences: int) -> None:
        self._sent += sequences
        self._publisher.publish([b"%d" % sequence for sequence in sequences])

    def heard(self, sequence: int, within_s: float) -> bool:
        """Whether that message is confirmed, waiting at most `within_s`."""
        give_up_s = time.monotonic() + within_s
        while sequence not in self.confirmed and (left_s := give_up_s - time.monotonic()) > 0:
            news = self._publisher.poll(left_s)
            self.confirmed |= {self._sent[number] for number in news.confirmed}
        return sequence in self.confirmed


def _drain(address: Address) -> list[int]:
    found: list[int] = []
    with open_consumer(address) as consumer:
        while bodies := (batch := consumer.receive(1.0)).bodies:
            found += map(int, bodies)
            consumer.acknowledge(batch)
    return found


def broker_frozen(stage: Stage) -> Trial:
    """All processes of the broker are stopped for 3 s; the sender gives a confirmation 1 s and then sends again."""
    address = Address(stage.endpoint, profile(PROFILE), stage.name)
    moment = stage.chance().randrange(50, 150) if stage.fault else -1
    evidence = ""
    with open_broker(stage.endpoint, address.profile, stage.name):
        with open_publisher(address) as publisher:
            sender = _Sender(publisher)
            for sequence in range(MESSAGES):
                if sequence == moment:
                    evidence = _while_frozen(stage.endpoint, sender, sequence)
                else:
                    sender.send(sequence)
                if not sender.heard(sequence, ANSWER_S):
                    raise TroubleError(f"message {sequence} was not confirmed within {ANSWER_S:g} s")
        return Trial(tally(MESSAGES, sender.confirmed, _drain(address)), evidence)


def _while_frozen(endpoint: Endpoint, sender: _Sender, sequence: int) -> str:
    """One message to the frozen broker, sent again after the deadline; the evidence is the state of its processes."""
    stack.freeze(endpoint)
    try:
        began_s = time.monotonic()
        sender.send(sequence)
        if sender.heard(sequence, DEADLINE_S):
            return ""
        sender.send(sequence)
        states = {psutil.Process(pid).status() for pid in endpoint.pids}
        time.sleep(max(began_s + FROZEN_S - time.monotonic(), 0))
    finally:
        stack.thaw(endpoint)
    took_s = time.monotonic() - began_s
    return f"the broker was in state stopped for {took_s:.1f} s" if states == {psutil.STATUS_STOPPED} else ""


def _swallow(endpoint: Endpoint, name: str, note: Note) -> None:
    """Has everything pushed to it; frozen, it leaves the broker with what it does not read."""
    with channel(endpoint) as link:
        link.basic_consume(name, lambda *_: None, auto_ack=True)
        note(READY)
        link.start_consuming()


def _feed(endpoint: Endpoint, name: str, note: Note) -> None:
    """Large messages, one after the other, until the broker takes no more."""
    with channel(endpoint) as link:
        note(READY)
        while True:
            link.basic_publish("", name, bytes(LARGE_BYTES), TRANSIENT)


def memory_alarm(stage: Stage) -> Trial:
    """50 messages before the alarm, 50 while it lasts, 50 after it.

    The alarm is real: a consumer that is frozen leaves the broker with large messages until its memory is over the
    limit; killing the consumer frees it. The control sends the same messages without that consumer.
    """
    address = Address(stage.endpoint, profile(PROFILE), stage.name)
    with ExitStack() as undo:
        undo.enter_context(open_broker(stage.endpoint, address.profile, stage.name))
        sender = _Sender(undo.enter_context(open_publisher(address)))
        sender.send(*range(PART))
        _all_heard(sender, PART)
        in_between, evidence = _in_alarm(stage, sender) if stage.fault else _without(sender)
        _all_heard(sender, 2 * PART)
        sender.send(*range(2 * PART, 3 * PART))
        _all_heard(sender, 3 * PART)
        counts = tally(3 * PART, sender.confirmed, _drain(address))
    return Trial(counts | {"acknowledged_in_alarm": in_between}, evidence)


def _all_heard(sender: _Sender, count: int) -> None:
    missing = [sequence for sequence in range(count) if not sender.heard(sequence, ANSWER_S)]
    if missing:
        raise TroubleError(f"{len(missing)} of {count} messages were not confirmed without an alarm")


def _without(sender: _Sender) -> tuple[int, str]:
    sender.send(*range(PART, 2 * PART))
    return 0, ""


def _in_alarm(stage: Stage, sender: _Sender) -> tuple[int, str]:
    """How many messages were confirmed during the alarm, and what the broker said about it."""
    endpoint, large = stage.endpoint, Stage(stage.endpoint, f"{stage.name}-large", stage.seed, True)
    with queue(endpoint, large.name), killable(large, _swallow) as eaters, killable(large, _feed) as feeders:
        eaters.start()
        frozen = eaters.freeze()
        feeders.start()
        began_s = time.monotonic()
        wait_for(lambda: in_alarm(endpoint), "the memory alarm", ALARM_S, 0.2)
        took_s = time.monotonic() - began_s
        sender.send(*range(PART, 2 * PART))
        sender.heard(2 * PART - 1, 2.0)
        confirmed = len(sender.confirmed) - PART
        still = in_alarm(endpoint)
        feeders.kill()
        eaters.kill()
        wait_for(lambda: not in_alarm(endpoint), "the end of the memory alarm", ALARM_S, 0.2)
    return confirmed, f"alarm after {took_s:.1f} s; {frozen}" if still else ""
