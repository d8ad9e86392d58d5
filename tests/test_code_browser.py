"""The client code in a real browser: tabs by keyboard, the choice that goes along, and all of it without scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from labs.pages import client_code, course
from tests.browser import Watched, violations

pytestmark = pytest.mark.browser
LABS = {stem: lab for lab, stem in reversed(course.panels().items())}
WAITING, KILLED = "01-1-who-is-waiting", "02-3-kill-the-worker"
SHOWN = "names => [...document.querySelectorAll(names)].map(one => one.checkVisibility())"


def opened(page: Page, host: str, stem: str) -> Page:
    """A page of a lab, its tabs made."""
    page.goto(f"{host}book/{stem}.html")
    page.locator(".client-code[data-tabs]").wait_for()
    return page


def chosen(page: Page) -> str:
    """The tab that is open; no other is shown."""
    panels = page.evaluate(SHOWN, ".client-code > .code-tab")
    assert panels.count(True) == 1
    name = page.locator('.client-code [aria-selected="true"]').inner_text()
    assert page.locator(".client-code > .code-tab").nth(panels.index(True)).get_attribute("data-label") == name
    return str(name)


def test_tabs_go_by_keyboard_and_the_broker_goes_along_to_the_next_page(page: Page, host: str) -> None:
    watched = Watched(page, host)
    opened(page, host, WAITING)
    names = [tab.label for tab in client_code.tabs(LABS[WAITING])] + ["By hand"]
    assert page.get_by_role("tab").all_inner_texts() == names
    assert chosen(page) == names[0]
    page.get_by_role("tab", name=names[0]).focus()
    for key, at in (("ArrowRight", 1), ("ArrowLeft", 0), ("ArrowLeft", -1), ("Home", 0), ("End", -1)):
        page.keyboard.press(key)
        assert chosen(page) == names[at]
        assert page.evaluate("document.activeElement.textContent") == names[at]
        assert page.locator('.client-code [role="tab"][tabindex="0"]').count() == 1
    page.get_by_role("tab", name="Kafka").click()
    assert violations(page) == []
    assert chosen(opened(page, host, KILLED)) == "Kafka"
    page.get_by_role("tab", name="By hand").click()
    page.reload()
    assert chosen(opened(page, host, KILLED)) == "Kafka", "only a broker is remembered"
    assert watched.complaints == []
    assert watched.elsewhere == []


def test_what_is_copied_is_the_code_of_the_tab(page: Page, host: str) -> None:
    opened(page, host, WAITING).get_by_role("tab", name="By hand").click()
    panel = page.locator(".client-code .code-tab:not([hidden])")
    panel.locator(".highlight").hover()
    panel.locator("button.copybtn").click()
    page.wait_for_function("navigator.clipboard.readText().then(text => text.length > 0)")
    copied = str(page.evaluate("navigator.clipboard.readText()"))
    assert copied.strip() == client_code.by_hand(WAITING)[1]


def test_without_scripts_and_in_print_every_snippet_stands_under_its_heading(
    page: Page, browser: Browser, host: str
) -> None:
    count = len(client_code.tabs(LABS[WAITING])) + 1
    opened(page, host, WAITING).emulate_media(media="print")
    assert page.evaluate(SHOWN, ".client-code > .code-tab, .client-code .code-head") == [True] * 2 * count
    assert page.evaluate(SHOWN, '.client-code [role="tablist"], .client-code .copybtn').count(True) == 0
    context = browser.new_context(java_script_enabled=False)
    still = context.new_page()
    still.goto(f"{host}book/{WAITING}.html")
    for names in (".client-code > .code-tab", ".client-code .code-head", ".client-code pre"):
        assert [one.is_visible() for one in still.locator(names).all()] == [True] * count
    context.close()


def test_no_tab_of_any_page_makes_a_phone_scroll_sideways_and_long_lines_can_be_reached(
    browser: Browser, host: str
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark")
    page, scrolled = context.new_page(), 0
    for stem, lab in LABS.items():
        opened(page, host, stem)
        tabs = page.get_by_role("tab").all()
        assert len(tabs) == len(client_code.tabs(lab)) + 1
        for tab in tabs:
            tab.click()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{stem}, {tab.inner_text()}"
            code = page.locator(".client-code .code-tab:not([hidden]) pre")
            wide = code.evaluate("one => one.scrollWidth > one.clientWidth")
            assert code.get_attribute("tabindex") == ("0" if wide else None)
            scrolled += wide
    assert scrolled
    context.close()
