"""L4.1: is it fifty thousand? One RabbitMQ, many ways of sending to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from labs.experiments.rate_lab import Way, fastest, limit_said, one_by_one, per_s, rate_lab, saturated, tool_way, way
from labs.experiments.rules import Said, rule
from labs.model.digest import Digest
from labs.model.text import about_per_s
from labs.model.workload import Ceiling
from labs.scenarios.bench.base import Figure, Setting

LOW, HIGH = 25_000, 100_000


def _window(messages: int) -> Ceiling:
    return Ceiling(messages=messages, window=500, batch=100)


def _queues(count: int, said: str, each: int) -> Way:
    load = _window(each)
    one = way(f"queues-{count}", f"raw frames, persistent, {said}", "rabbitmq-confirms", "fast", load)

    def side(setting: Setting) -> Figure:
        from labs.scenarios.bench.ours import side_by_side

        return side_by_side(one.profile, one.lane, load, count)(setting)

    return replace(one, side=side)


def _perf_test(setting: Setting) -> Figure:
    from labs.scenarios.bench.tool_sides import perf_test_side
    from labs.scenarios.bench.tools import perf_test

    return perf_test_side(perf_test.produce, 6.0)(setting)


WAYS = (
    way("pika-one", "pika, one by one", "rabbitmq-confirms", "idiomatic", one_by_one(3000)),
    way("pika-window", "pika, 500 without an answer", "rabbitmq-confirms", "idiomatic", _window(30_000)),
    way("raw-one", "raw frames, one by one", "rabbitmq-confirms", "fast", one_by_one(5000)),
    way(
        "raw-transient",
        "raw frames, transient, 500 without an answer",
        "rabbitmq-transient-confirms",
        "fast",
        _window(100_000),
    ),
    way("raw-window", "raw frames, persistent, 500 without an answer", "rabbitmq-confirms", "fast", _window(60_000)),
    _queues(2, "two publishers to two queues", 30_000),
    _queues(4, "four publishers to four queues", 20_000),
    way(
        "raw-both",
        "raw frames, persistent, read at the same time",
        "rabbitmq-confirms",
        "fast",
        _window(60_000),
        "both",
    ),
    way("raw-quorum", "raw frames, quorum queue, 500 without an answer", "rabbitmq-quorum", "fast", _window(40_000)),
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


@rule("C32", of_part=("no longer holds",))
def c32(digests: Sequence[Digest]) -> Said:
    """What one queue or stream takes. Whoever was the limit, what was reached was reached; below that the broker has to
    be it."""
    single = [one for one in digests if not one.settings["way"].startswith("queues-")]
    top = fastest(single)
    if per_s(top) <= HIGH:
        top = fastest(
            saturated(single),
            "In no way that was run is a queue, the broker or the machine known to have been the limit.",
        )
    text = f"The most that went through was {about_per_s(per_s(top))} ({top.settings['label']}). {limit_said(top)}"
    queues = max((one for one in saturated(single) if one.settings["way"] != "stream"), key=per_s, default=top)
    if queues is not top:
        text += f" Through a queue it was {about_per_s(per_s(queues))} ({queues.settings['label']})."
    if per_s(top) > HIGH:
        return "no longer holds", text
    return ("holds" if per_s(top) >= LOW else "holds with conditions"), text


LAB = rate_lab(
    "fifty-thousand",
    number="L4.1",
    title="Is it fifty thousand?",
    question="How many messages a second does one RabbitMQ take, and who is it that cannot do more?",
    claims=("C32",),
    ways=WAYS,
    default="pika-window",
    others=OTHERS,
    rules=(c32,),
)
