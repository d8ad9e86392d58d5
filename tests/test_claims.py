"""The claim board: a verdict comes from a run of a lab that the claim names, or from documents, or there is none."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from labs.experiments import EXPERIMENTS, experiment
from labs.experiments.rules import Rule
from labs.model.claims import BY_LABS, claims
from labs.pages import course, pages
from labs.pages.claims import POLICIES, WORDS, board, judged, may_vote
from labs.pages.documents import documented

MOST_WORDS = 15
UNCHECKED = [claim for claim, row in claims().items() if row["policy"] == "none"]


@pytest.mark.parametrize("claim", documented())
def test_a_verdict_by_documents_has_two_sources_with_address_date_and_the_few_words_that_decide(claim: str) -> None:
    found = documented()[claim]
    assert found.word in WORDS[:4]
    assert re.fullmatch(r"20\d\d-[01]\d-[0-3]\d", found.read)
    assert len({source.url for source in found.sources}) == len(found.sources) >= 2
    for source in found.sources:
        assert source.url.startswith("https://")
        assert 1 <= len(source.says.split()) <= MOST_WORDS, source


def test_documents_judge_what_their_policy_leaves_to_them_and_labs_the_rest() -> None:
    policies = {claim: row["policy"] for claim, row in claims().items()}
    assert set(policies.values()) == set(POLICIES)
    assert {policies[claim] for claim in documented()} == {"documents"}
    assert {policies[claim] for claim in judged()} <= set(BY_LABS)


@pytest.mark.parametrize(("claim", "named"), [("C04", "L9.9"), ("C31", "L3.2"), ("C35", "L3.2"), ("C04", "L3.2")])
def test_a_lab_judges_a_claim_only_if_the_claim_names_it_and_leaves_it_to_labs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, claim: str, named: str
) -> None:
    rules = (Rule(claim, lambda _digests: ("holds", "We saw it."), of_part=("holds",)),)
    lab = replace(experiment("loss-matrix"), claims=(claim,), rules=rules)
    monkeypatch.setitem(EXPERIMENTS, lab.name, lab)
    monkeypatch.setitem(claims()[claim], "lab", f"L1.1, {named}")
    (tmp_path / "loss-matrix.json").write_text('{"format": 1, "lab": "loss-matrix", "digests": []}')
    may = (claim, named) == ("C04", "L3.2")
    assert may_vote(lab, claim) == may
    assert (claim in judged(tmp_path)) == may
    word = next(entry["word"] for entry in board(tmp_path) if entry["id"] == claim)
    assert (word == "undecided here" and claim not in documented()) == may  # L1.1 is named and not recorded
    monkeypatch.setitem(claims()[claim], "lab", named)
    entry = next(entry for entry in board(tmp_path) if entry["id"] == claim)
    assert (entry["word"] == "holds" and claim not in documented()) == may
    assert "Not recorded yet" not in entry["evidence"]


def test_the_board_links_what_was_read_and_only_that() -> None:
    entries = {entry["id"]: entry for entry in board()}
    assert len(entries) == len(claims())
    for claim, entry in entries.items():
        assert bool(entry["read"]) == (claim in documented())
        untested = claim not in documented() and claim not in judged() and claim not in UNCHECKED
        assert (entry["word"] == "not tested yet") == untested


def test_the_board_says_how_each_claim_is_judged_what_decides_and_when_its_rule_changed() -> None:
    entries = {entry["id"]: entry for entry in board()}
    html = "".join(pages.board(list(entries.values()), {}).values())
    lines = dict(zip(claims(), html.split("<li id=")[1:], strict=True))
    for claim, row in claims().items():
        by = POLICIES[row["policy"]]
        assert claim in UNCHECKED or f"How it is judged, {by}: " in lines[claim]
        decided = entries[claim]["word"] not in ("not tested yet", "cannot be checked")
        assert (f"</span> {by}." in lines[claim]) == decided
        day, _, why = row["rule_changed"].partition(": ")
        assert ("The rule was changed on" in lines[claim]) == bool(day)
        assert not day or f"The rule was changed on {day}. Why: {pages.escape(why)}" in lines[claim]
        says = [pages.escape(source.says) for source in documented()[claim].sources] if claim in documented() else []
        assert re.findall("“(.*?)”", lines[claim]) == says


def test_a_claim_that_cannot_be_checked_says_what_is_missing_and_counts_for_no_verdict() -> None:
    entries = {entry["id"]: entry for entry in board()}
    assert [claim for claim, entry in entries.items() if entry["word"] == "cannot be checked"] == UNCHECKED
    for claim in UNCHECKED:
        assert entries[claim]["evidence"].lower() in claims()[claim]["verdict_rule"].lower()
        assert len(entries[claim]["evidence"]) > len("Cannot be checked.")
    html = course.list_of_chapters(list(entries.values()), course.pages())
    assert html.count("1 that cannot be checked") == len(UNCHECKED)
