"""Our model of routing: what it says of known cases, the same in JavaScript, and held against a running RabbitMQ; a
reader's own lines, refused or declared, and nothing of them left."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from labs import stack
from labs.brokers import journal
from labs.brokers.rabbitmq import management
from labs.experiments import own_topology, routing_examples
from labs.model.endpoint import Endpoint, RefusedError
from labs.model.paths import PROJECT
from labs.pages.bundle import JS
from labs.scenarios.routing import agreement
from labs.scenarios.routing.matching import CASES, DEFAULT, Message, route
from labs.scenarios.routing.puzzles import PUZZLES, events, judge
from labs.scenarios.routing.topology import EXACT, HASHED, HEAVIEST, Topology, TopologyError
from labs.scenarios.routing.written import LIKE, MOST, messages, publish_line, read, topology, write
from labs.stack import mending, native
from labs.stack.containers import compose

DENO = str(Path(sys.executable).with_name("deno"))
HASH = """exchange in topic otherwise two
exchange two x-consistent-hash
exchange shard x-consistent-hash
exchange one x-consistent-hash
exchange none x-consistent-hash otherwise one
queue a
queue b
queue c
bind in -> shard: user.#
bind in -> c: #.copy
bind shard -> a: 1
bind shard -> b: +3
bind two -> b: 2
bind two -> a: 1
bind one -> c: 100
bind in -> two: both
bind in -> shard: both
publish in: user.1
publish in: user.1.copy
publish in: both
publish in: else
publish one: x
publish none: x
publish default: a"""
ROUTES = """
import { route } from "MODEL/model.mjs";
import worlds from "./worlds.json" with { type: "json" };
const places = (set) => [...set].sort();
console.log(JSON.stringify(worlds.map(([topology, messages]) => messages.map((one) => {
  const { queues, over, otherwise, either, one_of } = route(topology, one), numbers = (a, b) => a - b;
  const ways = [[...over].sort(numbers), [...either].sort(numbers)];
  return [places(queues), ...ways, places(otherwise), one_of.map(places).sort()];
}))));
"""
READS = """
import { read, Refusal } from "MODEL/written.mjs";
import texts from "./texts.json" with { type: "json" };
console.log(JSON.stringify(texts.map((text) => {
  try {
    return read(text);
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
})));
"""
GRADES = """
import { grade, needed } from "MODEL/grade.mjs";
import { read } from "MODEL/written.mjs";
import known from "./known.json" with { type: "json" };
console.log(JSON.stringify(known.puzzles.map((one) => known.tries.map(([how]) => {
  const { topology } = read(one[how]);
  needed(one, topology);
  return grade(one, known.hidden, topology);
}))));
"""


def asked(folder: Path, script: str, **given: Any) -> Any:
    """What the script says, with each of `given` as a JSON file beside it."""
    for name, content in given.items():
        (folder / f"{name}.json").write_text(json.dumps(content), "utf-8")
    (folder / "ask.mjs").write_text(script.replace("MODEL", f"{JS.as_uri()}/routing"), "utf-8")
    done = subprocess.run(
        [DENO, "run", "--quiet", "--no-remote", "ask.mjs"], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def plain(found: Topology) -> Any:
    """A topology as JavaScript has it."""
    bindings = [asdict(one) | {"headers": list(map(list, one.headers.items()))} for one in found.bindings]
    return {"exchanges": [asdict(one) for one in found.exchanges], "queues": list(found.queues), "bindings": bindings}


def plain_message(one: Message) -> Any:
    return asdict(one) | {"headers": list(map(list, one.headers.items()))}


def reached(text: str, message: str) -> set[str]:
    """The queues in which the model puts a message, by their lines."""
    lines = read(f"{text}\npublish {message}")
    return set(route(topology(lines), messages(lines)[0]).queues)


@pytest.mark.parametrize(
    ("pattern", "key", "takes"),
    [
        ("*.order.*", "eu.order.created", True),
        ("*.order.*", "eu.order.created.late", False),
        ("*.order.#", "eu.order", True),
        ("eu.#.late", "eu.late", True),
        ("#.#", "", True),
        ("#", "", True),
        ("*", "", False),
        ("", "", True),
        ("a.*", "a.", True),
        ("a", "a.", False),
        ("#.a.#.b", "a.b.a.c.b", True),
        ("#.a.#.b", "b.a", False),
        ("a.b", "a.*", False),
        ("*", "#", True),
    ],
)
def test_a_star_takes_one_word_a_hash_any_number_and_an_empty_key_has_none(pattern: str, key: str, takes: bool) -> None:
    assert reached(f"exchange in topic\nqueue q\nbind in -> q: {pattern}", f"in: {key}") == ({"q"} if takes else set())


@pytest.mark.parametrize(
    ("match", "headers", "takes"),
    [
        ("any a=1 b=2", "a=1", True),
        ("all a=1 b=2", "a=1", False),
        ("all a=1 b=2", "a=1 b=2 c=3", True),
        ("a=1 b=2", "b=2 a=1", True),
        ("any a=1 b=2", "a=2 b=1", False),
        ("all x-a=1", "b=2", True),
        ("any x-a=1", "x-a=1", False),
        ("any-with-x x-a=1", "x-a=1", True),
        ("all-with-x x-a=1 b=2", "b=2", False),
    ],
)
def test_headers_match_by_any_or_all_and_those_that_begin_with_x_only_where_the_binding_says_so(
    match: str, headers: str, takes: bool
) -> None:
    found = reached(f"exchange in headers\nqueue q\nbind in -> q: {match}", f"in: {headers}")
    assert found == ({"q"} if takes else set())


@pytest.mark.parametrize(
    ("text", "message", "there"),
    [
        ("exchange in direct\nbind in -> q: a\nbind in -> r: b", "in: a", {"q"}),
        ("exchange in fanout\nbind in -> q: a\nbind in -> r: b", "in: c", {"q", "r"}),
        ("exchange in direct otherwise up\nexchange up fanout\nbind in -> q: a\nbind up -> r", "in: a", {"q"}),
        ("exchange in direct otherwise up\nexchange up fanout\nbind in -> q: a\nbind up -> r", "in: b", {"r"}),
        # an exchange that leads nowhere is somewhere, so the alternate gets nothing
        (
            "exchange in fanout otherwise up\nexchange e topic\nexchange up fanout\nbind in -> e\nbind up -> q",
            "in: a",
            set(),
        ),
        ("exchange in fanout\nexchange e topic\nbind in -> e\nbind e -> in: #\nbind e -> q: a.#", "in: a.b", {"q"}),
        ("exchange in direct otherwise in", "in: a", set()),
        ("exchange in topic", "default: q", {"q"}),
        ("exchange in topic\nbind in -> q: #", "default: nowhere", set()),
    ],
)
def test_a_message_goes_by_type_by_alternate_and_once_around_a_circle(text: str, message: str, there: set[str]) -> None:
    assert reached(f"queue q\nqueue r\n{text}", message) == there


@pytest.mark.parametrize("how", routing_examples.TRIES)
@pytest.mark.parametrize("name", PUZZLES)
def test_the_model_does_with_each_puzzle_what_the_recorded_broker_did(name: str, how: str) -> None:
    from labs.pages.recordings import recorded

    file = recorded("routing-puzzles")
    assert file
    [digest] = [
        one for one in file.digests if (one.settings["puzzle"], one.settings["topology"]) == (name, how)
    ]  # fmt: skip
    found = PUZZLES[name].topology(how)
    for repeat in digest.repeats:
        ways = [route(found, Message("in", one.key, one.headers)) for one in events(repeat["seed"])]
        assert own_topology.predicted(found.queues, ways) == repeat["arrived"]


def test_javascript_routes_as_python_does_and_over_the_same_bindings(tmp_path: Path) -> None:
    worlds = [*agreement.worlds(), (topology(read(HASH)), messages(read(HASH)))]
    given = [[plain(found), [plain_message(one) for one in sent]] for found, sent in worlds]
    said = asked(tmp_path, ROUTES, worlds=given)
    ways = [[route(found, one) for one in sent] for found, sent in worlds]
    assert said == [
        [
            [
                sorted(one.queues), sorted(one.over), sorted(one.either), sorted(one.otherwise),
                sorted(map(sorted, one.one_of)),
            ]
            for one in all_
        ]
        for all_ in ways
    ]  # fmt: skip
    assert sum(map(len, said[:-1])) == CASES
    assert {kind for found, _ in worlds[:-1] for kind in {one.type for one in found.exchanges}} == set(EXACT)
    assert HASHED in {one.type for one in worlds[-1][0].exchanges}
    reached_some = sum(bool(one.queues) for all_ in ways for one in all_)
    assert CASES / 5 < reached_some < CASES * 4 / 5, "cases that all end alike would show nothing"


WEIGHS = f"a binding of an {HASHED} exchange takes a weight as its key, a whole number from 1 to {HEAVIEST}"
BAD = {
    "bnd in -> q": "line 1: 'bnd' begins no line; begin with one of exchange, queue, bind, publish",
    "exchange in": f"line 1: that is not understood; it is written like: {LIKE['exchange']}",
    "\n\nbind in q": f"line 3: that is not understood; it is written like: {LIKE['bind']}",
    "publish in": f"line 1: that is not understood; it is written like: {LIKE['publish']}",
    "exchange in topics":
        "exchange 'in': there is no type 'topics'; take direct, topic, fanout, headers, x-consistent-hash",
    **{
        f"exchange in x-consistent-hash\nqueue q\nbind in -> q: {weight}": f"binding in → q{said}: {WEIGHS}"
        for weight, said in (("", ""), *((one, f" ({one})") for one in ("many", "0", "-1", "1.5", "٣", "101")))
    },
    "exchange in x-consistent-hash\nqueue q\nbind in -> q: a=1":
        "binding in → q (all of a=1): an x-consistent-hash exchange looks at the routing key and at no header",
    "exchange in x-consistent-hash\nexchange e topic\nbind in -> e: 1":
        "binding in → e (1): our model follows an x-consistent-hash exchange to queues only",
    "exchange in x-consistent-hash\nqueue q\nbind in -> q: 1\nbind in -> q: 2":
        "binding in → q (2): 'q' has a weight, and RabbitMQ keeps the first",
    "exchange in topic\nexchange in direct":
        "line 2: exchange 'in' is another one in line 1, and RabbitMQ changes none that is there",
    "exchange default topic": "line 1: 'default' is the exchange that every RabbitMQ has; give yours another name",
    "queue default": "line 1: 'default' is the exchange that every RabbitMQ has; give yours another name",
    "exchange in topic\nqueue in": "line 2: 'in' is an exchange, too; give one of them another name",
    "exchange in topic\nbind in -> q: a": "binding in → q (a): there is no queue 'q' to bind to",
    "queue q\nbind in -> q: a": "binding in → q (a): there is no exchange 'in' to bind from",
    "queue q\nbind default -> q": "binding default → q: there is no exchange 'default' to bind from",
    "exchange in topic\nqueue q\nbind in -> q: a=1":
        "binding in → q (all of a=1): a topic exchange looks at the routing key and at no header",
    "exchange in headers\nqueue q\nbind in -> q: any a":
        "line 3: 'a' is no header; a header is written like: kind=order",
    "exchange in headers\nqueue q\nbind in -> q: a":
        "binding in → q (a): a headers exchange takes everything by a binding without headers",
    "exchange in topic otherwise up":
        "exchange 'in': its alternate exchange 'up' is not declared, and RabbitMQ would drop what it should get",
    "publish up: a": "line 1: there is no exchange 'up' to publish to",
    "exchange in topic\npublish in: a CC=b":
        "line 2: RabbitMQ looks for more keys in the header 'CC'; take another name",
    f"exchange in topic\npublish in: {'a' * 201}": "line 2: a key has 200 bytes at most",
    "exchange in topic\nqueue q\nbind in -> q: #.a.#.#":
        "binding in → q (#.a.#.#): RabbitMQ 4.3 takes 2 # in a key at most",
    f"queue {'q' * 201}": f"queue '{'q' * 20}'...: a name has 200 bytes at most",
    f"exchange in topic\nqueue q\nbind in -> q: {'ä' * 101}": "binding in → q: a key has 200 bytes at most",
    f"publish in: {'n' * 201}=1": "line 1: the name of a header has 200 bytes at most",
    "\n".join(f"queue q{at}" for at in range(MOST["queue"] + 1)):
        f"line {MOST['queue'] + 1}: more than {MOST['queue']} lines of 'queue' are not taken",
}  # fmt: skip
GOOD = [
    "",
    "# nothing yet",
    "  exchange\tin  topic  otherwise up\r\nexchange up fanout\n\n# word\nqueue q\nqueue q\nbind in->q:#\nbind up -> q",
    "exchange in headers\nqueue <b>&\nbind in -> <b>&: any-with-x x-a=1 b=\npublish in: b=x=y",
    HASH,
    "exchange e fanout\nexchange in topic\nbind in -> e\npublish in:\npublish default: q k=v\npublish in: *.#.ä k=v",
    *(write(one.topology(how)) for one in PUZZLES.values() for how in routing_examples.TRIES),
]


def test_lines_are_read_alike_and_refused_in_the_same_words_by_python_and_javascript(tmp_path: Path) -> None:
    said = asked(tmp_path, READS, texts=[*BAD, *GOOD])
    for text, found in zip([*BAD, *GOOD], said, strict=True):
        try:
            lines = read(text)
            mine: Any = {
                "topology": plain(topology(lines)), "messages": [plain_message(one) for one in messages(lines)],
            }  # fmt: skip
        except TopologyError as error:
            mine = str(error)
        assert found == mine, text
        assert (text in BAD) == isinstance(mine, str), text
        if text in BAD:
            assert mine == BAD[text]


def test_what_is_written_is_read_again_as_the_same() -> None:
    for one in PUZZLES.values():
        for found in (one.first, one.solved):
            again = topology(read(write(found)))
            assert (again.exchanges, again.queues, again.bindings) == (found.exchanges, found.queues, found.bindings)
    for sent in (Message("in", "a.b", {"k": "v"}), Message(DEFAULT, "q"), Message("in", "", {"k": ""})):
        [line] = read(f"{publish_line(sent)}")
        assert line.said == sent


def test_on_the_page_each_solution_is_right_and_each_first_try_is_told_what_is_wrong(tmp_path: Path) -> None:
    said = asked(tmp_path, GRADES, known=routing_examples.known())
    sent = events(routing_examples.HIDDEN)
    for puzzle, (first, solved) in zip(PUZZLES.values(), said, strict=True):
        ways = [route(puzzle.first, Message("in", one.key, one.headers)) for one in sent]
        became = judge(puzzle, sent, own_topology.predicted(puzzle.first.queues, ways))  # type: ignore[arg-type]
        assert solved == f"Right, by our model: all {became.wanted} deliveries that are wanted, and nothing else."
        assert first.startswith("Not yet, by our model: ")
        missing = f"{len(became.missing)} of {became.wanted} wanted deliveries are missing"
        assert (missing in first) == bool(became.missing)
        assert (f"{len(became.stray)} too many" in first) == bool(became.stray)


def test_a_message_that_the_broker_puts_elsewhere_than_the_model_is_named() -> None:
    assert own_topology.compared({"q": [0], "r": []}, {"q": [0], "r": []}).endswith("its own: 1 delivery.")
    told = own_topology.compared({"q": [0], "r": [1]}, {"q": [], "r": [1, 2]})
    assert told == "RabbitMQ and our model differ: message 1 does not lie in q; message 3 lies in r"


def test_the_plug_in_of_the_hash_is_on_natively_and_in_a_container_by_one_and_the_same_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABS_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(native, "system", lambda broker: Path("/usr/sbin") / f"{broker}-server")
    names = ("rabbitmq", *(f"rabbitmq-{one}" for one in ("admin", "prometheus", "stream", "dist")), "epmd")
    place = native.Place(dict.fromkeys(names, 1), tmp_path / "run", tmp_path / "data")
    native.prepare(place)
    told = Path(native._rabbitmq(place, {}).env["RABBITMQ_ENABLED_PLUGINS_FILE"]).resolve()
    asked = yaml.safe_load((PROJECT / "docker-compose.yml").read_text("utf-8"))["services"]["rabbitmq"]["volumes"]
    [mounted] = [one for one in asked if one.endswith(":/etc/rabbitmq/enabled_plugins:ro")]
    inside = mounted.partition("}/")[2].partition(":")[0]
    assert mounted.startswith("${LABS_CONFIG:-./labs/stack/config}/")
    assert told == (PROJECT / "labs/stack/config" / inside) == compose.CONFIG / inside
    assert "rabbitmq_consistent_hash_exchange" in told.read_text("utf-8")


def test_of_what_a_hash_chooses_the_model_says_one_of_these_and_not_which() -> None:
    lines = read(HASH)
    found = topology(lines)
    ways = [route(found, one) for one in messages(lines)]
    groups = [sorted(map(sorted, one.one_of)) for one in ways]
    assert groups == [[["a", "b"]], [["a", "b"]], [["a", "b"]] * 2, [["a", "b"]], [], [], []]
    assert [sorted(one.queues) for one in ways] == [[], ["c"], [], [], ["c"], ["c"], ["a"]]
    assert own_topology.paths(found, ways)[2] == "shard → a (1): perhaps 1, perhaps 2, perhaps 3"
    drawn = own_topology.picture(found.queues, messages(lines), own_topology.predicted(found.queues, ways), "m",
                                 own_topology.chosen(ways))  # fmt: skip
    assert drawn
    assert drawn.title == "7 messages, none in no queue"
    assert [drawn.cells["2. in: user.1.copy", name].says for name in "abc"] == ["one of these", "one of these", "there"]


@pytest.mark.parametrize(
    ("there", "says"),
    [
        ({"a": [0], "b": [], "c": []}, "1 delivery. Which queue a hash chose, only RabbitMQ knew."),
        ({"a": [], "b": [0], "c": []}, "1 delivery. Which queue a hash chose, only RabbitMQ knew."),
        ({"a": [], "b": [], "c": []}, "differ: message 1 lies in none of a, b"),
        ({"a": [0], "b": [0], "c": []}, "differ: message 1 lies in a; message 1 lies in b"),
        ({"a": [0], "b": [], "c": [0]}, "differ: message 1 lies in a; message 1 lies in c"),
    ],
)
def test_a_message_that_lies_in_none_or_two_of_the_queues_of_a_hash_is_named(
    there: dict[str, list[int]], says: str
) -> None:
    said: dict[str, list[int]] = {name: [] for name in there}
    assert own_topology.compared(said, there, [(0, frozenset("ab"))]).endswith(says)


def test_a_puzzle_that_a_hash_would_route_is_not_graded_by_the_model(tmp_path: Path) -> None:
    known = routing_examples.known()
    lines = ["exchange in x-consistent-hash", "queue billing", "queue europe"]
    known["puzzles"][0]["first"] = "\n".join([*lines, "bind in -> billing: 1", "bind in -> europe: 1"])
    assert asked(tmp_path, GRADES, known=known)[0][0] == (
        "Our model cannot say: a hash chooses one of billing, europe. A running RabbitMQ grades it, in the notebook."
    )


def test_without_a_broker_it_is_the_model_that_answers_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LABS_MODE", "recorded")
    picture = own_topology.tried("exchange in topic\nqueue q\nbind in -> q: a\npublish in: a\npublish in: b")
    assert picture
    assert picture.about.under == "Where our model puts them; no broker was asked"
    told = capsys.readouterr().out
    assert told.startswith("Nothing was run here: this cell needs a running RabbitMQ.")
    assert told.endswith("no broker was asked.\nin → q (a): 1\n")
    assert own_topology.tried("exchange in topics") is None
    assert "Refused, and nothing is left: exchange 'in': there is no type 'topics'" in capsys.readouterr().out
    assert own_topology.tried("exchange in topic") is None
    assert capsys.readouterr().out.endswith("There is nothing to draw: it takes a queue and a message.\n")


# ---- on a running broker


@pytest.fixture(scope="module")
def rabbitmq() -> Iterator[Endpoint]:
    with stack.session(("rabbitmq",), report=lambda _line: None) as found:
        yield found["rabbitmq"]


def lying(endpoint: Endpoint) -> list[str]:
    """Queues and exchanges that a topology could have left."""
    found = [one["name"] for what in ("queues", "exchanges") for one in management.ask(endpoint, "GET", what)]
    return [name for name in found if name.startswith("routing-")]


@pytest.mark.broker
def test_a_running_rabbitmq_routes_ten_thousand_random_messages_as_the_model_does(rabbitmq: Endpoint) -> None:
    found = agreement.agree(rabbitmq)
    assert found.cases == CASES
    assert found.otherwise == ()
    assert lying(rabbitmq) == []


@pytest.mark.broker
def test_a_model_in_which_a_hash_never_ends_is_found_out(rabbitmq: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    from labs.scenarios.routing import matching

    monkeypatch.setattr(matching, "_skipping", lambda _pattern, places: places)
    found = agreement.agree(rabbitmq, cases=500)
    assert "the model says [" in found.otherwise[0]
    assert str(found).startswith(f"RabbitMQ and our model agree on {500 - len(found.otherwise)} of 500 random messages")


REFUSED = {
    "exchange in topic\nbind in -> errors: *.error":
        "line 2, 'bind in -> errors: .*': there is nothing of that name: .*: 404 NOT_FOUND - no queue 'errors'",
    "queue q\nbind in -> q: a": "line 2, .* 404 NOT_FOUND - no exchange 'in'",
    "exchange in topic\nexchange logs topics": "line 2, .*: there is no such type of exchange: take direct, topic",
    "exchange in topic\nexchange in direct": "line 2, .*: it is there already with other .* 406 PRECONDITION_FAILED",
    "exchange in topic\nqueue q\nbind in -> q: #.a.#.#":
        "line 3, .*: this RabbitMQ takes fewer # in a key: .* uses 3 '#' wildcards, at most 2 are allowed",
    "queue q\nbind default -> q: a": "line 2, .*: that is RabbitMQ's own, .* 403 ACCESS_REFUSED",
    "exchange in x-consistent-hash\nqueue q\nbind in -> q: many":
        "line 3, .*: the key of such a binding is its weight: a whole number, 1 or more. .* must be an integer",
    "exchange in x-consistent-hash\nqueue q\nbind in -> q: 0": "line 3, .*: the key of such .* must be greater than 0",
    "queue q\npublish default: q\npublish up: a": "line 3, 'publish up: a': .* 404 NOT_FOUND - no exchange 'up'",
}  # fmt: skip


@pytest.mark.broker
@pytest.mark.parametrize(("text", "says"), REFUSED.items())
def test_what_rabbitmq_refuses_is_told_by_its_line_in_plain_words_and_its_own_and_nothing_is_left(
    rabbitmq: Endpoint, text: str, says: str
) -> None:
    from labs.scenarios.routing.own import try_out

    with pytest.raises(RefusedError, match=f"^{says}") as told:
        try_out(rabbitmq, read(text))
    assert "routing-" not in str(told.value)
    assert "\n" not in str(told.value)
    assert lying(rabbitmq) == []
    assert journal.entries() == []


KEYS = 2000


def hashed(*weights: int) -> Topology:
    """One hashed exchange, and queues of these weights."""
    lines = [f"queue q{at}\nbind in -> q{at}: {weight}" for at, weight in enumerate(weights)]
    return topology(read("\n".join([f"exchange in {HASHED}", *lines])))


@pytest.mark.broker
def test_a_hash_puts_a_key_into_the_same_one_of_its_queues_each_time_and_shares_roughly_by_weight(
    rabbitmq: Endpoint,
) -> None:
    found = hashed(1, 3)
    sent = [Message("in", f"user.{at % KEYS}") for at in range(2 * KEYS)]
    there = agreement._on_broker(rabbitmq, found, sent)
    for one, queues in zip(sent, there, strict=True):
        [group] = route(found, one).one_of
        assert len(queues) == 1
        assert queues[0] in group
    assert there[:KEYS] == there[KEYS:], "the same key"
    assert 0.7 < there[:KEYS].count(["q1"]) / KEYS < 0.8
    assert lying(rabbitmq) == []


@pytest.mark.broker
def test_a_second_weight_of_a_queue_changes_nothing(rabbitmq: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    found, sent = hashed(1, 1), [Message("in", f"user.{at}") for at in range(KEYS)]
    again = replace(found.bindings[0], key="50")
    with pytest.raises(TopologyError, match="'q0' has a weight, and RabbitMQ keeps the first"):
        replace(found, bindings=(*found.bindings, again))
    monkeypatch.setattr(Topology, "__post_init__", lambda _: None)
    there = agreement._on_broker(rabbitmq, replace(found, bindings=(*found.bindings, again)), sent)
    assert 0.45 < there.count(["q0"]) / KEYS < 0.55


@pytest.mark.broker
def test_of_a_hash_of_ones_own_the_broker_says_which_queue(
    rabbitmq: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"exchange in {HASHED}\nqueue a\nqueue b\nbind in -> a: 1\nbind in -> b: 1\npublish in: x\npublish in: x"
    picture = own_topology.tried(text)
    assert picture
    first, again = ([picture.cells[f"{at}. in: x", name].state for name in "ab"] for at in (1, 2))
    assert first == again
    assert sorted(first) == ["absent", "yes"]
    assert "RabbitMQ did what our model says: 2 deliveries. Which queue a hash" in capsys.readouterr().out
    assert lying(rabbitmq) == []


OWN = """exchange in topic otherwise rest
exchange rest fanout
exchange round fanout
queue billing
queue <b>&
bind in -> billing: *.order.#
bind in -> round: eu.#
bind round -> in
bind rest -> <b>&
publish in: eu.order.created
publish in: eu.login
publish in: us.login
publish default: billing
publish default: nobody"""


@pytest.mark.broker
def test_a_topology_of_ones_own_is_declared_with_its_circle_and_each_message_is_seen_where_it_lies(
    rabbitmq: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = own_topology.tried(OWN)
    assert picture
    there = {name for name, cell in picture.cells.items() if cell.state == "yes"}
    assert there == {
        ("1. in: eu.order.created", "billing"), ("3. in: us.login", "<b>&"), ("4. default: billing", "billing"),
    }  # fmt: skip
    assert picture.title == "5 messages, 2 in no queue"
    told = capsys.readouterr().out
    assert "in → round (eu.#): 1, 2\n" in told
    assert "in otherwise rest: 3\n" in told
    assert "RabbitMQ did what our model says, and so the paths above are its own: 3 deliveries." in told
    assert own_topology.tried("exchange in topic\nbind in -> q: a") is None
    assert capsys.readouterr().out.startswith("Refused, and nothing is left: line 2, 'bind in -> q: a': ")
    assert lying(rabbitmq) == []


KILLED = """
import time
from labs import stack
from labs.brokers.rabbitmq.client import blocking_channel
from labs.scenarios.routing.puzzles import PUZZLES
from labs.scenarios.routing.running import declare, own_names

topology = PUZZLES["audit"].solved
with stack.session(("rabbitmq",), report=lambda _line: None) as found, blocking_channel(found["rabbitmq"]) as channel:
    with own_names(found["rabbitmq"], topology.queues, [one.name for one in topology.exchanges]) as named:
        declare(channel, topology, named)
        print("declared", flush=True)
        time.sleep(60)
"""


@pytest.mark.broker
def test_what_a_killed_run_had_declared_is_gone_with_the_next_command(rabbitmq: Endpoint) -> None:
    child = subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout
        assert child.stdout.readline() == "declared\n"
        assert len(lying(rabbitmq)) == 4
    finally:
        child.kill()
        child.wait()
    mending.mend(lambda _line: None)
    assert lying(rabbitmq) == []
    assert journal.entries() == []
