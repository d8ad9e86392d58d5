"""L3.1: messages or megabytes? One rate, quoted twice, over payloads and ways of acknowledging."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from labs.experiments.rate_lab import Way, on_line, one_by_one, per_s, rate_lab, way
from labs.experiments.rules import Said, Undecided, by, rule
from labs.model.digest import Digest
from labs.model.text import BROKER_NAMES, about_per_s, times
from labs.model.workload import Ceiling

BODIES = (16, 100, 1024, 16_384, 65_536)
USING = {"redis": "redis-stream-none", "rabbitmq": "rabbitmq-transient-confirms", "kafka": "kafka-acks-1"}
METHODS = {"redis": "XADD", "rabbitmq": "AMQP frames", "kafka": "record batches"}
FULL = {"redis": 300_000, "rabbitmq": 60_000, "kafka": 600_000}
MOST_BYTES = 60_000_000
APART = 5.0
"""Times: the rule calls the metric incomplete beyond it."""
Pair = tuple[Digest, Digest]
"""A slow point and a fast one."""


def _ways() -> Iterator[Way]:
    for broker, using in USING.items():
        for size in BODIES:
            count = max(min(FULL[broker], MOST_BYTES // size), 500)
            batch = max(min(count // 20, 500, 2_000_000 // size), 1)
            label = f"{METHODS[broker]}, {size:,} B, in a window"
            load = Ceiling(messages=count, window=4 * batch, batch=batch, body_bytes=size)
            yield on_line(METHODS[broker], size, way(f"{broker}-{size}", label, using, "fast", load))
        one = one_by_one(3000)
        yield way(f"{broker}-each", f"{METHODS[broker]}, 100 B, one by one", using, "fast", one)


@rule("C28")
def c28(digests: Sequence[Digest]) -> Said:
    """A slow side at which our client was the limit may be slow by our doing: it decides nothing."""
    found = by(digests, "way")
    whole = [broker for broker in USING if all(name in found for name in _names(broker))]
    if len(whole) < len(USING):
        raise Undecided(f"{len(whole)} of {len(USING)} brokers were run at every payload.")
    pairs = {broker: _pairs(found, broker) for broker in USING}
    told = [
        f"{BROKER_NAMES[broker]}: {times(_apart(by_size))} times by payload, {times(_apart(by_wait))} by acknowledging "
        "each message"
        for broker, (by_size, by_wait) in pairs.items()
    ]
    text = f"The same broker's messages a second differ: {'; '.join(told)}."
    apart = [pair for both in pairs.values() for pair in both if _apart(pair) > APART]
    if any(not slow.median["client_bound"] for slow, _ in apart):
        return "holds with conditions", f"{text} Without payload and acknowledgement the figure says little."
    if apart or any(one.median["client_bound"] for one in found.values()):
        raise Undecided(f"{text} Our own client was the limit where it counts.")
    return "holds", text


def _names(broker: str) -> list[str]:
    """A broker's ways: by payload, and one by one."""
    return [f"{broker}-{last}" for last in (*BODIES, "each")]


def _pairs(found: Mapping[str, Digest], broker: str) -> tuple[Pair, Pair]:
    """The slowest and the fastest payload; one by one, and as many at a time as the same payload allows."""
    *sizes, each = (found[name] for name in _names(broker))
    return (min(sizes, key=per_s), max(sizes, key=per_s)), (each, found[f"{broker}-100"])


def _apart(pair: Pair) -> float:
    slow, fast = pair
    return per_s(fast) / per_s(slow)


def headline(digest: Digest) -> str:
    """The same run as the two headlines that could be made of it."""
    rate = per_s(digest)
    return f"{about_per_s(rate)} or {rate * digest.settings['body_bytes'] / 1e6:.3g} MB/s"


LAB = rate_lab(
    "messages-or-megabytes",
    number="L3.1",
    title="Messages or megabytes?",
    question="How far apart are two true figures about the same broker?",
    claims=("C28",),
    ways=tuple(_ways()),
    default="redis-100",
    axis="payload, bytes",
    rules=(c28,),
)
