"""R12 to R15: a consumer of Redis is killed at its work, three times; what is lost, what comes twice?"""

from __future__ import annotations

import time

from labs.judge.promises import Trial
from labs.model.endpoint import Endpoint
from labs.scenarios.promises.killable import READY, Note
from labs.scenarios.promises.redis_site import client
from labs.scenarios.promises.rounds import Plan, work_and_kill
from labs.scenarios.promises.stage import Stage

WORK_S = 0.002
GROUP, FIELD = "labs", b"body"
TAKEN = ":taken"
PLAN = Plan(each=100, kills=3)


def _work_off(sequence: bytes, note: Note) -> None:
    time.sleep(WORK_S)
    note(int(sequence))


def _pop(endpoint: Endpoint, name: str, note: Note) -> None:
    with client(endpoint) as redis:
        redis.ping()
        note(READY)
        while True:
            if found := redis.blpop([name], timeout=1):
                _work_off(found[1], note)


def _move(endpoint: Endpoint, name: str, note: Note) -> None:
    """Begins by putting back what a killed worker had taken: without that step nobody ever would."""
    with client(endpoint) as redis:
        while redis.lmove(name + TAKEN, name, "RIGHT", "LEFT"):
            pass
        note(READY)
        while True:
            if found := redis.blmove(name, name + TAKEN, 1, "LEFT", "RIGHT"):
                _work_off(found, note)
                redis.lrem(name + TAKEN, 1, found)


def _read(endpoint: Endpoint, name: str, note: Note, noack: bool, count: int) -> None:
    """Begins by claiming what a killed member had been given; with NOACK nothing is remembered to be claimed."""
    me = f"member-{time.monotonic_ns()}"
    with client(endpoint) as redis:
        entries = [] if noack else redis.xautoclaim(name, GROUP, me, 0, "0-0", count=1000)[1]
        note(READY)
        while True:
            for entry, fields in entries:
                _work_off(fields[FIELD], note)
                if not noack:
                    redis.xack(name, GROUP, entry)
            found = redis.xreadgroup(GROUP, me, {name: ">"}, count=count, block=1000, noack=noack)
            entries = found[0][1] if found else []


def list_worker_killed(stage: Stage, keep: bool) -> Trial:
    """BLPOP, or with `keep` BLMOVE to a list of what is in work and LREM when it is done."""
    with client(stage.endpoint) as redis:

        def load(first: int, count: int) -> None:
            redis.rpush(stage.name, *range(first, first + count))

        def left() -> int:
            return int(redis.llen(stage.name)) + int(redis.llen(stage.name + TAKEN))

        try:
            worker, happened = work_and_kill(stage, _move if keep else _pop, load, left, PLAN)
        finally:
            redis.delete(stage.name, stage.name + TAKEN)
    return Trial(PLAN.tally(worker.noted()), happened)


def stream_worker_killed(stage: Stage, noack: bool, count: int) -> Trial:
    """XREADGROUP by `count` entries, acknowledged one by one when done, or with `noack` as soon as they are sent."""
    with client(stage.endpoint) as redis:
        redis.xgroup_create(stage.name, GROUP, "0", mkstream=True)

        def load(first: int, count: int) -> None:
            pipe = redis.pipeline(transaction=False)
            for sequence in range(first, first + count):
                pipe.xadd(stage.name, {FIELD: sequence})
            pipe.execute()

        def left() -> int:
            """Undelivered and unacknowledged entries."""
            group = redis.xinfo_groups(stage.name)[0]
            last = group["last-delivered-id"].decode()
            return int(group["pending"]) + len(redis.xrange(stage.name, f"({last}", "+"))

        try:
            worker, happened = work_and_kill(stage, _read, load, left, PLAN, noack=noack, count=count)
        finally:
            redis.delete(stage.name)
    return Trial(PLAN.tally(worker.noted()), happened)
