"""What a broker refuses is told as refused, in its own words, and never booked as waiting: all on real brokers."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

import pytest
from click.testing import CliRunner

from labs.__main__ import main
from labs.brokers import open_publisher
from labs.brokers.base import Confirmations, Publisher
from labs.experiments import calling
from labs.judge import soundness
from labs.judge.digest import digest
from labs.judge.limit import bottleneck
from labs.judge.loss import account, refusal
from labs.model.carriers import carrier_of
from labs.model.digest import Digest
from labs.model.endpoint import Address, BrokerError, Endpoint
from labs.model.observer import Observer
from labs.model.profile import Profile
from labs.model.run import SAID_CHARACTERS, one_line
from labs.model.workload import Ceiling, Workload
from labs.record.recorder import record
from labs.scenarios import jobs
from labs.scenarios.calls.conductor import run as run_calls
from labs.scenarios.calls.judge import refused_unasked as calls_refused
from labs.scenarios.calls.plan import Plan as CallPlan
from labs.scenarios.jobs.conductor import run as run_jobs
from labs.scenarios.jobs.judge import refused_unasked
from labs.scenarios.jobs.producer import Plan
from labs.show.looks import LATENCY_LOOK
from tests import turned_down
from tests.talking import broker_of, profile

pytestmark = pytest.mark.broker
BODY = bytes(10_000)
COUNT = 300
PATIENT = Workload(rate_per_s=200, duration_s=0.5, warmup_s=0)
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


def point_of(run: Any, using: Profile) -> Digest:
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
        observer = Observer(connected=lambda: undo.enter_context(turned_down.short_of_memory(here)))
        run = record(here, using, load, observer, "produce")
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
        assert found.refused["count"] == ledger.refused
        assert refusal(run) in LATENCY_LOOK.said(found)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("endpoints", ["native"], indirect=True)
@pytest.mark.long
def test_a_resource_alarm_holds_publishers_up_and_refuses_nothing(endpoints: dict[str, Endpoint]) -> None:
    names = ("rabbitmq-confirms", "fast:rabbitmq-confirms")
    with ExitStack() as undo:
        found = []
        for name in names:
            _, address = undo.enter_context(broker_of(endpoints, name))
            found.append(undo.enter_context(open_publisher(address)))
            found[-1].publish([b"while it is well"])
            assert heard(found[-1], 1)[0] == [0]
        with turned_down.memory_alarm(endpoints["rabbitmq"]):
            for publisher in found:
                publisher.publish([BODY])
                news = [publisher.poll(0.2) for _ in range(5)]
                assert "low on memory" in news[-1].held
                assert not any(len(one.confirmed) or len(one.refused) for one in news)
            runs = [record(endpoints["rabbitmq"], profile(name), PATIENT, part="produce") for name in names]
        for publisher in found:
            assert heard(publisher, 1) == ([1], [], "")
            assert publisher.poll(0.0).held == ""
    for run in runs:
        assert account(run).refused == 0
        stamp, why = bottleneck(run, "rabbitmq")
        assert stamp == "broker-bound"
        assert "held its publishers up: connection.blocked: low on memory" in why


@pytest.mark.parametrize("endpoints", ["native"], indirect=True)
def test_a_reader_whose_group_cannot_be_made_is_named_with_the_reason(endpoints: dict[str, Endpoint]) -> None:
    """Out of memory before the first message: the stream cannot be made either."""
    here, using = endpoints["redis"], profile("redis-stream-none")
    with turned_down.short_of_memory(here, -100_000), pytest.raises(BrokerError, match="XGROUP CREATE: OOM command"):
        record(here, using, PATIENT)


@pytest.mark.parametrize("endpoints", ["native"], indirect=True)
def test_jobs_that_the_broker_refuses_are_counted_with_the_reason(endpoints: dict[str, Endpoint]) -> None:
    mode, plan = jobs.mode_of("redis-blpop"), Plan(seed=1, jobs=100)
    wait, done = threading.Event(), threading.Event()

    def starve() -> None:
        wait.wait(20)
        with turned_down.short_of_memory(endpoints["redis"], -100_000):
            done.wait(1.0)

    thread = threading.Thread(target=starve)
    thread.start()
    observer = Observer(lambda _share, text: wait.set() if int(text.split()[0]) >= 10 else None)
    run = run_jobs(mode, endpoints["redis"], plan, 1, observer)
    thread.join()
    refused, of, said = refused_unasked(run)
    assert refused > 0
    assert of == plan.jobs
    assert said.startswith("OOM command not allowed")


@pytest.mark.parametrize("endpoints", ["native"], indirect=True)
def test_calls_that_the_broker_refuses_are_counted_with_the_reason(endpoints: dict[str, Endpoint]) -> None:
    here, carrier = endpoints["redis"], carrier_of("redis")
    plan, starved = CallPlan(callers=2, rate_per_s=100, calls=150, patience_s=1.0), ExitStack()

    def starve(share: float, _text: str) -> None:
        if share > 0.3 and not starved.__dict__.get("begun"):
            starved.__dict__["begun"] = True
            starved.enter_context(turned_down.short_of_memory(here, -100_000))

    with starved:
        run = run_calls(carrier, here, plan, Observer(starve))
    refused, of, said = calls_refused(run)
    assert refused > 10
    assert of == plan.calls
    assert "OOM command not allowed" in said
    [found] = [calling.digest("who-is-waiting", carrier, {}, [run], {})]
    assert found.refused["count"] == refused
    assert soundness.exit_code([found]) == soundness.REFUSED


def test_what_a_broker_said_is_one_line_of_data() -> None:
    said = one_line("<b>no</b>\n\x1b[31m" + "x" * 1000)
    assert said.startswith("<b>no</b> [31mxxx")
    assert len(said) == SAID_CHARACTERS


@pytest.mark.parametrize("endpoints", ["native"], indirect=True)
@pytest.mark.long
def test_labs_run_on_a_redis_that_is_out_of_memory_says_how_many_were_refused_and_ends_with_3(
    endpoints: dict[str, Endpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = endpoints["redis"]
    monkeypatch.setenv("LABS_REDIS_USER", here.username)
    monkeypatch.setenv("LABS_REDIS_PASSWORD", here.password)
    pairs = ("broker=redis", "rung=0", "rate=2000", "payload=10000")
    asked = [word for pair in pairs for word in ("--set", pair)]
    with turned_down.redis_client(here) as client:
        before = client.config_get("save")["save"]
        client.config_set("save", "")
        with turned_down.short_of_memory(here, 2_000_000):
            command = ["run", "latency-ladder", "--redis", f"redis://{here.host}:{here.port}", *asked]
            found = CliRunner().invoke(main, command)
        client.config_set("save", before)
    assert found.exit_code == soundness.REFUSED, found.output
    said = " ".join(found.output.split())
    assert re.search(r"7,\d\d\d of 8,000 messages were refused, the first with: OOM command not allowed", said)
    assert "cannot be said" not in said
    assert "broker-bound" not in said


@pytest.mark.parametrize("endpoints", ["native"], indirect=True)
@pytest.mark.parametrize("name", ["kafka-acks-all", "fast:kafka-acks-all"])
def test_a_quota_holds_publishers_up_and_refuses_nothing(endpoints: dict[str, Endpoint], name: str) -> None:
    with broker_of(endpoints, name) as (_, address), turned_down.kafka_quota(address.endpoint, 20_000):
        time.sleep(0.5)  # brokers hear of it a little later
        with open_publisher(address) as publisher:
            held, refused, give_up_s = "", 0, time.monotonic() + 10
            while not held and time.monotonic() < give_up_s:
                publisher.publish([BODY] * 5)
                news = publisher.poll(0.2)
                held, refused = news.held, refused + len(news.refused)
    assert held.startswith("throttled by a quota, ")
    assert refused == 0
