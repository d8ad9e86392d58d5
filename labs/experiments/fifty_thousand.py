"""L4.1: is it fifty thousand? One RabbitMQ, many ways of sending to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from labs.experiments.base import Verdict, Word
from labs.experiments.rate_lab import Way, best, rate_lab, tool_way, way
from labs.model.digest import Digest
from labs.model.text import about_per_s
from labs.model.workload import Ceiling
from labs.scenarios.bench.base import Figure, Setting

LOW, HIGH, FIFTY = 25_000, 100_000, 50_000


def _queues(count: int, said: str, each: int) -> Way:
    load = Ceiling(messages=each, window=500, batch=100)
    one = way(f"queues-{count}", f"raw frames, persistent, {said}", "rabbitmq-confirms", "fast", load)

    def side(setting: Setting) -> Figure:
        from labs.scenarios.bench.concurrent import side_by_side

        return side_by_side(one.profile, one.lane, load, count)(setting)

    return replace(one, side=side)


def _perf_test(setting: Setting) -> Figure:
    from labs.scenarios.bench.tool_sides import perf_test_side
    from labs.scenarios.bench.tools import perf_test

    return perf_test_side(perf_test.produce, 6.0)(setting)


WAYS = (
    way("pika-one", "pika, one by one", "rabbitmq-confirms", "idiomatic", Ceiling(messages=3000, window=1, batch=1)),
    way(
        "pika-window",
        "pika, 500 without an answer",
        "rabbitmq-confirms",
        "idiomatic",
        Ceiling(messages=30_000, window=500, batch=100),
    ),
    way("raw-one", "raw frames, one by one", "rabbitmq-confirms", "fast", Ceiling(messages=5000, window=1, batch=1)),
    way(
        "raw-transient",
        "raw frames, transient, 500 without an answer",
        "rabbitmq-transient-confirms",
        "fast",
        Ceiling(messages=100_000, window=500, batch=100),
    ),
    way(
        "raw-window",
        "raw frames, persistent, 500 without an answer",
        "rabbitmq-confirms",
        "fast",
        Ceiling(messages=60_000, window=500, batch=100),
    ),
    _queues(2, "two publishers to two queues", 30_000),
    _queues(4, "four publishers to four queues", 20_000),
    way(
        "raw-both",
        "raw frames, persistent, read at the same time",
        "rabbitmq-confirms",
        "fast",
        Ceiling(messages=60_000, window=500, batch=100),
        "both",
    ),
    way(
        "raw-quorum",
        "raw frames, quorum queue, 500 without an answer",
        "rabbitmq-quorum",
        "fast",
        Ceiling(messages=40_000, window=500, batch=100),
    ),
    tool_way("perf-test", "PerfTest, persistent", "rabbitmq-confirms", _perf_test, "PerfTest"),
    way(
        "stream",
        "stream protocol, 1,000 a frame",
        "rabbitmq-stream",
        "fast",
        Ceiling(messages=1_000_000, window=20_000, batch=1000),
    ),
)
OTHERS = ("article-rabbitmq", "amqp-classic", "amqp-quorum", "amqp-quorum-default", "stream-2021")


def verdict(digests: Sequence[Digest]) -> list[Verdict]:
    """C32 by its rule, which asks what one queue or stream takes. Whoever was the limit, what was reached was reached;
    below that the broker has to be it."""
    digests = [digest for digest in digests if not digest.settings["way"].startswith("queues-")]
    fastest = best(digests, honest=False)
    beyond = fastest is not None and float(fastest.median["per_s"]) > HIGH
    top = fastest if beyond else best(digests)
    if top is None:
        text = "In every way that was run our own client or the round trip was the limit"
        return [Verdict("C32", "undecided here", f"{text if fastest else 'No way was run'}.")]
    per_s, label = float(top.median["per_s"]), top.settings["label"]
    text = f"The most that went through was {about_per_s(per_s)} ({label}; {top.median['limit']})."
    queues = best([digest for digest in digests if digest.settings["way"] != "stream"])
    if queues is not None and queues is not top:
        per_queue, name = float(queues.median["per_s"]), queues.settings["label"]
        text += f" Through a queue it was {about_per_s(per_queue)} ({name})."
    if per_s > HIGH:
        word: Word = "no longer holds"
    else:
        word = "holds" if per_s >= LOW else "holds with conditions"
    return [Verdict("C32", word, text)]


LAB = rate_lab(
    "fifty-thousand",
    "L4.1",
    "Is it fifty thousand?",
    "How many messages a second does one RabbitMQ take, and who is it that cannot do more?",
    claims=("C32",),
    ways=WAYS,
    default="pika-window",
    others=OTHERS,
    verdict=verdict,
    of_part={"C32": ("no longer holds",)},
)
