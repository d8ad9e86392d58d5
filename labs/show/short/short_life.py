"""L7.1 in short: with which ways a consumer that stood still handles what is stale, and what each of them drops."""

from __future__ import annotations

from collections.abc import Sequence

from labs.model.digest import Digest
from labs.model.text import enumerated, percent
from labs.show.looks.short_life import SOME, known
from labs.show.short import NOT_RECORDED, Short, sentence

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
    told = [f"It then handled hardly any stale message with {_names(clean)}."] if clean else []
    much = _about([shares[name] for name in stale]) if stale else ""
    told += [f"It handled {much} messages stale with {_names(stale)}."] if stale else []
    return Short(sentence("A consumer stood still for twice a message’s life.", *told), _lost(crash), MONDAY)


def _about(shares: Sequence[float]) -> str:
    """about 15 % of all; 3 % to 20 % of all; all: ways that differ by less than a reader can use are one figure."""
    low, high = min(shares), max(shares)
    if low == high == 1:
        return "all"
    if low < high and f"{low:.0%}" == f"{high:.0%}":
        return f"about {percent([round(low, 2)])} of all"
    return f"{percent(shares)} of all"


def _lost(crash: dict[str, Digest]) -> str:
    """What was dropped when the consumer was killed, the least and the most."""
    shares = {name: one.number("figures", "dropped_share") or 0.0 for name, one in crash.items()}
    if len(shares) < 2:
        return "What a killed consumer costs is not recorded yet."
    least, most = (percent([end(shares.values())]) for end in (min, max))
    if least == most:
        return f"When the consumer was killed, every way dropped {least} of the messages."
    some, many = (_names([name for name in shares if percent([shares[name]]) == end]) for end in (least, most))
    dropped = f"{least} of the messages" if min(shares.values()) else "no message"
    return (
        "The consumer was also killed, and another came a second later. "
        f"The least was dropped with {some}: {dropped}. The most was dropped with {many}: {most}."
    )
