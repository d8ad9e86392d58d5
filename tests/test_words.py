"""The dictionaries that close the chapters of the three brokers: each word has what comes nearest in both others and a
proof; what a page shows is the function that the tests run on a real broker, and it leaves nothing there."""

from __future__ import annotations

import ast
import contextlib
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from kafka.errors import UnknownTopicOrPartitionError

from labs.brokers import journal
from labs.brokers.kafka import admin as kafka_admin
from labs.brokers.kafka.client import Site
from labs.brokers.rabbitmq import management
from labs.brokers.redis.admin import client
from labs.brokers.redis.settings import SET_HERE
from labs.model.endpoint import Endpoint, RefusedError
from labs.model.paths import PROJECT
from labs.model.text import BROKER_NAMES
from labs.pages import client_code
from labs.pages.client_code import CodeError
from labs.pages.glue import number
from labs.scenarios import words
from labs.scenarios.words.__main__ import main
from labs.stack import mending

PAGES = {"rabbitmq": "04-8-words-of-rabbitmq", "kafka": "05-8-words-of-kafka", "redis": "06-8-words-of-redis"}
LAST = {"rabbitmq": "04-9-what-we-know", "kafka": "05-9-what-we-know", "redis": "06-9-what-we-know"}
MAKERS = {"www.rabbitmq.com", "kafka.apache.org", "redis.io"}
PROOFS = [pytest.param(broker, proof, id=f"{broker}-{proof.__name__}")
          for broker in PAGES for proof in words.words_of(broker).PROOFS]  # fmt: skip
SHOWN = re.compile(r"(?m)^```\{client-code\} (\S+) (\w+)\n((?:^:\w+:.*\n)*)```$")
each_broker = pytest.mark.parametrize("broker", PAGES)


def page(stem: str) -> str:
    return (PROJECT / "book" / f"{stem}.md").read_text("utf-8")


def entries(broker: str) -> dict[str, str]:
    """Word -> what the page says of it."""
    _, *found = re.split(r"(?m)^## ", page(PAGES[broker]))
    return {one.partition("\n")[0]: one.partition("\n")[2] for one in found}


@each_broker
def test_each_word_is_explained_then_set_beside_both_others_and_proved(broker: str) -> None:
    others = [name for one, name in BROKER_NAMES.items() if one in PAGES and one != broker]
    assert 10 <= len(entries(broker)) <= 14
    for word, text in entries(broker).items():
        blocks = [one for one in text.strip().split("\n\n") if one]
        heads = [re.match(r"\*\*(\w+)\*\*: ", one) for one in blocks]
        assert sorted(head[1] for head in heads if head) == sorted(others), word
        assert heads[0] is None, f"{word}: it is not said what it is"
        assert "](https://" in blocks[0], f"{word}: who says so?"
        assert SHOWN.fullmatch(blocks[-1]), f"{word}: its proof is not shown last"
        assert len(blocks) == 4, word


@each_broker
def test_a_page_shows_every_proof_of_its_broker_and_none_twice(broker: str) -> None:
    own = f"labs/scenarios/words/{broker}.py"
    shown = [(file, of) for file, of, _ in SHOWN.findall(page(PAGES[broker]))]
    assert [of for file, of in shown if file == own] == [one.__name__ for one in words.words_of(broker).PROOFS]
    # kafka-python cannot join a share group: those lines are run by the lab of chapter 5.
    elsewhere = [("labs/scenarios/groups/members.py", "in_share_group")] if broker == "kafka" else []
    assert [one for one in shown if one[0] != own] == elsewhere


def test_the_lines_of_the_share_group_are_those_that_its_lab_shows_as_well() -> None:
    [(file, of, cut)] = [one for one in SHOWN.findall(page(PAGES["kafka"])) if one[1] == "in_share_group"]
    begins, ends = re.findall(r"(?m)^:\w+: (.*)$", cut)
    lines = client_code.proof(file, of, begins, ends).text.splitlines()
    tabs = "\n".join(tab.text for tab in client_code.tabs("log-group-share"))
    assert len(lines) >= 4
    assert [line for line in lines if line.strip() not in tabs] == []


@pytest.mark.parametrize(("broker", "proof"), PROOFS)
def test_a_proof_is_a_few_lines_that_assert_and_stand_in_the_file_that_is_run(broker: str, proof: words.Proof) -> None:
    file = f"labs/scenarios/words/{broker}.py"
    text = client_code.proof(file, proof.__name__).text
    there = {line.strip() for line in (PROJECT / file).read_text("utf-8").splitlines()}
    assert {line.strip() for line in text.splitlines()} <= there
    body = ast.parse(text).body
    assert 2 <= len(text.splitlines()) <= client_code.MOST_OF_PROOF
    assert not isinstance(body[0], ast.Expr) or not isinstance(body[0].value, ast.Constant), "the docstring is shown"
    assert any(isinstance(one, ast.Assert) for node in body for one in ast.walk(node)), "it cannot fail"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("labs/scenarios/words/gone.py", "key"), "there is no file"),
        (("labs/scenarios/words/redis.py", "gone"), "has no gone. There are: stage, names, key"),
        (("labs/scenarios/words/redis.py", "lmove", "gone ="), "has no line with 'gone ='"),
        (("labs/scenarios/groups/members.py", "in_share_group"), "lines: 10 are a proof that is read"),
    ],
)
def test_a_proof_that_cannot_be_shown_is_refused_with_its_place(given: tuple[str, ...], said: str) -> None:
    with pytest.raises(CodeError, match=re.escape(said)):
        client_code.proof(*given)


@each_broker
def test_what_no_proof_shows_leads_to_its_maker_or_to_a_page_of_ours(broker: str) -> None:
    links = re.findall(r"\]\(([^)]+)\)", page(PAGES[broker]))
    assert {urlsplit(one).hostname for one in links if "://" in one} == MAKERS
    ours = [one.partition("#")[0] for one in links if "://" not in one]
    assert [one for one in ours if not (PROJECT / "book" / one).is_file()] == []


def test_a_call_that_is_not_refused_and_what_never_comes_are_not_taken_for_true(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(words, "SOON_S", 0.1)
    assert words.refused(ValueError, int, "7") == ""
    assert "invalid literal" in words.refused(ValueError, int, "seven")
    with pytest.raises(ZeroDivisionError):
        words.refused(ValueError, lambda: 1 / 0)
    assert not words.soon(lambda: False)
    looks = iter([0, 0, 1])
    assert words.soon(lambda: next(looks))


def test_the_command_that_a_page_shows_says_which_brokers_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    for broker, stem in PAGES.items():
        assert f".venv/bin/python -m labs.scenarios.words {broker}\n" in page(stem)
    assert main(["reddis"]) == 2
    assert "redis" in capsys.readouterr().err


WHEN_NOT = {
    "read-it-again mode=rabbitmq-queue again": "0",
    "read-it-again mode=rabbitmq-all again": number("read-it-again mode=rabbitmq-all published"),
    "loss-matrix rabbitmq-confirms power loss": "all .*",
    "loss-matrix rabbitmq-quorum power loss": "none .*",
    "loss-matrix kafka-acks-all power loss": "all .*",
    "loss-matrix kafka-flush power loss": "none .*",
    "log-group-share way=group size=1x4 trouble=none busy": "1",
    "log-group-share way=group size=1x4 trouble=failing passed": "0",
    "redis-forgets redis-list-rdb kill loss": "all .*",
    "redis-forgets redis-list-always kill loss": "none .*",
    "redis-forgets redis-list-always power loss": "none .*",
    "four-queues way=pubsub was_offline": "0 of .*",
}
"""What a sentence under *When not to use it* takes for granted of the figure in it."""


@pytest.mark.parametrize("asked", WHEN_NOT)
def test_when_not_to_use_a_broker_is_what_the_recorded_runs_show(asked: str) -> None:
    said = number(asked).replace("\u00a0", " ")
    assert any(f"{{run}}`{asked}`" in page(stem) for stem in LAST.values()), "no page says so any more"
    assert re.fullmatch(WHEN_NOT[asked], said), said


@each_broker
def test_every_sentence_that_advises_against_a_broker_has_a_figure_of_a_run(broker: str) -> None:
    text = page(LAST[broker]).partition("## When not to use it\n")[2].partition("\n## ")[0]
    items = re.split(r"(?m)^- ", text)[1:]
    assert 3 <= len(items) <= 5
    for item in items:
        assert item.startswith("**")
        assert "{run}`" in item, "who says so?"
    first = page(LAST[broker].replace("9-what-we-know", "0-the-question"))
    assert f"({LAST[broker]}.md#when-not-to-use-it)" in first


Left = Callable[[Endpoint], object]


def left_on_redis(endpoint: Endpoint) -> object:
    with contextlib.closing(client(endpoint)) as link:
        return sorted(link.scan_iter("labs-word-*")), link.config_get(*SET_HERE)


def left_on_rabbitmq(endpoint: Endpoint) -> object:
    found = [one["name"] for kind in ("queues", "exchanges") for one in management.ask(endpoint, "GET", kind)]
    return [one for one in found if one.startswith("labs-word-")]


def left_on_kafka(endpoint: Endpoint) -> object:
    from kafka.admin import KafkaAdminClient

    with contextlib.closing(KafkaAdminClient(**Site(endpoint).config)) as admin:
        found = [*admin.list_topics(), *(str(one["group_id"]) for one in admin.list_groups())]
    return [one for one in found if one.startswith("labs-word-")]


LEFT: dict[str, Left] = {"redis": left_on_redis, "rabbitmq": left_on_rabbitmq, "kafka": left_on_kafka}
native = pytest.mark.parametrize("endpoints", ["native"], indirect=True)


@pytest.mark.broker
@native
@pytest.mark.parametrize(("broker", "proof"), PROOFS)
def test_a_proof_is_right_on_a_real_broker_and_leaves_nothing_there(
    broker: str, proof: words.Proof, endpoints: dict[str, Endpoint]
) -> None:
    endpoint = endpoints[broker]
    before, noted = LEFT[broker](endpoint), len(journal.entries())
    words.prove(endpoint, proof)
    assert LEFT[broker](endpoint) == before
    assert len(journal.entries()) == noted


class Late:
    """Kafka's admin client as it is on a busy machine: what is deleted is listed for some looks more."""

    def __init__(self, looks: int) -> None:
        self.looks, self.deleted = looks, list[str]()

    def list_topics(self) -> list[str]:
        self.looks -= 1
        return ["labs-word-1", "labs-word-1-wide", "theirs"] if self.looks >= 0 else ["theirs"]

    def delete_topics(self, topics: list[str], timeout_ms: int) -> None:
        if topics[0] in self.deleted:
            raise UnknownTopicOrPartitionError
        self.deleted += topics


def test_who_deletes_topics_of_kafka_waits_until_none_is_listed_and_says_so_where_that_never_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names, late = ["labs-word-1", "labs-word-1-wide", "labs-word-1-set"], Late(looks=3)
    kafka_admin._delete_topics(late, names)
    assert late.deleted == names[:2]
    assert late.looks == -1, "it did not look until they were gone"
    monkeypatch.setattr(kafka_admin, "GONE_S", 0.1)
    with pytest.raises(RefusedError, match="lists the topics labs-word-1, labs-word-1-wide"):
        kafka_admin._delete_topics(Late(looks=1000), names)


@pytest.mark.broker
@native
def test_a_word_that_means_something_else_fails_its_proof_and_leaves_nothing(endpoints: dict[str, Endpoint]) -> None:
    def append_only_file(link: Any, name: str) -> None:
        link.set(name, "written")
        assert link.config_get("appendonly") == {"appendonly": "yes"}, "the proof's settings are not in force"
        assert link.get(name) == "never written"

    before = left_on_redis(endpoints["redis"])
    with pytest.raises(AssertionError, match="never written"):
        words.prove(endpoints["redis"], append_only_file)
    assert left_on_redis(endpoints["redis"]) == before


@pytest.mark.broker
@native
def test_a_proof_that_would_set_a_broker_of_the_readers_is_refused_before_anything_is_made(
    endpoints: dict[str, Endpoint],
) -> None:
    theirs, before = replace(endpoints["redis"], backend="given"), left_on_redis(endpoints["redis"])
    with pytest.raises(RefusedError, match=r"yours and is not changed\. This proof needs it to have maxmemory-policy"):
        words.prove(theirs, next(one for one in words.words_of("redis").PROOFS if one.__name__ == "eviction"))
    assert left_on_redis(endpoints["redis"]) == before


KILLED = """
import os, signal
from labs import stack
from labs.scenarios.words import prove
def append_only_file(link, name):
    link.set(name, "made"), print(name, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
with stack.session(("redis",), "native", report=lambda _line: None) as found:
    prove(found["redis"], append_only_file)
"""


@pytest.mark.broker
@native
def test_what_a_killed_proof_left_and_had_set_is_put_right_by_the_next_command(endpoints: dict[str, Endpoint]) -> None:
    before = left_on_redis(endpoints["redis"])
    done = subprocess.run([sys.executable, "-c", KILLED], cwd=PROJECT, capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("labs-word-"), done.stderr
    assert left_on_redis(endpoints["redis"]) != before, "nothing was left: this tests nothing"
    mending.mend(lambda _line: None)
    assert left_on_redis(endpoints["redis"]) == before
