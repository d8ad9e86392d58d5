"""What a broker, a folder or a service says reaches a page as text, whatever it is."""

from __future__ import annotations

import json
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from playwright.sync_api import Dialog, Page, Route

from labs.experiments import EXPERIMENTS, experiment
from labs.pages import Panel, course
from labs.pages.pages import panel
from labs.pages.recordings import recorded
from labs.pages.state import panel_state, recorded_state
from tests.browser import settled

pytestmark = pytest.mark.browser
HOSTILE = "<img src=x onerror=alert(1)></script><b>"
SAYS = {"label", "sentence", "trouble", "origin", "part", "aside", "text", "texts", "lines", "title", "subtitle",
        "note", "reason", "why_not", "rows", "card", "rest", "rests", "said", "unit", "caption",
        "heads", "event"}  # fmt: skip
"""Parts of a panel's state that are shown as they are."""
KINDS = ("latency-ladder", "who-is-waiting", "kill-the-worker", "loss-matrix", "how-benchmarks-lie")
"""Labs that have every kind of picture between them: plot, dots, strips, matrix and bill, bars."""
LOOSE = "document.querySelectorAll('.lab-panel img, .lab-panel script:not([type]), .lab-panel b').length"


def poisoned(part: Any, *, said: bool = False) -> Any:
    """The state with something hostile at the end of every text that is shown."""
    if isinstance(part, dict):
        return {name: poisoned(one, said=name in SAYS and name != "heads") for name, one in part.items()}
    if isinstance(part, list):
        return [poisoned(one, said=said) for one in part]
    return f"{part}{HOSTILE}" if said and isinstance(part, str) else part


@pytest.mark.parametrize("lab", KINDS)
def test_every_text_of_a_panel_is_text(page: Page, host: str, lab: str) -> None:
    asked: list[Dialog] = []
    page.on("dialog", lambda dialog: (asked.append(dialog), dialog.dismiss()))

    def worse(route: Route) -> None:
        state = route.fetch().json()
        state |= poisoned({part: state[part] for part in ("views", "rests")})
        state["verdicts"] = poisoned(state["verdicts"])
        route.fulfill(body=json.dumps(state), content_type="application/json")

    page.route(f"**/panels/{lab}.json", worse)
    page.goto(f"{host}book/{course.panels()[lab]}.html")
    settled(page)
    box = page.locator(f".lab-panel[data-state*='/{lab}.json']")
    if experiment(lab).guess:
        box.get_by_role("button", name="Show everything").click()
    for look in box.locator(".lab-waits button").all():
        look.click()
    box.locator(".lp-said p").first.wait_for()
    box.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
    assert HOSTILE in box.locator(".lp-said").inner_text()
    assert HOSTILE in box.locator(".lp-card").inner_text()
    assert HOSTILE in box.locator(".lp-rest").inner_text()
    assert page.evaluate(LOOSE) == 0
    assert asked == []


@pytest.mark.parametrize("lab", sorted(EXPERIMENTS))
def test_every_text_of_what_a_page_shows_without_a_module_is_text(lab: str) -> None:
    state = poisoned(recorded_state(experiment(lab)))
    html = panel(state, "x.json")
    assert "<img" not in html
    assert "<b>" not in html
    assert HOSTILE in unescape(html)


def test_the_words_of_a_refusal_are_told_and_are_text_in_the_plain_output() -> None:
    file = recorded("latency-ladder")
    assert file is not None
    lab, digest = experiment("latency-ladder"), file.digests[0]
    digest = replace(digest, refused={"count": 3, "of": 10, "first": f"OOM {HOSTILE}"})
    [view] = panel_state(lab, [digest])["views"].values()
    assert f"OOM {HOSTILE}" in json.dumps(view), "the sentence tells what the broker said"
    still = Panel(lab, mode="recorded")._still([digest], "measured here")["text/html"]
    assert "<b>" not in still
    assert f"OOM {HOSTILE}" in unescape(still)
