"""Brokers that let in only who shows a certificate, a virtual host with a slash in its name, a first server that is
down: every lane, and an error of its own for each way to be turned away."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from labs.brokers import on_lane, open_broker, open_consumer
from labs.brokers.connection import SecureError
from labs.brokers.rabbitmq.fast import stream_wire, wire
from labs.model.carriers import CARRIERS
from labs.model.endpoint import Address, Endpoint, RefusedError, UnreachableError
from labs.model.profile import profile
from labs.scenarios.calls.conductor import run as run_calls
from labs.scenarios.calls.judge import judge
from labs.scenarios.calls.plan import Plan
from labs.stack.external import yours
from labs.stack.external.urls import endpoint
from tests.conftest import free_port
from tests.secured import BROKERS, LANES, VHOST, Secured, mutual
from tests.talking import bodies_of, collect, publish_all

pytestmark = [pytest.mark.broker, pytest.mark.long]
ENCODED = VHOST.replace("/", "%2F")


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Secured]]:
    with mutual(tmp_path_factory.mktemp("mutual")) as found:
        yield found


def goes_round(here: Endpoint, name: str) -> None:
    """Three thousand messages under a profile on a lane, `lane:profile`."""
    lane, _, plain = name.partition(":")
    using, sent = on_lane(profile(plain), lane), [b"%d" % number for number in range(3000)]
    address = Address(here, using, f"labs-test-{uuid4().hex[:12]}")
    with open_broker(here, using, address.name), open_consumer(address) as consumer:
        publish_all(address, sent)
        assert bodies_of(collect(consumer, len(sent))) == sent


@pytest.mark.parametrize("name", LANES)
def test_every_lane_shows_its_certificate_finds_its_vhost_and_passes_over_a_server_that_is_down(
    theirs: dict[str, Secured], name: str
) -> None:
    goes_round(theirs[profile(name.partition(":")[2]).broker].endpoint(), name)


@pytest.mark.parametrize("name", [name for name in LANES if "redis" not in name])
def test_every_lane_does_so_in_the_clear_as_well(theirs: dict[str, Secured], name: str) -> None:
    one = theirs[profile(name.partition(":")[2]).broker]
    where = f"127.0.0.1:{one.plain.port}"
    url = f"kafka://127.0.0.1:{free_port()},{where}"
    if one.broker == "rabbitmq":
        url = f"amqp://{where}/{ENCODED}?stream={one.plain.stream_port}"
    goes_round(endpoint(one.broker, url, one.env), name)


@pytest.mark.parametrize("carrier", ["redis-pair", "rabbitmq-reply", "kafka-reply"])
def test_a_question_and_its_answer_do_so_too(theirs: dict[str, Secured], carrier: str) -> None:
    using = CARRIERS[carrier]
    asked = judge(run_calls(using, theirs[using.broker].endpoint(), Plan(calls=40, callers=2, rate_per_s=100)))
    assert asked["ends"]["answered"] == asked["ends"]["calls"] == 40


@pytest.mark.parametrize("broker", BROKERS)
@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ({"LABS_TLS_CERT": "", "LABS_TLS_KEY": ""}, "turned our TLS down: .*CERTIFICATE_REQUIRED.* set LABS_TLS_CERT"),
        ({"LABS_TLS_CERT": "impostor.crt", "LABS_TLS_KEY": "impostor.key"}, "turned our TLS down: .*impostor.crt: let"),
        ({"LABS_TLS_KEY": "impostor.key"}, "LABS_TLS_CERT names .*client.crt with LABS_TLS_KEY .*impostor.key"),
        ({"LABS_TLS_KEY": ""}, "LABS_TLS_KEY is not set, and LABS_TLS_CERT names .*client.crt"),
        ({"LABS_TLS_CERT": "nowhere.crt"}, "LABS_TLS_CERT names .*nowhere.crt.* cannot be used: .*No such file"),
    ],
)
def test_each_certificate_that_does_not_open_the_door_is_told_by_what_is_wrong_with_it(
    theirs: dict[str, Secured], broker: str, shown: dict[str, str], said: str
) -> None:
    one, began = theirs[broker], time.monotonic()
    folder = Path(one.env["LABS_TLS_CA"]).parent
    with pytest.raises(SecureError, match=said):
        yours.meet(one.endpoint(**{name: str(folder / file) if file else "" for name, file in shown.items()}))
    assert time.monotonic() - began < 5


def test_a_virtual_host_that_is_not_there_is_refused_by_its_name_on_every_wire(theirs: dict[str, Secured]) -> None:
    one = theirs["rabbitmq"]
    here = one.endpoint(one.url.replace(ENCODED, "no%20such"))
    said = "refused the virtual host 'no such' to .*a slash in its name as %2F"
    for ask in (
        lambda: yours.meet(here),
        wire.Wire(here).open,
        stream_wire.Wire(here).open,
    ):
        with pytest.raises(RefusedError, match=said) as caught:
            ask()
        assert here.password not in str(caught.value)


def test_servers_that_are_all_down_are_all_named(theirs: dict[str, Secured]) -> None:
    first, second = free_port(), free_port()
    here = theirs["kafka"].endpoint(f"kafka+ssl://127.0.0.1:{first},127.0.0.1:{second}")
    with pytest.raises(UnreachableError, match=f"127.0.0.1:{first} or 127.0.0.1:{second} does not answer"):
        yours.meet(here)
