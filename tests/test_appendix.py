"""The appendix pages that rest on documents: every topic is there and leads somewhere, every source has its words."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from docutils.nodes import make_id

from labs.model.claims import claims
from labs.pages import course
from labs.pages.appendix import entries
from labs.pages.documents import Source
from labs.scenarios.promises.table import rows

BOOK = Path(__file__).parent.parent / "book"
MOST_WORDS = 15
EVERY = [pytest.param(name, one, id=f"{name} {one.id}") for name in entries.FILES for one in entries.entries(name)]
PLANNED = [f"o{number}" for number in range(1, 27)]
STEMS = {page.stem for page in course.pages()}
PLAIN = entries.Entry("a", "Group", "Title", "Text.", (), (), "", (), "2026-11-30")


@cache
def anchors(stem: str) -> set[str]:
    """What may stand behind the # of a page's address: its headings, and on the lists their rows."""
    lists = {"claims": claims(), "promises": rows()}
    if stem in lists:
        return {name.lower() for name in lists[stem]}
    text = (BOOK / f"{stem}.md").read_text("utf-8")
    if stem == "glossary":
        return {f"term-{make_id(word)}" for word in re.findall(r"(?m)^([A-Za-z][\w -]+)\n  ", text)}
    return {make_id(heading) for heading in re.findall(r"(?m)^#{2,3} (.+?)\s*$", text)}


def leads_somewhere(address: str) -> bool:
    page, _, anchor = address.partition("#")
    stem = page.removesuffix(".html")
    return stem in STEMS and (not anchor or anchor in anchors(stem))


def test_what_the_article_leaves_out_is_all_26_topics_in_their_order() -> None:
    found = entries.entries("left-out")
    assert [one.id for one in found] == PLANNED
    assert len({one.title for one in found}) == len(PLANNED)


@pytest.mark.parametrize("name", entries.FILES)
def test_a_page_has_each_entry_once_in_its_index_and_no_group_twice(name: str) -> None:
    found = entries.entries(name)
    assert f"```{{sourced}} {name}\n```" in (BOOK / f"app-{name}.md").read_text("utf-8")
    assert re.findall(r'href="#([^"]+)"', entries.index(found)) == [one.id for one in found]
    groups = [group for group, _ in entries.grouped(found)]
    ids = [*(make_id(f"part {group}") for group in groups), *(one.id for one in found)]
    assert len(ids) == len(set(ids))
    assert all(one.id == make_id(one.id) for one in found), "else its link would miss it"


@pytest.mark.parametrize(("name", "one"), EVERY)
def test_an_entry_leads_to_a_place_of_the_book_that_is_there_or_says_that_the_book_does_not_show_it(
    name: str, one: entries.Entry
) -> None:
    assert [address for _, address in one.see if not leads_somewhere(address)] == []
    assert all(f'<a href="{address}">' in entries.body(one) for _, address in one.see)
    if name == "left-out":
        assert one.text
        assert one.see or (one.unseen and one.sources)


@pytest.mark.parametrize(
    "address",
    ["gone.html", "03-2-loss-matrix.html#gone", "claims.html#c99", "promises.html#r99", "glossary.html#term-gone"],
)
def test_a_link_that_leads_nowhere_would_be_found(address: str) -> None:
    assert not leads_somewhere(address)


@pytest.mark.parametrize(("name", "one"), EVERY)
def test_a_source_has_an_address_the_day_on_which_it_was_read_and_a_few_words(name: str, one: entries.Entry) -> None:
    assert re.fullmatch(r"2026-1[12]-[0-3]\d", one.read)
    for source in one.sources:
        assert re.fullmatch(r"https://[^\s<>\"]+", source.url)
        assert source.title
        assert 2 <= len(source.says.split()) <= MOST_WORDS
    assert f"read {one.read}" in entries.body(one) or not one.sources


NOTHING_READ = {"left-out": {"o16", "o17", "o22", "o23", "o26"}, "licences": set(), "managed": {"rabbitmq-elsewhere"}}
"""Entries that state no fact from outside: the book measured it, another page has the sources, or nothing was found."""


@pytest.mark.parametrize("name", entries.FILES)
def test_an_entry_without_a_source_is_one_that_needs_none(name: str) -> None:
    assert {one.id for one in entries.entries(name) if not one.sources} == NOTHING_READ[name]


@pytest.mark.parametrize("name", entries.FILES)
def test_no_source_is_listed_that_nobody_cites(name: str) -> None:
    text = (Path(entries.__file__).parent / entries.FILES[name]).read_text("utf-8")
    listed = re.findall(r"(?m)^\[sources\.([\w-]+)\]", text)
    cited = set(re.findall(r'\["([\w-]+)", "', text.partition("[[entry]]")[2]))
    assert [one for one in listed if one not in cited] == []


@pytest.mark.parametrize(("name", "one"), EVERY)
def test_readers_get_no_number_of_a_lab_or_a_topic(name: str, one: entries.Entry) -> None:
    said = " ".join([one.title, one.text, one.unseen, *(f"{label} {text}" for label, text in one.lines)])
    assert re.findall(r"\bL\d\.\d|\bO\d+\b|\bApp\. ", said) == []


@pytest.mark.parametrize("name", entries.FILES)
def test_a_page_begins_with_plain_text_for_that_is_what_a_search_engine_shows_of_it(name: str) -> None:
    text = (BOOK / f"app-{name}.md").read_text("utf-8")
    assert re.match(r"# [^\n]+\?\n\n[A-Z][^{`\n]+\n", text)


def test_the_licences_page_says_that_it_is_no_legal_advice() -> None:
    assert "It is no legal advice" in (BOOK / "app-licences.md").read_text("utf-8")


def test_what_an_entry_quotes_is_text_and_never_a_tag() -> None:
    hostile = '<script>1</script> & "x" `a<b`'
    source = Source(hostile, "https://a.example/?a=1&b=2", hostile)
    one = replace(
        PLAIN, id="<b>", group=hostile, title=hostile, text=hostile, lines=((hostile, hostile),),
        see=((hostile, "a.html#b"),), unseen=hostile, sources=(source,),
    )  # fmt: skip
    html = entries.body(one) + entries.index([one])
    assert "<script" not in html
    assert 'href="https://a.example/?a=1&amp;b=2"' in html
    assert html.count("<code>a&lt;b</code>") == 3, "text, a line and what is unseen may have code"


def test_an_entry_with_a_heading_alone_has_nothing_empty_under_it() -> None:
    assert entries.body(PLAIN) == "<p>Text.</p>"


@pytest.mark.parametrize("page", ["choose", "07-9-what-we-know", "08-9-what-we-know"])
def test_the_appendix_is_linked_from_where_a_reader_would_look(page: str) -> None:
    text = (BOOK / f"{page}.md").read_text("utf-8")
    assert "(app-left-out.md)" in text
    wanted = ("app-licences", "app-managed") if page != "07-9-what-we-know" else ()
    assert all(f"({name}.md)" in text for name in wanted)
