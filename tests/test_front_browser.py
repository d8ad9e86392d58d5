"""The landing page and the claim board in a real browser: the first screen, a guess, filters, addresses, no scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from labs.model.claims import claims
from labs.pages import course
from labs.pages.loss_hero import LAB
from tests.browser import settled, violations

pytestmark = pytest.mark.browser
SHOWN = "[data-item]:visible"
SCREENS = [(1280, 720), (390, 844)]
WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def ready(page: Page, address: str) -> Page:
    page.goto(address)
    page.wait_for_load_state("networkidle")
    settled(page)
    return page


def test_the_board_is_filtered_by_word_decision_chapter_and_text_and_the_address_says_so(page: Page, host: str) -> None:
    ready(page, f"{host}book/claims.html")
    shown = page.locator(SHOWN)
    assert shown.count() == len(claims())
    for facet, value in (("word", "never-held"), ("decided", "measured"), ("chapter", "6")):
        chip = page.locator(f"[data-facet={facet}] [value='{value}']")
        count = int(chip.locator("xpath=..").locator("b").inner_text())
        chip.check(force=True)
        assert 0 < shown.count() <= count
        assert set(shown.evaluate_all(f"all => all.map(one => one.dataset.{facet})")) == {value}
    page.locator("#filter-search").fill("disk/db")
    assert shown.evaluate_all("all => all.map(one => one.id)") == ["c57"]
    assert f"1 of {len(claims())} claims is shown" in page.locator(".filter-said").inner_text()
    assert page.url.endswith("?word=never-held&decided=measured&chapter=6&q=disk%2Fdb")
    ready(page, page.url)
    assert shown.evaluate_all("all => all.map(one => one.id)") == ["c57"]
    assert page.locator("[data-facet=chapter] [value='6']").is_checked()
    assert page.locator("#filter-search").input_value() == "disk/db"
    page.get_by_role("button", name="Show all").click()
    assert shown.count() == len(claims())
    assert "?" not in page.url
    ready(page, f"{host}book/claims.html?word=nonsense&other=1")
    assert shown.count() == len(claims())


def test_a_link_to_a_claim_opens_it_whatever_is_filtered_and_a_square_is_such_a_link(page: Page, host: str) -> None:
    ready(page, f"{host}book/claims.html?chapter=4#c54")
    assert page.locator("#c54 details").evaluate("one => one.open")
    assert page.locator("#c54").is_visible()
    page.locator("nav.strip a").nth(3).click()
    page.wait_for_function("document.querySelector('#c04 details').open")
    assert page.url.endswith("#c04")
    assert page.locator("#c04 .claim-link").get_attribute("href") == "#c04"
    ready(page, f"{host}book/claims.html?word=never-held&q=million")
    own = page.locator("[data-item].in-claim:not([hidden])").evaluate_all("all => all.map(one => one.id)")
    assert all("million" in page.locator(f"#{one} .board-claim").inner_text().lower() for one in own)
    page.locator("nav.strip a").nth(31).click()
    page.wait_for_function("document.querySelector('#c32 details').open")
    shown = page.locator(SHOWN).count()
    assert page.locator("#c32").is_visible()
    assert page.locator(".filter-said").inner_text().startswith(f"{shown} of {len(claims())} claims ")
    page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")  # half under the head of the page a square is too small
    assert violations(page) == []


def test_without_scripts_the_board_is_a_plain_list_and_the_squares_lead_to_the_lab(browser: Browser, host: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{host}book/claims.html")
    assert page.locator(SHOWN).count() == len(claims())
    page.goto(f"{host}book/index.html")
    square = page.locator("a.hero-square").first
    assert square.inner_text().strip().endswith("lost")
    assert str(square.get_attribute("href")).startswith(f"{course.panels()[LAB]}.html#lab={LAB}&setting=")
    context.close()


@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_the_first_screen_says_what_for_whom_and_where_to_start(page: Page, host: str, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    ready(page, f"{host}book/index.html")
    start = page.get_by_role("link", name="Start reading")
    for one in (page.locator("article h1"), page.locator(".lede a"), start):
        box = one.first.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= height
    assert "For engineers who must choose a broker" in page.locator(".lede").inner_text()
    order = [one.stem for one in course.pages()]
    assert start.get_attribute("href") == f"{order[0]}.html", "where the first chapter's own “read first” leads"
    assert page.evaluate(WIDE) <= 0


def test_a_square_asks_first_shows_what_was_lost_and_is_remembered_by_page_and_lab(page: Page, host: str) -> None:
    ready(page, f"{host}book/index.html")
    square = page.locator("[data-key='rabbitmq-confirms|power']")
    assert "guess first" in square.inner_text()
    square.focus()
    page.keyboard.press("Enter")
    asks = page.locator(".hero-asks")
    assert "a power cut" in asks.inner_text()
    page.get_by_role("button", name="none lost", exact=True).click()
    assert "You said “none lost”. RabbitMQ classic queue" in asks.inner_text()
    assert "0 of 1 right so far" in asks.inner_text()
    assert square.inner_text().endswith("all lost")
    assert violations(page) == []
    ready(page, f"{host}book/index.html")
    assert square.get_attribute("data-open") == "1"
    kept = page.evaluate(f"localStorage.getItem('labs-guess-{LAB}')")
    assert kept == '{"rabbitmq-confirms|power":"none lost"}'


def test_the_landing_page_has_findings_errors_strip_and_chapters_and_prints_the_outcomes(page: Page, host: str) -> None:
    ready(page, f"{host}book/index.html")
    assert page.locator(".news > li").count() == 5
    assert page.locator(".findings > li").count() > 0
    assert page.locator(".strip .square").count() == len(claims())
    assert page.locator(".chapters > li").count() == len(course.chapters())
    hidden = "getComputedStyle(document.querySelector('[data-key=\"redis-list-none|kill\"]'), '::before').content"
    assert "?" in page.evaluate(hidden)
    page.emulate_media(media="print")
    assert "✕" in page.evaluate(hidden)
    assert page.evaluate(WIDE) <= 0
