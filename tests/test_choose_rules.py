"""What the rules of the page Choose may not do: keep by a peak, let one node win where a machine may be lost, count
what Celery brings, print a figure without the size of its messages, reason with a claim that nobody decided."""

from __future__ import annotations

import re
from typing import Any

import pytest

from labs.experiments.rules import WORDS
from labs.model.text import in_words
from labs.pages import claims
from labs.pages.choose import page, three
from labs.pages.choose.bill import HOURS, bill, built, per_day
from labs.pages.choose.engine import Ranked, active, answered, capacity, kept_gb, rank
from labs.pages.choose.model import RUN, model, rules
from labs.pages.choose.words import by_id
from tests.made_answers import random_answers

SEVEN_YEARS = 2555


def of(name: str) -> Any:
    return by_id(page.known()["configurations"], name)


def case(name: str, **changed: Any) -> dict[str, Any]:
    return by_id(page.known()["scenarios"], name)["answers"] | changed


def first(answers: dict[str, Any]) -> Ranked:
    return rank(page.known(), answers)[0]


def reason(answers: dict[str, Any], name: str, need: str) -> Any:
    one = next(one for one in rank(page.known(), answers) if one.id == name)
    return next((each for each in one.reasons if each.need == need), None)


def test_what_is_kept_goes_by_a_usual_day_and_never_by_the_worst_hour() -> None:
    answers = answered(page.known(), {"rate": 50, "size": 1000, "replay": "yes", "keep_days": 10})
    assert per_day(answers) == 50 * 3600 * HOURS
    assert kept_gb(answers) == pytest.approx(50 * 3600 * HOURS * 1000 * 10 / 1e9)
    told = {**answers, "day": 200_000}
    assert kept_gb(told) == pytest.approx(2) == pytest.approx(kept_gb({**told, "rate": 5000}))
    assert in_words(HOURS) in next(one["number"]["none"] for one in rules()["question"] if one["id"] == "day")
    kept = [next(line["gb"] for line in bill(of("kafka-1"), one) if "kept" in line["what"]) for one in (answers, told)]
    assert kept[0] == pytest.approx(kept[1] * per_day(answers) / 200_000)


def test_the_bill_says_where_its_day_is_from() -> None:
    notes = [bill(of("table"), answered(page.known(), {"rate": 50, "day": day}))[0]["note"] for day in (0, 1e6, 1e9)]
    assert notes[0] == "1,800,000 messages, if it is like 10 of the worst hours"
    assert notes[1] == "1,000,000 messages"
    assert notes[2].endswith("more than your worst hour brings in 24 hours")


@pytest.mark.parametrize("day", [0, 200_000])
@pytest.mark.parametrize("more", [{}, {"kind": "event", "services": 2}, {"kind": "event", "order": "total"}])
def test_payments_with_an_audit_of_seven_years_stay_in_the_database(more: dict[str, Any], day: int) -> None:
    answers = case("payments", replay="yes", keep_days=SEVEN_YEARS, day=day, **more)
    found = rank(page.known(), answers)
    assert "table" in [one.id for one in found if one.close or one is found[0]], "first, or too close to tell"
    lost = first(answers | {"accident": "machine"})
    assert of(lost.id)["nodes"] > 1
    assert lost.id == "table-standby" or (not day and lost.id == "kafka-3"), "by terabytes three nodes come near"


def test_a_disk_has_an_end_for_a_log_as_for_a_table() -> None:
    huge = case("changes", keep_days=3650, day=10**9)
    for name in ("table", "kafka-1", "kafka-flush", "rabbitmq-stream", "redis-stream-always"):
        assert reason(huge, name, "keep").out, name
    little = case("changes", keep_days=1, day=10**6)
    assert [reason(little, name, "keep").short for name in ("table", "kafka-1", "kafka-3")] == [0, 0, 0]


@pytest.mark.parametrize("answer", [{"accident": "machine"}, {"standstill": "no"}])
def test_one_node_is_out_where_a_machine_may_be_lost_or_nothing_may_stand_still(answer: dict[str, str]) -> None:
    """A server of Redis only where it may not be lost: a replica of it takes over, and that was not measured."""
    lone = {one["id"] for one in page.known()["configurations"] if one["system"] and one["nodes"] == 1}
    if "standstill" in answer:
        lone = {name for name in lone if not name.startswith("redis")}
    assert {"table", "kafka-1", "kafka-flush", "rabbitmq-quorum", "rabbitmq-classic"} <= lone
    for seed in range(40):
        found = rank(page.known(), random_answers(seed) | answer)
        assert all(one.out for one in found if one.id in lone), seed


@pytest.mark.parametrize("where", ["aws", "azure"])
def test_one_node_is_not_what_a_service_offers(where: str) -> None:
    """Kafka has no such offer; RabbitMQ on one node may be bought, and never comes before three."""
    tried = 0
    for seed in range(60):
        found = rank(page.known(), random_answers(seed) | {"managed": where})
        place = {one.id: at for at, one in enumerate(found)}
        out = {one.id for one in found if one.out}
        assert {"kafka-1", "kafka-flush"} <= out
        if "rabbitmq-quorum-3" not in out:
            tried += 1
            assert place["rabbitmq-quorum-3"] < place["rabbitmq-quorum"], seed
        assert not [one for one in found if any(each.need == "nodes" for each in one.reasons)], "who sells it runs it"
    assert tried


def test_what_celery_brings_is_not_yours_to_build_and_counts_against_nobody() -> None:
    answers = case("django", priority="yes")
    usable = ("redis-list-aof", "rabbitmq-classic", "rabbitmq-quorum", "rabbitmq-quorum-3")
    for name in usable:
        found = next(one for one in rank(page.known(), answers) if one.id == name)
        assert not {"worker", "job", "delay", "priority"} & {each.need for each in found.reasons}
        text = " ".join([*(each.text for each in found.reasons), built(of(name), answered(page.known(), answers))])
        assert not re.search(r"yours to write|sweep|a program that moves|second queue|messages that fail", text)
        assert "Celery does it" in text
        assert reason(answers, name, "celery-worker").how == RUN
    bare = case("django", priority="yes", framework="none")
    assert "yours to write" in reason(bare, "redis-list-aof", "job").text
    assert "sweep" in built(of("redis-list-aof"), answered(page.known(), bare))
    lists = (next(one for one in rank(page.known(), given) if one.id == "redis-list-aof") for given in (answers, bare))
    with_it, without = (one.points for one in lists)
    assert with_it < without


def test_a_need_that_is_taken_care_of_is_not_there_and_only_then() -> None:
    need = by_id(page.known()["needs"], "job")
    answers = answered(page.known(), {"kind": "job"})
    assert active(need, answers)
    assert not active(need, {**answers, "framework": "celery"})


def test_a_measured_rate_says_of_which_messages_it_is_and_what_it_comes_to_for_the_readers() -> None:
    for need in page.known()["needs"]:
        for name, cell in need["cells"].items():
            if need["measure"] in ("load", "latency") and cell["how"] == RUN:
                assert re.search(r"[\d,]+ bytes", cell["say"]), (need["id"], name)
    small, large = (reason({"rate": 50, "size": size}, "rabbitmq-quorum", "rate").text for size in (100, 1000))
    assert "messages of 100 bytes" in small
    assert "messages of 100 bytes" in large
    assert "we reckon" not in small
    found = re.search(r"With your 1,000 bytes we reckon ([\d,]+)/s", large)
    assert found
    reckoned = float(found[1].replace(",", ""))
    measured = by_id(page.known()["needs"], "rate")["cells"]["rabbitmq-quorum"]["number"]
    assert reckoned == pytest.approx(capacity(of("rabbitmq-quorum"), measured, 1000), rel=0.01) != measured


def test_no_reason_names_a_claim_that_has_no_word() -> None:
    decided = {one["id"] for one in claims.before_counting() if one["word"] in WORDS}
    links = [link for need in page.known()["needs"] for cell in need["cells"].values() for link in cell["links"]]
    named = {link["href"].partition("#")[2].upper() for link in links if link["href"].startswith("claims.html#")}
    assert named
    assert named <= decided


def test_a_claim_that_loses_its_word_is_a_reason_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [dict(one) | {"word": claims.UNDECIDED} for one in claims.before_counting()]
    monkeypatch.setattr(claims, "before_counting", lambda _folder=None: rows)
    links = [link for need in model()["needs"] for cell in need["cells"].values() for link in cell["links"]]
    assert links
    assert not [link for link in links if link["href"].startswith("claims.html#")]
    assert all(cell["how"] != "claim" for need in model()["needs"] for cell in need["cells"].values())


def test_the_number_of_questions_is_counted() -> None:
    shown = [one for one in rules()["question"] if not one.get("more") and not one.get("needs")]
    assert three.asked() == len(shown)
    assert three.SAID["asked"]() == in_words(len(shown))


def possible(answers: dict[str, Any]) -> list[str]:
    return [one.id for one in rank(page.known(), answers) if not one.out]


def test_a_list_that_is_flushed_always_stands_a_power_cut_and_one_of_each_second_all_but_that() -> None:
    """Who runs Celery on Redis needs another setting then, and no other broker."""
    power = case("django", accident="power")
    assert first(power).id == "redis-list-always"
    assert "redis-list-aof" not in possible(power)
    second = reason(case("django", accident="second"), "redis-list-aof", "second")
    assert (second.short, [link["text"] for link in second.links][-1]) == (0, "Promise R5: kept")
    assert {"redis-list", "rabbitmq-classic", "kafka-1"}.isdisjoint(possible({"accident": "second"}))


def test_a_stream_on_three_nodes_outlives_a_machine_and_was_not_tested() -> None:
    found = rank(page.known(), {"accident": "machine", "kind": "event", "replay": "yes", "standstill": "no"})
    three_nodes = next(one for one in found if one.id == "rabbitmq-stream-3")
    assert (three_nodes.out, three_nodes.untested, three_nodes.untried) == (False, True, True)
    assert next(one for one in found if one.id == "rabbitmq-stream").out


def test_doubles_and_long_work_count_and_name_the_time_outs() -> None:
    answers = case("django", twice="no", long="hours")
    assert "visibility time-out" in reason(answers, "redis-list-aof", "hours").text
    assert "consumer_timeout" in reason(answers, "rabbitmq-quorum", "half-hour").text
    assert "max.poll.interval.ms" in reason({"kind": "job", "long": "minutes"}, "kafka-1", "minutes").text
    assert reason({"kind": "job", "long": "minutes"}, "rabbitmq-quorum", "half-hour") is None
    for name in ("redis-list-aof", "rabbitmq-quorum", "kafka-3"):
        assert reason(answers, name, "twice").short > 0
        assert reason(case("django"), name, "twice") is None


def test_a_table_holds_a_lock_or_sweeps_bears_less_of_large_rows_and_is_quick_enough_for_seconds() -> None:
    payments = case("payments")
    assert "holds the row’s lock" in reason(payments, "table", "worker").text
    assert "instead of the lock" in of("table")["build"]
    rates = [reason({"rate": 1500, "size": size}, "table", "rate").short for size in (500, 10_000, 100_000)]
    assert rates == [0.4, 0.4, 0.8]
    slow = {one.id: one for one in rank(page.known(), payments | {"latency": 5000})}["table"]
    quick = {one.id: one for one in rank(page.known(), payments | {"latency": 200})}["table"]
    assert (slow.untested, quick.untested) == (False, True)


def test_three_copies_have_no_more_room_than_one_and_memory_is_held_against_a_backlog() -> None:
    keeps = by_id(page.known()["needs"], "keep")["cells"]
    assert keeps["kafka-3"]["number"] == keeps["kafka-1"]["number"] == keeps["rabbitmq-stream-3"]["number"]
    answers = {"kind": "job", "rate": 5000, "size": 2000}
    assert reason(answers, "redis-stream-always", "backlog").short == 0.8
    assert reason(answers | {"rate": 100}, "redis-stream-always", "backlog").short == 0
    assert reason(answers, "rabbitmq-quorum", "backlog") is None


def test_celery_on_a_quorum_queue_needs_two_settings_and_they_are_named() -> None:
    answers = answered(page.known(), case("django"))
    for name in ("rabbitmq-quorum", "rabbitmq-quorum-3"):
        assert "task_default_queue_type = 'quorum'" in built(of(name), answers)
    for name in ("rabbitmq-classic", "rabbitmq-quorum", "rabbitmq-quorum-3"):
        assert "'confirm_publish': True" in built(of(name), answers)


def test_the_question_of_a_service_names_what_is_outside_of_what_was_measured() -> None:
    asked = by_id(page.known()["questions"], "managed")
    assert all(name in asked["note"] for name in ("SQS", "SNS", "Kinesis"))
    assert asked["link"][1] == "app-managed.html"
