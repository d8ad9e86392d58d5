"""The claim board: a verdict comes from a run of a lab that the claim names, or from documents, or there is none."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from functools import cache
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from labs.experiments import EXPERIMENTS, experiment
from labs.experiments.rules import Rule
from labs.model.claims import BY_LABS, claims
from labs.model.paths import PROJECT
from labs.pages import claim_board, course
from labs.pages.article import article
from labs.pages.claims import COUNTED, DECIDED, OF_A_PART, POLICIES, WORDS, WRITTEN, board, judged, may_vote, split
from labs.pages.documents import cited, documented
from labs.pages.facets import slug
from labs.pages.pages import claim_line

RUNS = PROJECT / "book" / "runs"
MOST_WORDS, MOST_OF_THE_ARTICLE = 15, 8
FROM_DOCUMENTS = ("C05", "C61")
"""Counted, and from documents."""
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


@pytest.mark.parametrize(("claim", "named"), [("C29", "L9.9"), ("C31", "L3.2"), ("C35", "L3.2"), ("C29", "L3.2")])
def test_a_lab_judges_a_claim_only_if_the_claim_names_it_and_leaves_it_to_labs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, claim: str, named: str
) -> None:
    rules = (Rule(claim, lambda _digests: ("holds", "We saw it."), of_part=("holds",)),)
    lab = replace(experiment("loss-matrix"), claims=(claim,), rules=rules)
    monkeypatch.setitem(EXPERIMENTS, lab.name, lab)
    monkeypatch.setitem(claims()[claim], "lab", f"L1.1, {named}")
    (tmp_path / "loss-matrix.json").write_text('{"format": 1, "lab": "loss-matrix", "digests": []}')
    may = (claim, named) == ("C29", "L3.2")
    assert may_vote(lab, claim) == may
    assert (claim in judged(tmp_path)) == may
    first = next(entry for entry in board(tmp_path) if entry["id"] == claim)
    word = first["word"]
    assert (word == "undecided here" and claim not in documented()) == may  # L1.1 is named and not recorded
    assert first["evidence"].startswith("One more lab of this claim is not recorded yet. ") == may
    monkeypatch.setitem(claims()[claim], "lab", named)
    entry = next(entry for entry in board(tmp_path) if entry["id"] == claim)
    assert (entry["word"] == "holds" and claim not in documented()) == may
    assert "not recorded yet" not in entry["evidence"]


def test_a_case_that_a_lab_has_seen_waits_for_no_further_lab_and_one_that_it_has_not_seen_does(tmp_path: Path) -> None:
    (tmp_path / "routing-puzzles.json").write_bytes((RUNS / "routing-puzzles.json").read_bytes())
    assert judged(tmp_path)["C39"]["word"] == "holds"
    content = json.loads((tmp_path / "routing-puzzles.json").read_text("utf-8"))
    content["digests"] = [one for one in content["digests"] if one["settings"]["puzzle"] != "audit"]
    (tmp_path / "routing-puzzles.json").write_text(json.dumps(content))
    found = judged(tmp_path)["C39"]
    assert found["word"] == "undecided here"
    assert found["text"].startswith("One more lab of this claim is not recorded yet. ")


def test_the_board_links_what_was_read_and_only_that() -> None:
    entries, by_labs = entries_by_claim(), judged()
    assert len(entries) == len(claims())
    for claim, entry in entries.items():
        assert bool(entry["read"]) == (claim in {*documented(), *FROM_DOCUMENTS})
        untested = claim not in {*documented(), *by_labs, *UNCHECKED, *COUNTED}
        assert (entry["word"] == "not tested yet") == untested


@cache
def entries_by_claim() -> dict[str, dict[str, Any]]:
    """The board of the recorded files, made once: it judges all of them."""
    return {entry["id"]: entry for entry in board()}


@cache
def lines() -> dict[str, str]:
    """Claim -> its item on the board."""
    html = "".join(claim_board.listed(list(entries_by_claim().values())).values())
    return dict(zip(claims(), html.split("<li id=")[1:], strict=True))


def test_what_is_seen_so_far_stands_beside_a_badge_that_waits_for_nothing_but_rounds() -> None:
    few = {claim for claim, entry in entries_by_claim().items() if entry["so_far"]}
    for claim, line in lines().items():
        entry = entries_by_claim()[claim]
        assert ("seen so far: <strong>" in line) == ("seen so far: <strong>" in claim_line(entry)) == (claim in few)
        if claim in few:
            assert entry["word"] == "undecided here" != entry["so_far"]
            assert "and the rule needs five" in entry["evidence"]
            assert f"seen so far: <strong>{entry['so_far']}</strong>; the verdict waits for more rounds" in line
    told = claim_line(entries_by_claim()["C04"] | {"so_far": "a <word>"})
    assert "<strong>a &lt;word&gt;</strong>" in told


def test_a_rule_that_is_later_than_what_it_judges_says_so() -> None:
    for claim, line in lines().items():
        entry, told = entries_by_claim()[claim], "The rule is later than the recording that it judges."
        by_lab = re.findall(r"20[-\d]{8}", entry["when"]) if entry["page"] else []
        later = bool(by_lab) and all(day < entry["rule_changed"][:10] for day in by_lab)
        assert (told in line) == (told in claim_line(entry)) == later


def test_the_board_says_how_each_claim_is_judged_when_the_rule_was_written_and_when_it_changed() -> None:
    entries = entries_by_claim()
    for claim, line in lines().items():
        row = claims()[claim]
        assert claim in UNCHECKED or f"<strong>Rule, {POLICIES[row['policy']]}.</strong> " in line
        day, _, why = row["rule_changed"].partition(": ")
        assert escape(row["verdict_rule"]) in line
        assert (f"Written {WRITTEN}; changed {day}: {escape(why)}" in line) == bool(day)
        assert (f"Written {WRITTEN}." in line) != bool(day)
        says = [escape(source.says) for source in documented()[claim].sources] if claim in documented() else []
        says += [escape(one["says"]) for one in entries[claim]["read"]] if claim in COUNTED else []
        assert re.findall("</a>: “(.*?)”", line) == says
        assert escape(entries[claim]["evidence"].removeprefix(split(entries[claim]["evidence"])[0]).strip()) in line


def test_a_claim_has_one_sentence_in_sight_and_links_to_the_page_that_shows_it() -> None:
    entries = entries_by_claim()
    for claim, line in lines().items():
        shown = line.partition("<details>")[0]
        first, rest = split(entries[claim]["evidence"])
        assert escape(first) in shown
        assert not rest or escape(rest) not in shown
        there = entries[claim]["page"]
        assert (f".html#lab={there}" in shown) == bool(there), "a link to the view"
        assert f'href="#{claim.lower()}" aria-label="Link to claim {claim}"' in shown


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("All 3.5 were lost. Two more: C04.", "All 3.5 were lost."),
        ("Kafka 4.3 lost none.", "Kafka 4.3 lost none."),
        ("Was it? Yes.", "Was it?"),
        ("", ""),
    ],
)
def test_the_first_sentence_ends_where_the_next_begins_and_not_in_a_number(text: str, first: str) -> None:
    assert split(text)[0] == first
    assert " ".join(filter(None, split(text))) == text


def test_every_source_is_an_address_of_a_public_host_or_says_that_it_has_none() -> None:
    names = [one for row in claims().values() for one in cited(row["source"])]
    assert sum(not one.url for one in names) <= 12, [one.title for one in names if not one.url]
    hosts = set()
    for claim, line in lines().items():
        found = re.findall(r'href="([^"#][^"]*)"', line.partition("<details>")[2])
        assert found or claim == "C36", claim
        for address in found:
            parts = urlsplit(address)
            assert parts.scheme == "https"
            assert re.fullmatch(r"([a-z0-9-]+\.)+[a-z]{2,}", parts.netloc), address
            hosts.add(parts.netloc)
    assert {"github.com", "otonomo.io", "docs.aws.amazon.com"} <= hosts
    plain = [title for line in lines().values() for title in re.findall(r"<li>([^<]*)</li>", line)]
    assert plain
    assert all(title.endswith("(no public address)") for title in plain)


def test_a_source_that_has_no_line_of_its_own_is_refused() -> None:
    with pytest.raises(KeyError, match="somewhere"):
        cited("redis/docs content/develop/pubsub/_index.md; somewhere")


def test_the_article_is_linked_and_each_claim_has_at_most_eight_words_of_it() -> None:
    assert article().url.startswith("https://otonomo.io/")
    assert list(article().words) == list(claims())
    for claim, line in lines().items():
        words = article().words[claim]
        assert 1 <= len(words.split()) <= MOST_OF_THE_ARTICLE
        assert f'<q cite="{article().url}">{escape(words)}</q>' in line


def test_the_counts_in_the_chips_are_those_of_the_list_and_of_the_strip() -> None:
    entries = list(entries_by_claim().values())
    chips, items = claim_board.filters(entries), "".join(lines().values())
    for facet in ("word", "decided", "chapter"):
        group = chips.partition(f'data-facet="{facet}"')[2].partition("</fieldset>")[0]
        counts = dict(re.findall(r'value="([\w-]*)"[^>]*><span>[^<]* <b>(\d+)</b>', group))
        assert int(counts.pop("")) == len(claims()) == sum(map(int, counts.values()))
        found = re.findall(rf'data-item[^>]*data-{facet}="([\w-]+)"', items)
        assert {value: str(found.count(value)) for value in counts} == counts
        assert set(found) <= set(counts)
    for linked in (True, False):
        html = claim_board.strip(entries, linked=linked)
        assert html.count("square") == len(claims())
        legend = dict(re.findall(r"\?word=([\w-]+).*?<strong>(\d+)</strong>", html))
        assert legend == {slug(w): str(sum(e["word"] == w for e in entries)) for w in WORDS if slug(w) in legend}
        assert sum(map(int, legend.values())) == len(claims())


def test_open_is_what_has_no_verdict_and_nothing_else() -> None:
    for entry in entries_by_claim().values():
        assert entry["decided"] in DECIDED
        assert (entry["decided"] == "open") == (entry["word"] in ("not tested yet", "undecided here"))
        assert (entry["decided"] == "documents") == (entry["id"] in {*documented(), *FROM_DOCUMENTS})


def test_a_claim_that_cannot_be_checked_says_what_is_missing_and_counts_for_no_verdict() -> None:
    entries = entries_by_claim()
    assert [claim for claim, entry in entries.items() if entry["word"] == "cannot be checked"] == UNCHECKED
    for claim in UNCHECKED:
        assert entries[claim]["evidence"].lower() in claims()[claim]["verdict_rule"].lower()
        assert len(entries[claim]["evidence"]) > len("Cannot be checked.")
    html = course.list_of_chapters(list(entries.values()), course.pages())
    assert html.count("1 that cannot be checked") == len(UNCHECKED)


def test_a_claim_that_is_undecided_or_untested_counts_as_open_wherever_claims_are_counted() -> None:
    entries = list(entries_by_claim().values())
    words = Counter(entry["word"] for entry in entries)
    still = words["undecided here"] + words["not tested yet"]
    assert still
    assert claim_board.summed(entries).startswith(f"{len(claims())} claims; ")
    assert f"{still} still open" in claim_board.summed(entries)
    in_chapters = [claim for one in course.chapters() for claim in one.claims]
    decided = [entries_by_claim()[claim]["decided"] in ("measured", "documents") for claim in in_chapters]
    told = re.findall(r"(\d+) decided", course.list_of_chapters(entries, course.pages()))
    assert sum(map(int, told)) == sum(decided)


def test_a_lab_that_measures_a_part_of_a_rule_does_not_speak_for_all_of_it() -> None:
    for lab, claim in OF_A_PART:
        assert may_vote(experiment(lab), claim)
    evidence = judged()["C65"]["text"]
    assert "That makes it “holds” by the lab “Keep it, read it again”" not in evidence, "it measures one of two halves"
    assert judged()["C65"]["word"] in WORDS
