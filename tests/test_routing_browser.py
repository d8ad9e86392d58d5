"""The routing editor in a real browser: by keyboard, on a narrow screen, with hostile names, and without a script."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Dialog, Page

from labs.experiments import routing_examples
from labs.scenarios.routing.matching import CASES
from labs.scenarios.routing.puzzles import PUZZLES, events
from tests.browser import Watched, violations

pytestmark = pytest.mark.browser
HOSTILE = "<img/src=x/onerror=alert(1)>"
LINES = "Exchanges, queues, bindings and messages, a line each"


def opened(page: Page, host: str) -> Page:
    page.goto(f"{host}book/04-3-routing-puzzles.html")
    page.locator(".routing[data-ready]").wait_for()
    return page


def went(page: Page) -> list[list[str]]:
    """The rows of the table: message, queues, bindings."""
    rows: list[list[str]] = page.locator(".routing-scroll tbody tr").evaluate_all(
        "all => all.map(row => [...row.cells].map(one => one.innerText))"
    )
    return rows


def test_a_puzzle_is_solved_and_a_line_added_by_keyboard_and_who_answers_is_said(page: Page, host: str) -> None:
    watched = Watched(page, host)
    opened(page, host)
    said = page.locator(".routing-head").inner_text()
    assert "our model, not the broker" in said
    assert f"{CASES:,} random messages" in said
    first = page.get_by_label("Begin with")
    first.focus()
    graded = page.locator(".routing-write > button")
    graded.press("Enter")
    assert page.locator(".routing-heard").inner_text().startswith("Not yet, by our model: ")
    first.focus()
    page.keyboard.press("ArrowDown")
    assert "bind in -> billing: *.order.#" in page.get_by_label(LINES).input_value()
    assert len(went(page)) == routing_examples.SHOWN
    graded.press("Enter")
    assert page.locator(".routing-heard").inner_text().startswith("Right, by our model: ")
    page.get_by_label("Add a line").select_option("publish")
    page.get_by_label("To exchange").fill("in")
    page.get_by_label("Routing key").fill("eu.order.x.y.z")
    page.get_by_label("Routing key").press("Enter")
    assert went(page)[-1] == ["in: eu.order.x.y.z", "billing, europe", "in → billing (*.order.#); in → europe (eu.#)"]
    page.get_by_label("Paths of").select_option(label="in: eu.order.x.y.z")
    assert page.locator(".routing-queue.lit").count() == 2
    assert watched.complaints == []
    assert watched.elsewhere == []
    assert violations(page) == []


def test_a_line_that_is_refused_is_told_and_the_last_answer_stays(page: Page, host: str) -> None:
    opened(page, host)
    before, text = went(page), page.get_by_label(LINES)
    text.fill(f"{text.input_value()}\nbind in -> nowhere: a")
    assert page.get_by_role("alert").filter(has_text="nowhere").inner_text() == (
        "binding in → nowhere (a): there is no queue 'nowhere' to bind to"
    )
    assert went(page) == before
    assert page.get_by_label("Begin with").input_value() == "", "they are the reader's own lines now"


def test_of_a_consistent_hash_the_page_says_one_of_these_and_draws_both_ways_as_possible(page: Page, host: str) -> None:
    opened(page, host)
    lines = ["exchange in x-consistent-hash", "queue a", "queue b", "bind in -> a: 1", "bind in -> b: 3"]
    page.get_by_label(LINES).fill("\n".join([*lines, "publish in: user.7"]))
    assert went(page) == [
        ["in: user.7", "one of a, b, by the hash of the key", "perhaps in → a (1); perhaps in → b (3)"]
    ]
    assert page.locator(".routing-queue.perhaps").count() == 2
    assert page.locator(".routing-way.perhaps").count() == 2
    assert page.get_by_text("1 message; each goes to a queue.").count() == 1
    page.get_by_label(LINES).fill("\n".join([*lines[:-1], "bind in -> b: heavy"]))
    assert "takes a weight as its key, a whole number from 1 to 100" in page.get_by_role("alert").first.inner_text()


def test_what_a_reader_names_is_text_and_never_markup(page: Page, host: str) -> None:
    asked: list[Dialog] = []
    page.on("dialog", lambda dialog: (asked.append(dialog), dialog.dismiss()))
    opened(page, host)
    name = HOSTILE
    lines = [f"exchange {name} headers", f"queue {name}q", f"bind {name} -> {name}q: any {name}={name}"]
    page.get_by_label(LINES).fill("\n".join([*lines, f"publish {name}: {name}=1 a={name}", f"bnd{name}"]))
    page.get_by_role("alert").filter(has_text=name).wait_for()
    page.get_by_label(LINES).fill("\n".join([*lines, f"publish {name}: k a={name}"]))
    assert went(page)[0][:2] == [f"{name}: k a={name}", "no queue"]
    assert page.locator(".routing :is(img, b)").count() == 0
    assert asked == []


def test_on_a_narrow_screen_all_of_it_is_reached_and_nothing_is_wider_than_the_window(
    browser: Browser, host: str
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark")
    page = opened(context.new_page(), host)
    page.get_by_label("Begin with").select_option(label="An audit copy of everything, solved")
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    small = page.locator(".routing :is(button, select, input)").evaluate_all(
        "all => all.filter(one => one.getBoundingClientRect().height < 24).length"
    )
    assert small == 0
    assert violations(page) == []
    context.close()


def test_without_scripts_the_five_puzzles_are_text_and_tables_of_what_the_broker_did(
    browser: Browser, host: str
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{host}book/04-3-routing-puzzles.html")
    puzzles = page.locator(".routing-puzzle")
    assert puzzles.count() == len(PUZZLES)
    for at, puzzle in enumerate(PUZZLES.values()):
        puzzles.nth(at).locator("summary").click()
        text = puzzles.nth(at).inner_text()
        assert puzzle.asks in text
        assert "\n".join(routing_examples.texts(puzzle)["solved"].splitlines()) in text
        assert puzzles.nth(at).locator("tbody tr").count() == len(events(1))
    assert "The editor needs JavaScript" in page.locator(".routing-app").inner_text()
    context.close()
