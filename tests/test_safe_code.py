"""The code of the page "Safe publish, safe work" does on a real broker what the page says of it."""

from __future__ import annotations

import contextlib
import importlib.util
import re
import time
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any
from unittest import mock

import pika
import pytest

from labs.brokers import journal
from labs.model.endpoint import Endpoint
from labs.model.paths import PROJECT
from labs.stack.by_hand import TOLD

SHOWN = ("safe_pika", "safe_kafka", "safe_redis")
SENT = [f"order {number}".encode() for number in range(25)]


def shown(name: str) -> Any:
    """A file of the page, as a reader's program would import it."""
    spec = importlib.util.spec_from_file_location(name, PROJECT / "book" / "code" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    found: ModuleType = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@contextlib.contextmanager
def name_of(endpoint: Endpoint, *more: str) -> Iterator[str]:
    """A name that is noted, so that what a killed test has made goes away."""
    name = f"labs-safe-{time.monotonic_ns()}"
    made = journal.note(endpoint, [name, *(f"{name}{one}" for one in more)])
    undo = importlib.import_module(f"labs.brokers.{endpoint.broker}.admin").undo
    try:
        yield name
    finally:
        journal.settle(made, lambda entry: undo(endpoint, entry))


class Work:
    """Notes what it is given; fails once for each of `fails`."""

    def __init__(self, fails: tuple[bytes, ...] = ()) -> None:
        self.done: list[bytes] = []
        self.fails = list(fails)

    def __call__(self, *given: Any) -> None:
        body = given[-1]
        if body in self.fails:
            self.fails.remove(body)
            raise RuntimeError("made to fail")
        self.done.append(body)


@pytest.mark.parametrize("name", SHOWN)
def test_what_is_shown_stands_alone_and_is_on_the_page(name: str) -> None:
    text = (PROJECT / "book" / "code" / f"{name}.py").read_text("utf-8")
    assert not re.search(r"(?m)^\s*(from|import) labs", text)
    page = (PROJECT / "book" / "app-safe-code.md").read_text("utf-8")
    assert f"```{{literalinclude}} code/{name}.py" in page
    pinned = (PROJECT / "requirements.in").read_text("utf-8").splitlines()
    [client] = re.findall(rf"pip install '?(\S*{name.removeprefix('safe_')}\S*==[\d.]+)", page)
    assert client.replace("redis==", "redis[hiredis]==") in pinned, "what is installed is what the test ran with"


@pytest.mark.broker
@pytest.mark.parametrize("endpoints", ["native"], indirect=True)
def test_rabbitmq_has_each_message_once_and_tells_what_it_did_not_take(endpoints: dict[str, Endpoint]) -> None:
    code, endpoint = shown("safe_pika"), endpoints["rabbitmq"]
    with name_of(endpoint, ".dead", ".full") as queue, contextlib.closing(place(code, endpoint)) as connection:
        channel = code.open_channel(connection, queue)
        names = [code.publish(channel, queue, body) for body in SENT]
        assert len({*names}) == len(SENT)
        work = Work(fails=(SENT[3], SENT[20]))
        code.work_off(channel, queue, work, idle_s=1)
        assert sorted(work.done) == sorted(SENT), "each once, also those whose work failed at first"
        poison = Work(fails=(SENT[0],) * 20)
        code.publish(channel, queue, SENT[0])
        code.work_off(channel, queue, poison, idle_s=1)
        assert not poison.done
        code.work_off(channel, f"{queue}.dead", dead := Work(), idle_s=2)
        assert dead.done == [SENT[0]]
        with pytest.raises(code.RefusedError, match="no queue takes"):
            code.publish(channel, f"{queue}-not", b"lost otherwise")
        full = {"x-max-length": 1, "x-overflow": "reject-publish"}
        channel.queue_declare(f"{queue}.full", durable=True, arguments=full)
        code.publish(channel, f"{queue}.full", b"the one")
        with pytest.raises(code.RefusedError, match="the broker refused"):
            code.publish(channel, f"{queue}.full", b"one too many")
        channel.close()
        with pytest.raises(code.UnknownError):
            code.publish(channel, queue, b"nobody knows")


def place(code: Any, endpoint: Endpoint) -> Any:
    """A connection by the page's own settings; login and virtual host are the test broker's."""
    told, made = TOLD["rabbitmq"](endpoint), pika.ConnectionParameters
    with mock.patch.object(pika, "ConnectionParameters", lambda _host, _port, **more: made(**{**told, **more})):
        return code.connect()


@contextlib.contextmanager
def topics(endpoint: Endpoint, **settings: dict[str, str]) -> Iterator[str]:
    """A topic for each ending, with these settings."""
    from kafka import KafkaAdminClient

    ends = {"": {}, **{f"-{end}": found for end, found in settings.items()}}
    with name_of(endpoint, *ends) as name, contextlib.closing(KafkaAdminClient(**TOLD["kafka"](endpoint))) as admin:
        made = {
            f"{name}{end}": {"num_partitions": 2, "replication_factor": 1, "configs": found}
            for end, found in ends.items()
        }
        admin.create_topics(made, wait_for_metadata=True)
        yield name


@pytest.mark.broker
@pytest.mark.parametrize("endpoints", ["native"], indirect=True)
def test_kafka_has_each_record_once_and_tells_which_it_did_not_take(endpoints: dict[str, Endpoint]) -> None:
    code, endpoint = shown("safe_kafka"), endpoints["kafka"]
    servers = TOLD["kafka"](endpoint)["bootstrap_servers"]
    with (
        topics(endpoint, small={"max.message.bytes": "2000"}) as topic,
        contextlib.closing(code.producer_of(servers)) as producer,
        contextlib.closing(code.producer_of(servers)) as another,
    ):
        code.publish(producer, topic, SENT)
        work = Work(fails=(SENT[7],))
        with (
            contextlib.closing(code.consumer_of(topic, f"{topic}-group", servers)) as consumer,
            pytest.raises(RuntimeError),
        ):
            code.work_off(consumer, work, idle_s=8)
        with contextlib.closing(code.consumer_of(topic, f"{topic}-group", servers)) as consumer:
            code.work_off(consumer, work, idle_s=8)
        assert {*work.done} == {*SENT}, "what failed came again"
        with contextlib.closing(code.consumer_of(topic, f"{topic}-other", servers)) as consumer:
            code.work_off(consumer, fresh := Work(), idle_s=8)
        assert sorted(fresh.done) == sorted(SENT), "each is there once"
        large = bytes(range(256)) * 20
        with pytest.raises(code.NotThereError) as raised:
            code.publish(producer, f"{topic}-small", [large])
        assert raised.value.refused == [large]
        with pytest.raises(code.NotThereError):
            code.publish(producer, f"{topic}-small", [b"small"])  # refused for the one before it
        code.publish(another, f"{topic}-small", [b"small"])
        with pytest.raises(code.NotThereError) as raised:
            code.publish(another, f"{topic}-not", [b"lost otherwise"])
        assert raised.value.refused == [b"lost otherwise"]


@pytest.mark.parametrize("error", ["MessageSizeTooLargeError", "KafkaTimeoutError"])
def test_kafka_asks_every_record_and_not_the_last_alone(error: str) -> None:
    from kafka import errors

    code = shown("safe_kafka")

    class Future:
        def __init__(self, body: bytes) -> None:
            self.body = body

        def get(self, timeout: float) -> None:
            if self.body == SENT[0]:
                raise getattr(errors, error)()

    class Producer:
        send: Callable[[str, bytes], Future] = staticmethod(lambda _topic, body: Future(body))

    with pytest.raises(code.NotThereError) as raised:
        code.publish(Producer(), "any", SENT)
    known = error == "MessageSizeTooLargeError"
    assert (raised.value.refused, raised.value.unknown) == (([SENT[0]], []) if known else ([], [SENT[0]]))


@pytest.mark.broker
@pytest.mark.parametrize("endpoints", ["native"], indirect=True)
def test_redis_has_each_message_once_and_tells_what_it_did_not_take(endpoints: dict[str, Endpoint]) -> None:
    code, endpoint = shown("safe_redis"), endpoints["redis"]
    told = TOLD["redis"](endpoint)
    url = "redis://{username}:{password}@{host}:{port}".format(**told)
    with (
        name_of(endpoint) as stream,
        contextlib.closing(code.connect(url)) as server,
    ):
        with pytest.raises(code.RefusedError, match="no stream"):
            code.publish(server, stream, b"lost otherwise")
        code.make(server, stream, "workers")
        code.make(server, stream, "workers")
        for body in SENT:
            code.publish(server, stream, body)
        died = Work(fails=(SENT[3],))
        with pytest.raises(RuntimeError):
            code.work_off(server, stream, "workers", "one", died)
        code.work_off(server, stream, "workers", "two", work := Work(), dead_ms=600_000)
        assert died.done + work.done == SENT[:3] + SENT[10:], "what a dead worker holds waits"
        code.work_off(server, stream, "workers", "two", work, dead_ms=0)
        assert sorted(died.done + work.done) == sorted(SENT), "and is then done by another one"
        before = server.config_get("maxmemory")["maxmemory"]
        try:
            server.config_set("maxmemory", 1)
            with pytest.raises(code.RefusedError, match="refused"):
                code.publish(server, stream, b"no room")
        finally:
            server.config_set("maxmemory", before)
        server.client_pause(8000, all=False)  # longer than the client waits
        with pytest.raises(code.UnknownError):
            code.publish(server, stream, b"nobody knows")
        time.sleep(4)
        assert server.xlen(stream) - len(SENT) in (0, 1), "nobody knows, and it is never there twice"
