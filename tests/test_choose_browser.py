"""The page Choose in a real browser: answers in the address, by keyboard, refused, printed, and without a script."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from labs.model.text import in_words
from labs.pages.choose import page as parts
from labs.pages.choose import three
from labs.pages.choose.engine import rank
from labs.pages.choose.model import rules
from labs.pages.choose.words import WORDS, address, by_id

pytestmark = pytest.mark.browser
CASES = {one["id"]: one for one in rules()["scenario"]}


def ready(page: Page, place: str) -> Page:
    page.goto(place)
    page.wait_for_selector(".choose[data-ready]")
    return page


def headline(answers: dict[str, object]) -> str:
    """What stands over the answer: the first, or all that are too close to it to tell."""
    of, ranked = parts.known()["configurations"], rank(parts.known(), answers)
    close = [str(by_id(of, one.id)["short"]) for one in ranked if one.close]
    return f"{WORDS['close']}: {'; '.join(close)}" if close else f"{WORDS['first']}: {by_id(of, ranked[0].id)['name']}"


def test_a_case_is_taken_changed_by_keyboard_kept_in_the_address_and_cleared(page: Page, host: str) -> None:
    ready(page, f"{host}book/choose.html")
    page.locator(".choose-cases select").select_option("django")
    answers = CASES["django"]["answers"]
    assert page.url.endswith(f"choose.html{address(answers)}")
    assert page.locator(".choose-first").inner_text() == headline(answers)
    page.get_by_label("What is the worst accident").focus()
    page.keyboard.press("ArrowDown")  # only the last second may go
    page.keyboard.press("ArrowDown")
    changed = answers | {"accident": "power"}
    assert page.locator(".choose-first").inner_text() == headline(changed) != headline(answers)
    ready(page, page.url)
    page.reload()
    page.wait_for_selector(".choose[data-ready]")
    assert page.locator(".choose-first").inner_text() == headline(changed)
    assert page.get_by_label("What is the worst accident").input_value() == "power"
    page.get_by_role("button", name="Clear all answers").click()
    assert page.url.endswith("#answers")
    assert page.locator(".choose-first").inner_text() == headline({})


def test_a_number_that_cannot_be_is_refused_and_changes_nothing(page: Page, host: str) -> None:
    ready(page, f"{host}book/choose.html#answers&rate=50")
    rate = page.get_by_label("How many messages a second")
    rate.fill("-3")
    rate.press("Tab")
    assert "Write a number from 1 to 10,000,000." in page.locator(".choose-form").inner_text()
    assert page.url.endswith("rate=50")
    rate.fill("60,000")
    rate.press("Tab")
    assert page.url.endswith("rate=60000")
    assert "Write a number" not in page.locator(".choose-form").inner_text()


def test_a_usual_day_may_stay_empty_and_the_questions_are_as_many_as_the_front_page_says(page: Page, host: str) -> None:
    ready(page, f"{host}book/choose.html#answers&rate=50")
    day, bill = page.get_by_label("How many messages on a usual day?"), page.locator(".choose-answer")
    assert day.input_value() == ""
    assert "1,800,000 messages, if it is like 10 of the worst hours" in bill.inner_text()
    day.fill("200,000")
    day.press("Tab")
    assert page.url.endswith("day=200000")
    assert "200,000 messages" in bill.inner_text()
    day.fill("")
    day.press("Tab")
    assert page.url.endswith("rate=50")
    assert "1,800,000 messages" in bill.inner_text()
    assert not page.locator(".choose-wrong").filter(has_text="Write").count()
    shown = page.locator(".choose-form > .choose-ask:not(.choose-cases):visible").count()
    assert shown == three.asked()
    page.goto(f"{host}book/index.html")
    assert f"Choose asks {in_words(shown)} questions" in page.locator("article").inner_text()


def test_a_slider_weighs_and_any_broker_can_be_made_to_win(page: Page, host: str) -> None:
    ready(page, f"{host}book/choose.html{address(CASES['payments']['answers'])}")
    page.get_by_text("What matters more to you").click()
    page.get_by_label("Little to run").focus()
    page.keyboard.press("Home")
    assert "w-operations=0" in page.url
    page.get_by_label("Which one should be first?").select_option("kafka-3")
    page.get_by_role("button", name="Open these answers and see why").click()
    assert page.locator(".choose-first").inner_text() == "First: Kafka, acks=all, three nodes"


def test_back_brings_what_the_reader_had_answered_and_the_game_begins_there(page: Page, host: str) -> None:
    ready(page, f"{host}book/choose.html")
    page.locator(".choose-cases select").select_option("django")
    mine, told = address(CASES["django"]["answers"]), headline(CASES["django"]["answers"])
    for again in ("go back", "the button"):
        page.get_by_label("Which one should be first?").select_option("kafka-3")
        assert "by your answers if you change these" in page.locator(".choose-game").inner_text()
        page.get_by_role("button", name="Open these answers and see why").click()
        assert page.locator(".choose-first").inner_text() == "First: Kafka, acks=all, three nodes"
        assert "framework=celery" in page.url, "what need not be changed stays"
        if again == "go back":
            page.go_back()
        else:
            page.get_by_role("button", name="Back to my answers").click()
        expect(page.locator(".choose-first")).to_have_text(told)
        assert page.url.endswith(f"choose.html{mine}")
        assert not page.get_by_role("button", name="Back to my answers").count()
    page.get_by_role("button", name="Clear all answers").click()
    page.go_back()
    expect(page.locator(".choose-first")).to_have_text(told)


def test_on_a_narrow_screen_nothing_lies_over_the_answer_that_stays(page: Page, host: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    ready(page, f"{host}book/choose.html")
    page.mouse.wheel(0, 900)
    page.mouse.wheel(0, -200)
    page.wait_for_timeout(300)
    assert page.locator(".choose-now").is_visible()
    assert not page.locator("#pst-back-to-top").is_visible()


def test_on_paper_the_answer_stands_alone(page: Page, host: str) -> None:
    ready(page, f"{host}book/choose.html{address(CASES['orders']['answers'])}")
    page.evaluate("window.print = () => {}")
    page.get_by_role("button", name="Print this answer").click()
    page.emulate_media(media="print")
    assert page.locator(".choose-first").is_visible()
    for gone in (".choose-form", ".choose-exports", ".choose-game", ".choose-case", ".choose-wins"):
        assert not page.locator(gone).first.is_visible(), gone


def test_without_scripts_twelve_cases_are_there_in_full(browser: Browser, host: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{host}book/choose.html")
    cases = page.locator(".choose-case")
    assert cases.count() == len(CASES)
    cases.nth(2).locator("summary").first.click()
    text = cases.nth(2).inner_text()
    for part in ("Against it", "What would change this answer", "The bill", "The article’s advice", "Ruled out"):
        assert part in text
    assert not page.locator(".choose-form").count()
    context.close()
