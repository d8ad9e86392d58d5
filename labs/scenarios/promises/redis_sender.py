"""R16 to R19: answers that get lost on the way to a sender that tries again, and a memory that is full."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import redis.exceptions

from labs.brokers.redis.admin import Client
from labs.judge.promises import Trial
from labs.scenarios.promises.redis_site import client, configured
from labs.scenarios.promises.stage import Stage, TroubleError
from labs.scenarios.promises.tally import tally
from labs.stack.proxy import Proxy

MESSAGES = 300
DROPS = 10
PATIENCE_S = 0.2
TRIES = 3
FIELD = b"body"
FULL_MESSAGES, FULL_BYTES, FULL_QUEUES, FULL_BATCH = 25_000, 1000, 40, 500
ROOM = {True: "20mb", False: "200mb"}


def answers_dropped(stage: Stage, command: str) -> Trial:
    """The broker does as told and its answer is lost, ten times; the sender waits 0.2 s and sends again.

    `command` is how it sends: RPUSH, XADD with an id of the sender's own, or XADD with IDMP (Redis 8.6).
    """
    send = {"rpush": _rpush, "xadd-id": _xadd_id, "xadd-idmp": _xadd_idmp}[command]
    moments = set(stage.chance().sample(range(MESSAGES), DROPS)) if stage.fault else set()
    dropped, acknowledged = [], []
    with Proxy(stage.endpoint) as proxy, client(stage.endpoint, port=proxy.port, answer_s=PATIENCE_S) as link:
        link.ping()
        for sequence in range(MESSAGES):
            if sequence in moments:
                dropped.append(_lose_the_answer(proxy, partial(send, link, stage.name, sequence)))
            send(link, stage.name, sequence)
            acknowledged.append(sequence)
    with client(stage.endpoint) as link:
        found = _stored(link, stage.name)
        link.delete(stage.name)
    evidence = f"{len(dropped)} answers dropped, {sum(dropped)} bytes" if dropped else ""
    return Trial(tally(MESSAGES, acknowledged, found), evidence)


def _lose_the_answer(proxy: Proxy, send: Callable[[], None]) -> int:
    """How many bytes of the answer were dropped; TroubleError if the sender got one after all."""
    before = proxy.dropped_bytes
    proxy.drop_answers()
    try:
        send()
    except (redis.exceptions.TimeoutError, redis.exceptions.ConnectionError):
        return proxy.dropped_bytes - before
    finally:
        proxy.heal()
    raise TroubleError("an answer came although it was to be dropped")


def _rpush(link: Client, name: str, sequence: int) -> None:
    link.rpush(name, sequence)


def _xadd_id(link: Client, name: str, sequence: int) -> None:
    """An id that is not above the last one is refused: the message is there already."""
    try:
        link.xadd(name, {FIELD: sequence}, id=f"{sequence + 1}-0")
    except redis.exceptions.ResponseError as error:
        if "equal or smaller" not in str(error):
            raise


def _xadd_idmp(link: Client, name: str, sequence: int) -> None:
    link.execute_command("XADD", name, "IDMP", "labs", sequence, "*", FIELD, sequence)


def _stored(link: Client, name: str) -> list[int]:
    if link.type(name) == b"stream":
        return [int(fields[FIELD]) for _, fields in link.xrange(name)]
    return [int(body) for body in link.lrange(name, 0, -1)]


def memory_full(stage: Stage, policy: str) -> Trial:
    """25 MB of messages for 40 lists in 20 MB of memory. The control has room for all of them."""
    room = ROOM[stage.fault]
    with configured(stage.endpoint, maxmemory=room, maxmemory_policy=policy) as link:
        names = [f"{stage.name}:{number}" for number in range(FULL_QUEUES)]
        before = link.info("stats")["evicted_keys"]
        try:
            acknowledged, refused, error = _fill(link, names)
            evicted = link.info("stats")["evicted_keys"] - before
            link.config_set("maxmemory", ROOM[False])  # else reading, which needs memory too, would evict more
            found = [int(body[:10]) for name in names for body in link.lrange(name, 0, -1)]
        finally:
            link.delete(*names)
    # Between lists there is no order to break.
    counts = tally(FULL_MESSAGES, acknowledged, sorted(found), refused)
    evidence = f"{evicted} lists evicted" if evicted else f"{len(refused)} times {error}" if refused else ""
    return Trial(counts, evidence)


def _fill(link: Client, names: list[str]) -> tuple[list[int], list[int], str]:
    acknowledged, refused, error = [], [], ""
    for first in range(0, FULL_MESSAGES, FULL_BATCH):
        pipe = link.pipeline(transaction=False)
        for sequence in range(first, first + FULL_BATCH):
            pipe.rpush(names[sequence % len(names)], b"%010d" % sequence + bytes(FULL_BYTES - 10))
        for sequence, answer in enumerate(pipe.execute(raise_on_error=False), first):
            if isinstance(answer, Exception):
                refused.append(sequence)
                error = str(answer)
            else:
                acknowledged.append(sequence)
    return acknowledged, refused, error
