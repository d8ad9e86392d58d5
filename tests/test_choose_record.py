"""The record of a decision and the bill of the first three: what they carry, alike in Python and in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from labs.pages.choose import compared, page
from labs.pages.choose.engine import Ranked, answered, rank
from labs.pages.choose.words import WORDS, by_id, parting, sides, turns_said
from tests.made_answers import deno, made, random_answers, recorded_as


def case(name: str) -> dict[str, Any]:
    return dict(by_id(made()["scenarios"], name)["answers"])


def name(one: Ranked) -> str:
    return str(by_id(made()["configurations"], one.id)["name"])


def section(text: str, head: str, until: str) -> str:
    return text.partition(f"\n{head}")[2].partition(f"\n{until}")[0]


@pytest.mark.parametrize("asked", ["orders", "payments", "mail"])
def test_the_first_three_have_every_reason_for_and_against_with_its_links(tmp_path: Path, asked: str) -> None:
    text = recorded_as(tmp_path, case(asked))
    for one in rank(made(), case(asked))[:3]:
        mine = section(text, f"### {name(one)}: ", "##")
        pro, con = sides(one)
        before, _, after = mine.partition(f"**{WORDS['against']}**")
        for reasons, told in ((pro, before), (con, after)):
            lines = [line for line in told.splitlines() if line.startswith("- ")]
            assert len([line for line in lines if line != "- none"]) == len(reasons), (one.id, lines)
            assert sum(line.count("](https://") for line in lines) == sum(len(each.links) for each in reasons)


def test_what_was_not_measured_is_named_for_each_of_them_also_where_another_reason_rests_on_a_run(
    tmp_path: Path,
) -> None:
    text = section(recorded_as(tmp_path, case("orders")), f"## {WORDS['unmeasured']}", "## ")
    quorum = section(text, "- RabbitMQ quorum queue, three nodes:", "- ")
    for part in ("Never run here as a whole", "three nodes were not measured", "No failover was measured here"):
        assert part in quorum
    assert "No table was measured here" in text
    assert "A restart, a crash, a power cut: Recorded on one node." in quorum, "one sentence, all that it is about"


def test_those_that_are_too_close_to_tell_are_decided_by_the_reader(tmp_path: Path) -> None:
    asked = next(one for one in map(random_answers, range(200)) if rank(made(), one)[0].close)
    close = [one for one in rank(made(), asked) if one.close]
    text = recorded_as(tmp_path, asked)
    assert text.startswith("# Messages go through one of: ")
    decided = section(text, "## Decision", "###")
    for one in close:
        assert name(one) in decided
        assert f"- {name(one)} (" not in section(text, "## What was not chosen", "## ")
    assert WORDS["decide"] in decided


def test_a_record_of_a_copy_on_one_machine_says_so(tmp_path: Path) -> None:
    script = """() => ["https://book.example/", "http://127.0.0.1:8000/", "file:///tmp/"].map((base) =>
        record.record(model, given, {}, { base: `${base}book/choose.html#answers`, date: "2026-11-30" }))"""
    public, *own = deno(tmp_path, script, case("orders"))
    assert WORDS["own_copy"] not in public
    assert all(WORDS["own_copy"] in one for one in own)


def test_the_bill_of_the_first_three_is_a_table_without_a_script_too(tmp_path: Path) -> None:
    asked = case("orders")
    html = page.result(made(), rank(made(), asked), asked)
    text = recorded_as(tmp_path, asked)
    rows = compared.rows(
        [by_id(made()["configurations"], one.id) for one in rank(made(), asked)[:3]], answered(made(), asked)
    )
    for one in rows:
        assert f'<th scope="row">{one["name"]}</th><td class="num">{one["written"]}</td>' in html
        assert f'<td class="num">{one["sent"]}</td>' in html
        assert f"| {one['name']} | {one['written']} | {one['kept']} | {one['sent']} |" in text
    for told in (html, text):
        assert compared.HAS in told
        assert compared.LACKS in told


def test_who_stores_nothing_has_no_bytes_and_who_was_not_weighed_no_figure() -> None:
    answers = answered(made(), {"rate": 100})
    found = {one["id"]: one for one in compared.rows(made()["configurations"], answers)}
    assert (found["http"]["written"], found["http"]["kept"]) == (compared.NOTHING, compared.NOTHING)
    assert found["redis-list"]["written"] == compared.NO_FIGURE
    assert found["table"]["written"] == "1.8 GB"
    assert "not measured here" in str(found["table"]["notes"]), "of a table the messages alone are counted"
    assert found["kafka-1"]["kept"] == compared.ON_DISK
    assert found["redis-list"]["kept"].endswith("in memory")
    week = {one["id"]: one for one in compared.rows(made()["configurations"], {**answers, "replay": "yes"})}
    assert week["kafka-1"]["kept"].endswith("on disk")
    assert compared.heads({**answers, "replay": "yes", "keep_days": 1})[2] == "Kept for 1 day"


def test_the_browser_compares_parts_and_turns_in_the_same_words(tmp_path: Path) -> None:
    asked = [random_answers(seed) for seed in range(40)]
    script = """() => given.map((answers) => {
        const all = engine.answered(model, answers), ranked = engine.rank(model, answers);
        return [compared.heads(all), model.configurations.map((one) => compared.row(one, all)),
            compared.daySaid(model.configurations[0], all), words.parting(model, ranked.filter((one) => one.close))];
    })"""
    parted = 0
    for answers, (heads, rows, day, parts) in zip(asked, deno(tmp_path, script, asked), strict=True):
        of, all_of = made()["configurations"], answered(made(), answers)
        assert compared.heads(all_of) == heads
        assert compared.rows(of, all_of) == rows
        assert compared.day_said(of[0], all_of) == day
        here = parting(made(), [one for one in rank(made(), answers) if one.close])
        assert here == parts
        parted += bool(here)
    assert parted
    script = "() => given.map((answers) => words.turnsSaid(model, answers))"
    cases = [one["answers"] for one in made()["scenarios"]]
    for answers, there in zip(cases, deno(tmp_path, script, cases), strict=True):
        assert [list(one) for one in turns_said(made(), answers)] == there


def test_those_too_close_to_tell_have_no_number_and_what_parts_them_stands_there() -> None:
    asked = next(one for one in map(random_answers, range(200)) if rank(made(), one)[0].close)
    ranked = rank(made(), asked)
    html = page.result(made(), ranked, asked)
    close = [one for one in ranked if one.close]
    assert html.startswith(f"<p><strong>{WORDS['close']}:</strong>")
    assert html.index(WORDS["together"]) < html.index("<ul><li><p><strong>")
    assert parting(made(), close)[0].count(";") == len(close) - 1
