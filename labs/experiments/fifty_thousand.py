"""L4.1: is it fifty thousand? One RabbitMQ, many ways of sending to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from labs.experiments.bounds import Bound
from labs.experiments.rate_figures import limit_said, middle_rate, ours, rates, sustained
from labs.experiments.rate_lab import Way, fastest, fewer, one_by_one, rate_lab, tool_way, way
from labs.experiments.rules import Said, Undecided, passes, rule
from labs.model.digest import Digest
from labs.model.workload import Ceiling
from labs.scenarios.bench.base import Figure, Setting
from labs.show.short.rates import fifty_thousand


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


QUEUES, STREAM = ("rabbitmq-confirms", "rabbitmq-quorum"), "rabbitmq-stream"
"""The profiles of one durable queue with persistent, confirmed messages; and of a stream of the same node."""
ONE_QUEUE = "the rate of the best persistent and confirmed queue"
LEAST = Bound("holds", ONE_QUEUE, "at least", 25_000, "/s")
MOST = Bound("no longer holds", ONE_QUEUE, "above", 100_000, "/s")
BESIDE = Bound("holds with conditions", "the rate of another queue type", "above", 100_000, "/s")


@rule("C32", of_part=("no longer holds",), bounds=(LEAST, MOST, BESIDE))
def c32(digests: Sequence[Digest]) -> Said:
    """What one queue takes, and, said apart, what a stream does."""
    own = [one for one in digests if not one.settings["way"].startswith("queues-")]
    found = [one for one in own if one.settings["profile"] in QUEUES]
    best = fastest(found, "One queue with persistent, confirmed messages was not run.")
    text = f"One queue took {_told(best)}"
    streams = [one for one in own if one.settings["profile"] == STREAM]
    text += "".join(f" A stream, another queue type of the same node, took {_told(one)}" for one in streams)
    best = fastest(sustained(found, text))
    if passes(rates(best), MOST, text):
        return "no longer holds", text
    if not passes(rates(best), lambda per_s: LEAST(per_s) and not MOST(per_s), text):
        raise Undecided(text)
    if ours(best):
        raise Undecided(f"Our own client was the limit, so a queue may take more. {text}")
    if not streams:
        raise Undecided(f"A stream was not run. {text}")
    beside = passes(rates(fastest(sustained(streams, text))), BESIDE, text)
    if beside is None:
        raise Undecided(text)
    return ("holds with conditions" if beside else "holds"), text


def _told(one: Digest) -> str:
    return f"{middle_rate(one)} ({one.settings['label']}). {limit_said(one)}"


LAB = rate_lab(
    "fifty-thousand",
    number="L4.1",
    title="Is it fifty thousand?",
    question="How many messages a second does one RabbitMQ take, and who is it that cannot do more?",
    short=fifty_thousand,
    claims=("C32",),
    ways=fewer(WAYS, "pika-one", "raw-one", "queues-2", "queues-4"),
    default="pika-window",
    others=OTHERS,
    rules=(c32,),
)
