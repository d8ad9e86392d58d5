"""The rate labs in short: how far apart two true figures of one broker are, and what of the article's is reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from labs.model.digest import Digest
from labs.model.text import BROKER_NAMES, NBSP, about_per_s, enumerated, measured_text, number_text, percent_text, times
from labs.show.looks.price import to_disk
from labs.show.looks.rate import client_bound, per_s, published, unheld, unsteady
from labs.show.short import CLOSE, NOT_RECORDED, Short, absent, point, sentence

BODIES = (16, 65536)
BATCHES = ("batch-1", "batch-10", "batch-100", "batch-1000", "batch-5000")
QUEUES = ("pika-window", "raw-window", "raw-quorum", "perf-test")
"""Ways of sending to one queue with more than one message under way."""


def _rates(digests: Sequence[Digest]) -> dict[str, Digest]:
    """Way -> its point."""
    return {str(one.settings["way"]): one for one in digests}


def _said(one: Digest) -> str:
    """The rate, that it is our client's where it is, and that most rounds were not steady."""
    notes = ["our client was the limit"] if not published(one) and client_bound(one) else []
    notes += ["not steady"] if unsteady(one) else []
    return about_per_s(per_s(one)) + (f" ({', '.join(notes)})" if notes else "")


def _article(digests: Sequence[Digest], broker: str) -> tuple[float, str]:
    """The article's figure for a broker and how it is written; zero where the recording does not have it."""
    found = point(digests, way=f"published:article-{broker}")
    return (per_s(found), number_text(int(per_s(found)))) if found else (0.0, "")


def _against(figure: float, text: str, low: float, high: float) -> str:
    """Where the article's figure lies beside what was measured."""
    if not figure:
        return ""
    place = "more than either" if figure > high else "less than either" if figure < low else "between the two"
    return f"; the article’s {text} is {place}"


def fifty_thousand(digests: Sequence[Digest]) -> Short:
    """One queue, one message at a time and in a window; then the stream of the same node."""
    monday = (
        "Measure one confirmation. If your service waits for each, its rate is one over that time. Sending the "
        "next message before the answer has come changes it more than any setting of the broker."
    )
    found, article = _rates(digests), _article(digests, "rabbitmq")
    one, ways = found.get("pika-one"), [found[name] for name in QUEUES if name in found]
    if one is None or not ways:
        return Short(NOT_RECORDED, "", monday)
    best = max(unheld(ways), key=per_s)
    answer = f"One RabbitMQ queue confirmed {_said(one)} to a client that waits for each message and {_said(best)} "
    answer += f"to one that keeps hundreds under way{_against(*article, per_s(one), per_s(best))}."
    stream = found.get("stream")
    log = "A stream, RabbitMQ’s log,"
    if stream is None:
        return Short(answer, f"{log} is not recorded yet.", monday)
    ratio = per_s(stream) / per_s(best)
    more = f"{times(ratio)} times what a queue took" if ratio > CLOSE else "no more than a queue"
    return Short(
        answer, f"{log} took {_said(stream)} on the same node, {more}: ask which of the two a figure is of.", monday
    )


def kafka_million(digests: Sequence[Digest]) -> Short:
    """The smallest batch beside the best one, the article's figure, and what a flush leaves."""
    monday = (
        "Look at `batch.size` and `linger.ms` of your producers before the number of brokers; a library that flushes "
        "after each message stands at the low end."
    )
    found, (article, text) = _rates(digests), _article(digests, "kafka")
    ways = [found[name] for name in BATCHES if name in found]
    if not ways or (one := found.get("batch-1")) is None:
        return Short(NOT_RECORDED, "", monday)
    best = max(ways, key=per_s)
    answer = f"One message in a batch went at {_said(one)}, {best.settings['along']:,} at {_said(best)}: "
    answer += f"{times(per_s(best) / per_s(one))} times apart on the same Kafka."
    if article:
        answer += _passed(ways, article, text)
    return Short(answer, _flushed(found.get("flush"), found.get("batch-100")), monday)


def _passed(ways: Sequence[Digest], article: float, text: str) -> str:
    """The smallest batch that passes the article's figure, and the smallest that does so in every round."""
    found = [way for way in ways if per_s(way) >= article]
    if not found:
        return f" No batch reached {text}."
    first, sure = f"{found[0].settings['along']:,}", [way for way in found if not sometimes(way, article)]
    if sure[:1] == found[:1]:
        return f" Batches of {first} pass the article’s {text}."
    rest = f", of {sure[0].settings['along']:,} in all" if sure else ""
    return f" Batches of {first} pass the article’s {text} in some rounds{rest}."


def sometimes(way: Digest, figure: float) -> bool:
    """Whether some of its rounds are below the figure and others are not."""
    rounds = way.each("per_s")
    return bool(rounds) and min(rounds) < figure <= max(rounds)


def _flushed(flush: Digest | None, without: Digest | None) -> str:
    if flush is None or without is None:
        return "What a flush for each batch costs is not recorded yet."
    ratio = per_s(without) / per_s(flush)
    if ratio < CLOSE:
        return f"A flush for every batch of a hundred costs nothing here: {_said(flush)}."
    left = f"leaves {_said(flush)} of {_said(without)}"
    return f"Nothing of that survives a power cut on one node: a flush for every batch of a hundred {left}."


def redis_million(digests: Sequence[Digest]) -> Short:
    """Commands alone and in pipelines, and what is left with a flush before each answer."""
    monday = (
        "If your code waits for each command, put a pipeline there before you look at anything else, and flush in "
        "groups if a message has to survive."
    )
    found, (article, text) = _rates(digests), _article(digests, "redis")
    one, deep = found.get("xadd-1"), found.get("xadd-512")
    if one is None or deep is None:
        return Short(NOT_RECORDED, "", monday)
    answer = f"XADD went at {_said(one)} one at a time and at {_said(deep)} in pipelines of 512"
    deeply, alone = (
        f"{'reached' if per_s(way) >= article else 'missed'}{' in some rounds' if sometimes(way, article) else ''}"
        for way in (deep, one)
    )
    answer += f": the article’s {text} is {deeply} in pipelines and {alone} without." if article else "."
    safe = found.get("xadd-always")
    if safe is None:
        return Short(answer, "What a flush before each answer leaves is not recorded yet.", monday)
    share = percent_text(min(per_s(safe) / per_s(deep), 1.0))
    return Short(
        answer,
        f"With a flush before each answer {_said(safe)} are left, {share} of it: a pipeline shares the flush.",
        monday,
    )


def messages_or_megabytes(digests: Sequence[Digest]) -> Short:
    """The broker whose two true rates lie farthest apart, and what waiting for each message does."""
    monday = (
        "When somebody quotes a rate, ask six things: payload, who acknowledges and when, what survives, how many "
        "copies, how many messages share a call, who was the limit."
    )
    found = _rates(digests)
    pairs = {
        broker: (found[f"{broker}-{BODIES[0]}"], found[f"{broker}-{BODIES[1]}"])
        for broker in BROKER_NAMES
        if all(f"{broker}-{size}" in found for size in BODIES)
    }
    if not pairs:
        return Short(NOT_RECORDED, "", monday)
    broker, (small, large) = max(pairs.items(), key=lambda pair: per_s(pair[1][0]) / per_s(pair[1][1]))
    answer = (
        f"{BROKER_NAMES[broker]} carried {_said(small)} of {BODIES[0]} bytes, which is {_mb(small, BODIES[0])}, and "
    )
    answer += f"{_said(large)} of 64{NBSP}KiB, which is {_mb(large, BODIES[1])}: both true, minutes apart."
    missing = absent(name for one, name in BROKER_NAMES.items() if one not in pairs and one != "memory")
    return Short(f"{answer}{missing}", _each(found), monday)


def _mb(one: Digest, size: int) -> str:
    return f"{measured_text(per_s(one) * size / 1e6)}{NBSP}MB/s"


def _each(found: Mapping[str, Digest]) -> str:
    slower = {
        name: per_s(found[f"{broker}-100"]) / per_s(found[f"{broker}-each"])
        for broker, name in BROKER_NAMES.items()
        if f"{broker}-100" in found and f"{broker}-each" in found
    }
    if not slower:
        return "What waiting for each message costs is not recorded yet."
    told = enumerated([f"{times(ratio)} for {name}" for name, ratio in slower.items()])
    return f"How the client waits counts as much: waiting for each message divides the rate by {told}."


def price_of_persistence(digests: Sequence[Digest]) -> Short:
    """Transient beside persistent, one at a time and with a thousand under way; then the quorum queue."""
    monday = (
        "Leave persistence on and send the next message before the last one is confirmed; then look at what the "
        "setting really survives."
    )
    found = _rates(digests)
    told = [_flag(found.get(f"transient-{window}"), found.get(f"persistent-{window}")) for window in (1, 1000)]
    if not any(told):
        return Short(NOT_RECORDED, "", monday)
    alone, many = (one or "is not recorded yet" for one in told)
    answer = f"One message at a time the persistent flag {alone}; with a thousand under way it {many}."
    quorum, safe = (found.get(f"quorum-{window}") for window in (1, 1000))
    if quorum is None or safe is None:
        return Short(answer, "The quorum queue, which flushes before it confirms, is not recorded yet.", monday)
    condition = (
        f"A quorum queue flushes before it confirms: {_said(quorum)} one at a time, {_said(safe)} with a thousand"
    )
    disk = f" ({to_disk(quorum)} to disk for each message sent alone)" if to_disk(quorum) not in ("", "unknown") else ""
    return Short(answer, sentence(f"{condition}{disk}."), monday)


def _flag(transient: Digest | None, persistent: Digest | None) -> str:
    """What the flag does to the rate; empty where a side is missing."""
    if transient is None or persistent is None:
        return ""
    figures = f"({_said(transient)} without it, {_said(persistent)} with it)"
    share = 1 - per_s(persistent) / per_s(transient)
    if share > 1 - 1 / CLOSE:
        return f"costs {percent_text(round(share, 2))} of the rate {figures}"
    return f"costs nothing that we can see {figures}"
