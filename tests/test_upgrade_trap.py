"""The upgrade trap: real workers judged by what they say, the learner's own queue, and what a killed run leaves."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from labs import stack
from labs.experiments import experiment
from labs.experiments.upgrade_trap import digest
from labs.model.digest import Digest
from labs.model.observer import Observer
from labs.pages import older
from labs.pages.exercises import truths
from labs.pages.exercises.questions import exercises
from labs.scenarios.upgrade import CLIENTS, EXCLUSIVE, SERVERS, Heard, Seen, attempt
from labs.scenarios.upgrade.judge import COLUMNS, cells, outcome, reply
from labs.show.looks import upgrade as look
from labs.stack import packages

LAB = experiment("upgrade-trap")
REFUSED = "InternalError: Queue.declare: (541) INTERNAL_ERROR - Feature `transient_nonexcl_queues` is deprecated.\nBy"
LOCKED = "ResourceLocked: Queue.declare: (405) RESOURCE_LOCKED - cannot obtain exclusive access to locked queue 'q' "
LOCKED += "in vhost 'labs-1'. It could be originally declared on another connection."
WELL = Heard(well=True)


def seen(start: Heard = WELL, second: Heard | None = WELL, ping: Heard = WELL) -> Seen:
    """A cell as it was heard."""
    return Seen(start, WELL if start.well else None, ping, second, 1.0 if start.well else None, "permitted")


TRAP = seen(Heard(False, REFUSED, 3), None, Heard(False, REFUSED, 1, 0))


def point(found: Seen, server: str = "refuses", client: str = "old", rounds: int = 5) -> Digest:
    """A digest of so many equal rounds."""
    return digest(SERVERS[server], CLIENTS[client], [found] * rounds, {"broker": "x", "transient queues": "denied, x"})


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        (REFUSED, "541 INTERNAL_ERROR", "Feature `transient_nonexcl_queues` is deprecated"),
        (LOCKED, "405 RESOURCE_LOCKED", "cannot obtain exclusive access to locked queue 'q'"),
        ("AccessRefused: (403) ACCESS_REFUSED", "403 ACCESS_REFUSED", ""),
        ("OSError: no route\nto host", "", "OSError: no route"),
        ("", "", ""),
    ],
)
def test_a_brokers_code_and_first_sentence_are_read_out_of_an_error_and_no_name_of_the_run(
    text: str, code: str, said: str
) -> None:
    assert reply(text) == (code, said)


def test_a_worker_that_is_ready_and_one_that_is_refused_are_told_apart_in_every_cell() -> None:
    assert {name: one["state"] for name, one in cells(seen()).items()} == dict.fromkeys(COLUMNS, "yes")
    assert [one["state"] for one in cells(TRAP).values()] == ["no", "absent", "no", "absent"]
    assert (outcome(seen()), outcome(TRAP)) == ("ready", "541 INTERNAL_ERROR")
    assert outcome(seen(Heard(False, "it ended", 0, 1), None)) == "failed"
    assert cells(seen(second=Heard(False, LOCKED, 1, 0)))[look.SECOND]["figure"] == "405 RESOURCE_LOCKED"


def test_a_worker_that_tries_again_is_not_called_one_that_ended_and_rounds_that_differ_are_told() -> None:
    ended = seen(Heard(False, REFUSED, 1, 1), None)
    assert [look.start(point(one)) for one in (seen(), TRAP, ended)] == [look.STARTS, look.RETRIES, look.ENDS]
    mixed = digest(SERVERS["refuses"], CLIENTS["old"], [TRAP, seen()], {"broker": "x", "transient queues": "x"})
    assert look.start(mixed) == look.DIFFERS
    assert mixed.median["outcome"] == "mixed"


def test_two_points_side_by_side_are_told_apart_in_words_and_a_cell_has_the_bare_code() -> None:
    views = [LAB.look.view(one) for one in (point(TRAP), point(seen(), client="new"))]
    assert [(one["lead"], one["part"]) for one in views] == [("A worker", look.RETRIES), ("A worker", look.STARTS)]
    assert views[0]["grid"]["cells"][0]["figure"] == "541"
    assert "541 INTERNAL_ERROR" in views[0]["sentence"]


def test_the_ways_out_are_those_whose_worker_started_and_no_others() -> None:
    asked = exercises()["8.2a"]
    points = [point(TRAP), point(seen(), client="new"), point(seen(), client="old-told"), point(seen(), "permits")]
    assert truths.truth(asked, points) == frozenset({"upgrade", "settings", "permit"})
    no_permit = [*points[:3], point(TRAP, "permits")]
    assert truths.truth(asked, no_permit) == frozenset({"upgrade", "settings"})
    with pytest.raises(truths.NoTruth):
        truths.truth(asked, points[:3])


@pytest.mark.parametrize(
    ("second", "right"),
    [(WELL, "starts"), (Heard(False, LOCKED, 1, 0), "locked"), (Heard(False, REFUSED, 1, 0), "deprecated")],
)
def test_what_a_second_worker_met_is_read_out_of_the_run(second: Heard, right: str) -> None:
    asked = exercises()["8.2b"]
    assert truths.truth(asked, [point(seen(second=second), client="new")]) == right
    with pytest.raises(truths.NoTruth):
        truths.truth(asked, [point(seen(second=Heard(False, "OSError: gone", 1, 0)), client="new")])


def test_the_celery_of_each_name_is_the_one_that_its_set_pins_and_the_settings_are_two() -> None:
    for one in CLIENTS.values():
        assert packages.versions(one.packages)["celery"] in one.label
        assert bool(one.settings) == ("two settings" in one.label)
    assert len(EXCLUSIVE) == 2


@pytest.mark.broker
def test_the_old_worker_is_refused_by_a_broker_that_refuses_such_queues_and_the_new_one_is_not() -> None:
    found = LAB.run(LAB.settings({"server": "refuses", "clients": "old,new"}), Observer())
    old, new = (one.repeats[0]["cells"] for one in found)
    assert (old[look.WORKER]["state"], old[look.WORKER]["figure"]) == ("no", "541 INTERNAL_ERROR")
    assert old[look.PING]["state"] == "no"
    assert [new[name]["state"] for name in (look.WORKER, look.TASK, look.PING)] == ["yes"] * 3
    assert look.start(found[0]) == look.RETRIES
    assert json.dumps(found[0].to_json(), allow_nan=False)


def declared(how: dict[str, Any], channel: Any, name: str) -> None:
    """A learner's function."""
    channel.queue_declare(name, **how)


@pytest.mark.broker
@pytest.mark.parametrize("endpoints", ["native"], indirect=True)
def test_a_learners_queue_is_right_only_where_it_is_permitted_shared_and_gone(
    endpoints: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from labs.stack.by_hand import running

    ways: dict[str, tuple[dict[str, Any], str]] = {
        "right": ({"durable": True, "arguments": {"x-expires": 1500}}, "right"),
        "transient": ({"auto_delete": True}, "neither durable nor exclusive"),
        "exclusive": ({"exclusive": True}, "a second connection cannot read it"),
        "stays": ({"durable": True}, "still there"),
    }
    for name, (how, said) in ways.items():
        monkeypatch.setattr(attempt, "GOES_WITHIN_S", 1.0 if name == "stays" else 8.0)  # what stays, stays
        with running("rabbitmq") as here:
            assert here
            told = attempt.tried(here.endpoint, here.client, here.name, partial(declared, how))
            assert said in told
    with running("rabbitmq") as here:
        assert here
        assert "there is no queue" in attempt.tried(here.endpoint, here.client, here.name, lambda _channel, _name: None)


def test_a_server_that_is_old_on_purpose_is_not_called_out_of_date() -> None:
    told = {"broker": "RabbitMQ 4.0.5", "machine": "Linux", "transient queues": "x"}
    chosen = digest(SERVERS["before"], CLIENTS["old"], [seen()], told)
    assert older.of_card(chosen.card) == [("rabbitmq", "4.0.5")]
    assert older.of_point(chosen) == []


def test_on_a_readers_own_rabbitmq_nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABS_RABBITMQ_URL", "amqp://127.0.0.1:9")
    with pytest.raises(stack.StackError, match="a broker of yours"):
        LAB.run(LAB.settings({}), Observer())


def test_each_server_of_a_lab_that_chooses_it_is_one_by_itself_when_versions_are_compared() -> None:
    from labs.experiments.rounds import servers

    kinds = (("4.0.5", "before"), ("4.3.6", "refuses"))
    old, new = (servers({"broker": f"RabbitMQ {text}"}, {"server": name}) for text, name in kinds)
    assert not set(old) & set(new)
    assert servers({"broker": "RabbitMQ 4.3.6"}, {}) == {"RabbitMQ": "RabbitMQ 4.3.6"}
