"""Redis stream with frames of our own for XADD; reading is hiredis's already, in larger batches."""

from __future__ import annotations

from labs.brokers.redis import stream
from labs.brokers.redis.admin import Broker
from labs.brokers.redis.fast.publisher import FastPublisher
from labs.brokers.redis.fast.wire import bulk
from labs.brokers.redis.stream import FIELD
from labs.model.profile import Profile

__all__ = ["Broker", "Consumer", "Publisher", "why_not"]


def why_not(_profile: Profile) -> str | None:
    """There is nothing of a stream that this lane cannot do."""
    return None


class Publisher(FastPublisher):
    """One XADD a message; the answer is the entry's id, on a line of its own."""

    answer_lines = 2

    def _before(self, body_bytes: int) -> bytes:
        parts = bulk(b"XADD") + bulk(self.key) + bulk(b"*") + bulk(FIELD)
        return b"*5\r\n" + parts + b"$%d\r\n" % body_bytes


class Consumer(stream.Consumer):
    """A member of a group. An entry's id has no fixed length, so its answers cannot be read as an array."""

    batch = 4096
