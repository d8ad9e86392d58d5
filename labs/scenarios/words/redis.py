"""The words of Redis, in redis-py. `link` is a client that speaks text; `name` and `other` are keys of nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis
from redis.exceptions import OutOfMemoryError

from labs.model.endpoint import Endpoint
from labs.scenarios.words import refused
from labs.stack.by_hand import TOLD

SETTINGS = {
    "append_only_file": {"appendonly": "yes", "appendfsync": "everysec"},
    "appendfsync": {"appendonly": "yes", "appendfsync": "always"},
    "eviction": {"maxmemory-policy": "noeviction", "maxmemory": "1"},
}
Link = Any
"""redis-py's client: its own types leave open whether an answer is awaited."""


@contextmanager
def stage(endpoint: Endpoint, name: str) -> Iterator[dict[str, Any]]:
    """One connection."""
    with redis.Redis(**TOLD["redis"](endpoint), decode_responses=True) as link:
        yield {"link": link, "name": name, "other": f"{name}-2"}


def names(name: str) -> tuple[list[str], list[str]]:
    """Two keys; a channel is none."""
    return [name, f"{name}-2"], []


def key(link: Link, name: str) -> None:
    """It comes with the first element and goes with the last."""
    assert link.rpush(name, "one") == 1
    assert link.type(name) == "list"
    link.lpop(name)
    assert not link.exists(name)


def list_(link: Link, name: str) -> None:
    """What is popped is gone in the same step."""
    link.rpush(name, "first", "second")
    assert link.blpop(name) == (name, "first")
    assert link.lrange(name, 0, -1) == ["second"]


def lmove(link: Link, name: str, other: str) -> None:
    """What is taken lies in a second list until it is removed there."""
    link.rpush(name, "work")
    assert link.lmove(name, other, "LEFT", "RIGHT") == "work"
    assert link.lrange(other, 0, -1) == ["work"]  # whoever takes it and dies has lost nothing
    assert link.lrem(other, 1, "work") == 1  # the acknowledgement


def pubsub_channel(link: Link, name: str) -> None:
    """Who listens now."""
    assert link.publish(name, "nobody hears this") == 0
    with link.pubsub() as listener:
        listener.subscribe(name)
        assert listener.get_message(timeout=30)["type"] == "subscribe"
        assert link.publish(name, "now") == 1
        assert listener.get_message(timeout=30)["data"] == "now"


def stream(link: Link, name: str) -> None:
    """Reading takes nothing away."""
    first = link.xadd(name, {"number": 1})
    second = link.xadd(name, {"number": 2})
    for _ in range(2):
        assert [entry for entry, _ in link.xrange(name)] == [first, second]
    assert link.xread({name: first})[0][1] == [(second, {"number": "2"})]  # what came after the first


def consumer_group(link: Link, name: str) -> None:
    """Each entry to one of its members."""
    link.xgroup_create(name, "billing", id="0", mkstream=True)
    sent = [link.xadd(name, {"number": number}) for number in range(2)]
    taken = [link.xreadgroup("billing", who, {name: ">"}, count=1)[0][1][0][0] for who in ("anna", "ben")]
    assert taken == sent


def pending_entries_list(link: Link, name: str) -> None:
    """Who has what in hand."""
    link.xgroup_create(name, "billing", id="0", mkstream=True)
    entry = link.xadd(name, {"number": 1})
    link.xreadgroup("billing", "anna", {name: ">"})
    [pending] = link.xpending_range(name, "billing", "-", "+", 10)
    assert (pending["message_id"], pending["consumer"], pending["times_delivered"]) == (entry, "anna", 1)


def xack(link: Link, name: str) -> None:
    """It takes the entry off the list, and not out of the stream."""
    link.xgroup_create(name, "billing", id="0", mkstream=True)
    entry = link.xadd(name, {"number": 1})
    link.xreadgroup("billing", "anna", {name: ">"})
    assert link.xack(name, "billing", entry) == 1
    assert (link.xpending(name, "billing")["pending"], link.xlen(name)) == (0, 1)


def xautoclaim(link: Link, name: str) -> None:
    """Nobody is given it until somebody asks."""
    link.xgroup_create(name, "billing", id="0", mkstream=True)
    entry = link.xadd(name, {"number": 1})
    link.xreadgroup("billing", "anna", {name: ">"})  # and anna is never heard of again
    assert not link.xreadgroup("billing", "ben", {name: ">"})
    assert link.xautoclaim(name, "billing", "ben", min_idle_time=0)[1] == [(entry, {"number": "1"})]


def maxlen(link: Link, name: str) -> None:
    """It asks nobody whether an entry was read."""
    link.xgroup_create(name, "billing", id="0", mkstream=True)
    for number in range(5):
        link.xadd(name, {"number": number}, maxlen=2, approximate=False)
    got = [fields["number"] for _, fields in link.xreadgroup("billing", "anna", {name: ">"})[0][1]]
    assert got == ["3", "4"]


def append_only_file(link: Link, name: str) -> None:
    """Written when OK comes, and flushed later."""
    before = link.info("persistence")["aof_current_size"]
    link.set(name, "x" * 1000)
    assert link.info("persistence")["aof_current_size"] > before + 1000
    assert link.waitaof(1, 0, 20_000)[0] == 1  # waits until the file is flushed


def appendfsync(link: Link, name: str) -> None:
    """With `always` there is nothing left to wait for."""
    assert link.config_get("appendfsync") == {"appendfsync": "always"}
    link.set(name, "x")
    assert link.waitaof(1, 0, 1)[0] == 1  # flushed before the OK came


def eviction(link: Link, name: str) -> None:
    """With the policy as it comes a full memory refuses what is new."""
    assert link.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    assert refused(OutOfMemoryError, link.rpush, name, "one too many")  # maxmemory is 1 byte here
    assert not link.exists(name)


PROOFS = (
    key, list_, lmove, pubsub_channel, stream, consumer_group, pending_entries_list, xack, xautoclaim, maxlen,
    append_only_file, appendfsync, eviction,
)  # fmt: skip
