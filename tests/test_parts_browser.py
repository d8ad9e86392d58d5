"""The parts page, the landing page and the build for teachers, in a real browser."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page
from playwright.sync_api import TimeoutError as LateError
from sphinx.search.en import SearchEnglish

from labs.model.paths import PROJECT
from labs.pages import course, quiz, teach
from labs.pages.exercises import exercises
from labs.pages.glue import number
from tests.browser import Watched, served, settled, violations
from tests.conftest import REPOSITORY_URL

pytestmark = pytest.mark.browser
QUESTION = quiz.quiz("parts")[0]
FIGURE = ".guess[data-low]"
MEDIAN = "latency-ladder kafka rung=2 rate=1000 p50"


@pytest.fixture
def teaching(teachers: Path) -> Iterator[tuple[Path, str]]:
    """The pages with answers and slides, and where they are served."""
    with served(teachers) as address:
        yield teachers / "book", address


def parts(page: Page, host: str) -> Page:
    page.goto(f"{host}book/parts.html")
    page.wait_for_function("document.documentElement?.dataset.parts")
    return page


def seen(locator: Locator) -> str:
    """What can be read there, with the plain quotation marks and spaces that the sources have."""
    return locator.inner_text().replace("\u2019", "'").replace("\u00a0", " ")


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is there, as a reader without a mouse does."""
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} cannot be reached with the Tab key")


def test_a_quiz_is_answered_by_keyboard_explains_each_answer_and_remembers(page: Page, host: str) -> None:
    parts(page, host)
    said = page.locator(".quiz .quiz-said")
    tab_to(page, ".quiz input")
    page.keyboard.press("Enter")
    assert said.inner_text() == "Choose an answer first."
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    assert seen(said).startswith(f"Not right. {QUESTION.answers[0].why}")
    assert QUESTION.answers[1].why not in seen(said)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert all(answer.why in seen(said) for answer in QUESTION.answers)
    assert said.get_attribute("role") == "status"
    assert "1 of 1 done, 0 at the first try" in page.locator(".quiz .quiz-score").inner_text()
    assert violations(page) == []
    page.reload()
    parts(page, host)
    assert said.inner_text().startswith("Right.")
    page.get_by_role("button", name="Forget my answers").click()
    assert said.inner_text() == ""
    assert page.evaluate("localStorage.getItem('labs-quiz-parts')") is None
    assert page.evaluate("document.activeElement.matches('.quiz input')")


@pytest.mark.parametrize("kept", ["{", '{"what-is-remembered": 7}', '{"value": "<img src=x>"}'])
def test_what_is_damaged_in_the_browsers_memory_counts_as_nothing(page: Page, host: str, kept: str) -> None:
    watched = Watched(page, host)
    page.goto(f"{host}book/glossary.html")
    for key in ("labs-quiz-parts", "labs-said-parts-kafka-median"):
        page.evaluate("([key, kept]) => localStorage.setItem(key, kept)", [key, kept])
    parts(page, host)
    assert page.locator(".quiz .quiz-said").inner_text() == ""
    assert page.locator(f"{FIGURE} form").is_visible()
    assert watched.complaints == []


def test_a_guess_is_made_by_keyboard_says_how_far_off_it_was_and_remembers(page: Page, host: str) -> None:
    parts(page, host)
    measured = float(number(MEDIAN).split("\u00a0")[0])
    assert page.locator(f"{FIGURE} input[type=number]").input_value() == ""
    tab_to(page, f"{FIGURE} input[type=range]")
    assert page.evaluate("document.activeElement.getAttribute('aria-valuetext')") == "no guess yet"
    page.keyboard.press("Home")
    assert page.locator(f"{FIGURE} input[type=number]").input_value() == "0.1"
    page.keyboard.press("End")
    tab_to(page, f"{FIGURE} button")
    page.keyboard.press("Enter")
    said = page.locator(f"{FIGURE} .guess-said")
    assert f"You said 100\u00a0ms. Measured: {number(MEDIAN)}." in said.inner_text()
    off = re.search(r"([\d.]+) times too high", said.inner_text())
    assert off is not None
    assert float(off[1]) == pytest.approx(100 / measured, rel=0.05)
    assert violations(page) == []
    page.reload()
    parts(page, host)
    assert "You said 100" in said.inner_text()
    page.get_by_role("button", name="Guess again").click()
    page.locator(f"{FIGURE} input[type=number]").fill("-3")
    page.get_by_role("button", name="That is my guess").click()
    assert said.inner_text() == "Enter a number."
    page.locator(f"{FIGURE} input[type=number]").fill(str(measured))
    page.keyboard.press("Enter")
    assert "within a tenth" in said.inner_text()


def test_a_term_shows_its_definition_to_keyboard_pointer_and_touch(page: Page, browser: Browser, host: str) -> None:
    parts(page, host)
    tip = page.locator(".term-tip").first
    assert not tip.is_visible()
    tab_to(page, ".term > a")
    assert tip.is_visible()
    assert page.locator(".term > a").first.get_attribute("aria-describedby") == tip.get_attribute("id")
    page.keyboard.press("Escape")
    assert not tip.is_visible()
    page.locator(".term > a").nth(1).hover()
    assert page.locator(".term-tip").nth(1).is_visible()
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True)
    phone = parts(context.new_page(), host)
    phone.locator(".term > a").nth(2).tap()
    assert phone.locator(".term-tip").nth(2).is_visible()
    assert phone.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    phone.locator(".term > a").nth(2).tap()
    phone.wait_for_url("**/glossary.html#term-*")
    context.close()


def test_the_other_brokers_are_a_key_away_and_all_on_paper(page: Page, host: str) -> None:
    parts(page, host)
    shown = page.locator(".sd-tab-content:visible")
    assert shown.count() == 1
    tab_to(page, ".sd-tab-set > input")
    page.keyboard.press("ArrowRight")
    assert "basic_publish" in shown.inner_text()
    page.emulate_media(media="print")
    assert shown.count() == 3
    assert not page.locator(".quiz button").first.is_visible()


def test_the_command_is_copied_and_what_is_taken_along_is_there(page: Page, host: str) -> None:
    parts(page, host)
    page.locator(".repeat").first.get_by_role("button", name="Copy").click()
    page.get_by_text("Copied.").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "labs run latency-ladder --set rate=1000 --set rung=2"
    links = page.locator(".take-along a")
    assert links.count() == 3
    bodies = [page.request.get(links.nth(at).evaluate("link => link.href")).body() for at in range(3)]
    assert json.loads(bodies[0])["nbformat"] == 4
    assert bodies[1] == (PROJECT / "book" / "runs" / "latency-ladder.json").read_bytes()
    assert bodies[2].decode().startswith("Setting,Rate,p50")


def test_a_drawing_moves_twice_and_stands_still_for_those_who_want_that(browser: Browser, host: str) -> None:
    for motion, rounds in (("no-preference", {2}), ("reduce", set())):
        context = browser.new_context(reduced_motion=motion)
        page = parts(context.new_page(), host)
        script = """[...document.querySelectorAll('.drawing .moves')].flatMap(one => one.getAnimations()).map(
            one => one.effect.getTiming().iterations)"""
        assert set(page.evaluate(script)) == rounds
        assert page.locator(".drawing .moves").first.is_visible()
        context.close()


def test_without_scripts_questions_answers_and_figures_are_all_there(browser: Browser, host: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{host}book/parts.html")
    page.get_by_text("Answers and reasons").click()
    assert all(answer.why in seen(page.locator(".quiz-key")) for answer in QUESTION.answers)
    page.get_by_text("Show what was measured").first.click()
    assert number(MEDIAN) in page.locator(FIGURE).inner_text()
    assert page.locator(".repeat code").first.is_visible()
    context.close()


def test_what_a_term_means_is_neither_found_nor_shown_by_a_search_of_the_page_that_uses_it(site: Path) -> None:
    index = json.loads((site / "searchindex.js").read_text("utf-8").removeprefix("Search.setIndex(").rstrip(")\n;"))
    stem, only_there, found = SearchEnglish({}).stem, 0, list[str]()
    for path in (site / "book").glob("*.html"):
        html = path.read_text("utf-8")
        tips = re.findall(r'<span class="term-tip headerlink"[^>]*>([^<]*)</span>', html)
        assert html.count('class="term-tip') == len(tips), path.name
        own = re.sub(r'<span class="term-tip.*?</span>', " ", html)
        words = [{stem(word.lower()) for word in re.findall(r"\w+", unescape(text))} for text in (" ".join(tips), own)]
        for word in words[0] - words[1]:
            pages = index["terms"].get(word, [])
            names = [index["docnames"][at] for at in (pages if isinstance(pages, list) else [pages])]
            found += [f"{path.stem}: {word}"] if f"book/{path.stem}" in names else []
            only_there += 1
    assert only_there > 20
    assert found == []


def test_teaching_says_where_the_repository_is_and_its_sittings_take_three_hours_and_six(page: Page, host: str) -> None:
    page.goto(f"{host}book/teaching.html")
    assert page.locator(".repeat code").inner_text() == f"git clone {REPOSITORY_URL}"
    tables = page.locator(".schedule").all()
    for table, total in zip(tables, (180, 360), strict=True):
        minutes = [int(cell) for cell in table.locator("tbody td:nth-child(2)").all_inner_texts()]
        assert sum(minutes[:-1]) == minutes[-1] == total
    linked = page.locator(".schedule a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    assert {*linked} <= {f"{one.stem}.html" for one in course.pages()}
    assert len(linked) > 8


def test_the_published_site_has_no_answers_page_and_no_slides(site: Path) -> None:
    assert [path.name for path in (site / "book").glob("*.html") if path.stem.startswith(("teach-", "slides-"))] == []
    assert "teach-01" not in (site / "searchindex.js").read_text("utf-8")
    assert not any('exercise-solution" open' in path.read_text("utf-8") for path in (site / "book").glob("*.html"))
    assert not any("teach-01" in path.read_text("utf-8") for path in (site / "book").glob("*.html"))


@pytest.mark.long
def test_the_site_for_teachers_has_a_plan_and_every_answer(page: Page, teaching: tuple[Path, str]) -> None:
    watched = Watched(page, teaching[1])
    page.goto(f"{teaching[1]}book/teach-01.html")
    text = seen(page.locator("article"))
    for name in ("01-1-who-is-waiting", "01-2-one-question", "01-3-before-the-first-message"):
        assert all(one.ask in text for one in quiz.quiz(name))
    asked = [one for one in exercises().values() if one.number.startswith("1.")]
    assert asked
    assert all(one.question in text and one.why in text for one in asked)
    assert "By the recorded run: " in text
    for stem in {one.page for one in exercises().values()}:
        html = (teaching[0] / f"{stem}.html").read_text("utf-8")
        assert html.count('<details class="exercise-solution" open>') == html.count('class="exercise-solution"') > 0, (
            stem
        )
    minutes = [int(cell) for cell in page.locator(".schedule tbody td:nth-child(2)").all_inner_texts()]
    assert sum(minutes[:-1]) == minutes[-1] == 90
    assert violations(page) == []
    for chapter in sorted(teach.lessons())[1:]:
        page.goto(f"{teaching[1]}book/teach-{chapter:02}.html")
        text = seen(page.locator("article"))
        assert all(one.question in text for one in exercises().values() if one.number.startswith(f"{chapter}."))
        own = [one.stem for one in course.pages() if one.chapter == chapter]
        asked = [name for name in own if (quiz.FOLDER / f"{name}.toml").exists()]
        asks = [one.ask.replace("\u2019", "'") for stem in asked for one in quiz.quiz(stem)]
        plain = [ask for ask in asks if not set('{`"') & set(ask)]
        assert [ask for ask in plain if ask not in text] == []
        assert violations(page) == []
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
        page.set_viewport_size({"width": 1280, "height": 900})
    assert watched.complaints == watched.elsewhere == []


@pytest.mark.long
def test_slides_are_cut_from_the_pages_and_moved_by_keyboard(page: Page, teaching: tuple[Path, str]) -> None:
    watched = Watched(page, teaching[1])
    page.goto(f"{teaching[1]}book/slides-01.html")
    settled(page)
    shown, at = page.locator(".slide-page:not([inert])"), page.locator(".slides-at")
    first = shown.inner_text()
    assert at.inner_text().startswith("1 of ")
    page.keyboard.press("ArrowRight")
    assert shown.inner_text() != first
    assert page.evaluate("document.activeElement.matches('.slide-page:not([inert]) h1')")
    page.keyboard.press("End")
    assert "Key points" in shown.inner_text()
    page.reload()
    settled(page)
    assert "Key points" in shown.inner_text()
    assert violations(page) == []
    page.keyboard.press("Home")
    assert shown.inner_text() == first
    page.emulate_media(media="print")
    assert page.locator(".slide-page:visible").count() == page.locator(".slide-page").count() >= 4
    assert watched.complaints == watched.elsewhere == []


FITTED = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
PLACES = "all => all.map(one => [...one.parentNode.children].indexOf(one))"
OVER = "document.documentElement.scrollHeight - innerHeight"


@pytest.mark.long
def test_no_slide_scrolls_in_a_room_and_each_question_and_chart_has_its_own(
    browser: Browser, teaching: tuple[Path, str]
) -> None:
    page = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
    found, shown_once = sorted(teaching[0].glob("slides-*.html")), {"questions": 0, "charts": 0}
    taught = {path.stem.removeprefix("teach-") for path in (PROJECT / "book").glob("teach-*.md")}
    assert {path.stem for path in found} >= {f"slides-{number}" for number in taught} >= {"slides-01"}
    for path in found:
        page.goto(f"{teaching[1]}book/{path.name}")
        settled(page)
        for at in range(page.locator(".slide-page").count()):
            page.evaluate("at => { location.hash = `#${at + 1}`; }", at)
            shown = page.locator(".slide-page").nth(at)
            page.wait_for_function(f"document.querySelector('.slides-at').textContent.startsWith('{at + 1} of')")
            page.evaluate(FITTED)
            heading = f"{path.name}: {shown.locator('h1').inner_text()}"
            with contextlib.suppress(LateError):
                page.wait_for_function(f"{OVER} <= 0", timeout=10_000)  # a chart that is drawn late is fitted late
            assert page.evaluate(OVER) <= 0, heading
            asked = shown.locator(".quiz-question").count()
            assert asked <= 1, heading
            shown_once["questions"] += asked
            if shown.locator(".one-chart").count():
                drawn = shown.locator("[data-chart]:visible").count()
                assert drawn <= 1, heading
                shown_once["charts"] += drawn
    assert shown_once["questions"] >= 9  # three for each page of the first chapter
    assert shown_once["charts"] >= 1


@pytest.mark.long
def test_a_question_on_a_slide_stays_on_the_screen_when_it_is_answered_and_is_not_answered_on_the_page(
    browser: Browser, teaching: tuple[Path, str]
) -> None:
    page = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
    page.goto(f"{teaching[1]}book/slides-01.html")
    settled(page)
    questions = page.locator(".slide-page:has(.quiz)")
    assert questions.count() == 9
    for at, index in enumerate(questions.evaluate_all(PLACES)):
        page.evaluate("at => { location.hash = `#${at + 1}`; }", index)
        shown = questions.nth(at)
        assert shown.locator("h1").inner_text() == f"Question {at % 3 + 1} of 3"
        while "Right." not in shown.locator(".quiz-said").inner_text():
            shown.locator(".quiz-answer:not([data-state='wrong']) input").first.check()
            shown.get_by_role("button", name="Check").click()
            page.wait_for_function(f"{OVER} <= 0")
        assert shown.locator(".quiz-said").inner_text().count("Source:") == 1
    page.goto(f"{teaching[1]}book/01-1-who-is-waiting.html")
    page.wait_for_function("document.documentElement?.dataset.parts")
    assert page.locator(".quiz-question input:checked").count() == 0
