"""Addresses of brokers of the user's: what is taken, what is refused and how, and that no password is repeated."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from labs.__main__ import main
from labs.model.errors import StackError
from labs.stack.external import urls, yours
from labs.stack.external.urls import AddressError, client_url, endpoint, shown

RABBIT = {"LABS_RABBITMQ_USER": "u", "LABS_RABBITMQ_PASSWORD": "s3cret"}


@pytest.mark.parametrize(
    ("broker", "text", "found"),
    [
        ("redis", "redis://far.example", ("far.example", 6379, None, "/", 0)),
        ("redis", "REDISS://far.example:7000/0", ("far.example", 7000, ("", "", ""), "/", 0)),
        ("redis", "redis://[::1]:7000", ("::1", 7000, None, "/", 0)),
        ("rabbitmq", "amqp://far.example", ("far.example", 5672, None, "/", 0)),
        ("rabbitmq", "amqps://far.example/a%2Fb?stream=5551", ("far.example", 5671, ("", "", ""), "a/b", 5551)),
        ("rabbitmq", "amqp://far.example/", ("far.example", 5672, None, "/", 0)),
        ("rabbitmq", "amqp://far.example/%2F", ("far.example", 5672, None, "/", 0)),
        ("rabbitmq", "amqp://far.example/%2Fsales%20%25?stream=1", ("far.example", 5672, None, "/sales %", 1)),
        ("kafka", "one.example:9092", ("one.example", 9092, None, "/", 0)),
        ("kafka", "kafka+ssl://one.example:9093,two.example:9094", ("one.example", 9093, ("", "", ""), "/", 0)),
    ],
)
def test_an_address_says_where_and_whether_in_tls(broker: str, text: str, found: tuple[object, ...]) -> None:
    one = endpoint(broker, text, RABBIT)
    assert (one.host, one.port, one.tls, one.vhost, one.stream_port) == found
    assert one.is_given
    assert endpoint(broker, shown(one), RABBIT) == one


@pytest.mark.parametrize(
    ("broker", "text", "said"),
    [
        ("redis", "", "is empty"),
        ("redis", "far.example:6379", "must begin with redis:// or rediss://"),
        ("redis", "http://far.example", "begins with http://, known are redis://, rediss://"),
        ("redis", "redis://", "names no host"),
        ("redis", "redis://far.example:0", "names no port"),
        ("redis", "redis://far.example:70000", "no usable port"),
        ("redis", "redis://far.example:six", "no usable port"),
        ("redis", "redis://far.example/3", "another database than 0"),
        ("redis", "redis://a,b", "several hosts"),
        ("redis", "redis://far.example#x", "has a #"),
        ("redis", "redis://far.example?ssl=1", "question mark"),
        ("redis", "redis://far .example", "contains a space"),
        ("redis", "redis://[::1", "no usable port|cannot be read"),
        ("rabbitmq", "amqps://far.example?stream=0", "no usable port in .stream"),
        ("rabbitmq", "amqps://far.example?verify=none", "question mark"),
        ("rabbitmq", f"amqp://far.example/{'%C3%A9' * 128}", "a virtual host of more than 255 bytes"),
        ("kafka", "far.example", "names no port for far.example"),
        ("kafka", "one.example:9092,", "names no host"),
        ("kafka", "kafka://far.example:9092/topic", "has a path"),
    ],
)
def test_an_address_that_is_wrong_is_refused_with_what_is_wrong_and_an_example(
    broker: str, text: str, said: str
) -> None:
    with pytest.raises(AddressError, match=rf"address of {broker} .*({said}).*For example: --{broker} "):
        endpoint(broker, text, RABBIT)


@pytest.mark.parametrize("login", ["u:s3cret", ":s3cret", "u:s3c/s3cret", "u:s3cret@s3cret", "u%3A:s3cret"])
def test_a_password_in_an_address_is_refused_names_the_variable_and_is_never_repeated(login: str) -> None:
    for broker, text in (("redis", "rediss://"), ("rabbitmq", "amqp://"), ("kafka", "kafka://"), ("kafka", "")):
        with pytest.raises(AddressError, match=f"LABS_{broker.upper()}_PASSWORD") as caught:
            endpoint(broker, f"{text}{login}@far.example:1", {})
        assert "s3c" not in str(caught.value)


def test_logins_and_files_come_from_the_environment() -> None:
    env = {"LABS_KAFKA_USER": "u", "LABS_KAFKA_PASSWORD": "s3cret", "LABS_KAFKA_SASL": "SCRAM-SHA-512"}
    one = endpoint("kafka", "kafka+ssl://far.example:1", env | {"LABS_TLS_CA": "a", "LABS_TLS_CERT": "b"})
    assert (one.username, one.password, one.sasl) == ("u", "s3cret", "SCRAM-SHA-512")
    assert one.tls == (str(Path.cwd() / "a"), str(Path.cwd() / "b"), "")
    assert "s3cret" not in repr(one)
    assert "s3cret" not in shown(one)
    assert endpoint("redis", "redis://me@far.example", {"LABS_REDIS_PASSWORD": "x"}).username == "me"


@pytest.mark.parametrize(
    ("broker", "env", "said"),
    [
        ("rabbitmq", {}, "Set LABS_RABBITMQ_USER and LABS_RABBITMQ_PASSWORD"),
        ("rabbitmq", {"LABS_RABBITMQ_PASSWORD": "s3cret"}, "Set LABS_RABBITMQ_USER as well"),
        ("redis", {"LABS_REDIS_USER": "u"}, "Set LABS_REDIS_PASSWORD"),
        ("kafka", {"LABS_KAFKA_SASL": "GSSAPI"}, "Set one of PLAIN, SCRAM"),
        ("kafka", {"LABS_TLS_KEY": "k"}, "LABS_TLS_CERT is not"),
    ],
)
def test_half_a_login_is_refused_with_the_variable_to_set(broker: str, env: dict[str, str], said: str) -> None:
    scheme = {"kafka": "kafka+ssl"}.get(broker, next(iter(urls.SCHEMES[broker])))
    with pytest.raises(AddressError, match=said) as caught:
        endpoint(broker, f"{scheme}://far.example:1", env)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("broker", "text", "url"),
    [
        ("redis", "redis://far.example", "redis://u%2F:p%40ss@far.example:6379"),
        ("redis", "rediss://[::1]:7", "rediss://u%2F:p%40ss@[::1]:7"),
        ("rabbitmq", "amqp://far.example?stream=5551", "amqp://u%2F:p%40ss@far.example:5672/%2F"),
        ("rabbitmq", "amqps://far.example/a%2Fb", "amqps://u%2F:p%40ss@far.example:5671/a%2Fb"),
        ("kafka", "kafka+ssl://one:1,two:2", "one:1,two:2"),
    ],
)
def test_a_client_is_given_an_address_that_it_takes_as_it_is(broker: str, text: str, url: str) -> None:
    names = (f"LABS_{broker.upper()}_USER", f"LABS_{broker.upper()}_PASSWORD")
    one = endpoint(broker, text, dict(zip(names, ("u/", "p@ss"), strict=True)))
    assert client_url(one, with_password=True) == url
    assert client_url(one) == url.replace(":p%40ss", "")


def test_what_would_break_a_broker_of_the_users_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABS_REDIS_URL", "redis://far.example")
    yours.spare("kafka", "breaking kafka")
    with pytest.raises(StackError, match=r"breaking redis: LABS_REDIS_URL .* of yours.*unset LABS_REDIS_URL"):
        yours.spare("redis", "breaking redis")


def test_an_address_given_to_one_command_is_gone_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LABS_REDIS_URL", raising=False)
    monkeypatch.setenv("LABS_KAFKA_URL", "mine.example:9092")
    given = ["run", "passport", "--dry-run", "--redis", "redis://127.0.0.1:1", "--kafka", "127.0.0.1:1"]
    CliRunner().invoke(main, given)
    assert "LABS_REDIS_URL" not in os.environ
    assert os.environ["LABS_KAFKA_URL"] == "mine.example:9092"
