"""Brokers of the user's own, in TLS and with a login: every lane, every way to miss one, nothing left."""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import kafka
import numpy as np
import pika
import pytest
import redis

from labs.brokers import on_lane, open_broker, open_consumer, open_publisher
from labs.brokers.connection import SecureError
from labs.model.carriers import CARRIERS
from labs.model.digest import Digest
from labs.model.endpoint import Address, BrokerError, Endpoint, RefusedError, UnreachableError
from labs.model.message import decode, encode, filler
from labs.model.profile import profile
from labs.pages.state import card_rows
from labs.scenarios.calls.conductor import run as run_calls
from labs.scenarios.calls.judge import judge
from labs.scenarios.calls.plan import Plan
from labs.show.charts import figure as drawn
from labs.show.looks import LATENCY_LOOK
from labs.stack import registry
from labs.stack.external import yours
from tests.conftest import free_port
from tests.made import labs
from tests.secured import BROKERS, LANES, Secured, secured
from tests.talking import bodies_of, collect, publish_all, settle

pytestmark = pytest.mark.broker
PLAIN = {"rediss": "redis", "amqps": "amqp", "kafka+ssl": "kafka"}
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Secured]]:
    with secured(tmp_path_factory.mktemp("tls")) as found:
        yield found


@pytest.mark.parametrize("name", LANES)
def test_on_every_lane_all_arrives_in_order_through_tls_with_a_login(theirs: dict[str, Secured], name: str) -> None:
    lane, _, plain = name.partition(":")
    using = on_lane(profile(plain), lane)
    here, sent = theirs[using.broker].endpoint(), [b"%d" % number for number in range(3000)] + [bytes(MIB)] * 8
    stamped = encode(3, np.arange(20_000, dtype=np.int64), filler(100))
    address = Address(here, using, f"labs-test-{uuid4().hex[:12]}")
    with open_broker(here, using, address.name) as broker, open_consumer(address) as consumer:
        publish_all(address, sent)
        assert bodies_of(collect(consumer, len(sent))) == sent
        with open_publisher(address) as publisher:
            publisher.publish(stamped)
            assert settle(publisher, len(stamped)) == (list(range(len(stamped))), [])
        found = [decode(batch.bodies) for batch in collect(consumer, len(stamped))]
        assert np.array_equal(np.concatenate(found), stamped.heads)
        assert broker.version()
        assert broker.durability()


def test_kafka_takes_scram_as_well(theirs: dict[str, Secured]) -> None:
    plain, one = theirs["kafka"].plain, theirs["kafka"]
    admin = kafka.KafkaAdminClient(bootstrap_servers=f"{plain.host}:{plain.port}")
    try:
        mechanism = kafka.admin.ScramMechanism.SCRAM_SHA_512
        change = kafka.admin.UserScramCredentialUpsertion("labs", mechanism, password="another")
        admin.alter_user_scram_credentials([change])
    finally:
        admin.close()
    here = one.endpoint(LABS_KAFKA_SASL="SCRAM-SHA-512", LABS_KAFKA_PASSWORD="another")
    for lane in ("idiomatic", "fast"):
        using = on_lane(profile("kafka-acks-all"), lane)
        address = Address(here, using, f"labs-test-{uuid4().hex[:12]}")
        with open_broker(here, using, address.name), open_consumer(address) as consumer:
            publish_all(address, [b"one", b"two"])
            assert bodies_of(collect(consumer, 2)) == [b"one", b"two"]


def wrong_authority(one: Secured) -> Endpoint:
    ours = Path(one.env["LABS_TLS_CA"])
    return one.endpoint(LABS_TLS_CA=str(ours.with_name("stranger.pem")))


def no_file(one: Secured) -> Endpoint:
    return one.endpoint(LABS_TLS_CA="no-such-file.pem")


def wrong_name(one: Secured) -> Endpoint:
    return one.endpoint(one.url.replace("127.0.0.1", "localhost"))


def wrong_password(one: Secured) -> Endpoint:
    return one.endpoint(**{f"LABS_{one.broker.upper()}_PASSWORD": "not-the-word"})


def closed_port(one: Secured) -> Endpoint:
    return one.endpoint(f"{one.url.partition('://')[0]}://127.0.0.1:{free_port()}")


def plain_port(one: Secured) -> Endpoint:
    return one.endpoint(f"{one.url.partition('://')[0]}://127.0.0.1:{one.plain.port}")


def spoken_plainly(one: Secured) -> Endpoint:
    scheme, _, rest = one.url.partition("://")
    return one.endpoint(f"{PLAIN[scheme]}://{rest}")


@pytest.mark.parametrize("broker", BROKERS)
@pytest.mark.parametrize(
    ("mistake", "kind", "said"),
    [
        (wrong_authority, SecureError, "not trusted: .* Set LABS_TLS_CA"),
        (no_file, SecureError, "LABS_TLS_CA names .*no-such-file.pem"),
        (wrong_name, SecureError, "not for localhost"),
        (wrong_password, RefusedError, "login|[Aa]uthenticat"),
        (closed_port, UnreachableError, "refused.*a broker of yours: does it run"),
        (plain_port, SecureError, "Is it the plain port"),
        (spoken_plainly, UnreachableError, "If it wants TLS, begin its address with"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_each_way_to_miss_a_broker_has_an_error_of_its_own_within_five_seconds(
    theirs: dict[str, Secured], broker: str, mistake: Callable[[Secured], Endpoint], kind: type[BrokerError], said: str
) -> None:
    one = theirs[broker]
    here = mistake(one)
    began = time.monotonic()
    with pytest.raises(kind, match=said) as caught:
        yours.meet(here)
    assert time.monotonic() - began < 5
    assert here.password not in str(caught.value)


def test_redis_settings_are_read_and_never_set(theirs: dict[str, Secured]) -> None:
    here = theirs["redis"].endpoint()
    with as_owner(theirs["redis"]) as owner:
        before = owner.config_get("*")
        with (
            pytest.raises(RefusedError, match=r"not changed.*appendonly is 'no', wanted 'yes'.*CONFIG SET"),
            open_broker(here, profile("redis-list-always"), "labs-test-never"),
        ):
            pass
        with open_broker(here, profile("redis-list-none"), "labs-test-fits") as fits:
            assert {key: fits.durability()[key] for key in ("appendonly", "save")} == {"appendonly": "no", "save": ""}
        assert owner.config_get("*") == before


def test_a_redis_that_does_not_show_its_settings_measures_only_what_promises_nothing(
    theirs: dict[str, Secured],
) -> None:
    with as_owner(theirs["redis"]) as owner:
        owner.acl_setuser("guest", enabled=True, passwords=["+word"], keys=["labs-*"], channels=["labs-*"],
                          commands=["+@all", "-config", "-info"])  # fmt: skip
        try:
            here = theirs["redis"].endpoint(LABS_REDIS_USER="guest", LABS_REDIS_PASSWORD="word")
            assert yours.meet(here).version == ""
            with (
                pytest.raises(RefusedError, match=r"nobody knows whether it has .*Redis Pub/Sub"),
                open_broker(here, profile("redis-list-none"), "labs-test-dark"),
            ):
                pass
            for lane in ("idiomatic", "fast"):
                using = on_lane(profile("redis-pubsub"), lane)
                address = Address(here, using, "labs-test-dark")
                with open_broker(here, using, address.name) as broker, open_consumer(address) as consumer:
                    publish_all(address, [b"one"])
                    assert bodies_of(collect(consumer, 1)) == [b"one"]
                    assert "unknown" in broker.durability()["persistence"]
        finally:
            owner.acl_deluser("guest")


@contextlib.contextmanager
def as_owner(one: Secured) -> Iterator[redis.Redis]:
    here = one.plain
    login = {"username": here.username, "password": here.password}
    with redis.Redis(host=here.host, port=here.port, decode_responses=True, **login) as client:
        yield client


@contextlib.contextmanager
def as_rabbit_owner(one: Secured) -> Iterator[pika.adapters.blocking_connection.BlockingChannel]:
    login = pika.PlainCredentials(one.plain.username, one.plain.password)
    connection = pika.BlockingConnection(pika.ConnectionParameters(one.plain.host, one.plain.port, credentials=login))
    try:
        yield connection.channel()
    finally:
        connection.close()


def test_a_whole_run_from_the_command_line_is_complete_tells_no_secret_and_leaves_only_what_was_there(
    theirs: dict[str, Secured], tmp_path: Path
) -> None:
    """One run over all three: ledger, card, somebody else's things, our things, and every file that it wrote."""
    env = {name: word for one in theirs.values() for name, word in one.env.items()}
    addresses = [part for one in theirs.values() for part in (f"--{one.broker}", one.url)]
    where = f"{theirs['kafka'].plain.host}:{theirs['kafka'].plain.port}"
    with as_owner(theirs["redis"]) as owner, as_rabbit_owner(theirs["rabbitmq"]) as channel:
        owner.set("somebody-elses", "kept")
        channel.queue_declare("somebody-elses", durable=True)
        channel.basic_publish("", "somebody-elses", b"kept")
        admin = kafka.KafkaAdminClient(bootstrap_servers=where)
        admin.create_topics({"somebody-elses": {"num_partitions": 1, "replication_factor": 1}})
        settings = ["--set", "rate=500", "--set", "rung=0", "--json"]
        home = tmp_path / "home"
        result = labs("run", "latency-ladder", *settings, *addresses, **env, LABS_HOME=str(home))
        assert result.returncode == 0, result.stderr
        points = list(map(Digest.from_json, json.loads(result.stdout)["digests"]))
        assert [digest.settings["broker"] for digest in points] == list(BROKERS)
        for digest in points:
            ledger = digest.repeats[0]["ledger"]
            assert (ledger["lost"], ledger["delivered"]) == (0, ledger["attempted"])
            assert digest.card["backend"] == "a broker of yours, on this machine"
            assert_says_that_the_broker_was_not_seen(digest)
        assert owner.keys("*") == ["somebody-elses"]
        assert channel.queue_declare("somebody-elses", passive=True).method.message_count == 1
        topics = {name for name in admin.list_topics() if not name.startswith("__")}
        admin.close()
        assert topics >= {"somebody-elses"}
        assert not {name for name in topics if name.startswith("labs-") and name != "labs-ready"}
    written = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    for one in theirs.values():
        word = one.endpoint().password
        assert word not in result.stdout + result.stderr
        assert word.encode() not in written


def assert_says_that_the_broker_was_not_seen(point: Digest) -> None:
    """In the JSON, on the run card, in the chart's title and in the sentence under it; and nobody is called the limit
    because of it."""
    [repeat] = point.repeats
    assert repeat["cpu"]["broker"] is None
    assert repeat["stamp"] in ("unknown", "client-bound")
    assert "not seen" in dict(map(tuple, card_rows(point.card)))["The broker's processor time"]
    figure = drawn(LATENCY_LOOK, "ladder", [point])
    assert "the broker’s processor time was not seen" in figure.layout.title.text
    assert re.search("processor time (could not be|was not) seen", figure.layout.meta["sentence"])
    assert LATENCY_LOOK.view(point)["rows"]


@pytest.mark.long
def test_the_table_and_the_ceiling_of_a_plain_redis_given_by_its_url_say_so_as_well(
    theirs: dict[str, Secured], tmp_path: Path
) -> None:
    here = theirs["redis"].plain
    env = {"LABS_REDIS_USER": here.username, "LABS_REDIS_PASSWORD": here.password, "LABS_HOME": str(tmp_path / "home")}
    where = ("--redis", f"redis://{here.host}:{here.port}")
    chosen = ("--set", "broker=redis", "--set", "rate=500", "--set", "rung=0")
    shown = labs("run", "latency-ladder", *chosen, *where, **env)
    assert shown.returncode == 0, shown.stderr
    assert "processor time" in shown.stdout
    result = labs("run", "redis-million", "--set", "way=redis-py-512", *where, "--json", **env)
    assert result.returncode == 0, result.stderr
    [rate] = map(Digest.from_json, json.loads(result.stdout)["digests"])
    assert rate.repeats[0]["stamp"] in ("unknown", "client-bound")
    assert rate.repeats[0]["cores"]["broker"] is None
    assert "The broker's processor time could not be seen from here" in rate.median["limit"]
    assert "not seen" in rate.card["broker_cpu"]


@pytest.mark.parametrize("carrier", ["redis-pair", "rabbitmq-reply", "kafka-reply"])
def test_a_question_and_its_answer_go_through_tls_as_well(theirs: dict[str, Secured], carrier: str) -> None:
    using = CARRIERS[carrier]
    asked = judge(run_calls(using, theirs[using.broker].endpoint(), Plan(calls=40, callers=2, rate_per_s=100)))
    assert asked["ends"]["answered"] == asked["ends"]["calls"] == 40


def test_what_the_commands_say_of_brokers_of_the_users(
    theirs: dict[str, Secured], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = theirs["redis"]
    for name, value in one.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LABS_REDIS_URL", one.url)
    monkeypatch.setenv("LABS_KAFKA_URL", f"127.0.0.1:{free_port()}")
    named = one.url.replace("://", f"://{one.env['LABS_REDIS_USER']}@")
    assert registry.describe(yours.endpoints(["redis"])["redis"])["url"] == named
    assert "does not answer" in str(yours.seen()["kafka"])
    with pytest.raises(UnreachableError, match="a broker of yours"):
        registry.usable()
    for arguments, said in (
        (["run", "redis-forgets"], "breaking redis: LABS_REDIS_URL"),
        (["record", "passport"], "recording for the book: LABS_REDIS_URL"),
        (["run", "passport", "--redis", "redis://u:s3cret@far.example"], "LABS_REDIS_PASSWORD instead"),
    ):
        result = labs(*arguments)
        assert result.returncode == 1
        assert said in result.stderr
        assert "Traceback" not in result.stderr
        assert "s3cret" not in result.stderr
