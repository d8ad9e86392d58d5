"""What the page of promises says: its sentences for none, one and many, its findings, its list, and damaged files."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from labs.judge.promise_file import load
from labs.judge.promises import Outcome, Row
from labs.judge.recording import save_rows
from labs.model.paths import RECORDED
from labs.model.run import RunFileError
from labs.pages import promise_findings, promise_page, promise_words
from labs.pages.build import damaged
from labs.scenarios.promises.report import result_data
from labs.scenarios.promises.running import Result
from labs.scenarios.promises.table import rows

CLEAN = {"attempted": 400, "acknowledged": 400, "lost": 0, "duplicated": 0, "unexpected": 0}
TABLE = rows()


def recorded(row: Row, *counts: Mapping[str, int], trouble: str = "", not_run: str = "") -> dict[str, Any]:
    """A row as its file has it: an attempt for each of `counts`, and one that says nothing if there was trouble."""
    found = [Outcome(CLEAN | one, CLEAN, "pid 7 died") for one in counts]
    found += [Outcome({}, {}, "", trouble)] if trouble else []
    result = Result(row, "1.2", () if not_run else tuple(found), 3.2, not_run, "native")
    return json.loads(json.dumps(result_data(result) | {"code": "abc", "date": "2026-11-30"}))


LOSS, WORK = TABLE["R1"], TABLE["R13"]


@pytest.mark.parametrize(
    ("row", "counts", "said"),
    [
        (LOSS, [{}], "None of the 400 acknowledged messages was lost. One attempt beside its control."),
        (LOSS, [{"lost": 400}], "All 400 acknowledged messages were lost. One attempt beside its control."),
        (
            LOSS,
            [{"lost": 1}, {"lost": 1}],
            "1 of the 400 acknowledged messages was lost. Two attempts, each beside its control.",
        ),
        (
            LOSS,
            [{"lost": 3}, {"lost": 0}, {"lost": 1}],
            "0 to 3 of the 400 acknowledged messages were lost, in 2 of 3 attempts. "
            "3 attempts, each beside its control.",
        ),
        (
            LOSS,
            [{"acknowledged": 300, "lost": 300}, {}],
            "0 to 300 of the 300 to 400 acknowledged messages were lost, in 1 of 2 attempts. "
            "Two attempts, each beside its control.",
        ),
        (
            LOSS,
            [{"acknowledged": 1, "lost": 1}],
            "The only acknowledged message was lost. One attempt beside its control.",
        ),
        (LOSS, [{"acknowledged": 0}], "No acknowledged message was there to be lost. One attempt beside its control."),
        (TABLE["Q2"], [{"lost": 400}], "All 400 sent messages were lost. One attempt beside its control."),
        (
            WORK,
            [{"duplicated": 1}, {"duplicated": 1}],
            "None of the 400 acknowledged messages was lost. 1 came twice. Two attempts, each beside its control.",
        ),
        (
            WORK,
            [{"duplicated": 0}, {"duplicated": 3}],
            "None of the 400 acknowledged messages was lost. 0 to 3 came twice. Two attempts, each beside its control.",
        ),
        (
            TABLE["R5"],
            [{"lost": 9, "window_ms": 420}, {"lost": 0, "window_ms": 0}],
            "0 to 9 of the 400 acknowledged messages were lost, in 1 of 2 attempts. The oldest lost one had been "
            "acknowledged 420\u00a0ms before the fault. Two attempts, each beside its control.",
        ),
        (
            TABLE["R9b"],
            [{"acknowledged": 0}],
            "None of the 400 messages was acknowledged. One attempt beside its control.",
        ),
        (
            TABLE["Q10"],
            [{"returned": 400, "lost": 0}],
            "All 400 messages were returned to the sender. None of the 400 acknowledged messages was lost. "
            "One attempt beside its control.",
        ),
        (
            TABLE["Q18"],
            [{"acknowledged_in_alarm": 1}],
            "All 400 messages were acknowledged. None of the 400 acknowledged messages was lost. None came twice. "
            "1 was confirmed during the alarm. One attempt beside its control.",
        ),
        (
            TABLE["R22e"],
            [{"disagreed": 1, "lost": 400, "acknowledged_by_ledger": 380, "lost_by_ledger": 0}],
            "The two ways disagree in 1 of 1. By ioctl: all 400 messages were lost. By the ledger: none of the 380 "
            "messages was lost. One attempt beside its control.",
        ),
    ],
)
def test_what_happened_reads_right_for_none_one_and_many(
    row: Row, counts: Sequence[Mapping[str, int]], said: str
) -> None:
    assert promise_words.sentence(recorded(row, *counts)) == said


@pytest.mark.parametrize(
    ("good", "said"),
    [
        ([], "1 of 1 attempt says nothing: no broker."),
        (
            [{}],
            "None of the 400 acknowledged messages was lost. One attempt beside its control. "
            "1 of 2 attempts says nothing: no broker.",
        ),
    ],
)
def test_an_attempt_that_says_nothing_is_told_with_its_reason(good: list[Mapping[str, int]], said: str) -> None:
    assert promise_words.sentence(recorded(LOSS, *good, trouble="no broker.")) == said


@pytest.mark.parametrize("name", [name for name, row in TABLE.items() if row.not_here])
def test_a_promise_that_cannot_be_tested_says_why_in_a_sentence(name: str) -> None:
    said = promise_words.sentence(recorded(TABLE[name], not_run=TABLE[name].not_here))
    assert re.fullmatch(r"Not tested here: (it needs|tried:) .*[^.]\.", said)


@pytest.mark.parametrize("name", list(TABLE))
def test_every_promise_has_its_sentence_for_any_outcome_its_attack_and_its_sources(name: str) -> None:
    row = TABLE[name]
    more = dict.fromkeys((*row.promise, *row.ranges), 3)
    for one in (recorded(row, more), recorded(row, more, more, trouble="x")):
        said = promise_words.sentence(one)
        assert said.endswith(".")
        assert not re.search(r"  |\.\.|\{|None \.", said), said
    assert bool(result_data(Result(row))["attack"]) == (not row.not_here)
    assert all(
        source.url.startswith("https://github.com/") and len(source.says.split()) <= 24 for source in row.sources
    )


def whole(**words: str) -> dict[str, Any]:
    """A file in which the promises of all findings came out as these need, but for those named."""
    wanted = {name: word for one in promise_findings.findings() for name, word in one["needs"].items()} | words
    found = []
    for name, row in TABLE.items():
        if row.not_here:
            found.append(recorded(row, not_run=row.not_here))
            continue
        kept = wanted.get(name, "kept") == "kept"
        bounds = {count: (one.low if isinstance(one.low, int) else 400) for count, one in row.promise.items()}
        broken = {"lost": 7} if "lost" in row.promise else {next(iter(row.promise)): 10_000}
        broken |= {"silent": 7} if "silent" in row.promise else {}
        found.append(recorded(row, bounds if kept else bounds | broken))
    return {"card": {"date": "2026-11-30"}, "rows": found}


def test_a_finding_stands_only_while_each_of_its_promises_came_out_as_it_needs() -> None:
    assert len(promise_findings.shown(whole())) == len(promise_findings.findings()) > 4
    for one in promise_findings.findings():
        for name, word in one["needs"].items():
            other = "broken" if word == "kept" else "kept"
            left = promise_findings.shown(whole(**{name: other}))
            assert not any(one["title"] in html for html in left), (one["title"], name)
    assert promise_findings.shown({"card": {}, "rows": []}) == []


def test_a_finding_quotes_its_makers_and_leaves_nothing_to_fill_in() -> None:
    content = whole()
    by_id = {row["id"]: row for row in content["rows"]}
    for one, html in zip(promise_findings.findings(), promise_findings.shown(content), strict=True):
        said = promise_findings.told(one, by_id)
        assert not re.search(r"[{}\n]|  |: (All|None) ", said), said
        assert said.endswith((".", '."')), said
        assert "“" in html.partition("promise-sources")[2]


def test_every_promise_stands_once_under_its_heading_and_is_counted_once() -> None:
    content = whole()
    listed = "".join(promise_page.listed(content).values())
    assert re.findall(r'<li id="(\w+)"', listed) != [name.lower() for name in TABLE], "sorted for readers"
    assert sorted(re.findall(r'<li id="(\w+)"', listed)) == sorted(name.lower() for name in TABLE)
    commands = re.findall(r'data-copy="labs promises (\w+)"', listed)
    assert sorted(commands) == sorted(name for name, row in TABLE.items() if not row.not_here)
    table = [
        [int(n) for n in re.findall(r">(\d+)</a>", line)] for line in promise_page.counts(content).split("<tr>")[2:]
    ]
    assert table[-1][-1] == len(TABLE) == 79
    assert all(sum(line[:-1]) == line[-1] for line in table)
    said = promise_page.summary(content)
    assert "79 promises, of which 70 were attacked in 70 attempts" in said
    left = sum(row["word"] == "not tested here" for row in content["rows"])
    assert f" {left} are not tested here: " in said, "the table under it counts by that word"


def test_what_may_be_filtered_by_is_what_the_list_has_as_often_as_it_says() -> None:
    content = whole()
    chips, listed = promise_page.facets(content), "".join(promise_page.listed(content).values())
    for facet in ("broker", "word"):
        group = chips.partition(f'data-facet="{facet}"')[2].partition("</fieldset>")[0]
        counts = dict(re.findall(r'value="([\w-]*)"[^>]*><span>[^<]* <b>(\d+)</b>', group))
        assert int(counts.pop("")) == len(TABLE)
        found = re.findall(rf'data-item[^>]*data-{facet}="([\w-]+)"', listed)
        assert {value: str(found.count(value)) for value in counts} == counts
        assert set(found) <= set(counts)


def saved(folder: Path, change: Any = None) -> Path:
    content = whole()
    if change:
        change(content["rows"])
    save_rows(folder / "promises.json", "promises", content["rows"], content["card"])
    return folder / "promises.json"


def test_a_file_that_agrees_with_itself_is_read(tmp_path: Path) -> None:
    assert len(load(saved(tmp_path))["rows"]) == 79
    assert damaged(tmp_path) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: rows[0]["outcomes"][0]["counts"].update(lost=0), "the verdict of attempt 1 is 'broken'"),
        (lambda rows: rows[0]["outcomes"][0].update(verdict="kept"), "the verdict of attempt 1 is 'kept'"),
        (lambda rows: rows[0].update(word="kept"), "it is called kept, by its attempts broken"),
        (lambda rows: rows[1].update(outcomes=[], word="not tested here"), "neither attempts nor a reason"),
        (lambda rows: rows[0]["outcomes"][0]["control"].update(lost=5), "by its counts 'unknown'"),
        (lambda rows: rows[0]["outcomes"][0]["counts"].update(lost=-1), "that is no count"),
        (lambda rows: rows[0].pop("attack"), "a part is missing"),
        (lambda rows: rows[0].pop("sources"), "a part is missing"),
        (lambda rows: rows[0].update(reason=7), "its reason is 7 and not a text"),
    ],
)
def test_a_damaged_or_older_file_is_named_with_what_is_wrong(tmp_path: Path, change: Any, said: str) -> None:
    saved(tmp_path, lambda rows: change([one for one in rows if one["id"] in ("Q6", "Q7")]))
    (line,) = damaged(tmp_path)
    assert "promises.json" in line
    assert said in line


def test_a_file_of_something_else_is_no_recording_of_promises(tmp_path: Path) -> None:
    save_rows(tmp_path / "promises.json", "other", [], {})
    with pytest.raises(RunFileError, match="is no recording of promises"):
        load(tmp_path / "promises.json")


RECORDING = RECORDED / "promises.json"


def test_the_recording_of_the_book_has_every_promise_with_an_outcome_or_a_reason() -> None:
    found = {row["id"]: row for row in load(RECORDING)["rows"]}
    assert list(found) == list(TABLE)
    for name, row in found.items():
        assert promise_words.sentence(row)
        assert row["outcomes"] or row["not_run"], name
        assert row["guarantee"] == TABLE[name].guarantee, f"{name} has changed: labs promises --out {RECORDING}"
