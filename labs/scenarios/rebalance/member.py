"""One member of a group, a program by itself: it reads its partitions and says what it is given and what is taken.

It runs in the environment of a package set with confluent-kafka and imports nothing else of ours. The first line of its
input is its task, as JSON; the second lets it join; after the third it leaves. What it writes are lines of JSON.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

LOOK_S = 0.1


def say(*words: object) -> None:
    """A line to whoever started this."""
    print(json.dumps(words), flush=True)


def told(what: str) -> Callable[[Any, Any], None]:
    """A callback that says which partitions were assigned, revoked or lost, and when. What follows from it, the client
    does by itself."""

    def heard(_consumer: Any, partitions: Any) -> None:
        say(what, time.monotonic_ns(), [one.partition for one in partitions])

    return heard


def work(consumer: Any, topic: str, leaves: threading.Event) -> None:
    """Read until it is time to leave. A record is done when it was read; the client commits by itself."""
    consumer.subscribe([topic], on_assign=told("got"), on_revoke=told("gave"), on_lost=told("lost"))
    while not leaves.is_set():
        record = consumer.poll(LOOK_S)
        if record is not None and record.error() is None:
            say("did", time.monotonic_ns(), record.partition(), record.offset())
        elif record is not None and record.error().fatal():
            raise RuntimeError(record.error().str())
    consumer.close()  # commits what is done, gives its partitions back and leaves the group


def main() -> None:
    """Wait for the task, then for the word to join, then for the word to leave."""
    from confluent_kafka import Consumer  # type: ignore[import-not-found]

    task, leaves = json.loads(sys.stdin.readline()), threading.Event()
    consumer = Consumer(task["config"])  # which joins nobody yet
    say("ready")

    def listen() -> None:
        sys.stdin.readline()
        leaves.set()

    if sys.stdin.readline().strip() != "join":
        return  # the run is over before its turn came
    threading.Thread(target=listen, daemon=True).start()
    try:
        work(consumer, task["topic"], leaves)
    except Exception as error:  # whoever started this is the only one who can tell the reader
        say("trouble", f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
