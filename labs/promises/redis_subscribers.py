"""R10 and R11: Redis Pub/Sub with a subscriber that is killed, and with one that is frozen."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

from labs.brokers.base import Endpoint, UnreachableError
from labs.brokers.redis_link import Link
from labs.promises.base import Trial
from labs.promises.crew import READY, Note, crew
from labs.promises.redis_site import client, configured
from labs.promises.stage import Stage
from labs.promises.tally import tally

RATE_PER_S = 500
MESSAGES = 1200
KILLS = 3
FROZEN_MESSAGES = 4000
FROZEN_BYTES = 4000
FROZEN_RATE_PER_S = 2500
LIMIT = "pubsub 1048576 1048576 0"


def _subscribe(endpoint: Endpoint, name: str, note: Note) -> None:
    """Notes what arrives, one by one to the last, until Redis closes the connection."""
    link = Link(endpoint)
    link.open()
    link.ask("SUBSCRIBE", name)
    note(READY)
    with contextlib.closing(link), contextlib.suppress(UnreachableError):
        while True:
            if link.ready(1.0):
                note(int(link.answers(1)[0][2][:10]))


def subscriber_killed(stage: Stage) -> Trial:
    """Killed three times and replaced at once, while somebody publishes. PUBLISH has no acknowledgement: its answer is
    the number of receivers, and a message counts as acknowledged when the call returned."""
    chance = stage.chance()
    third = MESSAGES // KILLS
    moments = [number * third + chance.randint(50, third // 2) for number in range(KILLS)] if stage.fault else []
    evidence = []
    with client(stage.endpoint) as redis, crew(stage, _subscribe) as members:
        members.start()

        def publish(sequence: int) -> int:
            if sequence in moments:
                evidence.append(members.kill())
                members.launch()
            return int(redis.publish(stage.name, b"%010d" % sequence))

        answers = _paced(MESSAGES, RATE_PER_S, publish)
        members.await_ready()
        members.await_quiet()
        return Trial(_counts(answers, members.noted()), "; ".join(evidence))


def subscriber_frozen(stage: Stage) -> Trial:
    """Stopped while more is published than its output buffer may hold, and then let go on to read what is left."""
    with configured(stage.endpoint, client_output_buffer_limit=LIMIT) as redis, crew(stage, _subscribe) as members:
        members.start()
        evidence = members.freeze() if stage.fault else ""
        body = bytes(FROZEN_BYTES)
        answers = _paced(
            FROZEN_MESSAGES, FROZEN_RATE_PER_S, lambda sequence: redis.publish(stage.name, b"%010d" % sequence + body)
        )
        if stage.fault:
            members.thaw()
        members.await_quiet()
        return Trial(_counts(answers, members.noted()), evidence)


def _paced(count: int, rate_per_s: int, publish: Callable[[int], int]) -> list[int]:
    """What PUBLISH answered for each message: the number of receivers."""
    answers, start_s = [], time.monotonic()
    for sequence in range(count):
        time.sleep(max(start_s + sequence / rate_per_s - time.monotonic(), 0))
        answers.append(publish(sequence))
    return answers


def _counts(answers: list[int], noted: list[int]) -> dict[str, int]:
    counts = tally(len(answers), range(len(answers)), noted)
    unreceived = answers.count(0)
    return counts | {"unreceived": unreceived, "silent": counts["lost"] - unreceived}
