"""Redis' fast lane where the common suite does not look: errors among answers, answers in pieces, the vendor's tool."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from labs import stack
from labs.brokers import LaneError, on_lane, open_broker, open_publisher
from labs.brokers.redis.fast.list import Consumer as ListConsumer
from labs.brokers.redis.fast.pubsub import Consumer as Subscriber
from labs.brokers.redis.fast.stream import Publisher as StreamPublisher
from labs.brokers.redis.fast.wire import Template, Wire, bulk, has_error, lines
from labs.model.endpoint import Address, Endpoint, RefusedError
from labs.model.message import HEADER, encode, filler
from labs.model.profile import profile
from labs.scenarios.bench.tools import ToolError, redis_benchmark, redis_program

NOWHERE = Address(Endpoint("redis", "127.0.0.1", 1), profile("redis-pubsub"), "key")


@pytest.fixture(scope="module")
def redis() -> Iterator[Endpoint]:
    with stack.session(("redis",), "native", report=lambda _text: None) as found:
        yield found["redis"]


@pytest.mark.parametrize(
    ("data", "each", "expected"),
    [
        (b"", 1, (0, 0)),
        (b":1", 1, (0, 0)),
        (b":1\r\n:2\r\n:", 1, (2, 8)),
        (b"$3\r\n1-0\r\n", 2, (1, 9)),
        (b"$3\r\n1-0\r\n$3\r\n", 2, (1, 9)),
        (b"$3\r\n1-0\r\n$3\r\n1-", 2, (1, 9)),
        (b"$3\r\n", 2, (0, 0)),
    ],
)
def test_only_whole_answers_are_counted(data: bytes, each: int, expected: tuple[int, int]) -> None:
    assert lines(data, each) == expected


def test_an_error_is_seen_at_the_start_of_a_line_and_an_id_is_none() -> None:
    assert not has_error(b"$15\r\n1764158400000-0\r\n:1\r\n")
    assert has_error(b"-ERR no\r\n")
    assert has_error(b":1\r\n-OOM\r\n:2\r\n")


def test_a_template_is_stamped_in_place_for_batches_of_any_size() -> None:
    made = Template(b"<", filler(20), b">")
    for count in (1, 3, 2):
        bodies = encode(9, np.arange(count, dtype=np.int64), filler(20))
        assert made.stamped(bodies.heads).tobytes() == b"".join(b"<" + body + b">" for body in bodies)


def fed(consumer: Subscriber | ListConsumer, data: bytes, size: int) -> list[bytes]:
    """What a consumer makes of `data` that arrives in pieces."""
    found: list[bytes] = []
    for at in range(0, len(data), size):
        consumer.link.arrived += data[at : at + size]
        parse = consumer._parsed if isinstance(consumer, Subscriber) else consumer._answer
        while bodies := parse():
            found += list(bodies)
    return found


@pytest.mark.parametrize("size", [1, 7, 64, 100_000])
def test_messages_of_mixed_sizes_in_pieces_of_any_size_come_out_as_they_were(size: int) -> None:
    bodies = [bytes([number % 251]) * length for number, length in enumerate([16, 16, 16, 0, 5, 100, 100, 17, 3000])]
    front = b"*3\r\n" + bulk(b"message") + bulk(b"key")
    subscriber = Subscriber(NOWHERE, "labs")
    assert fed(subscriber, b"".join(front + bulk(body) for body in bodies), size) == bodies
    popper = ListConsumer(NOWHERE, "labs")
    for alike in (bodies, bodies[:3], [bodies[4]]):
        answer = b"*2\r\n" + bulk(b"key") + b"*%d\r\n" % len(alike) + b"".join(map(bulk, alike))
        assert fed(popper, answer, size) == alike
    assert popper.link.arrived == b""


@pytest.mark.parametrize("lengths", [[100, 100, 90], [100, 16], [20, 20, 0], [100, 1]])
@pytest.mark.parametrize("size", [1, 64, 100_000])
def test_a_list_whose_last_message_is_the_smallest_is_not_waited_for(lengths: list[int], size: int) -> None:
    bodies = [bytes(length) for length in lengths]
    popper = ListConsumer(NOWHERE, "labs")
    answer = b"*2\r\n" + bulk(b"key") + b"*%d\r\n" % len(bodies) + b"".join(map(bulk, bodies))
    assert fed(popper, answer, size) == bodies


@pytest.mark.parametrize(
    ("said", "confirmed", "refused"),
    [
        (b"-OOM no\r\n", [], [0]),
        (b"-OOM no\r\n" * 3, [], [0, 1, 2]),
        (b"$3\r\n1-0\r\n-OOM no\r\n", [0], [1]),
        (b"-OOM no\r\n$3\r\n1-0\r\n", [1], [0]),
    ],
)
def test_an_error_of_one_line_is_told_though_answers_have_two(
    said: bytes, confirmed: list[int], refused: list[int]
) -> None:
    publisher = StreamPublisher(NOWHERE)
    publisher._waiting.append((0, len(confirmed) + len(refused), 1))
    ours, theirs = socket.socketpair()
    with ours, theirs:
        publisher.link._socket = ours
        theirs.sendall(said)
        told = [publisher.poll(0.0) for _ in range(4)]
    assert [number for news in told for number in news.confirmed] == confirmed
    assert [number for news in told for number in news.refused] == refused


@pytest.mark.parametrize("said", [b"*3\r\n$7\r\nmessage\r\n$3\r\nkey\r\n$x\r\n", b"!" * 80, b"*2\r\n" + b"0" * 80])
def test_what_is_no_message_is_refused_and_not_guessed_at(said: bytes) -> None:
    subscriber = Subscriber(NOWHERE, "labs")
    subscriber.link.arrived = said
    with pytest.raises(RefusedError, match="no message"):
        subscriber._parsed()


@pytest.mark.broker
@pytest.mark.parametrize("name", ["redis-stream-none", "redis-list-none"])
def test_errors_among_the_answers_refuse_what_they_are_about_and_nothing_else(redis: Endpoint, name: str) -> None:
    using = on_lane(profile(name), "fast")
    admin = Wire(redis)
    admin.open()
    with open_broker(redis, using, "labs-errors"), open_publisher(Address(redis, using, "labs-errors")) as publisher:
        heads = np.zeros(10, HEADER)["due_ns"]
        publisher.publish(encode(0, heads, filler(100)))
        while not admin.ask("EXISTS", "labs-errors"):
            pass
        admin.ask("SET", "labs-errors", "now a string")
        publisher.publish(encode(10, heads, filler(100)))
        confirmed, refused = list[int](), list[int]()
        while len(confirmed) + len(refused) < 20:
            news = publisher.poll(2.0)
            assert len(news.confirmed) + len(news.refused), "an answer is missing"
            confirmed, refused = [*confirmed, *news.confirmed], [*refused, *news.refused]
    admin.close()
    assert (sorted(confirmed), sorted(refused)) == (list(range(10)), list(range(10, 20)))


def test_a_setting_that_the_lane_would_ignore_is_refused_by_name() -> None:
    plain = profile("redis-list-always")
    with pytest.raises(LaneError, match=r"redis-list-always.*WAITAOF.*idiomatic"):
        on_lane(replace(plain, settings={**plain.settings, "waitaof": True}), "fast")
    with pytest.raises(LaneError, match="memory"):
        on_lane(profile("memory"), "fast")


@pytest.mark.broker
def test_redis_benchmark_runs_as_a_user_that_is_gone_afterwards(redis: Endpoint) -> None:
    rate = redis_benchmark.run(redis, "XADD", messages=20_000, clients=2, pipeline=16)
    assert rate.messages == 20_000
    assert rate.per_s > 1000  # a hundredth of what a slow machine does
    assert redis.password not in rate.command
    assert rate.version == redis.version, "the tool of the server's own version, where this machine has it"
    assert rate.said == f"redis-benchmark {redis.version}"
    assert replace(rate, server="99.1").said == f"redis-benchmark {redis.version}, not of the server's version 99.1"
    admin = Wire(redis)
    admin.open()
    users = b" ".join(admin.ask("ACL", "USERS"))
    left = admin.ask("KEYS", "labs-bench-*")
    admin.close()
    assert b"labs-bench" not in users
    assert left == []


@pytest.mark.broker
def test_redis_benchmark_refuses_what_it_cannot_do(redis: Endpoint) -> None:
    with pytest.raises(ToolError, match=r"FLUSHALL.*PUBLISH, XADD, LPUSH"):
        redis_benchmark.run(redis, "FLUSHALL", messages=10)
    with pytest.raises(ToolError, match="not this machine"):
        redis_benchmark.run(replace(redis, host="192.0.2.1"), "XADD", messages=10)


def test_the_redis_benchmark_of_the_servers_version_is_taken_wherever_it_lies_and_else_another_one_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: a cache in which two of Debian's releases are unpacked."""
    monkeypatch.setenv("LABS_CACHE", str(tmp_path))
    monkeypatch.setattr(redis_program.moved, "runs_from", lambda _root: True)
    monkeypatch.setattr(redis_program.debian, "get", lambda *_: None)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    for suite, version in (("bookworm", "7.0.15"), ("trixie", "8.0.2")):
        there = tmp_path / "debian" / suite / "redis/usr/bin" / redis_program.TOOL
        there.parent.mkdir(parents=True)
        there.write_text(f"#!/bin/sh\necho redis-benchmark {version}\n")
        there.chmod(0o755)
    server = Endpoint("redis", "127.0.0.1", 1, version="7.0.15")
    assert redis_program.program(server).path == str(tmp_path / "debian/bookworm/redis/usr/bin" / redis_program.TOOL)
    assert redis_program.program(replace(server, version="8.10.2")).version == "8.0.2"
