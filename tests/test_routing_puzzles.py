"""The routing puzzles: what is wrong with a topology is said before a broker sees it, planted deliveries are judged as
they are, and a running RabbitMQ does with the solutions what the puzzles want and leaves nothing behind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from labs import stack
from labs.brokers import journal
from labs.brokers.rabbitmq.admin import undo
from labs.brokers.rabbitmq.client import blocking_channel
from labs.experiments import experiment
from labs.model.endpoint import RefusedError, UnreachableError
from labs.model.observer import UNOBSERVED
from labs.scenarios.routing.attempt import attempt, told
from labs.scenarios.routing.puzzles import PUZZLES, TENANTS, UNKNOWN, events, judge
from labs.scenarios.routing.topology import Binding, Exchange, Topology, TopologyError

IN = Exchange("in", "topic")
LAB = experiment("routing-puzzles")
FOUND = """# as the editor of the page writes it
exchange in topic otherwise rest
exchange rest fanout
queue billing
queue found
bind in -> billing: *.order.#
bind rest -> found
publish in: eu.order.created
"""


def right(name: str, seed: int) -> dict[str, list[int]]:
    """Deliveries as the puzzle wants them."""
    sent = events(seed)
    return {queue: [one.number for one in sent if test(one)] for queue, test in PUZZLES[name].wants.items()}


@pytest.mark.parametrize("name", PUZZLES)
@pytest.mark.parametrize("seed", range(20))
def test_every_round_has_messages_that_each_queue_wants_and_does_not_want(name: str, seed: int) -> None:
    sent = events(seed)
    assert [one.number for one in sent] == list(range(20))
    for queue, numbers in right(name, seed).items():
        assert 1 <= len(numbers) <= (20 if queue == "audit" else 18), queue
    assert len({len(one.words) for one in sent}) == 2
    assert {one.headers["tenant"] for one in sent} == {*TENANTS, UNKNOWN}


@pytest.mark.parametrize("name", PUZZLES)
def test_a_planted_loss_a_stray_and_a_doubled_message_are_each_told_as_what_they_are(name: str) -> None:
    sent, puzzle = events(7), PUZZLES[name]
    assert judge(puzzle, sent, right(name, 7)).solved
    first = next(iter(puzzle.wants))
    lost = right(name, 7)
    gone = lost[first].pop()
    found = judge(puzzle, sent, lost)
    assert (found.missing, found.stray, found.doubled) == (((gone, first),), (), ())
    twice = right(name, 7)
    twice[first].append(twice[first][0])
    found = judge(puzzle, sent, twice)
    assert (found.missing, found.stray, found.doubled) == ((), (), ((twice[first][0], first),))
    assert not found.solved
    stray = right(name, 7)
    unwanted = next(number for number in range(20) if number not in stray[first])
    stray[first].append(unwanted)
    found = judge(puzzle, sent, stray)
    assert (found.missing, found.stray, found.doubled) == ((), ((unwanted, first),), ())
    assert "1 too many, for example" in told(found, sent)
    assert judge(puzzle, sent, {}).nowhere == tuple(range(20))


@pytest.mark.parametrize(
    ("exchanges", "bindings", "says"),
    [
        ((Exchange("out", "topic"),), (), "there is no exchange 'in'"),
        ((Exchange("in", "topics"),), (), "there is no type 'topics'; take direct, topic, fanout, headers"),
        ((IN, IN), (), "exchange 'in': a name has to be there, and once"),
        ((Exchange("in", "topic", "rest"),), (), "its alternate exchange 'rest' is not declared"),
        ((IN,), (Binding("out", "mail"),), "there is no exchange 'out' to bind from"),
        ((IN,), (Binding("in", "post"),), "there is no queue 'post' to bind to"),
        ((IN,), (Binding("in", "mail", to_exchange=True),), "there is no exchange 'mail' to bind to"),
        ((IN,), (Binding("in", "mail", headers={"a": "b"}),), "looks at the routing key and at no header"),
        ((Exchange("in", "headers"),), (Binding("in", "mail"),), "takes everything by a binding without headers"),
        ((IN,), (Binding("in", "mail", "a" * 300),), "a key has 200 bytes at most"),
        ((IN, Exchange("x" * 300, "topic")), (), "a name has 200 bytes at most"),
        ((IN,), (Binding("in", "mail", match="some"),), "headers match by one of any, all, .*, not 'some'"),
    ],
)
def test_a_topology_that_could_not_work_is_refused_with_the_place_and_the_cure(
    exchanges: tuple[Exchange, ...], bindings: tuple[Binding, ...], says: str
) -> None:
    with pytest.raises(TopologyError, match=says):
        Topology(exchanges, ("mail",), bindings)


def test_a_topology_without_a_queue_of_the_puzzle_is_refused_before_anything_runs() -> None:
    with pytest.raises(TopologyError, match="its queue 'europe' is not among yours"):
        attempt("wildcards", Topology((IN,), ("billing",), ()))


@pytest.mark.broker
def test_on_a_running_broker_each_solution_solves_its_puzzle_no_first_try_does_and_nothing_is_left() -> None:
    from labs.scenarios.routing.running import play, protocols

    with stack.session(("rabbitmq",), report=lambda _line: None) as found:
        endpoint, sent = found["rabbitmq"], events(3)
        for puzzle in PUZZLES.values():
            solved = play(endpoint, puzzle.solved, sent)
            assert judge(puzzle, sent, solved.arrived).solved, puzzle.name
            first = play(endpoint, puzzle.first, sent)
            assert not judge(puzzle, sent, first.arrived).solved, puzzle.name
            assert first.producer == solved.producer
            assert first.returned == list(judge(puzzle, sent, first.arrived).nowhere)
        assert "amqp" in protocols(endpoint)
        with pytest.raises(UnreachableError):  # pika gives up at the second message, in the middle of the run
            play(endpoint, PUZZLES["audit"].solved, [sent[0], replace(sent[1], key="a" * 300)])
        assert journal.entries() == []
        with blocking_channel(endpoint) as channel:
            assert channel.queue_declare("left", exclusive=True).method.message_count == 0


# -- a file of the reader's ------------------------------------------------------------------------------------------


def asked(tmp_path: Path, text: str | bytes, puzzle: str = "unroutable") -> dict[str, object]:
    """The settings of a run by a file that says this."""
    file = tmp_path / "mine.txt"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return LAB.settings({"puzzle": puzzle, "topology": f"@{file}"})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("exchange in topic\nroute in", "mine.txt: line 2: 'route' begins no line; begin with one of exchange, queue"),
        ("queue billing\nqueue found", "mine.txt: there is no exchange 'in', and the producer publishes to no other"),
        ("exchange in topic\nqueue billing", "mine.txt: the puzzle unroutable asks for a queue 'found': declare it"),
        (b"queue \xff\xfe", "mine.txt: that is no text in UTF-8"),
        ("#" * 64_001, "mine.txt: more than 64,000 characters are not taken"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_before_a_broker_is_asked_for(
    text: str | bytes, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack, "session", lambda *_asked, **_how: pytest.fail("a broker was asked for"))
    with pytest.raises(TopologyError, match=says):
        LAB.run(asked(tmp_path, text), UNOBSERVED)


def test_what_is_neither_a_topology_nor_a_file_is_refused_with_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no value of topology named 'frist'\. Nearest: first"):
        LAB.settings({"topology": "frist"})
    with pytest.raises(TopologyError, match="named after the @"):
        LAB.settings({"topology": "@"})
    with pytest.raises(FileNotFoundError):
        LAB.settings({"topology": f"@{tmp_path / 'none.txt'}"})


@pytest.mark.broker
def test_bindings_from_a_file_are_graded_by_the_puzzles_messages_and_refused_in_plain_words(tmp_path: Path) -> None:
    with stack.session(("rabbitmq",), report=lambda _line: None):
        [right] = LAB.run(asked(tmp_path, FOUND), UNOBSERVED)
        assert right.repeats[0]["outcome"] == "solved"
        assert right.settings["topology"] == "own"
        assert right.setup["bindings"] == ["in → billing (*.order.#)", "rest → found"]
        [half] = LAB.run(asked(tmp_path, FOUND.replace("bind rest -> found\n", "")), UNOBSERVED)
        jobs = half.repeats[0]["jobs"]
        assert 0 < jobs["missing"] == jobs["returned"]
        assert half.repeats[0]["producer"] == right.repeats[0]["producer"]
        assert {one.word for one in LAB.verdict([half])} == {"undecided here"}
        for bad, says in (
            (FOUND.replace("topic", "topics"), r"line 2, .*: there is no such type of exchange: take direct, topic"),
            (FOUND + "bind in -> nobody: #", r"line 9, .*: there is nothing of that name: .* RabbitMQ: .*NOT_FOUND"),
            (FOUND + "queue " + "x" * 250, r"line 9, .*: a name or a key has 200 bytes at most"),
            (FOUND + "bind in -> found: " + "x" * 260, r"line 9, .*: a name or a key has 200 bytes at most"),
        ):
            with pytest.raises(RefusedError, match=says):
                LAB.run(asked(tmp_path, bad), UNOBSERVED)
        assert journal.entries() == []


@pytest.mark.broker
def test_an_entry_with_a_name_that_nothing_can_have_is_undone_and_in_nobodys_way() -> None:
    with stack.session(("rabbitmq",), report=lambda _line: None) as found:
        made = journal.note(found["rabbitmq"], ["x" * 256, "labs-left"], exchanges=["y" * 256])
        journal.settle(made, lambda entry: undo(found["rabbitmq"], entry))
        assert journal.entries() == []
