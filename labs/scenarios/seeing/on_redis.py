"""What Redis tells of a list, of a list with a second one for what is in work, of a stream's group, of a channel."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import redis

from labs.brokers import journal, open_broker
from labs.brokers.redis.admin import Client, client, undo
from labs.brokers.redis.client import said_of, typed
from labs.model.endpoint import Endpoint
from labs.model.profile import profile
from labs.scenarios.seeing import GAP_S, HELD, LATER_S, WAITING, Answer, Mode, Policed, Told

GROUP, FIELD = "workers", "sent"
NO_TIME = "an element has no time"
OWN_TIME = "a time that the sender put into the message"


@contextlib.contextmanager
def place(mode: Mode, endpoint: Endpoint, name: str) -> Iterator[dict[str, object]]:
    """The key of the run, gone afterwards; gives the server's version and its persistence."""
    with open_broker(endpoint, profile(mode.profile), name, [f"{name}:in-work"]) as broker:
        yield {"server": broker.version(), "durability": broker.durability()}


def tell(mode: Mode, endpoint: Endpoint, name: str) -> Told:
    """Plant the work and ask for it."""
    with typed(endpoint), contextlib.closing(client(endpoint)) as redis_:
        if mode.name == "redis-stream":
            redis_.xgroup_create(name, GROUP, id="0", mkstream=True)
        with contextlib.closing(redis_.pubsub(ignore_subscribe_messages=True)) as channel:
            if mode.name == "redis-pubsub":
                channel.subscribe(name)
                channel.get_message(timeout=1.0)
            began_s = time.time()
            _send(redis_, mode, name, HELD)
            for _ in range(HELD):
                _take(redis_, mode, name, channel)
            time.sleep(GAP_S)
            _send(redis_, mode, name, WAITING)
            time.sleep(LATER_S)
            found = ASKED[mode.name](redis_, name)
        return Told(*found, planted_s=time.time() - began_s)


def _send(redis_: Client, mode: Mode, name: str, number: int) -> None:
    for _ in range(number):
        if mode.name == "redis-stream":
            redis_.xadd(name, {FIELD: f"{time.time()}"})
        elif mode.name == "redis-pubsub":
            redis_.publish(name, f"{time.time()}")
        else:
            redis_.rpush(name, f"{time.time()}")


def _take(redis_: Client, mode: Mode, name: str, channel: Any) -> None:
    """One message, and no word that it is done."""
    if mode.name == "redis-blpop":
        redis_.blpop([name], timeout=1)
    elif mode.name == "redis-blmove":
        redis_.blmove(name, f"{name}:in-work", 1, "LEFT", "RIGHT")
    elif mode.name == "redis-stream":
        redis_.xreadgroup(GROUP, "worker", {name: ">"}, count=1)
    else:
        channel.get_message(timeout=1.0)


def popped(redis_: Client, name: str) -> tuple[Answer, Answer, Answer]:
    """A list whose elements are gone when a worker has them."""
    head = redis_.lindex(name, 0)
    age = Answer(time.time() - float(head), f"LINDEX, {OWN_TIME}", f"{NO_TIME}, and what a worker has is gone")
    return Answer(redis_.llen(name), "LLEN"), Answer(None, "what BLPOP has given is in no list"), age


def moved(redis_: Client, name: str) -> tuple[Answer, Answer, Answer]:
    """A list, and a second one with what is in work."""
    head = redis_.lindex(f"{name}:in-work", 0)
    age = Answer(time.time() - float(head), f"LINDEX of the second list, {OWN_TIME}", NO_TIME)
    return Answer(redis_.llen(name), "LLEN"), Answer(redis_.llen(f"{name}:in-work"), "LLEN of the second list"), age


def grouped(redis_: Client, name: str) -> tuple[Answer, Answer, Answer]:
    """A stream: the group knows what it has given out, and an entry's ID is the server's time."""
    [group] = redis_.xinfo_groups(name)
    oldest = redis_.xpending(name, GROUP)["min"]
    age_s = time.time() - int(str(oldest).partition("-")[0]) / 1000
    pending = Answer(group["pending"], "XINFO GROUPS, pending")
    return Answer(group["lag"], "XINFO GROUPS, lag"), pending, Answer(age_s, "XPENDING, the ID of the first")


def heard(redis_: Client, name: str) -> tuple[Answer, Answer, Answer]:
    """A channel: how many listen is all that Redis knows."""
    [(_, number)] = redis_.pubsub_numsub(name)
    nothing = f"PUBSUB NUMSUB tells {number} subscriber, and a channel keeps nothing"
    return Answer(None, nothing), Answer(None, nothing), Answer(None, nothing)


ASKED = {"redis-blpop": popped, "redis-blmove": moved, "redis-stream": grouped, "redis-pubsub": heard}
SENDS = {"redis-blpop": "rpush", "redis-blmove": "rpush", "redis-stream": "xadd", "redis-pubsub": "publish"}


def police(mode: Mode, endpoint: Endpoint, name: str) -> Policed:
    """A user that may not publish publishes; then it may, and does it again. The user is gone afterwards."""
    user, password, command = f"{name}-user", secrets.token_hex(16), SENDS[mode.name]
    made = journal.note(endpoint, (), users=[user])
    try:
        with typed(endpoint), contextlib.closing(client(endpoint)) as redis_:
            rules = ["reset", "on", f">{password}", f"~{name}*", f"&{name}*", "-@all"]
            redis_.execute_command("ACL", "SETUSER", user, *rules)
            refused = _tried(endpoint, user, password, mode, name)
            redis_.execute_command("ACL", "SETUSER", user, f"+{command}")
            allowed = not _tried(endpoint, user, password, mode, name)
        return Policed(refused, allowed, by=f"an ACL without +{command}")
    finally:
        journal.settle(made, lambda found: undo(endpoint, found))


def _tried(endpoint: Endpoint, user: str, password: str, mode: Mode, name: str) -> str:
    """What Redis says to this user's publish; empty where it takes it."""
    with contextlib.closing(client(replace(endpoint, username=user, password=password))) as redis_:
        try:
            _send(redis_, mode, name, 1)
        except redis.exceptions.NoPermissionError as error:
            return said_of(error).replace(f"User {user}", "this user")
    return ""
