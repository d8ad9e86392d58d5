"""How a row is attacked, in words: made from the experiment's own figures, so that they cannot differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from labs.judge.promises import Row
from labs.model.faults import LOAD
from labs.model.profile import profile
from labs.model.text import counted, rate_text
from labs.scenarios.faults import SLOW_MS, Fault
from labs.scenarios.promises import (
    kafka_sender,
    kafka_workers,
    rabbitmq_publishing,
    rabbitmq_recovery,
    rabbitmq_stalls,
    rabbitmq_workers,
    redis_sender,
    redis_subscribers,
    redis_workers,
)
from labs.scenarios.promises.faults import FULL_S
from labs.scenarios.promises.rounds import Plan

Arguments = Mapping[str, Any]
_WHEN = f"between {Fault.earliest_s:g} and {Fault.latest_s:g} s after the first message"
FAULTS = {
    "kill": f"The broker gets SIGKILL {_WHEN}.",
    "stop": f"The broker is told to stop {_WHEN}.",
    "power": f"The power is cut {_WHEN}: the broker is frozen, its disk forgets all that was not flushed, and "
    "it is killed.",
    "disk-full": f"Its disk is filled {_WHEN}; after {FULL_S:g} s the broker is killed, unless it has ended by itself, "
    "and the space is freed.",
    "slow-fsync": f"Every flush is made to take {SLOW_MS / 1000:g} s, and the broker gets SIGKILL while it holds "
    "answered writes back in its own memory.",
}


def attack(row: Row) -> str:
    """Two or three sentences; empty for a row that has no experiment yet."""
    told = ATTACKS.get(row.experiment)
    return told(row.arguments) if told and not row.not_here and not row.pending else ""


def _after_fault(asked: Arguments) -> str:
    using = profile(asked["profile"])
    quiet = asked.get("quiet_s")
    length_s = 2.5 if quiet else LOAD.duration_s
    load = f"{using.label}: {rate_text(LOAD.rate_per_s)} for {length_s:g} s, nobody reads."
    waits = " Each batch is confirmed by WAITAOF 1 0." if asked.get("waitaof") else ""
    fault = f"The broker gets SIGKILL {quiet:g} s after the last message." if quiet else FAULTS[asked["fault"]]
    return f"{load}{waits} {fault} It is started again and read to the end."


def _both_cuts(asked: Arguments) -> str:
    using = profile(asked["profile"])
    load = f"{using.label}: {rate_text(LOAD.rate_per_s)} for {LOAD.duration_s:g} s, twice."
    return (
        f"{load} The power is cut at the same moment of both runs: once the file system is shut down by ioctl, once a "
        "ledger of what was flushed cuts each file to its last flush. They agree if both lost all, both some, or both "
        "nothing."
    )


def _killed(plan: Plan, how: str) -> str:
    kills = f"The worker gets SIGKILL {counted(plan.kills, 'time')}, each in the middle of {plan.each} messages"
    return f"{how} {kills}, and another one takes over; at the end all {plan.messages} are worked off."


def _list_worker(asked: Arguments) -> str:
    how = "BLMOVE to a second list, LREM when done, and a recovery at the start." if asked["keep"] else "BLPOP."
    return _killed(redis_workers.PLAN, how)


def _stream_worker(asked: Arguments) -> str:
    end = "with NOACK" if asked["noack"] else "XACK after each, XAUTOCLAIM at the start"
    return _killed(redis_workers.PLAN, f"XREADGROUP by {asked['count']} entries, {end}.")


def _queue_worker(asked: Arguments) -> str:
    kind = f"A {asked.get('kind', 'classic')} queue"
    how = f"manual acknowledgements, a prefetch of {asked.get('prefetch')}"
    how = "automatic acknowledgements" if asked.get("auto_ack") else how
    return _killed(rabbitmq_workers.PLAN, f"{kind}, {how}.")


def _reader(asked: Arguments) -> str:
    how = {
        "auto": "Automatic commits, the work in the poll loop.",
        "handed-over": "Automatic commits, the work handed over to a thread.",
        "before": "The reader commits before the work.",
        "after": "The reader commits after the work.",
    }
    return _killed(kafka_workers.READING, how[asked["commit"]])


def _copier(_asked: Arguments) -> str:
    how = "A worker copies a topic, each batch and the offset behind it in one transaction."
    how += " The kill waits for an open one."
    return _killed(kafka_workers.COPYING, how)


def _answers_dropped(asked: Arguments) -> str:
    names = {"rpush": "RPUSH", "xadd-id": "XADD with an id of its own", "xadd-idmp": "XADD with IDMP"}
    waits = f"{redis_sender.PATIENCE_S:g} s later the sender repeats its {names[asked['command']]}."
    return _dropped(redis_sender.MESSAGES, redis_sender.DROPS, waits)


def _retried(asked: Arguments) -> str:
    how = f"enable.idempotence={str(asked['idempotence']).lower()}"
    waits = f"{kafka_sender.PATIENCE_MS / 1000:g} s later the producer ({how}) sends again."
    return _dropped(kafka_sender.MESSAGES, kafka_sender.DROPS, waits)


def _dropped(messages: int, drops: int, then: str) -> str:
    return f"{counted(messages, 'message')}; the answers to {drops} of them are dropped on their way back. {then}"


def _memory_full(asked: Arguments) -> str:
    size = f"{redis_sender.FULL_MESSAGES:,} messages of {redis_sender.FULL_BYTES:,} bytes"
    return (
        f"{size} into {redis_sender.FULL_QUEUES} lists, with maxmemory {redis_sender.ROOM[True]} and "
        f"maxmemory-policy {asked['policy']}; in the control maxmemory is {redis_sender.ROOM[False]}."
    )


def _subscriber_killed(_asked: Arguments) -> str:
    kills = counted(redis_subscribers.KILLS, "time")
    return (
        f"{rate_text(redis_subscribers.RATE_PER_S)} are published; the subscriber gets SIGKILL {kills}, and each time "
        "another one subscribes. What PUBLISH answers is held against what came."
    )


def _subscriber_frozen(_asked: Arguments) -> str:
    return (
        f"The subscriber is stopped (SIGSTOP) while {redis_subscribers.FROZEN_MESSAGES:,} messages of "
        f"{redis_subscribers.FROZEN_BYTES:,} bytes are published, with client-output-buffer-limit "
        f"{redis_subscribers.LIMIT}; then it goes on."
    )


def _unroutable(asked: Arguments) -> str:
    how = "with mandatory" if asked["mandatory"] else "without mandatory"
    return f"{rabbitmq_publishing.MESSAGES:,} messages {how} to a queue that does not exist; in the control it does."


def _queue_full(asked: Arguments) -> str:
    return (
        f"{rabbitmq_publishing.TOO_MANY:,} messages to a queue with x-max-length {rabbitmq_publishing.LIMIT:,} and "
        f"x-overflow {asked['overflow']}; in the control the queue has no limit."
    )


def _time_over(_asked: Arguments) -> str:
    return (
        f"{rabbitmq_publishing.EXPIRING} messages lie for {rabbitmq_publishing.STAY_S:g} s in a queue with "
        f"x-message-ttl {rabbitmq_publishing.TTL_MS}; in the control they may lie for ever."
    )


def _recovering(_asked: Arguments) -> str:
    return (
        f"The broker gets SIGKILL and is started again; {rabbitmq_recovery.MESSAGES:,} messages without mandatory are "
        "published to its stream from the first moment at which it takes a connection."
    )


def _broker_frozen(_asked: Arguments) -> str:
    return (
        f"{rabbitmq_stalls.MESSAGES} messages, one at a time; for one of them all processes of the broker are stopped "
        f"for {rabbitmq_stalls.FROZEN_S:g} s. The sender waits {rabbitmq_stalls.DEADLINE_S:g} s and sends it again."
    )


def _memory_alarm(_asked: Arguments) -> str:
    parts = f"{rabbitmq_stalls.PART} messages before, {rabbitmq_stalls.PART} during and {rabbitmq_stalls.PART} after"
    return f"{parts} a memory alarm, which a frozen consumer of large messages brings about."


def _retention(_asked: Arguments) -> str:
    return (
        f"A reader takes ten of {kafka_sender.OLD:,} messages and is away until Kafka has looked for what is older "
        "than retention.ms=1000; then it reads on. In the control messages may grow a day old."
    )


ATTACKS: Mapping[str, Callable[[Arguments], str]] = {
    "after_fault": _after_fault,
    "both_cuts": _both_cuts,
    "subscriber_killed": _subscriber_killed,
    "subscriber_frozen": _subscriber_frozen,
    "list_worker_killed": _list_worker,
    "stream_worker_killed": _stream_worker,
    "answers_dropped": _answers_dropped,
    "memory_full": _memory_full,
    "unroutable": _unroutable,
    "queue_full": _queue_full,
    "time_over": _time_over,
    "queue_worker_killed": _queue_worker,
    "published_while_recovering": _recovering,
    "broker_frozen": _broker_frozen,
    "memory_alarm": _memory_alarm,
    "retried": _retried,
    "retention": _retention,
    "copier_killed": _copier,
    "reader_killed": _reader,
}
