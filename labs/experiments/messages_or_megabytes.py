"""L3.1: messages or megabytes? One rate, quoted twice, over payloads and ways of acknowledging."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence

from labs.experiments.bounds import Bound
from labs.experiments.rate_figures import ours, rates
from labs.experiments.rate_lab import Way, on_line, one_by_one, per_s, rate_lab, way
from labs.experiments.rules import Said, Undecided, by, passes, rounds, rule
from labs.model.digest import Digest
from labs.model.text import BROKER_NAMES, about_per_s, enumerated, measured_text, times
from labs.model.workload import Ceiling
from labs.show.short.rates import messages_or_megabytes

BODIES = (16, 100, 1024, 16_384, 65_536)
USING = {"redis": "redis-stream-none", "rabbitmq": "rabbitmq-transient-confirms", "kafka": "kafka-acks-1"}
METHODS = {"redis": "XADD", "rabbitmq": "AMQP frames", "kafka": "record batches"}
FULL = {"redis": 300_000, "rabbitmq": 60_000, "kafka": 600_000}
BATCHES, WINDOWS = {"redis": 512, "rabbitmq": 100, "kafka": 5000}, {"redis": 4, "rabbitmq": 5, "kafka": 10}
"""Messages in a call, and calls without an answer, as in the labs that ask for each broker's most: the same point in
two files says how far apart days are."""
MOST_BYTES = 60_000_000
SMALL, LARGE = 100, 16_384
BY_SIZE = Bound("holds with conditions", "the ratio of the rates at 100 B and at 16 KB", "above", 5)
BY_ACKS = Bound("holds with conditions", "the ratio across ways of acknowledging at one window", "above", 5)


def _ways() -> Iterator[Way]:
    for broker, using in USING.items():
        for size in BODIES:
            count = max(min(FULL[broker], MOST_BYTES // size), 500)
            batch = max(min(BATCHES[broker], 2_000_000 // size), 1)
            label = f"{METHODS[broker]}, {size:,} B, in a window"
            load = Ceiling(messages=count, window=WINDOWS[broker] * batch, batch=batch, body_bytes=size)
            yield on_line(METHODS[broker], size, way(f"{broker}-{size}", label, using, "fast", load))
        one = one_by_one(3000)
        yield way(f"{broker}-each", f"{METHODS[broker]}, 100 B, one by one", using, "fast", one)


@rule("C28", of_part=("holds with conditions",), bounds=(BY_SIZE, BY_ACKS))
def c28(digests: Sequence[Digest]) -> Said:
    """A slow side at which our client was the limit may be slow by our doing: it decides nothing."""
    found = by(digests, "way")
    sizes = {broker: _apart(found, f"{broker}-{SMALL}", f"{broker}-{LARGE}") for broker in USING}
    acks = {broker: _by_acks(found, broker) for broker in USING}
    if lacking := [BROKER_NAMES[broker] for broker, values in sizes.items() if values is None]:
        raise Undecided(f"{enumerated(lacking)} {'was' if len(lacking) == 1 else 'were'} not run at both payloads.")
    text = f"From {SMALL:,} B to {LARGE:,} B the rate changes by a factor of {_factors(sizes)}."
    told = _factors(acks)
    ways = f"change it by a factor of {told}" if told else "at one window are not recorded"
    text += f" Ways of acknowledging {ways}."
    by_size = [
        passes(values, BY_SIZE, text) for name, values in sizes.items() if values and not _slow_is_ours(found, name)
    ]
    by_acks = [passes(values, BY_ACKS, text) for values in acks.values() if values]
    if any(by_size) or any(by_acks):
        return "holds with conditions", f"{text} A rate without its payload and acknowledgement says little."
    if len(by_size) < len(USING) or None in (*by_size, *by_acks) or not by_acks:
        raise Undecided(f"Not all that the rule asks for is recorded. {text}")
    return "holds", text


def _factors(each: Mapping[str, list[float] | None]) -> str:
    """12 with Redis, 1.4 with RabbitMQ and 91 with Kafka: the medians of those that have one."""
    told = [f"{times(statistics.median(values))} with {BROKER_NAMES[one]}" for one, values in each.items() if values]
    return enumerated(told) if told else ""


def _apart(found: Mapping[str, Digest], *names: str) -> list[float] | None:
    """Round by round the highest over the lowest rate of these ways; None where one was not run."""
    if not all(name in found for name in names):
        return None
    return [max(values) / min(values) for values in rounds(*(rates(found[name]) for name in names))]


def _by_acks(found: Mapping[str, Digest], broker: str) -> list[float]:
    names = [name for name in found if name.startswith(f"{broker}-acks-")]
    return (_apart(found, *names) or []) if len(names) > 1 else []


def _slow_is_ours(found: Mapping[str, Digest], broker: str) -> bool:
    return ours(min((found[f"{broker}-{size}"] for size in (SMALL, LARGE)), key=per_s))


def headline(digest: Digest) -> str:
    """The same run as the two headlines that could be made of it."""
    rate = per_s(digest)
    return f"{about_per_s(rate)} or {measured_text(rate * digest.settings['body_bytes'] / 1e6)} MB/s"


LAB = rate_lab(
    "messages-or-megabytes",
    number="L3.1",
    title="Messages or megabytes?",
    question="How far apart are two true figures about the same broker?",
    short=messages_or_megabytes,
    claims=("C28",),
    ways=tuple(_ways()),
    default="redis-100",
    axis="payload, bytes",
    rules=(c28,),
)
