"""What a page shows where its modules do not run, do not come or fail: everything, and one line that says why."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route

from tests.browser import served, settled

pytestmark = pytest.mark.browser
MATRIX, LADDER, PARTS = (f"book/{name}.html" for name in ("03-2-loss-matrix", "05-4-latency-ladder", "parts"))
SERVE = "Opened from the file system, a page cannot run its controls. Run make serve and open the address"
HIDDEN = """[...document.querySelectorAll(
    '.lab-fallback, .quiz-key, .exercise details, .guess details, .race svg.race-760')]
.filter(one => {
    const style = getComputedStyle(one);
    return style.visibility !== 'visible' || !one.checkVisibility();
}).map(one => one.className)"""
"""What a reader does not get to see of the results, by class."""
MOVED = ".lab-panel, .quiz, .exercises, .guess[data-guess], .race"


def blocked(page: Page, *files: str) -> None:
    """These never come, as behind a filter that refuses them."""
    for file in files:
        page.route(f"**/_static/**{file}*", lambda route: route.abort())


def test_every_page_that_is_opened_from_the_file_system_shows_its_results_and_names_make_serve(
    page: Page, site: Path
) -> None:
    found = sorted((site / "book").glob("*.html"))
    assert len(found) > 20
    for path in found:
        page.goto(path.as_uri())
        assert page.evaluate(HIDDEN) == [], path.name
        said = page.locator("article").inner_text().count(SERVE)
        assert said == bool(page.locator(MOVED).count()), f"{path.name} says it {said} times"


def test_the_matrix_that_asks_first_has_its_table_when_opened_from_the_file_system(page: Page, site: Path) -> None:
    page.goto((site / MATRIX).as_uri())
    assert page.locator(".lab-fallback[data-secret] table").first.is_visible()
    assert "all lost" in page.locator(".lab-fallback").first.inner_text()


@pytest.mark.long
def test_slides_from_the_file_system_are_one_long_page_and_name_the_command_of_their_build(
    page: Page, teachers: Path
) -> None:
    page.goto((teachers / "book" / "slides-03.html").as_uri())
    assert page.evaluate(HIDDEN) == []
    assert page.locator(".slide-page").evaluate_all("all => all.every(one => one.clientHeight > 50)")
    assert page.locator("main").inner_text().count("Run make serve TEACH=1") == 1


@pytest.mark.parametrize("address", ["index.html", MATRIX, LADDER, PARTS])
def test_a_served_page_says_nothing_about_how_it_is_opened(page: Page, host: str, address: str) -> None:
    page.goto(host + address)
    page.wait_for_load_state("networkidle")
    settled(page)
    assert not re.search("make serve|could not be loaded|too old|missing here", page.locator("article").inner_text())
    assert page.locator(".lab-fallback:visible").count() == 0


@pytest.mark.parametrize("files", [("lab-loader.mjs", "parts.mjs"), ("lab-loader.mjs",), ("parts.mjs",)])
def test_modules_that_are_blocked_hide_nothing_and_the_page_says_that_they_are_missing(
    page: Page, host: str, files: tuple[str, ...]
) -> None:
    blocked(page, *files)
    page.goto(host + MATRIX)
    page.get_by_text("The controls of this page could not be loaded.").wait_for()
    theirs = {"lab-loader.mjs": "lab-fallback", "parts.mjs": "quiz-key"}
    assert {theirs[file] for file in files}.isdisjoint(page.evaluate(HIDDEN))
    assert "make serve" not in page.locator("article").inner_text()


@pytest.mark.parametrize("file", ["panel.mjs", "dom.mjs", "plotly-basic.min.js", "05-4-none"])
def test_a_panel_whose_parts_do_not_come_leaves_the_figures_and_says_why(page: Page, host: str, file: str) -> None:
    if file == "05-4-none":
        page.route("**/panels/latency-ladder.json", lambda route: route.fulfill(body="{", status=200))
    blocked(page, file)
    page.goto(host + LADDER)
    page.get_by_text("The panel could not be shown").wait_for()
    assert page.locator(".lab-fallback table").is_visible()
    assert page.locator(".labs-panel").count() == 0


def test_a_panel_that_never_comes_no_longer_covers_what_it_asks_about(page: Page, host: str) -> None:
    page.clock.install()
    page.route("**/panels/loss-matrix.json", lambda route: None)
    page.goto(host + MATRIX, wait_until="commit")
    page.wait_for_function("document.documentElement?.dataset.panels")
    assert not page.locator(".lab-fallback").first.is_visible()
    page.clock.run_for(11_000)
    assert page.locator(".lab-fallback table").first.is_visible()


def test_a_picture_that_fails_later_gives_back_the_recorded_figures(page: Page, host: str) -> None:
    page.goto(host + LADDER)
    settled(page)
    page.evaluate("void (Plotly.react = () => { throw new Error('no room to draw <b>here</b>'); })")
    page.locator("input[type=range]").focus()
    page.keyboard.press("End")
    page.get_by_text("The panel could not be shown (no room to draw <b>here</b>). The recorded").wait_for()
    assert page.locator(".lab-fallback table").is_visible()
    assert page.locator(".labs-panel").count() == 0


def test_what_is_to_be_guessed_is_covered_before_anything_is_painted(page: Page, host: str) -> None:
    def slowly(route: Route) -> None:
        page.wait_for_timeout(600)
        route.continue_()

    page.route("**/_static/lab-loader.mjs*", slowly)
    page.goto(host + MATRIX)
    settled(page)
    first = page.evaluate("performance.getEntriesByName('first-paint')[0].startTime")
    came = page.evaluate(
        "performance.getEntriesByType('resource').find(e => e.name.includes('lab-loader')).responseEnd"
    )
    assert came > 600
    assert first >= came


@pytest.mark.parametrize("when", ["it begins", "an answer is checked"])
def test_a_quiz_and_a_guess_that_fail_open_their_folds_again_and_say_why(page: Page, host: str, when: str) -> None:
    fails = "CSS.escape = Number.isFinite = () => { throw new Error('broken here'); };"
    if when == "it begins":
        page.add_init_script(f"localStorage.setItem('labs-said-parts-kafka-median', '{{\"value\": 3}}'); {fails}")
    page.goto(host + PARTS)
    page.wait_for_function("document.documentElement?.dataset.parts")
    if when != "it begins":
        page.evaluate("void (Element.prototype.replaceChildren = () => { throw new Error('broken here'); })")
        page.locator(".quiz button").first.click()
        page.locator(".exercises input").first.fill("1")
        page.locator(".exercises button").first.click()
        page.locator(".guess button[type=submit]").first.click()
    for part in (".quiz", ".guess[data-guess]", *([".exercises"] if when != "it begins" else [])):
        box = page.locator(part).first
        assert "These controls failed (broken here)" in box.inner_text(), part
        assert box.locator("details").first.is_visible(), part
        assert not box.get_by_role("button").count(), part


def test_an_old_browser_without_modules_is_told_so(page: Page, host: str, site: Path) -> None:
    page.add_init_script("delete HTMLScriptElement.prototype.noModule")
    blocked(page, ".mjs")
    page.goto(host + MATRIX)
    page.get_by_text("This browser is too old for the controls of this page.").wait_for()
    assert page.evaluate(HIDDEN) == []


def test_the_site_works_without_the_script_that_says_why(page: Page, site: Path) -> None:
    with served(site) as address:
        blocked(page, "why-still.js")
        page.goto(address + MATRIX)
        settled(page)
        assert page.locator(".labs-panel").count() == 2
