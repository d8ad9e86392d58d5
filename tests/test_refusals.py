"""What a broker refuses is told as refused, in its own words, and never booked as waiting: all on real brokers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

import pytest

from labs.bound import bottleneck
from labs.brokers import open_publisher
from labs.brokers.base import Address, Confirmations, Endpoint, Publisher
from labs.digest import digest
from labs.loss import account, refusal
from labs.profile import Profile
from labs.recorder import Watch, record
from labs.words import sentence
from labs.workload import Ceiling, Workload
from tests import turned_down
from tests.test_brokers import broker_of, profile

pytestmark = pytest.mark.broker
BODY = bytes(10_000)
COUNT = 300
Trouble = Callable[[Address], AbstractContextManager[None]]


def memory(address: Address) -> AbstractContextManager[None]:
    return turned_down.short_of_memory(address.endpoint)


def right(address: Address) -> AbstractContextManager[None]:
    return turned_down.without_right(address.endpoint, "publish")


def length(address: Address) -> AbstractContextManager[None]:
    return turned_down.full_queues(address.endpoint)


@contextmanager
def no_queue(address: Address) -> Iterator[None]:
    turned_down.without_queue(address.endpoint, address.name)
    yield


@contextmanager
def keys(address: Address) -> Iterator[None]:
    turned_down.topic_with(address.endpoint, address.name, cleanup_policy="compact")
    yield


@contextmanager
def size(address: Address) -> Iterator[None]:
    turned_down.topic_with(address.endpoint, address.name, max_message_bytes=1000)
    yield


@contextmanager
def no_topic(address: Address) -> Iterator[None]:
    turned_down.without_topic(address.endpoint, address.name)
    yield


OOM, NOPERM, NACK, BACK = "OOM command not allowed", "NOPERM", "basic.nack", "312 NO_ROUTE"
CASES: list[tuple[str, Trouble, str]] = [
    *((lane + name, memory, OOM) for lane in ("", "fast:") for name in ("redis-list-none", "redis-stream-none")),
    *((lane + "redis-pubsub", right, NOPERM) for lane in ("", "fast:")),
    *((lane + name, length, NACK) for lane in ("", "fast:") for name in ("rabbitmq-confirms", "rabbitmq-quorum")),
    *((lane + "rabbitmq-confirms", no_queue, BACK) for lane in ("", "fast:")),
    ("fast:rabbitmq-stream", no_queue, "stream"),
    *((lane + "kafka-acks-all", keys, "INVALID_RECORD") for lane in ("", "fast:")),
    *((lane + "kafka-acks-all", size, "MESSAGE_SIZE_TOO_LARGE") for lane in ("", "fast:")),
    *((lane + "kafka-acks-all", no_topic, "UNKNOWN_TOPIC") for lane in ("", "fast:")),
]


def heard(publisher: Publisher, count: int, within_s: float = 8.0) -> tuple[list[int], list[int], str]:
    """Who was confirmed, who was refused, and the first reason, once all are answered."""
    confirmed, refused, why = list[int](), list[int](), ""
    give_up_s = time.monotonic() + within_s
    while len(confirmed) + len(refused) < count and time.monotonic() < give_up_s:
        news: Confirmations = publisher.poll(0.5)
        confirmed, refused, why = [*confirmed, *news.confirmed], [*refused, *news.refused], why or news.why
    return sorted(confirmed), sorted(refused), why


@pytest.mark.parametrize("endpoints", ["native"], indirect=True)
@pytest.mark.parametrize(("name", "trouble", "words"), CASES, ids=lambda one: getattr(one, "__name__", str(one)))
def test_every_adapter_says_what_was_refused_and_why_in_the_brokers_own_words(
    endpoints: dict[str, Endpoint], name: str, trouble: Trouble, words: str
) -> None:
    with broker_of(endpoints, name) as (_, address), open_publisher(address) as publisher:
        publisher.publish([b"while it is well"])
        assert heard(publisher, 1)[0] == [0]
        with trouble(address):
            found = []
            for _ in range(COUNT // 50):
                publisher.publish([BODY] * 50)
                found.append(heard(publisher, 50))
    confirmed, refused = ([number for one in found for number in one[at]] for at in (0, 1))
    assert words in next((why for *_, why in found if why), "nothing was said")
    assert refused, confirmed
    assert sorted(confirmed + refused) == list(range(1, COUNT + 1))


def point_of(run: Any, using: Profile) -> dict[str, Any]:
    return digest("latency-ladder", {"rate_per_s": 1000, "body_bytes": 10_000}, [run], using, {})


@pytest.mark.parametrize("endpoints", ["native"], indirect=True)
@pytest.mark.parametrize(
    ("name", "load"),
    [
        ("redis-stream-none", Workload(rate_per_s=1000, duration_s=1, warmup_s=0, body_bytes=10_000)),
        ("fast:redis-list-none", Ceiling(messages=2000, window=200, batch=50, body_bytes=10_000)),
    ],
)
def test_a_run_in_which_messages_were_refused_is_refused_and_not_broker_bound(
    endpoints: dict[str, Endpoint], name: str, load: Workload | Ceiling
) -> None:
    using, here = profile(name), endpoints["redis"]
    with ExitStack() as undo:
        watch = Watch(connected=lambda: undo.enter_context(turned_down.short_of_memory(here)))
        run = record(here, using, load, watch, "produce")
    ledger = account(run)
    assert ledger.refused > 0
    assert ledger.refused + ledger.acknowledged == ledger.attempted
    assert bottleneck(run, "redis")[0] == "refused"
    assert bottleneck(run, "redis")[1] == refusal(run)
    assert refusal(run).startswith(
        f"{ledger.refused:,} of {ledger.attempted:,} messages were refused, the first with: OOM"
    )
    if isinstance(load, Workload):
        found = point_of(run, using)
        assert found["refused"]["count"] == ledger.refused
        assert refusal(run) in sentence(found)


@pytest.mark.parametrize("endpoints", ["native"], indirect=True)
@pytest.mark.parametrize("name", ["rabbitmq-confirms", "fast:rabbitmq-confirms"])
def test_a_resource_alarm_holds_publishers_up_and_refuses_nothing(endpoints: dict[str, Endpoint], name: str) -> None:
    with broker_of(endpoints, name) as (_, address), open_publisher(address) as publisher:
        publisher.publish([b"while it is well"])
        assert heard(publisher, 1)[0] == [0]
        with turned_down.memory_alarm(address.endpoint):
            publisher.publish([BODY])
            news = [publisher.poll(0.2) for _ in range(5)]
            assert "low on memory" in news[-1].held
            assert not any(len(one.confirmed) or len(one.refused) for one in news)
        assert heard(publisher, 1) == ([1], [], "")
        assert publisher.poll(0.0).held == ""
