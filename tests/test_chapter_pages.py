"""The first and the last page of every chapter that has labs: where they stand, and that they follow the verdicts."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from labs.experiments import EXPERIMENTS
from labs.model.paths import PROJECT
from labs.model.text import sentences
from labs.pages import chapter_pages, course, in_short, parts
from labs.pages import claims as claim_words
from labs.pages.chapter_answers import FIGURE, Answer, answers, stands
from labs.pages.claims import WORDS
from labs.pages.course import Chapter
from tests.browser import settled, violations
from tests.made import prose
from tests.read_aloud import LONG, words_of

BOOK = PROJECT / "book"
WITH_LABS = [one for one in course.chapters() if course.labs_of(one.number)]
"""Chapters that have a page with a panel."""
FIRST, LAST = "{number:02}-0-the-question", "{number:02}-9-what-we-know"
each_chapter = pytest.mark.parametrize("one", WITH_LABS, ids=lambda one: str(one.number))


@cache
def board() -> list[dict[str, Any]]:
    """The claim board, judged once."""
    return claim_words.board()


def page_of(one: Chapter, name: str) -> course.Page:
    """Its first or last page, as the table of contents has it."""
    return next(page for page in course.pages() if page.stem == name.format(number=one.number))


def text(one: Chapter, name: str) -> str:
    return (BOOK / f"{name.format(number=one.number)}.md").read_text("utf-8")


def made(name: str, one: Chapter, entries: list[dict[str, Any]] | None = None) -> str:
    return chapter_pages.PARTS[name](one, board() if entries is None else entries, course.pages())


@each_chapter
def test_a_chapter_begins_with_its_question_and_ends_with_what_is_known(one: Chapter) -> None:
    own = [page for page in course.pages() if page.chapter == one.number]
    assert [page.opens for page in own] == [True, *[False] * (len(own) - 1)]
    assert [page.closes for page in own] == [*[False] * (len(own) - 1), True]
    assert (own[0].stem, own[-1].stem) == (page_of(one, FIRST).stem, page_of(one, LAST).stem)
    assert own[0].title == one.asks
    assert own[-1].title.startswith("What do we now know of ")


@each_chapter
def test_both_pages_have_all_their_parts_of_their_own_chapter(one: Chapter) -> None:
    asked = {name: re.findall(r"```\{chapter-(\w+)\} (\d+)\n```", text(one, name)) for name in (FIRST, LAST)}
    assert asked[FIRST] == [(name, str(one.number)) for name in ("says", "guess", "able", "way")]
    known = ("answer", "known", "found", "claims", "left", "able", "onward")
    assert asked[LAST] == [(name, str(one.number)) for name in known]
    for name in (FIRST, LAST):
        assert not re.search(r"\d", prose(text(one, name))), "a figure is typed"
    assert not set(WORDS) & set(re.findall("|".join(WORDS), prose(text(one, LAST)))), "a verdict is typed"


@each_chapter
def test_what_it_quotes_is_the_articles_and_tells_no_verdict(one: Chapter) -> None:
    entries = {entry["id"]: entry for entry in board()}
    assert 3 <= len(one.quoted) <= 5
    assert set(one.quoted) <= set(one.claims)
    html = made("says", one)
    assert re.findall(r"<q [^>]*>([^<]+)</q>", html) == [entries[claim]["words"] for claim in one.quoted]
    assert 'class="verdict' not in html
    assert not [word for word in WORDS[1:] if word in html and word != "not tested yet"]


@each_chapter
def test_each_lab_of_a_chapter_is_something_that_its_reader_can_say_and_none_that_is_missing(one: Chapter) -> None:
    here = {EXPERIMENTS[lab].number.rstrip("b") for lab in course.labs_of(one.number)}
    assert here <= set(one.able), "labs/pages/chapters.toml: say under `able` what the lab teaches"
    assert made("able", one).count("<li>") == len(here)


@each_chapter
def test_the_guess_asks_for_how_many_hold_and_its_answer_follows_the_verdicts(one: Chapter) -> None:
    html = made("guess", one)
    holding = sum(entry["word"] == "holds" for entry in board() if entry["id"] in one.claims)
    right = re.findall(r'data-truth="([^"]+)"', html)
    assert right == [option for least, most, option in chapter_pages.BINS if least <= holding <= most]
    none = [{**entry, "word": "never held"} for entry in board()]
    assert 'data-truth="none"' in made("guess", one, none)
    every = [{**entry, "word": "holds"} for entry in board()]
    assert 'data-truth="none"' not in made("guess", one, every)


@each_chapter
def test_the_way_has_every_page_between_with_its_minutes(one: Chapter) -> None:
    between = [page for page in course.pages() if page.chapter == one.number][1:-1]
    listed = re.findall(r'href="([^"]+)\.html">[^<]+</a> <span class="meta">(\d+) minutes', made("way", one))
    assert listed == [(page.stem, str(page.minutes)) for page in between]


@each_chapter
def test_the_last_page_says_of_every_lab_what_the_labs_own_page_says(one: Chapter) -> None:
    html = made("found", one)
    for lab, page in course.labs_of(one.number).items():
        if EXPERIMENTS[lab].short:
            assert parts.coded(in_short.of(lab).answer) in html
            assert parts.coded(in_short.of(lab).monday) in html
            assert f'href="{page.stem}.html"' in html


@each_chapter
def test_the_last_page_answers_the_first_ones_question_and_each_answer_stands_on_todays_verdicts(one: Chapter) -> None:
    words = {entry["id"]: entry["word"] for entry in board()}
    own = [each for each in answers() if each.chapter == one.number]
    assert 2 <= len(own) <= 3
    for each in own:
        assert set(each.rests) <= set(one.claims)
        assert stands(each, words), f"labs/pages/chapter_answers.toml: write what is so now of {each.rests}"
    html = made("answer", one)
    assert f'<p class="chapter-asked">{one.asks}</p>' in html
    assert html.count("<li>") == len(own)
    assert "(not recorded yet)" not in html


@pytest.mark.parametrize("each", answers(), ids=lambda one: " ".join(one.rests))
def test_an_answer_is_said_only_while_each_of_its_claims_has_its_word(each: Answer) -> None:
    one = chapter_pages.chapter(each.chapter)
    begins = escape(each.text.partition("{")[0].partition("`")[0], quote=True)
    assert begins in made("answer", one)
    for claim, word in each.rests.items():
        other = next(name for name in WORDS if name != word)
        changed = [{**entry, "word": other} if entry["id"] == claim else entry for entry in board()]
        html = made("answer", one, changed)
        assert begins not in html
        assert f'<a href="#{claim.lower()}">{claim}</a> {chapter_pages.SAID[other][0]}: ' in html


@pytest.mark.parametrize("each", answers(), ids=lambda one: " ".join(one.rests))
def test_an_answer_is_plain_sentences_with_no_figure_of_its_own(each: Answer) -> None:
    assert not re.search(r"\d", FIGURE.sub("", each.text))
    for sentence in sentences(FIGURE.sub("a figure", each.text)):
        assert len(words_of(sentence)) <= LONG, sentence
        assert sentence.endswith(".")


def test_an_answer_whose_figure_is_not_recorded_is_not_said() -> None:
    rests = {"C72": "holds"}
    lacking = Answer(8, rests, "It is {cost-of-switching raw rabbitmq-kafka features}.")
    assert stands(lacking, rests)
    assert not stands(replace(lacking, text="It is {loss-matrix kafka-acks-all redis-list-rdb power loss}."), rests)


@each_chapter
def test_what_is_open_leads_to_the_pages_that_measured_it(one: Chapter) -> None:
    for entry in board():
        if entry["id"] in one.claims and entry["decided"] == "open" and entry["page"]:
            assert f'href="{course.panels()[entry["page"]]}.html"' in made("left", one)


def test_labs_that_do_not_agree_are_named_with_their_words_in_the_first_sentence() -> None:
    first, _ = claim_words.split(claim_words.judged()["C65"]["text"])
    if first.startswith("The labs do not agree"):
        assert "“Keep it, read it again” says “holds” of the part of the rule that it measures" in first


@each_chapter
def test_the_strip_and_the_list_have_the_chapters_claims_and_no_other(one: Chapter) -> None:
    known, listed = made("known", one), made("claims", one)
    assert re.findall(r'<a class="verdict square"[^>]* href="#(c\d\d)"', known) == [name.lower() for name in one.claims]
    assert re.findall(r'<li id="(c\d\d)"', listed) == [name.lower() for name in one.claims]


@each_chapter
def test_the_sum_counts_each_claim_once_and_changes_with_a_verdict(one: Chapter) -> None:
    entries = board()
    said = chapter_pages.told(one, entries)
    changed = [{**entry, "word": "never held"} if entry["id"] == one.claims[0] else entry for entry in entries]
    if entries[[entry["id"] for entry in entries].index(one.claims[0])]["word"] != "never held":
        assert chapter_pages.told(one, changed) != said
    alike = [{**entry, "word": "holds"} for entry in entries]
    assert chapter_pages.told(one, alike).endswith("claims of the chapter hold as they stand.")
    two = [{**entry, "word": "holds" if entry["id"] == one.claims[0] else "not tested yet"} for entry in entries]
    assert "claims one holds as it stands and " in chapter_pages.told(one, two)
    assert " are not tested yet." in chapter_pages.told(one, two)


@each_chapter
def test_what_is_open_is_exactly_what_has_no_verdict(one: Chapter) -> None:
    waiting = [entry["id"] for entry in board() if entry["id"] in one.claims and entry["decided"] == "open"]
    assert re.findall(r'href="#(c\d\d)"', made("left", one)) == [name.lower() for name in waiting]
    assert "Nothing" in made("left", one, [{**entry, "decided": "measured"} for entry in board()])


def test_the_story_goes_from_each_last_page_to_the_next_question_and_ends_on_monday() -> None:
    for one, after in pairwise(WITH_LABS):
        assert f'href="{FIRST.format(number=after.number)}.html"' in made("onward", one)
    last = made("onward", WITH_LABS[-1])
    assert last.index('href="choose.html"') < last.index('href="monday.html"')


def test_a_chapter_that_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match="there is no chapter 9"):
        chapter_pages.part("known", 9, board())


def test_words_of_the_article_and_of_a_claim_are_escaped() -> None:
    one = WITH_LABS[0]
    entries = [{**entry, "words": "<b>", "claim": "<i>", "evidence": "<u>", "decided": "open"} for entry in board()]
    for name in ("says", "known", "claims", "left"):
        assert not re.search("<[biu]>", made(name, one, entries))
    assert "<b>" not in made("able", replace(one, able=dict.fromkeys(one.able, "<b>")))


@pytest.mark.browser
def test_both_pages_of_every_chapter_can_be_read_by_anyone_on_a_phone_and_stand_where_the_menu_has_them(
    page: Page, host: str, site: Path
) -> None:
    order = [one.stem for one in course.pages()]
    for one in WITH_LABS:
        for name in (FIRST, LAST):
            stem = name.format(number=one.number)
            page.set_viewport_size({"width": 390, "height": 900})
            page.goto(f"{host}book/{stem}.html")
            settled(page)
            assert violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
            after = page.locator(".prev-next-area a.right-next").get_attribute("href")
            assert after == f"{order[order.index(stem) + 1]}.html"
            menu = page.locator(".bd-sidebar-primary li.current.active > a")
            assert menu.get_attribute("href") == "#"
