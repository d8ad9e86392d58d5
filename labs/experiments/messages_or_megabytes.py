"""L3.1: messages or megabytes? One rate, quoted twice, over payloads and ways of acknowledging."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from labs.experiments.base import Verdict
from labs.experiments.rate_lab import Way, on_line, points, rate_lab, way
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


def _ways() -> Iterator[Way]:
    for broker, using in USING.items():
        for size in BODIES:
            count = max(min(FULL[broker], MOST_BYTES // size), 500)
            batch = max(min(count // 20, 500, 2_000_000 // size), 1)
            label = f"{METHODS[broker]}, {size:,} B, in a window"
            load = Ceiling(messages=count, window=4 * batch, batch=batch, body_bytes=size)
            yield on_line(METHODS[broker], size, way(f"{broker}-{size}", label, using, "fast", load))
        one = Ceiling(messages=3000, window=1, batch=1)
        yield way(f"{broker}-each", f"{METHODS[broker]}, 100 B, one by one", using, "fast", one)


def verdict(digests: Sequence[Digest]) -> list[Verdict]:
    """C28 by its rule. A slow side at which our client was the limit may be slow by our doing: it decides nothing."""
    found = points(digests)
    told, apart, sure = [], [], []
    for broker in USING:
        sizes = [found[f"{broker}-{size}"] for size in BODIES if f"{broker}-{size}" in found]
        each = found.get(f"{broker}-each")
        if len(sizes) < len(BODIES) or each is None:
            continue
        slow, fast = (pick(sizes, key=_per_s) for pick in (min, max))
        pairs = ((slow, fast), (each, found[f"{broker}-100"]))
        by_size, by_wait = (_per_s(high) / _per_s(low) for low, high in pairs)
        apart += [by_size, by_wait]
        sure += [not low.median["client_bound"] for low, _ in pairs]
        told.append(
            f"{BROKER_NAMES[broker]}: {times(by_size)} times by payload, {times(by_wait)} by acknowledging each message"
        )
    if len(told) < len(USING):
        return [Verdict("C28", "undecided here", f"{len(told)} of {len(USING)} brokers were run at every payload.")]
    text = f"The same broker's messages a second differ: {'; '.join(told)}."
    if any(ratio > APART for ratio, known in zip(apart, sure, strict=True) if known):
        said = "Without payload and acknowledgement the figure says little."
        return [Verdict("C28", "holds with conditions", f"{text} {said}")]
    if max(apart) > APART or any(one.median["client_bound"] for one in found.values()):
        return [Verdict("C28", "undecided here", f"{text} Our own client was the limit where it counts.")]
    return [Verdict("C28", "holds", text)]


def _per_s(digest: Digest) -> float:
    return float(digest.median["per_s"])


def headline(digest: Digest) -> str:
    """The same run as the two headlines that could be made of it."""
    per_s, size = float(digest.median["per_s"]), int(digest.settings["body_bytes"])
    return f"{about_per_s(per_s)} or {per_s * size / 1e6:.3g} MB/s"


LAB = rate_lab(
    "messages-or-megabytes",
    "L3.1",
    "Messages or megabytes?",
    "How far apart are two true figures about the same broker?",
    claims=("C28",),
    ways=tuple(_ways()),
    default="redis-100",
    others=(),
    axis="payload, bytes",
    verdict=verdict,
)
