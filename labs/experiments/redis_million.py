"""L6.1: is it a million? One Redis, three commands that carry messages, pipelines of every depth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from labs.experiments.bounds import Bound
from labs.experiments.rate_figures import limit_said, middle_rate, ours, reached, sustained
from labs.experiments.rate_lab import Way, fastest, fewer, on_line, one_by_one, rate_lab, tool_way, way
from labs.experiments.rules import Said, Undecided, rule
from labs.model.digest import Digest
from labs.model.workload import Ceiling
from labs.scenarios.bench.base import Figure, Setting
from labs.show.short.rates import redis_million


def _deep(depth: int, messages: int) -> Ceiling:
    return Ceiling(messages=messages, window=max(4 * depth, 1), batch=depth)


def _xadd(depth: int, said: str, load: Ceiling) -> Way:
    one = way(f"xadd-{depth}", f"raw frames, XADD, {said}", "redis-stream-none", "fast", load)
    return on_line("raw frames, XADD", depth, one)


def _heard(name: str, readers: int, said: str, messages: int) -> Way:
    load = _deep(512, messages)
    one = way(name, f"raw frames, PUBLISH, {said}", "redis-pubsub", "fast", load, "both")

    def side(setting: Setting) -> Figure:
        from labs.scenarios.bench.ours import subscribed

        return subscribed(one.profile, one.lane, load, readers)(setting)

    return replace(one, side=side)


def _benchmark(setting: Setting) -> Figure:
    from labs.scenarios.bench.tool_sides import benchmark_best

    return benchmark_best("XADD", 0.25)(setting)


WAYS = (
    way("redis-py-one", "redis-py, XADD one by one", "redis-stream-none", "idiomatic", one_by_one(8000)),
    way("redis-py-512", "redis-py, XADD in pipelines of 512", "redis-stream-none", "idiomatic", _deep(512, 150_000)),
    _xadd(1, "one by one", one_by_one(15_000)),
    _xadd(16, "pipelines of 16", _deep(16, 300_000)),
    _xadd(512, "pipelines of 512", _deep(512, 800_000)),
    way("lpush-512", "raw frames, LPUSH of 512 at once", "redis-list-none", "fast", _deep(512, 1_000_000)),
    way("publish-512", "raw frames, PUBLISH, nobody subscribed", "redis-pubsub", "fast", _deep(512, 1_500_000)),
    _heard("publish-read", 1, "one subscriber", 1_000_000),
    _heard("publish-read-2", 2, "two subscribers", 600_000),
    _heard("publish-read-4", 4, "four subscribers", 400_000),
    way("xadd-everysec", "raw frames, XADD, flushed each second", "redis-stream-everysec", "fast", _deep(512, 600_000)),
    way(
        "xadd-always",
        "raw frames, XADD, flushed before each answer",
        "redis-stream-always",
        "fast",
        _deep(512, 100_000),
    ),
    tool_way(
        "benchmark", "redis-benchmark, XADD, its best setting", "redis-stream-none", _benchmark, "redis-benchmark"
    ),
)
OTHERS = ("article-redis", "redis-docs-set", "mqperf-redis-streams")
ALONE = Bound("holds", "the rate of single commands that somebody reads", "at least", 1_000_000, "/s")
DEEP = Bound(
    "holds with conditions",
    "that rate in pipelines of 16 or more, or with many values in one command,",
    "at least",
    1_000_000,
    "/s",
)


def _alone(one: Digest) -> bool:
    return one.settings["way"].endswith(("-one", "-1"))


@rule("C53", of_part=("holds with conditions", "holds"), bounds=(ALONE, DEEP))
def c53(digests: Sequence[Digest]) -> Said:
    """Commands that carry a message to somebody: what nobody hears or reads is not one."""
    known = [one for one in digests if one.settings.get("read")]
    top = fastest(known, "No messaging command was run with somebody reading.")
    text = f"With somebody reading, Redis took {middle_rate(top)} at the most ({top.settings['label']})."
    text += f" {limit_said(top)}"
    fast = reached(sustained(known, text), DEEP, text)
    if alone := [one for one in fast if _alone(one)]:
        return "holds", f"{text} That was one command at a time ({alone[0].settings['label']})."
    if fast:
        names = "; ".join(str(one.settings["label"]) for one in fast)
        return "holds with conditions", f"{text} That needs pipelines, or many values in one command: {names}."
    whose = "Our own client was the limit." if ours(top) else "This machine did not reach a million."
    raise Undecided(f"{whose} {text}")


LAB = rate_lab(
    "redis-million",
    number="L6.1",
    title="Is it a million? Redis",
    question="How many messages a second does one Redis take, and what does the depth of a pipeline do to it?",
    short=redis_million,
    claims=("C53",),
    ways=fewer(WAYS, "redis-py-one", "redis-py-512", "publish-512", "xadd-everysec", "xadd-always", "benchmark"),
    default="xadd-512",
    others=OTHERS,
    axis="commands in a pipeline",
    rules=(c53,),
)
