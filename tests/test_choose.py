"""The page Choose: the ranking of each case, what a demand more may do, what reasons rest on, and both engines."""

from __future__ import annotations

import json
import random
import re
import shutil
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from labs.experiments import EXPERIMENTS
from labs.model.claims import claims
from labs.model.paths import PROJECT, RECORDED
from labs.pages.choose import page, three, turning
from labs.pages.choose.bill import amount, beside, bill, said
from labs.pages.choose.engine import CLOSE, Ranked, advice, answered, left_open, rank, score
from labs.pages.choose.model import JUDGED, OPEN, RUN, model, rules
from labs.pages.choose.words import address, answer_said, by_id, turn_said
from tests.made_answers import deno, made, random_answers, recorded_as

TOP = {
    "payments": ["table", "table-standby", "rabbitmq-quorum"],
    "telemetry": ["kafka-3"],
    "django": ["redis-list-aof", "redis-list-always", "rabbitmq-classic"],
    "cache": ["redis-pubsub", "redis-stream-everysec", "redis-stream-always"],
    "audit": ["table", "kafka-flush", "table-standby"],
    "devices": ["rabbitmq-classic", "rabbitmq-quorum", "kafka-1"],
    "orders": ["rabbitmq-quorum-3", "kafka-3", "table-standby"],
    "presence": ["redis-pubsub", "redis-stream-everysec", "redis-stream-always"],
    "mail": ["rabbitmq-quorum", "table", "rabbitmq-classic"],
    "changes": ["kafka-1", "kafka-flush", "kafka-3"],
    "logs": ["kafka-1", "kafka-3", "kafka-flush"],
    "quote": ["http", "rabbitmq-classic", "redis-list"],
}
OUT = {
    "payments": {
        "rabbitmq-classic",
        "kafka-1",
        "redis-list",
        "redis-list-aof",
        "redis-stream-everysec",
        "rabbitmq-stream",
    },
    "telemetry": {"rabbitmq-quorum", "redis-stream-always", "table", "http", "kafka-1"},
    "django": {"redis-list", "redis-stream-always", "table", "http", "rabbitmq-stream"},
    "audit": {"redis-stream-always", "rabbitmq-quorum", "http", "kafka-1"},
    "orders": {"rabbitmq-quorum", "kafka-1", "kafka-flush", "redis-stream-always", "table"},
    "quote": {"table", "rabbitmq-stream"},
}
"""Among those that the case rules out."""
TIGHTER: dict[str, list[Any]] = {
    "accident": ["none", "stop", "kill", "second", "power", "machine"],
    "replay": ["no", "yes"], "standstill": ["yes", "no"],
    "delay": ["no", "yes"], "priority": ["no", "yes"], "licence": ["any", "no-agpl"], "framework": ["none", "celery"],
    "rate": [1, 500, 30_000, 200_000, 5_000_000], "latency": [10_000, 100, 20, 5, 1], "keep_days": [1, 30, 3650],
    "operator": ["team", "some", "nobody"], "day": [1, 10**6, 10**8, 10**10],
    "twice": ["yes", "no"], "long": ["short", "minutes", "half-hour", "hours"],
}  # fmt: skip
"""Question -> answers, each of which demands more than the one before."""


def random_weights(seed: int) -> dict[str, int]:
    chance = random.Random(seed)
    return {one["id"]: chance.choice([0, 1, 1, 2, 3]) for one in made()["groups"]}


def test_there_are_twelve_cases_and_seventeen_configurations() -> None:
    assert [one["id"] for one in made()["scenarios"]] == list(TOP)
    assert len(made()["configurations"]) == 17


@pytest.mark.parametrize("case", TOP)
def test_a_case_has_this_ranking_and_rules_these_out(case: str) -> None:
    found = rank(made(), by_id(made()["scenarios"], case)["answers"])
    assert [one.id for one in found if not one.out and not one.untested][: len(TOP[case])] == TOP[case]
    assert OUT.get(case, set()) <= {one.id for one in found if one.out}
    close = [one for one in found if one.close]
    assert sorted(close, key=lambda one: one.key) + found[len(close) :] == sorted(found, key=lambda one: one.key)


def fails(one: Ranked, before: Ranked) -> bool:
    """Whether it leaves all of something open that was not asked before, or not so."""
    known = {reason.need: reason.short for reason in before.reasons}
    return any(reason.short >= 1 > known.get(reason.need, 0) for reason in one.reasons)


@pytest.mark.parametrize("question", TIGHTER)
def test_a_tighter_demand_never_lifts_what_fails_it_over_what_meets_it(question: str) -> None:
    """And nobody has fewer points for it; but a framework that is demanded also brings something."""
    failed = 0
    for seed in range(30):
        answers, weights = random_answers(seed), random_weights(seed)
        for loose, tight in zip(TIGHTER[question], TIGHTER[question][1:], strict=False):
            before, after = (rank(made(), {**answers, question: one}, weights) for one in (loose, tight))
            place = [{one.id: at for at, one in enumerate(found)} for found in (before, after)]
            old, new = ({one.id: one for one in found} for found in (before, after))
            if question != "framework":
                assert all(new[name].points >= old[name].points - 1e-9 for name in new), (seed, loose, tight)
            meets = [name for name, one in new.items() if not one.out and not fails(one, old[name])]
            for name in (name for name, one in new.items() if fails(one, old[name])):
                failed += 1
                for other in meets:
                    if place[0][other] < place[0][name] and new[name].out:
                        assert place[1][other] < place[1][name], (seed, loose, tight, name, other)
    assert failed or question in ("operator", "licence", "twice", "long")


def test_every_reason_rests_on_what_there_is_or_says_that_it_is_our_own() -> None:
    """A run that was recorded, a claim of the board, a promise that was attacked, a document with its address."""
    pages, rows = {path.stem for path in (PROJECT / "book").glob("*.md")}, 0
    promised = (RECORDED / "promises.json").read_text("utf-8")
    for need in made()["needs"]:
        for name, cell in need["cells"].items():
            rows += 1
            assert cell["links"] or cell["how"] in (JUDGED, OPEN), (need["id"], name)
            for link in cell["links"]:
                stem, _, place = link["href"].partition(".html#")
                if link["href"].startswith("https://"):
                    continue
                assert stem in pages, link
                if stem == "claims":
                    assert place.upper() in claims()
                elif stem == "promises":
                    assert f'"id": "{place.upper()}"' in promised or f'"id":"{place.upper()}"' in promised
                else:
                    assert re.match(r"lab=([a-z-]+)", place)[1] in EXPERIMENTS  # type: ignore[index]
            if cell["how"] == RUN:
                assert any("#lab=" in link["href"] for link in cell["links"]), (need["id"], name)
    assert rows > 400


def test_no_cell_of_a_need_is_hidden_by_one_that_stands_before_it() -> None:
    read = tomllib.loads((PROJECT / "labs/pages/choose/rules.toml").read_text("utf-8"))
    names = [one["id"] for one in read["configuration"]]
    for need in read["need"]:
        cells = list(need.get("cells", {}))
        used = {name if name in cells else next((one for one in cells if fnmatch(name, one)), "") for name in names}
        assert set(cells) <= used, (need["id"], set(cells) - used)


def test_every_figure_that_the_rules_ask_for_is_recorded() -> None:
    asked = [cell for need in made()["needs"] for cell in need["cells"].values()]
    assert not [cell["say"] for cell in asked if "not recorded yet" in cell["say"]]
    assert not [cell["say"] for cell in asked if "{" in cell["say"]]
    weighed = [one for one in made()["configurations"] if one["disk"]]
    assert len(weighed) == 10
    assert all(size > 0 and beyond > 0 for one in weighed for size, beyond in one["disk"])
    held = {one["id"]: [size for size, beyond in one["held"] if beyond > 0] for one in made()["configurations"]}
    assert {name: sizes for name, sizes in held.items() if sizes} == {
        "redis-stream-everysec": [100, 1000], "redis-stream-always": [100, 1000],
    }  # fmt: skip


def test_a_recording_in_which_the_classic_queue_keeps_all_changes_the_ranking(tmp_path: Path) -> None:
    shutil.copytree(RECORDED, tmp_path / "runs")
    file = tmp_path / "runs" / "loss-matrix.json"
    content = json.loads(file.read_text("utf-8"))
    at = {(one["settings"]["profile"], one["settings"]["fault"]): one for one in content["digests"]}
    planted = json.loads(json.dumps(at["rabbitmq-confirms", "kill"])) | {
        "settings": at["rabbitmq-confirms", "power"]["settings"]
    }
    content["digests"] = [planted if one is at["rabbitmq-confirms", "power"] else one for one in content["digests"]]
    file.write_text(json.dumps(content), "utf-8")
    answers = by_id(made()["scenarios"], "payments")["answers"]
    now, then = (
        next(one for one in rank(of, answers) if one.id == "rabbitmq-classic")
        for of in (made(), model(tmp_path / "runs"))
    )
    assert now.out
    assert not then.out


def test_what_nobody_measured_stands_behind_what_was_and_before_what_fails() -> None:
    found = rank(made(), by_id(made()["scenarios"], "devices")["answers"])
    places = [(one.out, one.untested) for one in found]
    assert places == sorted(places)
    assert (False, True) in places


def test_what_was_never_run_is_not_called_first_where_it_is_too_close_to_tell() -> None:
    """Those that are close are within CLOSE of the best, none that is further is; one alone is not close."""
    close = 0
    for seed in range(120):
        found = rank(made(), random_answers(seed), random_weights(seed))
        best, near = min(one.key for one in found), [one for one in found if one.close]
        close += len(near) > 1
        assert len(near) != 1
        assert near == found[: len(near)]
        assert [one.untried for one in near] == sorted(one.untried for one in near), seed
        assert all(one.key[:2] == best[:2] and one.points <= best[2] + CLOSE + 1e-6 for one in near)
        rest = [one for one in found[len(near) or 1 :] if one.key[:2] == best[:2] and not one.out]
        assert all(one.points > best[2] + CLOSE for one in rest), seed
    assert close > 10


def test_the_turns_of_a_case_are_true_and_the_nearest() -> None:
    for case in made()["scenarios"]:
        answers = answered(made(), case["answers"])
        first = rank(made(), answers)[0].id
        for turn in turning.turns(made(), answers):
            question, to = turn["question"], turn["to"]
            then = rank(made(), {**answers, question: to})[0]
            assert (then.id, then.out) == (turn["winner"], False) or (then.out and not turn["winner"])
            assert turn["winner"] != first
            exact = turn["way"] and question != "latency"  # a latency counts from where it is asked for at all
            now = turning.number(question, answers) if turn["way"] else 0
            at_once = turn["way"] and abs(to - now) < 1e-9 * now  # it turns where it stands: nothing lies between
            for share in (0.1, 0.5, 0.9, 0.999) if exact and not at_once else ():
                between = now + share * (to - now)
                assert rank(made(), {**answers, question: between})[0].id == first, (case["id"], turn, between)


def test_a_change_after_which_nothing_does_all_of_it_names_no_winner() -> None:
    """One developer with Celery on Redis: of what Celery can use nothing reads again what was read before."""
    answers = {
        "accident": "kill",
        "rate": 50.0,
        "runs": ["database", "redis"],
        "operator": "nobody",
        "framework": "celery",
    }
    found = turning.turns(made(), answers)
    gone = [one for one in found if not one["winner"]]
    assert gone
    for one in gone:
        assert rank(made(), {**answered(made(), answers), one["question"]: one["to"]})[0].out
    assert "nothing here does all of that" in page.turned(made(), answers)


@pytest.mark.parametrize("name", [one["id"] for one in rules()["configuration"]])
def test_any_configuration_is_first_by_some_demands_and_by_none_of_them_less(name: str) -> None:
    found = turning.demands(made(), name)
    assert found
    ranked = rank(made(), found)
    assert ranked[0].id == name
    assert ranked[0].key < ranked[1].key
    for question in found:
        fewer = {key: value for key, value in found.items() if key != question}
        assert turning.margin(made(), answered(made(), fewer), name, None) <= 0, question


def test_the_bill_grows_with_rate_size_days_nodes_and_copies() -> None:
    of = {one["id"]: one for one in made()["configurations"]}
    answers = answered(
        made(), {"rate": 1000, "size": 1000, "replay": "yes", "keep_days": 7, "kind": "event", "services": 3}
    )

    def gb(name: str, what: str, **other: Any) -> float:
        return next(one["gb"] for one in bill(of[name], {**answers, **other}) if one["what"].startswith(what))

    assert gb("kafka-1", "the messages") == pytest.approx(36), "ten hours of the worst"
    assert gb("kafka-1", "the messages", day=86_400_000) == pytest.approx(86.4)
    assert gb("kafka-3", "kept") == pytest.approx(3 * gb("kafka-1", "kept"))
    assert gb("kafka-1", "kept") == pytest.approx(7 * gb("kafka-1", "written"), rel=1e-3), (
        "a group's position is next to nothing"
    )
    assert gb("rabbitmq-quorum", "written") == pytest.approx(3 * gb("rabbitmq-quorum", "written", services=1))
    for name, times in (("kafka-1", 4), ("kafka-3", 6), ("http", 3), ("table-standby", 5)):
        assert gb(name, "over the network") == pytest.approx(times * 36), "in, out to three services, other nodes"
    lines = {name: bill(each, answers) for name, each in of.items()}
    notes = {name: str([one["note"] for one in each if "written" in one["what"]]) for name, each in lines.items()}
    assert "its log of writes with it" in notes["rabbitmq-quorum"]
    assert "what its files took" in notes["rabbitmq-stream-3"]
    assert "not measured here" in notes["table"]
    assert gb("kafka-1", "written", rate=2000) == pytest.approx(2 * gb("kafka-1", "written"))
    assert "what is stored beside them was not measured here" in str(bill(of["redis-list"], answers))
    stream = [gb("redis-stream-everysec", "written", services=number) for number in (1, 2, 3)]
    assert stream[1] - stream[0] == pytest.approx(stream[2] - stream[1]), "each group that reads writes as much"
    assert stream[1] > stream[0]
    kept = gb("redis-stream-everysec", "kept in memory")
    assert kept > 7 * gb("redis-stream-everysec", "the messages")


def test_bytes_beside_the_payload_lie_between_what_was_measured_and_no_further() -> None:
    pairs = [[100.0, 20.0], [1000.0, 200.0]]
    assert [beside(pairs, size) for size in (1, 100, 550, 1000, 9000)] == [20, 20, 110, 200, 200]
    assert beside([[100.0, 20.0]], 5000) == 20
    assert beside([], 5000) == 0


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (65_701, "65,700"),
        (12.34, "12.3"),
        (0.5, "0.5"),
        (999.6, "1,000"),
        (99.99, "100"),
        (3.0, "3"),
        (0, "0"),
        (1e6, "1,000,000"),
    ],
)
def test_a_number_has_three_digits_that_count(number: float, text: str) -> None:
    assert said(number) == text


def test_the_three_criteria_are_counted_as_a_plain_count_does() -> None:
    """A second way: needs of other questions are taken out of the model, and the ranking is made anew."""
    article = {one["id"] for one in made()["questions"] if one.get("article")}
    assert article == {"accident", "rate", "size", "kind", "services"}
    kept = [one for one in made()["needs"] if {one["asks"], *one["when"]} <= article]
    assert len(kept) < len(made()["needs"])
    less, several = 0, 0
    for case in made()["scenarios"]:
        asked = {name: value for name, value in case["answers"].items() if name in article}
        by_three = rank({**made(), "needs": kept}, asked)
        first = [one.id for one in by_three if one.key == min(each.key for each in by_three)]
        less += rank(made(), case["answers"])[0].id not in first
        several += len(first) > 1
    assert three.count() == three.Counted(12, less, several)


def plain(one: Ranked) -> dict[str, Any]:
    reasons = [
        {"need": each.need, "short": each.short, "points": each.points, "text": each.text} for each in one.reasons
    ]
    flags = {"out": one.out, "untested": one.untested, "close": one.close, "untried": one.untried}
    return {"id": one.id, "points": one.points, "reasons": reasons} | flags


def test_the_browser_ranks_as_python_does_with_the_same_reasons_and_the_same_advice(tmp_path: Path) -> None:
    asked = [[random_answers(seed), random_weights(seed)] for seed in range(250)]
    asked += [[one["answers"], {}] for one in made()["scenarios"]]
    script = """() => given.map(([answers, weights]) => [
        engine.rank(model, answers, weights).map(({ id, points, out, untested, close, untried, reasons }) => ({
            id, points, out, untested, close, untried,
            reasons: reasons.map(({ need, short, points, text }) => ({ need, short, points, text })) })),
        engine.advice(model, answers)?.say ?? null,
        model.configurations.map((one) => bill.bill(one, engine.answered(model, answers)).map(
            ({ what, gb, note }) => [what, bill.amount(gb), note])),
    ])"""
    for (answers, weights), (ranked, heard, bills) in zip(asked, deno(tmp_path, script, asked), strict=True):
        assert [plain(one) for one in rank(made(), answers, weights)] == ranked, answers
        found = advice(made(), answers)
        assert (found["say"] if found else None) == heard
        here = [bill(one, answered(made(), answers)) for one in made()["configurations"]]
        assert [[[line["what"], amount(line["gb"]), line["note"]] for line in lines] for lines in here] == bills


def test_the_browser_finds_the_same_turns_and_demands_and_says_them_alike(tmp_path: Path) -> None:
    asked = [*(one["answers"] for one in made()["scenarios"]), *(random_answers(seed) for seed in range(12))]
    script = """() => [given.map((answers) => {
        const all = engine.answered(model, answers);
        return engine.turns(model, answers).map((one) => [one,
            words.turnSaid(words.byId(model.questions, one.question), one, all[one.question])]);
    }), model.configurations.map(({ id }) => engine.demands(model, id)),
    given.map((answers) => [words.address(answers), words.read(model, words.address(answers)).answers,
        model.questions.map((one) => words.answerSaid(one, engine.answered(model, answers)[one.id]))])]"""
    turned, demanded, addressed = deno(tmp_path, script, asked)
    for answers, there in zip(asked, turned, strict=True):
        all_of = answered(made(), answers)
        here = turning.turns(made(), answers)
        told = [turn_said(by_id(made()["questions"], one["question"]), one, all_of[one["question"]]) for one in here]
        assert [[one, text] for one, text in zip(here, told, strict=True)] == there
    assert [turning.demands(made(), one["id"]) for one in made()["configurations"]] == demanded
    for answers, (where, back, told) in zip(asked, addressed, strict=True):
        assert address(answers) == where
        assert back == answers
        assert [answer_said(one, answered(made(), answers)[one["id"]]) for one in made()["questions"]] == told


def test_an_address_that_was_tampered_with_is_read_as_far_as_it_makes_sense(tmp_path: Path) -> None:
    given = [
        "#answers&accident=power&rate=-5&size=abc&kind=%3Cscript%3E&runs=redis,nothing&w-safety=3&w-speed=9&x=1",
        "#lab=loss-matrix",
    ]
    found = deno(tmp_path, "() => given.map((one) => words.read(model, one))", given)
    assert found == [{"answers": {"accident": "power", "runs": ["redis"]}, "weights": {"safety": 3}}, None]


def test_the_record_has_what_a_decision_needs(tmp_path: Path) -> None:
    answers = by_id(made()["scenarios"], "orders")["answers"]
    text = recorded_as(tmp_path, answers, "{ safety: 2 }")
    first = by_id(made()["configurations"], rank(made(), answers, {"safety": 2})[0].id)
    assert text.startswith(f"# Messages go through: {first['name']}\n")
    for part in (
        "2026-11-30",
        "Nothing may be lost when a machine is gone with its disk",
        "Against it",
        "Ruled out",
        "Written to disk a day",
        "What would change this answer",
        *made()["servers"],
        "Nothing gets lost: 2 times",
    ):
        assert part in text
    assert re.findall(r"\]\((?!https://)", text) == []
    assert "https://book.example/book/03-2-loss-matrix.html#lab=loss-matrix" in text


@pytest.mark.parametrize("case", ["orders", "quote", "django"])
def test_the_record_names_every_answer_and_every_configuration(tmp_path: Path, case: str) -> None:
    """What was left as it was is marked; what is ruled out has a reason."""
    given = by_id(made()["scenarios"], case)["answers"]
    text, answers, ranked = recorded_as(tmp_path, given), answered(made(), given), rank(made(), given)
    asked = [one for one in made()["questions"] if turning.asked(one, answers)]
    lines = text.partition("## What was asked")[2].partition("## Decision")[0].splitlines()
    for one in asked:
        line = next(line for line in lines if line.startswith(f"- {one['ask']}"))
        told = answer_said(one, answers[one["id"]])
        assert f"{told[:1].upper()}{told[1:]}." in line
        assert ("this is the default" in line) == (one["id"] not in given), line
    assert len([line for line in lines if line.startswith("- ")]) == len(asked) > len(given)
    rest, _, gone = text.partition("## What was not chosen")[2].partition("## Consequences")[0].partition("Ruled out:")
    decided = text.partition("## Decision")[2].partition("###")[0]
    names = [one["name"] for one in made()["configurations"]]
    longest = lambda line: max((name for name in names if line.startswith(f"- {name}")), key=len, default="")  # noqa: E731
    for one in ranked[1:]:
        name = by_id(made()["configurations"], one.id)["name"]
        if one.close:
            assert name in decided
            continue
        found = [line for line in (gone if one.out else rest).splitlines() if longest(line) == name]
        assert len(found) == 1, name
        assert not one.out or len(found[0]) > len(name) + 10


def test_the_record_of_what_nothing_can_do_says_so_in_its_title(tmp_path: Path) -> None:
    answers = {"framework": "celery", "replay": "yes", "accident": "kill"}
    assert rank(made(), answers)[0].out
    assert recorded_as(tmp_path, answers).startswith("# Nothing here does all of that.\n")


def test_a_score_is_made_of_what_is_left_open_and_of_nothing_else() -> None:
    of, answers = made(), answered(made(), by_id(made()["scenarios"], "payments")["answers"])
    one = by_id(of["configurations"], "table")
    found = score(of, one, answers, {"readers": 2})
    key = by_id(of["needs"], "key")
    assert left_open(key, one, answers)[0] == 0.4
    assert next(each.points for each in found.reasons if each.need == "key") == pytest.approx(0.4 * key["weight"] * 2)
    assert found.points == pytest.approx(sum(each.points for each in found.reasons))
