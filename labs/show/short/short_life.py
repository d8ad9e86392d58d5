"""L7.1 in short: with which ways a consumer that stood still handles what is stale, and what each of them drops."""

from __future__ import annotations

from collections.abc import Sequence

from labs.model.digest import Digest
from labs.model.text import enumerated, percent
from labs.show.looks.short_life import SOME, known
from labs.show.short import NOT_RECORDED, Short

MONDAY = (
    "Write down for each kind of message how long it is worth something. Then stop its consumer for twice as long, let "
    "it go on, and log how old the messages are that it handles. If they are too old, compare their age with the clock "
    "in the consumer: that works with every broker."
)
NAMES = {
    "redis-pubsub": "Redis Pub/Sub",
    "redis-pubsub-check": "checked Pub/Sub",
    "redis-stream": "a capped Redis stream",
    "redis-list": "a Redis list",
    "rabbitmq-ttl": "RabbitMQ’s TTL at prefetch 1",
    "rabbitmq-ttl-pushed": "RabbitMQ’s TTL alone",
    "kafka": "Kafka",
    "kafka-check": "checked Kafka",
}


def _by_way(digests: Sequence[Digest], gap: str) -> dict[str, Digest]:
    return {str(one.settings["way"]): one for one in digests if one.settings["gap"] == gap and known(one)}


def _names(those: Sequence[str]) -> str:
    return enumerated([NAMES[name] for name in those])


def short_life(digests: Sequence[Digest]) -> Short:
    """Who handles stale messages after a second of standing still, and who loses what when the consumer dies."""
    still, crash = (_by_way(digests, gap) for gap in ("pause", "crash"))
    if not still:
        return Short(NOT_RECORDED, "", MONDAY)
    shares = {name: one.number("figures", "stale_share") or 0.0 for name, one in still.items()}
    clean = [name for name, share in shares.items() if share <= SOME]
    stale = [name for name in shares if name not in clean]
    told = [f"hardly any stale message with {_names(clean)}"] if clean else []
    much = percent(shares[name] for name in stale) if stale else ""
    told += [f"{much} of all stale with {_names(stale)}"] if stale else []
    answer = f"A consumer that had stood still for twice a message’s life handled {', and '.join(told)}."
    return Short(answer, _lost(crash), MONDAY)


def _lost(crash: dict[str, Digest]) -> str:
    """What was dropped when the consumer was killed, the least and the most."""
    shares = {name: one.number("figures", "dropped_share") or 0.0 for name, one in crash.items()}
    if len(shares) < 2:
        return "What a killed consumer costs is not recorded yet."
    ranked = sorted(shares, key=lambda name: shares[name])
    least, most = ranked[0], ranked[-1]
    if percent([shares[least]]) == percent([shares[most]]):
        return f"When the consumer was killed, every way dropped {percent([shares[least]])} of the messages."
    return (
        f"When the consumer was killed and another came a second later, {NAMES[least]} dropped "
        f"{percent([shares[least]])} of the messages, the least, and {NAMES[most]} {percent([shares[most]])}, the most."
    )
