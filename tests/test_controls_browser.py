"""Every control of every panel on the built pages, what it shows, and the links that lead to a view of it."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Page

from labs.experiments import EXPERIMENTS
from labs.pages import course
from tests.browser import settled

pytestmark = pytest.mark.browser
WALK = Path(__file__).with_name("walk.mjs")
AT_ONCE = "const later = setTimeout; window.setTimeout = (work, _ms, ...more) => later(work, 0, ...more);"
"""Nothing that a panel says waits: the order stays, the pauses go."""
LADDER = "book/05-4-latency-ladder.html"
LINK = re.compile(r'href="([^"]*#lab=[^"]*)"')


def opened(page: Page, address: str) -> Page:
    page.goto("about:blank")  # else a change of the part after # would be no load
    page.goto(address)
    settled(page)
    return page


@pytest.mark.timeout(400)  # some 20 s where nothing else runs
def test_what_a_panel_shows_is_what_its_controls_say_whatever_is_chosen(page: Page, host: str) -> None:
    page.add_init_script(AT_ONCE)
    page.route("**/walk.mjs", lambda route: route.fulfill(path=WALK, content_type="text/javascript"))
    script = """async address => {
        const { walk } = await import(address), found = [];
        for (const host of document.querySelectorAll(".lab-panel")) found.push(await walk(host));
        return found; }"""
    found: dict[str, list[Any]] = {}
    for stem in sorted(set(course.panels().values())):
        opened(page, f"{host}book/{stem}.html")
        found[stem] = page.evaluate(script, f"{host}walk.mjs")
    walked = [one for each in found.values() for one in each]
    assert [text for one in walked for text in one["wrong"]] == []
    assert len(walked) == len(course.panels())
    assert sum(one["controls"] for one in walked) > len(walked)


def states(site: Path) -> dict[str, Any]:
    return {path.stem: json.loads(path.read_text("utf-8")) for path in site.glob("_static/panels/*.json")}


def unresolved(state: Any, pairs: list[tuple[str, str]]) -> str:
    """What a link asks for that no recorded point of the lab has; empty if one has it all."""
    views = list(state["views"].values())
    for name, text in pairs:
        control = next((one for one in state["controls"] if name in (one["alias"], one["name"])), None)
        if control is None:
            return f"{name} is no control"
        values = text.split(",") if control["kind"] == "many" else [text]
        views = [one for one in views if str(one.get(control["sets"], values[0])) in values]
    return "" if views else "no point is recorded"


def test_every_link_to_a_view_leads_to_a_recorded_point_of_a_panel_that_is_there(site: Path) -> None:
    panels, known, seen = course.panels(), states(site), []
    for path in sorted(site.glob("book/*.html")):
        for href in map(unescape, LINK.findall(path.read_text("utf-8"))):
            parts = urlsplit(href)
            (_, lab), *pairs = parse_qsl(parts.fragment, strict_parsing=True)
            page = path.parent / parts.path if parts.path else path
            there = page.is_file() and f'data-state="_static/panels/{lab}.json"' in page.read_text("utf-8")
            trouble = unresolved(known[lab], pairs) if there else "no such panel"
            seen.append((path.name, href, trouble))
    assert [one for one in seen if one[2]] == []
    assert len(seen) > 100
    assert {lab for lab in panels if any(f"#lab={lab}&" in href for _, href, _ in seen)} >= {"latency-ladder"}


def test_a_link_shows_its_view_is_written_back_and_what_it_cannot_have_is_said(page: Page, host: str) -> None:
    opened(page, f"{host}{LADDER}#lab=latency-ladder&broker=kafka,redis&rate=2000&payload=7&nonsense=1")
    ticked = "[...document.querySelectorAll('[data-control] [type=checkbox]:checked')].map(one => one.value)"
    rate = page.locator("[data-control] input[type=range]")
    assert sorted(page.evaluate(ticked)) == ["kafka", "redis"]
    assert (rate.get_attribute("aria-valuetext") or "").startswith("2,000 ")
    assert "payload=7 and nonsense=1, which is not recorded" in page.locator(".lp-moved").inner_text()
    assert page.locator(".lp-title").is_visible()
    length = page.evaluate("history.length")
    rate.press("Home")
    page.wait_for_function("location.hash.includes('rate=250')")
    assert page.evaluate("history.length") == length
    page.evaluate("location.hash = '#lab=latency-ladder&rate=4000'")
    page.wait_for_function(
        "document.querySelector('[data-control] input[type=range]').ariaValueText.startsWith('4,000')"
    )
    assert len(page.evaluate(ticked)) == 3, "what a link does not name is as the panel begins"
    page.evaluate("location.hash = '#lab=loss-matrix&setting=redis-list-no'")
    page.wait_for_timeout(100)
    assert (rate.get_attribute("aria-valuetext") or "").startswith("4,000 "), "it is of another panel"


def test_a_link_to_an_outcome_asks_first_and_of_two_panels_only_the_named_one_moves(page: Page, host: str) -> None:
    opened(page, f"{host}book/03-2-loss-matrix.html#lab=fault-theatre&fault=power")
    first, second = page.locator(".labs-panel").all()
    assert second.get_by_label("What happens").input_value() == "power"
    assert first.get_by_label("What happens").input_value() == "kill"
    assert second.locator(".lp-guess fieldset").count() > 0
    assert second.locator(".lp-said").inner_text() == ""
    assert second.evaluate("one => one.getBoundingClientRect().top") < 300
    assert first.evaluate("one => one.getBoundingClientRect().bottom") < 0


def test_the_link_and_the_command_of_a_view_are_copied(page: Page, host: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened(page, f"{host}{LADDER}#lab=latency-ladder&rate=2000")
    page.get_by_role("button", name="Copy link to this view").click()
    page.get_by_text("Copied.").wait_for()
    link = page.evaluate("navigator.clipboard.readText()")
    assert "#lab=latency-ladder&broker=redis,rabbitmq,kafka&rate=2000&rung=2" in link
    page.locator("summary", has_text="Repeat this").click()
    page.locator("[data-part=repeat]").get_by_role("button", name="Copy").click()
    page.wait_for_function("async () => (await navigator.clipboard.readText()).startsWith('labs run')")
    assert "--set rate=2000" in page.evaluate("navigator.clipboard.readText()")
    opened(page, link)
    assert (page.locator("[data-control] input[type=range]").get_attribute("aria-valuetext") or "").startswith("2,000")


def test_a_value_that_is_recorded_nowhere_is_no_choice_and_stands_with_its_command(page: Page, host: str) -> None:
    opened(page, f"{host}{LADDER}")
    assert "10,000 B" not in page.locator("[data-control=body_bytes]").inner_text()
    page.locator("summary", has_text="Not recorded, but can be run").click()
    assert "--set payload=10000" in page.locator(".lp-else").inner_text()


def test_every_lab_that_has_a_page_has_an_address_for_each_of_its_points(site: Path) -> None:
    from labs.pages.links import view_of
    from labs.pages.recordings import recorded

    known = states(site)
    for name in course.panels():
        file = recorded(name)
        assert file is not None
        for digest in file.digests:
            parts = urlsplit(view_of(name, digest.settings))
            assert parts.path == f"{course.panels()[name]}.html"
            assert unresolved(known[name], parse_qsl(parts.fragment)[1:]) == "", EXPERIMENTS[name].look.key(
                digest.settings
            )


def test_every_measured_claim_has_the_view_of_the_points_that_its_rule_asks_for(site: Path) -> None:
    from labs.pages.claims import judged
    from labs.pages.links import view_of_claim

    known, found = states(site), {claim: view_of_claim(claim) for claim in judged()}
    assert "" not in found.values()
    for claim, address in found.items():
        (_, lab), *pairs = parse_qsl(urlsplit(address).fragment)
        assert unresolved(known[lab], pairs) == "", claim
    assert sum("&" in address for address in found.values()) > len(found) / 2, found
