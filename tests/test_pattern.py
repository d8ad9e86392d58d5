"""The pattern of a page, over all pages of labs: what stands under the title, in which order, and how far down."""

from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from labs.experiments import experiment
from labs.model.profile import BROKERS
from labs.pages import course, in_short, links, pages, parts
from labs.pages.terms import is_meant
from tests.browser import settled, violations

BOOK = Path(__file__).parent.parent / "book"
LABS = list(course.panels().items())
STEMS = list(dict.fromkeys(stem for _, stem in LABS))
ASKING = [*STEMS, "how-fast"]
"""Pages with a guess: those of labs, and that of the benchmark."""
BEGIN = ("at-a-glance", "in-short", "claim", "guess", "lab-panel", "bench-picture")
"""The parts that a page begins with, in this order."""
TITLE = re.compile(r"Redis|RabbitMQ|Kafka|broker")
SCREEN = 900
TALL = {"03-2-loss-matrix": 1.85, "08-4-cost-of-switching": 1.75}
"""Where a picture ends, in screens, that is longer than one and a half: it has a row for each setting or move."""
MOST_WORDS = 8
"""Of a claim in a few words."""
FOUND = """() => { const at = (selector) => { const found = document.querySelector(`article ${selector}`);
    return found && found.getBoundingClientRect(); }, lines = (box) => box.height / 24;
    return { glance: lines(at('.glance-line')), panel: (at('.lab-panel') ?? at('.bench-picture, svg')).top,
        chart: at('.lab-panel [data-chart]')?.bottom ?? 0,
        claims: [...document.querySelectorAll('.claim-line')].map(one =>
            lines(one.getBoundingClientRect()) - (one.querySelector('.so-far') ? 1 : 0)),
        heading: at('h2').top }; }"""


def text(stem: str) -> str:
    return (BOOK / f"{stem}.md").read_text("utf-8")


def head(stem: str) -> list[tuple[str, str]]:
    """The parts from the title to the first picture, each with its argument."""
    found = re.findall(r"(?m)^```+\{([a-z-]+)\} *(.*)$", text(stem))
    end = next(at for at, (name, _) in enumerate(found) if name in BEGIN[-2:])
    return found[: end + 1]


@pytest.mark.parametrize("stem", ASKING)
def test_a_page_begins_with_time_the_answer_the_claims_a_guess_and_the_panel_and_with_nothing_else(stem: str) -> None:
    names = [name for name, _ in head(stem)]
    assert names[:2] == ["at-a-glance", "in-short"]
    assert names == sorted(names, key=BEGIN.index)
    lines = re.sub(r"(?ms)^```.*?^```$", "", text(stem).partition(f"```{{{names[-1]}}}")[0]).split("\n")
    assert [line for line in lines if line.strip()] == [f"# {title(stem)}"], "prose stands before the panel"


def title(stem: str) -> str:
    return next(page.title for page in course.pages() if page.stem == stem)


def test_a_claim_that_a_recorded_run_decides_leads_to_it_and_one_that_documents_decide_does_not() -> None:
    entry: dict[str, Any] = dict.fromkeys(("rule", "rule_changed", "evidence", "policy"), "")
    entry |= {"id": "C48", "claim": "It is fast.", "word": "holds", "read": []}
    view = links.view_of_claim("C48")
    assert f'<a href="{escape(view)}">' in pages.claim_line(entry, view=view)
    assert view.startswith("05-4-latency-ladder.html#lab=latency-ladder&")
    assert "See the runs" not in pages.claim_line(entry, view=links.view_of_claim("C36"))


@pytest.mark.parametrize("stem", ASKING)
def test_a_title_is_a_question_that_makes_sense_alone(stem: str) -> None:
    assert title(stem).endswith("?")
    assert TITLE.search(title(stem))


@pytest.mark.parametrize("stem", ASKING)
def test_a_page_asks_for_a_guess_in_a_box_or_in_its_panel_and_never_in_italics_alone(stem: str) -> None:
    boxes = [name for name, _ in head(stem)].count("guess")
    first = head(stem)[-1][1]
    assert boxes == 1 or (boxes == 0 and experiment(first).guess)
    assert "our guess:*" not in text(stem)


@pytest.mark.parametrize("stem", ASKING)
def test_what_is_in_short_is_the_pages_own_lab_and_waits_for_the_guess_that_it_would_spoil(stem: str) -> None:
    [(name, inside)] = in_short.PART.findall(text(stem))
    assert name == (head(stem)[-1][1] or in_short.BENCH)
    assert ":folded:" in inside


@pytest.mark.parametrize("stem", ASKING)
def test_a_claim_is_a_few_words(stem: str) -> None:
    said = re.findall(r"(?ms)^```\{claim\} C\d\d\n(.*?)^```$", text(stem))
    assert len(said) == text(stem).count("```{claim}")
    assert [one for one in said if not 2 <= len(one.split()) <= MOST_WORDS] == []


def test_every_situation_of_the_monday_page_is_some_pages_and_every_page_has_one() -> None:
    asked = re.findall(r"\{mondays\} (\S+)", text("monday"))
    assert sorted(asked) == sorted([*in_short.advice(), *BROKERS])
    for broker in BROKERS:
        assert 2 <= len(in_short.of_broker(broker)) < len(ASKING)
    assert {one.stem for advice in in_short.advice().values() for one in advice} == {*ASKING, "measuring", "choose"}


@pytest.mark.parametrize("stem", [*ASKING, "measuring", "monday"])
def test_no_page_of_a_reader_has_a_number_of_a_lab(stem: str) -> None:
    assert re.findall(r"\bL\d\.\d", text(stem)) == []


@pytest.mark.parametrize("stem", [*ASKING, "measuring"])
def test_a_pages_monday_stands_once_and_not_again_in_its_text(stem: str) -> None:
    assert "*On Monday" not in text(stem)
    assert "## On Monday" not in text(stem)


class Words(HTMLParser):
    """What flows in an article: (text, the anchor of the glossary that it links to or empty)."""

    FLOW, SHUT = ("p", "li", "dd"), ("table", "pre", "code", "h1", "h2", "h3", "form", "button", "svg", "nav", "label")
    VOID = ("br", "img", "hr", "input", "meta", "link", "wbr", "source")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[tuple[str, str, str]] = []
        self.found: list[tuple[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in self.VOID:
            self.open.append((tag, str(given.get("class") or ""), str(given.get("href") or "")))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        tags = [tag for tag, _, _ in self.open]
        classes = " ".join(kind for _, kind, _ in self.open)
        out = {
            "quiz",
            "bench-picture",
            "guess",
            "claim-line",
            "term-tip",
            "exercises",
            "at-a-glance",
            "lab-panel",
            "race",
            "run-number",
            "repeat",
        }
        if "article" not in tags or out & set(classes.split()) or {*self.SHUT} & {*tags}:
            return
        link = next((href for tag, _, href in reversed(self.open) if tag == "a"), "")
        if {*self.FLOW} & {*tags} and (not link or "glossary.html#" in link):
            self.found.append((data, link.partition("#")[2]))


def unlinked(page: str, terms: dict[str, str]) -> list[str]:
    """Terms that a page uses before it links them. `terms`: word -> anchor."""
    terms = {word.lower(): anchor for word, anchor in terms.items()}
    longest = "|".join(re.escape(word) for word in sorted(terms, key=len, reverse=True))
    pattern = re.compile(rf"(?<![\w-])({longest})(?![\w-])(?! (axis|axes|scale))", re.IGNORECASE)
    seen: set[str] = set()
    found = []
    for said, anchor in Words(page).found:
        if anchor:
            seen.add(anchor)
            continue
        for match in pattern.finditer(said):
            own = terms[match[1].lower()]
            if own not in seen and is_meant(match[1], said, *match.span()):
                seen.add(own)
                found.append(f"{match[1]}: {said.strip()[:60]}")
    return found


def glossary(site: Path) -> dict[str, str]:
    page = (site / "book" / "glossary.html").read_text("utf-8")
    return {word: anchor for anchor, word in re.findall(r'<dt id="(term-[^"]+)">([^<]+)<', page)}


def test_no_page_uses_a_word_of_the_glossary_before_it_links_it(site: Path) -> None:
    terms = glossary(site)
    assert len(terms) > 35
    wanted = {
        "rung",
        "limit",
        "window",
        "harness",
        "AOF",
        "RDB",
        "SIGKILL",
        "fsync",
        "flush",
        "frame",
        "fast lane",
        "client-bound",
    }
    assert wanted | {"classic queue", "quorum queue"} <= set(terms)
    missing = {}
    for stem in [*ASKING, "measuring", "monday"]:
        missing[stem] = unlinked((site / "book" / f"{stem}.html").read_text("utf-8"), terms)
    assert {stem: found for stem, found in missing.items() if found} == {}


def test_a_word_that_is_used_before_its_link_is_found() -> None:
    page = '<article><p>A rung. <a href="glossary.html#term-rung">rung</a></p><pre>rung</pre></article>'
    assert unlinked(page, {"rung": "term-rung"}) == ["rung: A rung."]
    assert unlinked(page.replace("A rung. ", ""), {"rung": "term-rung"}) == []


@pytest.mark.parametrize(
    ("text", "word", "meant"),
    [
        ("Our client was the limit there.", "limit", True),
        ("In this recording nobody looked for the limit of any way.", "limit", True),
        ("The limit is what lifts it.", "limit", True),
        ("A rate names what limited it.", "limited", True),
        ("A queue with a limit of ten messages.", "limit", False),
        ("Without delay and limit one bad message stops its queue.", "limit", False),
        ("The limits are small so that they are reached in seconds.", "limits", False),
        ("Asyncio is more limited.", "limited", False),
        ("It is ten times the limit of claim C48.", "limit", False),
        ("A consumer group shares partitions.", "group", True),
        ("Send them in groups.", "groups", False),
        ("The process group is killed.", "group", False),
        ("A flush before each answer.", "flush", True),
        ("A library that flushes after each message.", "flushes", False),
        ("A log of a partition.", "log", True),
        ("Let it go on, and log how old the messages are.", "log", False),
        ("It keeps a log of every write.", "log", False),
        ("A topic of Kafka's.", "topic", True),
        ("A thousand topic bindings, and a topic exchange.", "topic", False),
        ("A stream processor that reads one topic.", "stream", False),
        ("The striped frame holds an advertisement.", "frame", False),
        ("What is paid is confirmed by mail.", "confirmed", False),
        ("What is flushed is confirmed by the broker.", "confirmed", True),
        ("FastStream is asynchronous and the contract is not.", "asynchronous", False),
        ("A future knows what became of the send.", "future", True),
        ("Nobody knows the future.", "future", False),
    ],
)
def test_an_everyday_word_is_linked_only_where_the_term_is_meant(text: str, word: str, meant: bool) -> None:
    start = text.index(word)
    whole = {"flushes": "flush", "asynchronous": "asynchronous"}
    term = whole.get(word, word.removesuffix("ed").removesuffix("s"))
    assert is_meant(term, text, start, start + len(word)) == meant
    page = f"<article><p>{text}</p></article>"
    assert bool(unlinked(page, {term: f"term-{term}"})) == (meant and word == term)


def test_time_and_claims_are_a_line_each_and_a_picture_is_whole_within_one_and_a_half_screens(
    page: Page, host: str
) -> None:
    found = {}
    for stem in ASKING:
        page.goto(f"{host}book/{stem}.html")
        settled(page)
        found[stem] = page.evaluate(FOUND)
    assert {stem: one for stem, one in found.items() if one["glance"] > 1.5} == {}
    assert {stem: one for stem, one in found.items() if max([0, *one["claims"]]) > 1.6} == {}
    assert {stem: one for stem, one in found.items() if one["panel"] > 0.75 * SCREEN} == {}
    ends = {stem: one["chart"] / SCREEN for stem, one in found.items()}
    assert {stem: end for stem, end in ends.items() if end > TALL.get(stem, 1.5)} == {}
    assert {stem: one for stem, one in found.items() if one["heading"] < one["panel"]} == {}


def test_a_guessed_word_is_answered_where_it_was_clicked_remembered_and_opens_what_is_in_short(
    page: Page, host: str
) -> None:
    page.goto(f"{host}book/05-4-latency-ladder.html")
    settled(page)
    short, box = page.locator(".in-short"), page.locator(".guess")
    assert not short.evaluate("fold => fold.open")
    top = box.evaluate("box => box.getBoundingClientRect().top")
    box.get_by_role("button", name="RabbitMQ").click()
    told = box.locator(".guess-said").inner_text()
    assert "You said RabbitMQ. Measured: " in told
    assert ("Not so." in told) != ("Right." in told)
    assert "order of their medians" in told
    assert short.evaluate("fold => fold.open")
    assert top < box.evaluate("box => box.getBoundingClientRect().top") < SCREEN, "the answer left the screen"
    assert violations(page) == []
    page.reload()
    settled(page)
    assert "You said RabbitMQ" in box.locator(".guess-said").inner_text()
    assert short.evaluate("fold => fold.open")
    box.get_by_role("button", name="Guess again").click()
    assert box.get_by_role("button", name="Kafka").is_visible()


def test_the_guesses_in_a_panel_open_what_is_in_short_when_none_is_left(page: Page, host: str) -> None:
    for stem in (stem for lab, stem in LABS if experiment(lab).guess and head(stem)[-1][1] == lab):
        page.goto(f"{host}book/{stem}.html")
        settled(page)
        short = page.locator(".in-short")
        assert not short.evaluate("fold => fold.open"), stem
        page.locator(".lp-option").first.click()
        assert not short.evaluate("fold => fold.open"), f"{stem}: the rest is told after one guess"
        if (all_of_them := page.get_by_role("button", name="Show everything").first).count():
            all_of_them.evaluate("one => { scrollTo(0, 400); one.click(); }")
        assert short.evaluate("fold => fold.open"), stem


def test_on_paper_and_without_scripts_all_that_is_in_short_is_there(browser: Browser, page: Page, host: str) -> None:
    page.goto(f"{host}book/03-2-loss-matrix.html")
    settled(page)
    page.emulate_media(media="print")
    said = in_short.of("loss-matrix").answer
    assert page.locator(".in-short .in-short-line").first.is_visible()
    assert page.locator(".claim-line .why").first.is_visible()
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto(f"{host}book/03-2-loss-matrix.html")
    plain.locator(".in-short summary").click()
    assert said[:20] in plain.locator(".in-short").inner_text()
    context.close()


@pytest.mark.parametrize(
    "stem", ["02-3-kill-the-worker", "03-2-loss-matrix", "how-fast", "promises", "04-4-bad-message"]
)
def test_on_paper_a_table_begins_each_sheet_with_its_head_and_no_row_is_cut(page: Page, host: str, stem: str) -> None:
    page.goto(f"{host}book/{stem}.html")
    settled(page)
    page.emulate_media(media="print")
    said = """all => [...new Set(all.filter(one => one.checkVisibility()).map(one => {
        const { display, breakInside } = getComputedStyle(one);
        return `${one.tagName} ${display} ${breakInside}`;
    }))].sort()"""
    found = page.locator("article table :is(thead, tr)").evaluate_all(said)
    assert found == ["THEAD table-header-group avoid", "TR table-row avoid"]


def test_every_monday_line_leads_to_the_page_that_has_them_all(page: Page, host: str) -> None:
    page.goto(f"{host}book/monday.html")
    listed = page.locator(".mondays li")
    again = sum(len(in_short.of_broker(broker)) for broker in BROKERS)
    assert listed.count() == sum(map(len, in_short.advice().values())) + again
    article = page.locator("article").inner_text()
    for one in (one for broker in BROKERS for one in in_short.of_broker(broker)):
        assert article.count(one.text.replace("`", "")) == 1, "advice stands once"
        assert one.text.replace("`", "") in page.locator(f"[id='monday-{one.stem}']").inner_text()
    assert page.locator(".mondays a[href^='#monday-']").count() == again
    assert violations(page) == []
    page.goto(f"{host}book/measuring.html")
    page.locator(".in-short").get_by_role("link", name="On Monday").click()
    page.wait_for_url("**/monday.html")


def test_a_word_that_none_of_the_options_is_makes_no_guess_right_or_wrong() -> None:
    mixed = parts.Choice("a", "Which?", ("none", "none of them", "all"), "the repeats disagree")
    assert mixed.truth == ""
    assert parts.Choice("a", "Which?", ("none", "none of them", "all"), "None of them, really").truth == "none of them"
    with pytest.raises(ValueError, match="at least two options"):
        parts.Choice("a", "Which?", ("all", "all"), "all")
    assert "data-low" not in parts.guess(parts.Asked("a", "How long?", "ms", 1, 9, "never"))
    assert "<code>pika</code>" in parts.guess(parts.Asked("a", "?", "ms", 1, 9, "5 ms", "With `pika` <b>."))
    assert "<b>" not in parts.guess(parts.Asked("a", "?", "ms", 1, 9, "5 ms", "With `pika` <b>."))


@pytest.mark.parametrize("stem", STEMS)
def test_a_picture_waits_where_the_pages_guess_stands_in_a_box_and_nowhere_else(stem: str) -> None:
    (name, lab), boxes = head(stem)[-1], [name for name, _ in head(stem)].count("guess")
    options = re.findall(rf"(?m)^```+\{{{name}\}} {lab}\n((?::.*\n)*)```", text(stem))[0]
    assert (":after-guess:\n" in options) == (boxes == 1 and not experiment(lab).guess)


WAITING = ("01-1-who-is-waiting", "04-1-is-it-fifty-thousand", "08-2-upgrade-trap")
"""Marks on an axis, dots, a table."""


@pytest.mark.parametrize("stem", WAITING)
def test_a_picture_that_waits_keeps_its_room_and_comes_with_the_guess_or_on_paper(
    page: Page, host: str, stem: str
) -> None:
    page.goto(f"{host}book/{stem}.html")
    settled(page)
    panel = page.locator(".lab-panel").first
    answers = panel.locator(".lp-title, .lp-said, [data-chart] >> nth=0")
    assert [one.is_visible() for one in answers.all()] == [False] * answers.count()
    assert panel.locator(".lp-controls").is_visible()
    assert violations(page) == []
    height = "one => one.getBoundingClientRect().height"
    before = panel.evaluate(height)
    page.emulate_media(media="print")
    assert panel.locator("[data-chart]").first.is_visible()
    assert panel.locator(".lab-waits").is_hidden()
    page.emulate_media(media="screen")
    if (field := page.locator(".guess input[type=number]")).count():
        field.fill("20")
    page.locator(".guess button").first.click()
    assert answers.first.is_visible()
    assert panel.locator("[data-chart]").first.is_visible()
    assert panel.locator(".lab-waits").count() == 0
    assert abs(panel.evaluate(height) - before) < 2
    page.reload()
    settled(page)
    assert panel.locator("[data-chart]").first.is_visible(), "what was guessed is remembered"


def test_a_picture_that_waits_is_shown_to_who_asks_or_follows_a_link_to_a_view(page: Page, host: str) -> None:
    address, chart = f"{host}book/04-1-is-it-fifty-thousand.html", page.locator("[data-chart]").first
    page.goto(f"{address}#lab=fifty-thousand&way=stream")
    settled(page)
    assert chart.is_visible()
    page.goto("about:blank")
    page.goto(address)
    settled(page)
    assert chart.is_hidden()
    page.get_by_role("button", name="Show it without a guess").click()
    assert chart.is_visible()
    assert page.evaluate("document.activeElement.matches('.lab-panel')")
    page.reload()
    settled(page)
    assert chart.is_hidden(), "who only looked has not guessed"
    page.evaluate("location.hash = '#lab=fifty-thousand&way=stream'")
    chart.wait_for()


@pytest.mark.parametrize("stem", STEMS)
def test_a_page_says_under_its_title_what_its_reader_can_do_afterwards(stem: str) -> None:
    box = re.findall(r"(?ms)^```\{at-a-glance\}\n(.*?)^```$", text(stem))[0]
    said = re.findall(r"(?m)^- (.+)$", box)
    assert 2 <= len(said) <= 4
    no_verb = r"(how|what|why|where|which|when|that) |[^a-z]"
    assert [one for one in said if re.match(no_verb, one)] == [], "it follows “Afterwards you can”"
    assert said[-1][-1] == "."
    assert "**Surprise" in text(stem) or stem == "00-your-machine"
