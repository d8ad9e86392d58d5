"""R10 and R11: Redis Pub/Sub with a subscriber that is killed, and with one that is frozen."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

from labs.brokers.redis.client import Link
from labs.judge.promises import Trial
from labs.model.endpoint import Endpoint, UnreachableError
from labs.scenarios.promises.killable import READY, Note, killable
from labs.scenarios.promises.redis_site import client, configured
from labs.scenarios.promises.stage import Stage
from labs.scenarios.promises.tally import tally

RATE_PER_S = 500
KILLS = 3
LISTENING = 200
MOST = 30 * RATE_PER_S
"""After so many messages a subscriber that is still not back is waited for in silence."""
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
    chance, evidence = stage.chance(), []
    with client(stage.endpoint) as redis, killable(stage, _subscribe) as worker:
        worker.start()
        voice = _Voice(lambda sequence: redis.publish(stage.name, b"%010d" % sequence), RATE_PER_S)
        for _ in range(KILLS if stage.fault else 0):
            voice.publish(chance.randint(LISTENING // 4, LISTENING))
            evidence.append(worker.kill())
            worker.launch()
            while not worker.ready and len(voice.answers) < MOST:
                voice.publish(10)
            worker.await_ready()
        voice.publish(LISTENING)
        worker.await_quiet()
        return Trial(_counts(voice.answers, worker.noted()), "; ".join(evidence))


def subscriber_frozen(stage: Stage) -> Trial:
    """Stopped while more is published than its output buffer may hold, and then let go on to read what is left."""
    with configured(stage.endpoint, client_output_buffer_limit=LIMIT) as redis, killable(stage, _subscribe) as worker:
        worker.start()
        evidence = worker.freeze() if stage.fault else ""
        body = bytes(FROZEN_BYTES)
        voice = _Voice(lambda sequence: redis.publish(stage.name, b"%010d" % sequence + body), FROZEN_RATE_PER_S)
        voice.publish(FROZEN_MESSAGES)
        if stage.fault:
            worker.thaw()
        worker.await_quiet()
        return Trial(_counts(voice.answers, worker.noted()), evidence)


class _Voice:
    """Publishes at an even rate and keeps what PUBLISH answers: the number of receivers."""

    def __init__(self, publish: Callable[[int], int], rate_per_s: int) -> None:
        self._publish, self._gap_s = publish, 1 / rate_per_s
        self._next_s = time.monotonic()
        self.answers: list[int] = []

    def publish(self, count: int) -> None:
        for _ in range(count):
            time.sleep(max(self._next_s - time.monotonic(), 0))
            self._next_s += self._gap_s
            self.answers.append(self._publish(len(self.answers)))


def _counts(answers: list[int], noted: list[int]) -> dict[str, int]:
    counts = tally(len(answers), range(len(answers)), noted)
    unreceived = answers.count(0)
    return counts | {"unreceived": unreceived, "silent": counts["lost"] - unreceived}
