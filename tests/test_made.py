"""Nothing of the reader's is lost and nothing of ours is left: what runs make and set, killed ones too."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import kafka
import pytest

from labs import stack
from labs.brokers import journal, open_broker
from labs.brokers.journal import Entry
from labs.brokers.rabbitmq.admin import undo as rabbitmq_undo
from labs.brokers.redis import settings
from labs.brokers.redis.admin import client
from labs.model import paths
from labs.model.endpoint import GIVEN, BrokerError, Endpoint, RefusedError, UnreachableError
from labs.model.observer import CancelledError, Observer
from labs.model.profile import profile
from labs.record.monitor import waiting
from labs.stack import mending
from tests.conftest import free_port
from tests.made import labs

pytestmark = pytest.mark.broker
ROOT = Path(__file__).resolve().parent.parent
ALL = ("redis=redis-stream-always", "rabbitmq=rabbitmq-confirms", "stream=rabbitmq-stream", "kafka=kafka-acks-all")
DEFAULT = {"appendonly": "no", "appendfsync": "everysec", "save": "3600 1 300 100 60 10000"}


def silent(_line: str) -> None:
    """Nobody listens to the progress."""


def settings_of(endpoint: Endpoint) -> dict[str, str]:
    with contextlib.closing(client(endpoint)) as redis_:
        return dict(redis_.config_get(*settings.PERSISTENCE))


def lying_about(endpoints: dict[str, Endpoint]) -> set[str]:
    """Every key, queue, stream, exchange, topic, group and user whose name begins with labs-."""
    found: set[str] = set()
    with contextlib.closing(client(endpoints["redis"])) as redis_:
        found |= set(redis_.keys("*")) | set(redis_.acl_users())
    for what in ("queues", "exchanges"):
        found |= {str(one["name"]) for one in told(endpoints["rabbitmq"], what)}
    where = f"127.0.0.1:{endpoints['kafka'].port}"
    with contextlib.closing(kafka.KafkaAdminClient(bootstrap_servers=where)) as admin:
        found |= set(admin.list_topics()) | {str(one["group_id"]) for one in admin.list_groups()}
    return {name for name in found if name.startswith("labs-")} - {"labs-ready"}


def told(endpoint: Endpoint, what: str) -> Any:
    request = urllib.request.Request(f"http://127.0.0.1:{endpoint.admin_port}/api/{what}")
    login = base64.b64encode(f"{endpoint.username}:{endpoint.password}".encode()).decode()
    request.add_header("Authorization", f"Basic {login}")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


@contextlib.contextmanager
def running(*wanted: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """A run in the middle: all that it makes is there."""
    command = [sys.executable, "-m", "tests.made_child", *wanted]
    child = subprocess.Popen(command, cwd=ROOT, env=os.environ | variables, stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout
        assert json.loads(child.stdout.readline())
        yield child
    finally:
        child.kill()
        child.wait()


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:

    monkeypatch.setenv("LABS_CACHE", str(paths.cache()))
    monkeypatch.setenv("LABS_HOME", str(tmp_path / "a home"))
    monkeypatch.setenv("LABS_BACKEND", "native")
    yield paths.home()
    stack.down(report=silent)


@pytest.mark.parametrize("then", ["down", "status"])
def test_a_killed_run_at_rung_3_costs_no_key_and_no_setting_of_the_readers(own_home: Path, then: str) -> None:
    redis_ = client(stack.up(("redis",), report=silent)["redis"])
    redis_.set("mine", "kept")
    with running("redis=redis-stream-always"):
        redis_.set("mine-too", "kept")
        assert redis_.config_get("save")["save"] == ""
    if then == "status":
        stack.status()
        assert redis_.config_get(*settings.PERSISTENCE) == DEFAULT
        assert redis_.keys("labs-*") == []
    stack.down(report=silent)
    here = stack.up(("redis",), report=silent)["redis"]
    assert sorted(client(here).keys("*")) == ["mine", "mine-too"]
    assert settings_of(here) == DEFAULT


def test_a_home_has_one_spelling_whichever_link_leads_there(own_home: Path, tmp_path: Path) -> None:
    """What is started, killed or stopped by one name is seen, swept and gone by the other."""
    own_home.mkdir()
    (tmp_path / "link").symlink_to(own_home, target_is_directory=True)
    linked = {"LABS_HOME": str(tmp_path / "link")}
    assert labs("up", "redis", **linked).returncode == 0
    redis_ = client(stack.up(("redis",), report=silent)["redis"])
    with running("redis=redis-stream-always", **linked):
        assert redis_.keys("labs-*")
    for more in ({}, linked):
        told = json.loads(labs("status", "--json", **more).stdout)
        assert (told["home"], told["brokers"]["redis"]["state"]) == (str(own_home), "running")
    assert (redis_.keys("labs-*"), settings_of(stack.up(("redis",), report=silent)["redis"])) == ([], DEFAULT)
    assert "redis" in labs("down").stderr
    assert json.loads(labs("status", "--json", **linked).stdout)["brokers"]["redis"]["state"] == "stopped"


def test_a_redis_that_dies_under_a_run_still_has_what_lay_there_before_it(own_home: Path) -> None:
    here = stack.up(("redis",), report=silent)["redis"]
    client(here).set("mine", "kept")
    with running("redis=redis-stream-none"):
        os.kill(here.pids[0], 9)
    stack.down(report=silent)
    assert client(stack.up(("redis",), report=silent)["redis"]).keys("*") == ["mine"]


def test_brokers_that_go_down_under_a_living_run_keep_the_readers_key_and_lose_ours_when_they_are_up_again(
    own_home: Path,
) -> None:
    client(stack.up(("redis",), report=silent)["redis"]).set("mine", "kept")
    with running("redis=redis-stream-none"):
        client(stack.up(("redis",), report=silent)["redis"]).set("mine-too", "kept")
        stack.down(report=silent)
    assert sorted(client(stack.up(("redis",), report=silent)["redis"]).keys("*")) == ["mine", "mine-too"]
    assert journal.entries() == []


def test_what_a_killed_run_made_on_all_three_is_gone_after_the_next_command(endpoints: dict[str, Endpoint]) -> None:
    """A command that only looks; before it they are all there, groups too, and the reader's own stay."""
    said: list[str] = []
    before = settings_of(endpoints["redis"])
    with contextlib.closing(client(endpoints["redis"])) as redis_:
        redis_.set("labs-1-deadbeef", "looks like ours")
        with running(*ALL):
            there = lying_about(endpoints)
            assert {"labs-child-redis", "labs-child-rabbitmq", "labs-child-stream", "labs-child-kafka"} < there
            assert "labs-child-kafka-labs" in there
            stack.status(report=said.append)
            assert lying_about(endpoints) == there, "of a run that lives nothing is removed"
        mending.mend(said.append)
        assert lying_about(endpoints) == {"labs-1-deadbeef"}
        assert settings_of(endpoints["redis"]) == before
        redis_.delete("labs-1-deadbeef")
    assert len(said) == 4
    assert not [entry for entry in journal.entries() if entry.names[0].startswith("labs-child")]


def test_on_a_broker_of_the_users_only_what_this_home_has_written_down_is_removed(
    endpoints: dict[str, Endpoint], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another home stands for another machine: it has the broker's address and login, and no entry."""
    here = endpoints["rabbitmq"]
    login = {"LABS_RABBITMQ_USER": here.username, "LABS_RABBITMQ_PASSWORD": here.password}
    theirs = {"LABS_RABBITMQ_URL": f"amqp://{here.host}:{here.port}", **login}
    with running("rabbitmq=rabbitmq-confirms", LABS_HOME=str(tmp_path / "first"), **theirs):
        pass
    queues = {one["name"] for one in told(here, "queues")}
    assert "labs-child-rabbitmq" in queues
    for name, word in theirs.items():
        monkeypatch.setenv(name, word)
    said: list[str] = []
    monkeypatch.setenv("LABS_HOME", str(tmp_path / "second"))
    mending.mend(said.append)
    assert {one["name"] for one in told(here, "queues")} == queues
    monkeypatch.setenv("LABS_HOME", str(tmp_path / "first"))
    monkeypatch.delenv("LABS_RABBITMQ_URL")
    mending.mend(said.append)
    assert said == [
        f"labs-child-rabbitmq on your rabbitmq at {here.host}:{here.port} was left by a killed run, "
        "and waits for a login to be removed"
    ]
    assert here.password not in "".join(path.read_text() for path in (tmp_path / "first" / "made").glob("*.json"))
    monkeypatch.setenv("LABS_RABBITMQ_URL", theirs["LABS_RABBITMQ_URL"])
    result = labs("status", "--json")
    assert result.returncode == 0, result.stderr
    assert "labs-child-rabbitmq" not in {one["name"] for one in told(here, "queues")}
    assert journal.entries() == []


def test_a_group_whose_members_were_killed_goes_as_soon_as_kafka_misses_them(endpoints: dict[str, Endpoint]) -> None:
    """The workers of the jobs subscribe, and nobody says goodbye for a process that was killed."""
    command = [sys.executable, "-m", "labs", "run", "kill-the-worker", "--set", "mode=kafka-commit-after"]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        give_up_s = time.monotonic() + 30
        while not any(name.endswith("-workers") for name in lying_about(endpoints)):
            assert time.monotonic() < give_up_s
            time.sleep(0.1)
    finally:
        child.kill()
        child.wait()
    mending.mend(silent)
    assert not [name for name in lying_about(endpoints) if "-workers" in name]


def test_a_setting_that_the_reader_has_changed_since_is_his_and_stays(endpoints: dict[str, Endpoint]) -> None:
    here = endpoints["redis"]
    before = settings_of(here)
    with contextlib.closing(client(here)) as redis_:
        with running("redis=redis-stream-always"):
            redis_.config_set("save", "77 7")
        mending.mend(silent)
        assert settings_of(here) == before | {"save": "77 7"}
        redis_.config_set("save", before["save"])


def test_runs_that_want_other_settings_wait_and_say_so_and_those_that_want_the_same_do_not(
    endpoints: dict[str, Endpoint],
) -> None:
    here, order, said = endpoints["redis"], list[str](), list[str]()
    before = settings_of(here)

    def other() -> None:
        with (
            waiting(Observer(lambda _share, text: said.append(text))),
            open_broker(here, profile("redis-stream-none"), "labs-test-other"),
        ):
            order.append(settings_of(here)["appendonly"] + " other")

    with open_broker(here, profile("redis-stream-always"), "labs-test-first"):
        thread = threading.Thread(target=other)
        thread.start()
        with open_broker(here, profile("redis-stream-always"), "labs-test-same"):
            time.sleep(0.5)
        assert settings_of(here)["appendonly"] == "yes"
        order.append("first")
    thread.join(10)
    assert order[0] == "first"
    assert len(order) == 2
    assert any("'Redis stream, AOF always'" in text and f"pid {os.getpid()}" in text for text in said)
    assert settings_of(here) == before


def test_waiting_for_another_run_ends_with_a_cancel_or_with_a_line_that_names_the_run(
    endpoints: dict[str, Endpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = endpoints["redis"]
    with running("redis=redis-stream-always"):
        with (
            waiting(Observer(cancelled=lambda: True)),
            pytest.raises(CancelledError),
            open_broker(here, profile("redis-stream-none"), "labs-test-cancelled"),
        ):
            pass
        monkeypatch.setattr(settings, "PATIENCE_S", 0.3)
        with (
            pytest.raises(RefusedError, match=r"set to 'Redis stream, AOF always' for a run of pid \d+, which has not"),
            open_broker(here, profile("redis-stream-none"), "labs-test-late"),
        ):
            pass
    mending.mend(silent)


def test_where_nothing_can_be_written_down_nothing_is_made(
    endpoints: dict[str, Endpoint], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "made").write_text("in the way")
    monkeypatch.setenv("LABS_HOME", str(tmp_path))
    for name in ("redis-pubsub", "redis-list-always", "rabbitmq-confirms", "rabbitmq-stream", "kafka-acks-all"):
        using = profile(name)
        with (
            pytest.raises(BrokerError, match=r"writing down in .*made what a run makes failed.*LABS_HOME"),
            open_broker(endpoints[using.broker], using, "labs-test-x"),
        ):
            pass
    assert not {name for name in lying_about(endpoints) if "labs-test-x" in name}


def test_of_a_broker_that_nobody_could_reach_nothing_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABS_HOME", str(tmp_path))
    for name in ("redis-list-none", "rabbitmq-confirms", "rabbitmq-stream", "kafka-acks-all"):
        using = profile(name)
        here = Endpoint(using.broker, "127.0.0.1", free_port(), "labs", "word", stream_port=free_port())
        with pytest.raises(UnreachableError), open_broker(here, using, "labs-test-nowhere"):
            pass
    assert journal.entries() == []


def test_of_a_broker_that_is_gone_for_good_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABS_HOME", str(tmp_path))
    session = Endpoint("redis", "127.0.0.1", 1, data_dir=str(tmp_path / "session-gone" / "redis"))
    theirs = Endpoint("redis", "127.0.0.1", 1, password="word", backend=GIVEN)
    journal.note(session, ["labs-1-a"]).let_go()
    journal.note(theirs, ["labs-1-b"]).let_go()
    mending.mend(silent)
    [left] = journal.entries()
    assert left.names == ("labs-1-b",)
    monkeypatch.setattr(mending, "KEEP_S", 0.0)
    mending.mend(silent)
    assert journal.entries() == []


def test_a_damaged_entry_hinders_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABS_HOME", str(tmp_path))
    (tmp_path / "made").mkdir()
    for number, text in enumerate(("", "{", "[]", "null", '{"place": 1}', '{"place": {"servers": [1]}}')):
        (tmp_path / "made" / f"{number}.json").write_text(text)
    mending.mend(silent)
    assert journal.entries() == []


def test_an_entry_is_read_as_it_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABS_HOME", str(tmp_path))
    here = Endpoint("kafka", "a", 1, backend=GIVEN, tls=("x", "", ""), servers=(("a", 1), ("b", 2)))
    change = journal.Change({"save": ""}, {"save": "1 1"}, "id", "label")
    found = journal.note(here, ["n"], users=["u"], exchanges=["e"], change=change)
    [entry] = journal.entries()
    assert entry == found.entry
    assert isinstance(entry, Entry)
    assert entry.place.is_at(replace(here, servers=(("b", 2),)))
    assert not entry.place.is_at(replace(here, servers=(("c", 2),)))
    assert journal.claim(entry) is None
    found.let_go()
    assert not journal.lives(entry)


def test_an_exchange_and_a_user_of_a_tool_go_as_well(endpoints: dict[str, Endpoint]) -> None:
    from labs.brokers.rabbitmq.client import Link
    from labs.brokers.redis.admin import undo as redis_undo

    rabbitmq, redis_ = endpoints["rabbitmq"], client(endpoints["redis"])
    with contextlib.closing(Link(rabbitmq)) as link:
        link.open()
        channel = link.channel()
        link.call(channel, "declare", lambda done: channel.exchange_declare("labs-test-exchange", callback=done))
    redis_.acl_setuser("labs-test-user", enabled=True, nopass=True)
    redis_undo(endpoints["redis"], journal.note(endpoints["redis"], [], users=["labs-test-user"]))
    rabbitmq_undo(rabbitmq, journal.note(rabbitmq, [], exchanges=["labs-test-exchange"]))
    assert lying_about(endpoints) == set()
