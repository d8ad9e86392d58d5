"""L5.1: is it a million? One Kafka, one partition, batches of every size."""

from __future__ import annotations

from collections.abc import Sequence

from labs.experiments.bounds import Bound
from labs.experiments.rate_figures import limit_said, middle_rate, ours, reached, sustained
from labs.experiments.rate_lab import Way, fastest, fewer, on_line, one_by_one, rate_lab, tool_way, way
from labs.experiments.rules import Said, Undecided, rule
from labs.model.digest import Digest
from labs.model.workload import Ceiling
from labs.scenarios.bench.base import Figure, Setting, Side
from labs.show.short.rates import kafka_million


def _batch(size: int, messages: int) -> Ceiling:
    return Ceiling(messages=messages, window=max(10 * size, 10), batch=size)


def _in_batches(size: int, messages: int) -> Way:
    label, load = f"raw record batches of {size:,}", _batch(size, messages)
    return on_line("raw record batches", size, way(f"batch-{size}", label, "kafka-acks-all", "fast", load))


def _tool(share: float, compression: str = "none", *, alike: bool = True) -> Side:
    def side(setting: Setting) -> Figure:
        from labs.scenarios.bench.tool_sides import produces

        return produces("kafka-acks-all", share, compression, alike=alike)(setting)

    return side


WAYS = (
    way("kafka-python-one", "kafka-python, one by one", "kafka-acks-all", "idiomatic", one_by_one(800)),
    way(
        "kafka-python-batches",
        "kafka-python, batches",
        "kafka-acks-all",
        "idiomatic",
        Ceiling(messages=60_000, window=20_000, batch=2000),
    ),
    _in_batches(1, 5000),
    _in_batches(10, 50_000),
    _in_batches(100, 300_000),
    _in_batches(1000, 1_500_000),
    _in_batches(5000, 2_000_000),
    way("acks-1", "raw record batches of 5,000, acks=1", "kafka-acks-1", "fast", _batch(5000, 2_000_000)),
    way("flush", "raw record batches of 100, flushed one by one", "kafka-flush", "fast", _batch(100, 80_000)),
    tool_way("perf-tool", "ProducerPerformance, acks=all", "kafka-acks-all", _tool(0.5), "ProducerPerformance"),
    *(
        tool_way(
            f"perf-{compression}-{name}",
            f"ProducerPerformance, {compression}, {said}",
            "kafka-acks-all",
            _tool(share, compression, alike=alike),
            "ProducerPerformance",
        )
        for compression, name, said, share, alike in (
            ("none", "unlike", "bodies of random characters", 0.4, False),
            ("gzip", "unlike", "bodies of random characters", 0.1, False),
            ("gzip", "alike", "the same body each time", 0.4, True),
        )
    ),
)
OTHERS = (
    "article-kafka",
    "linkedin-one-producer",
    "linkedin-synchronous",
    "linkedin-three-producers",
    "mqperf-kafka-flush",
)


SINGLE = ("kafka-python-one", "batch-1")
"""The ways that send one message at a time."""
SMALL_BYTES = 100
REACHED = Bound("holds", "the rate of any way, with every record acknowledged,", "at least", 1_000_000, "/s")
SMALL = Bound(
    "holds with conditions",
    "that rate in batches, with bodies of 100 B or less,",
    "at least",
    1_000_000,
    "/s",
)


@rule("C44", of_part=("holds with conditions", "holds"), bounds=(REACHED, SMALL))
def c44(digests: Sequence[Digest]) -> Said:
    """Whoever was the limit, what was reached was reached; below a million the broker has to be it."""
    top = fastest(digests)
    text = f"Kafka took {middle_rate(top)} at the most ({top.settings['label']}, {top.settings['body_bytes']} B)."
    text += f" {limit_said(top)}"
    known = sustained(digests, text)
    fast = reached(known, REACHED, text)
    plain = [one for one in fast if one.settings["way"] in SINGLE or one.settings["body_bytes"] > SMALL_BYTES]
    if plain:
        return "holds", f"{text} It took {middle_rate(plain[0])} by {plain[0].settings['label']}."
    if fast:
        return "holds with conditions", f"{text} That needs batches and small messages."
    whose = "Our own client was the limit." if ours(fastest(known)) else "This machine did not reach a million."
    raise Undecided(f"{whose} {text}")


LAB = rate_lab(
    "kafka-million",
    number="L5.1",
    title="Is it a million? Kafka",
    question="How many messages a second does one Kafka take, and what does the size of a batch do to it?",
    short=kafka_million,
    claims=("C44",),
    ways=fewer(WAYS, "batch-10", "batch-100", "flush", "perf-none-unlike", "perf-gzip-unlike", "perf-gzip-alike"),
    default="batch-1000",
    others=OTHERS,
    axis="messages in a batch",
    rules=(c44,),
)
