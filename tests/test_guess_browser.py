"""The panel of labs with a guess, in a real browser, replaying made-up digests on a page made for it."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from labs.experiments import experiment
from labs.experiments.base import Experiment
from labs.model.digest import Digest
from labs.model.paths import PROJECT
from labs.pages import pages
from labs.pages.bundle import JS
from labs.pages.state import panel_state
from labs.show.looks.fault import summed_up
from labs.show.looks.tricks import WARNING
from tests.browser import LOOKS, Watched, served, settled, violations
from tests.faulted import JOBS, JOBS_LAB, LOSS_LAB, MATRIX, STARTUP_LOG, THEATRE
from tests.tricked import SPOTS

pytestmark = pytest.mark.browser
PAGE = """<!doctype html><html lang="en" data-content_root="./" data-theme="{theme}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{lab}: test data, not measured</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="_static/look.css"><link rel="stylesheet" href="_static/panel.css">
<link rel="stylesheet" href="_static/charts.css">
<link rel="stylesheet" href="_static/book.css"><script type="module" src="_static/lab-loader.mjs"></script>
<style>body {{ background: var(--paper); color: var(--ink); font: 16px system-ui; margin: 16px }}</style></head>
<body><main><h1>{lab}: test data, not measured</h1>{panel}</main></body></html>"""
SPOT = experiment("spot-the-trick")
LABS: tuple[tuple[Experiment, list[Digest]], ...] = (
    (LOSS_LAB, MATRIX),
    (THEATRE, MATRIX),
    (JOBS_LAB, JOBS),
    (SPOT, SPOTS),
)
OURS_BYTES = 100_000


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page a lab and theme; the panel's own files are those that the book serves."""
    root = tmp_path_factory.mktemp("site")
    static, labs = root / "_static", PROJECT / "labs"
    shutil.copytree(JS, static)
    (static / "panels").mkdir()
    book = PROJECT / "book" / "_static"
    styles = (labs / "show" / "look.css", labs / "pages" / "panel.css", labs / "pages" / "charts.css")
    for file in (*styles, book / "book.css", book / "lab-loader.mjs"):
        shutil.copy(file, static)
    for lab, digests in LABS:
        state = panel_state(lab, digests, "2000-01-01")
        (static / "panels" / f"{lab.name}.json").write_text(json.dumps(state), "utf-8")
        for theme in ("light", "dark"):
            html = PAGE.format(theme=theme, lab=lab.title, panel=pages.panel(state, f"_static/panels/{lab.name}.json"))
            (root / f"{lab.name}-{theme}.html").write_text(html, "utf-8")
    hosts = [pages.panel(panel_state(lab, digests), f"_static/panels/{lab.name}.json") for lab, digests in LABS]
    small = PAGE.format(theme="light", lab="Compact", panel=hosts[0].replace("<div ", "<div data-compact ", 1))
    (root / "compact-light.html").write_text(small, "utf-8")
    (root / "all-light.html").write_text(PAGE.format(theme="light", lab="All", panel="".join(hosts)), "utf-8")
    return root


@pytest.fixture(scope="module")
def host(site: Path) -> Iterator[str]:
    with served(site) as address:
        yield address


def ready(page: Page, address: str) -> Page:
    page.goto(address)
    settled(page)
    return page


def matrix(page: Page, host: str) -> Page:
    """The loss matrix with Redis's everysec and SIGKILL chosen."""
    ready(page, f"{host}loss-matrix-light.html")
    page.locator("[data-key='redis-list-everysec|kill']").click()
    return page


def text(page: Page) -> str:
    return page.locator(".labs-panel").inner_text().replace("\u00a0", " ")


def cell(page: Page, key: str) -> str:
    """What is in sight in a cell, a line a part."""
    heard = page.locator(f"[data-key='{key}'] .lp-hear").inner_text()
    return page.locator(f"[data-key='{key}']").inner_text().removeprefix(heard).strip()


def say(page: Page, word: str) -> None:
    page.locator(".lp-guess").get_by_role("button", name=word, exact=True).click()


@pytest.mark.parametrize(("theme", "width"), LOOKS)
@pytest.mark.parametrize("lab", [lab.name for lab, _ in LABS])
def test_a_panel_is_accessible_before_and_after_the_guess(
    browser: Browser, host: str, lab: str, theme: str, width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
    page = context.new_page()
    watched = Watched(page, host)
    ready(page, f"{host}{lab}-{theme}.html")
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert violations(page) == []
    assert page.evaluate(overflow) <= 0
    page.get_by_role("button", name="Show everything").click()
    page.locator("summary", has_text="Data").click()
    page.wait_for_function("document.querySelector('.lp-said').childElementCount > 0")
    assert violations(page) == []
    assert page.evaluate(overflow) <= 0
    assert watched.elsewhere == []
    assert watched.complaints == []
    context.close()


def test_panels_on_one_page_do_not_get_in_each_others_way(page: Page, host: str) -> None:
    ready(page, f"{host}all-light.html")
    for panel in page.locator(".labs-panel").all():
        panel.get_by_role("button", name="Show everything").click()
        for part in panel.locator("summary").all():
            if part.is_visible():  # a panel of which all is recorded has no fold about the rest
                part.click()
    assert violations(page) == []
    assert page.locator(".lp-bill").count() == 2


def test_no_outcome_is_on_the_page_before_the_reader_has_committed(page: Page, host: str) -> None:
    matrix(page, host)
    seen = page.locator(".lab-panel").inner_text()
    options = page.locator(".lp-here").inner_text()
    for word in ("none lost", "some lost", "all lost", "did not start", "3 of 3", "85 to 527"):
        assert seen.count(word) == options.count(word), word
    assert page.locator(".lp-cell[data-word=guess]").count() == len(MATRIX)
    assert page.locator("[data-chart=bill]").is_hidden()
    assert page.locator(".lp-said").inner_text() == ""


def test_the_keyboard_picks_a_cell_and_commits_a_guess(page: Page, host: str) -> None:
    matrix(page, host)
    page.locator("[data-key='redis-list-everysec|kill']").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.dataset.key") == "redis-list-everysec|power"
    assert page.locator("[aria-pressed=true]").get_attribute("data-key") == "redis-list-everysec|power"
    assert page.get_by_label("What happens").input_value() == "power"
    assert "then a power cut" in page.locator(".lp-guess legend").inner_text()
    page.get_by_role("button", name="none lost").focus()
    page.keyboard.press("Enter")
    assert "Not so: some lost." in page.evaluate("document.activeElement.innerText")
    assert "0 of 1 right" in text(page)
    assert "340 of 2,900" in cell(page, "redis-list-everysec|power")
    assert cell(page, "redis-list-everysec|kill").startswith("?")
    page.wait_for_function("document.querySelector('.lp-said').innerText.includes('lost 340 of 2,900')")
    assert page.locator(".lp-said").get_attribute("role") == "status"
    lost = page.locator(".lp-bill tr", has=page.get_by_role("rowheader", name="lost", exact=True))
    assert "85 to 527" in lost.inner_text()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_matrix_asks_under_the_row_that_was_clicked_and_leads_to_the_next_cell(
    page: Page, host: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    matrix(page, host)
    cells = page.locator(".lp-cell[data-word=guess]").evaluate_all("all => all.map(one => one.dataset.key)")
    clicked, asked = page.locator("[data-key='redis-list-everysec|kill']"), page.locator(".lp-here")
    assert clicked.get_attribute("aria-expanded") == "true"
    for word, at in (("none lost", cells.index("redis-list-everysec|kill")), ("all lost", None)):
        cell_box, box = page.locator("[aria-pressed=true]").bounding_box(), asked.bounding_box()
        assert cell_box is not None
        assert box is not None
        assert 0 <= box["y"] - cell_box["y"] - cell_box["height"] < 40
        assert -1 <= box["x"] < box["x"] + box["width"] <= width
        assert asked.count() == 1
        say(page, word)
        seen = asked.evaluate("one => { const { top, bottom } = one.getBoundingClientRect(); return [top, bottom]; }")
        assert 0 <= seen[0] < seen[1] <= 801
        if at is not None:
            page.get_by_role("button", name="Next: ").press("Enter")
            assert page.locator("[aria-pressed=true]").get_attribute("data-key") == cells[at + 1]
            assert page.evaluate("document.activeElement.closest('.lp-here') !== null")


def test_when_all_is_shown_the_matrix_sums_up_what_was_lost(page: Page, host: str) -> None:
    matrix(page, host)
    said = summed_up(MATRIX)
    assert page.locator(".lp-sum").count() == 0
    page.get_by_role("button", name="Show everything").click()
    assert page.locator(".lp-sum").inner_text() == said
    page.get_by_role("button", name="Start over").click()
    keys = page.locator(".lp-cell[data-word=guess]").evaluate_all("all => all.map(one => one.dataset.key)")
    for key in keys:
        page.locator(f"[data-key='{key}']").click()
        say(page, "all lost")
    assert said in page.locator(".lp-here .lp-told").inner_text()


def test_on_paper_every_outcome_is_shown_and_on_the_screen_it_is_hidden_again(page: Page, host: str) -> None:
    matrix(page, host)
    hidden = page.locator(".lp-cell[data-word=guess]")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert hidden.count() == 0
    assert page.locator(".lp-here").count() == 0
    paper = page.evaluate("document.querySelector('.lp-matrix').getBoundingClientRect().right")
    assert paper <= page.viewport_size["width"]  # type: ignore[index]
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert hidden.count() == len(MATRIX)


def test_a_compact_panel_is_the_matrix_alone_and_still_asks(page: Page, host: str) -> None:
    ready(page, f"{host}compact-light.html")
    assert page.locator(".lp-controls, .lp-bill, .labs-panel details").count() == 0
    page.locator("[data-key='redis-list-everysec|kill']").click()
    say(page, "none lost")
    assert cell(page, "redis-list-everysec|kill") == "none lost"
    assert "Right: none lost." in text(page)


def test_one_tab_stop_leads_into_the_matrix(page: Page, host: str) -> None:
    matrix(page, host)
    assert page.locator(".lp-cell[tabindex='0']").count() == 1


def test_a_score_counts_guesses_that_could_be_right_and_survives_a_reload(page: Page, host: str) -> None:
    matrix(page, host)
    for key, word in (
        ("redis-list-none|kill", "all lost"),
        ("redis-list-everysec|kill", "all lost"),
        ("redis-list-always|power", "none lost"),
    ):
        page.locator(f"[data-key='{key}']").click()
        say(page, word)
    assert "not counted" in text(page)
    assert "1 of 2 right so far." in text(page)
    page.reload()
    ready(page, page.url)
    assert cell(page, "redis-list-none|kill").startswith("all lost")
    page.get_by_role("button", name="Start over").click()
    assert cell(page, "redis-list-none|kill").startswith("?")


def test_what_was_only_shown_is_not_scored(page: Page, host: str) -> None:
    matrix(page, host)
    page.get_by_role("button", name="Show me").click()
    assert cell(page, "redis-list-everysec|kill").startswith("none lost")
    assert "right so far" not in text(page)
    assert page.evaluate("document.activeElement.dataset.key") == "redis-list-everysec|kill"


def test_a_broker_that_did_not_start_is_said_in_words_with_its_last_lines(page: Page, host: str) -> None:
    matrix(page, host)
    page.locator("[data-key='redis-list-always|power']").click()
    page.get_by_role("button", name="Show me").click()
    page.locator(".lp-log").wait_for()
    assert page.locator(".lp-log").inner_text() == STARTUP_LOG
    assert "the broker did not start again after a power cut" in page.locator(".lp-title").inner_text()


def test_every_outcome_has_a_sign_of_its_own(page: Page, host: str) -> None:
    matrix(page, host)
    page.get_by_role("button", name="Show everything").click()
    script = """[...new Set([...document.querySelectorAll('.lp-cell:not([data-word=none])')].map(
        cell => cell.dataset.word + ' ' + getComputedStyle(cell.querySelector('.lp-word'), '::before').content))]"""
    words = page.evaluate(script)
    assert len(words) == 6
    assert len({word.split('"')[1] for word in words}) == 6


def test_brokers_stand_side_by_side_each_with_a_guess_of_its_own(page: Page, host: str) -> None:
    ready(page, f"{host}fault-theatre-light.html")
    asked = page.locator(".lp-guess fieldset")
    assert asked.count() == 3
    asked.nth(0).get_by_role("button", name="none lost").click()
    assert asked.count() == 2
    assert "Redis list, AOF everysec: Right: none lost." in text(page)
    page.get_by_role("button", name="Show everything").click()
    assert page.locator(".lp-title").inner_text() == (
        "SIGKILL: none lost (Redis), none lost (RabbitMQ) and none lost (Kafka)"
    )
    heads = page.locator(".lp-bill thead th").all_inner_texts()
    assert heads[0] == "Redis list, AOF everysec"
    assert [head.split()[0] for head in heads] == ["Redis", "RabbitMQ", "Kafka,"]
    page.locator("[data-key='kafka-acks-0|kill']").click()
    assert page.get_by_role("checkbox", name="Kafka, acks=0").is_checked()
    page.get_by_label("What happens").select_option("power")
    assert page.get_by_role("checkbox", name="Kafka, acks=0").is_disabled()
    absent = text(page).partition("Not recorded with the other settings as they are: ")[2].partition("\n")[0]
    assert "Kafka, acks=0" in absent


def test_a_way_of_handing_out_work_is_a_bar_with_its_counts_in_words(page: Page, host: str) -> None:
    ready(page, f"{host}kill-the-worker-light.html")
    assert page.locator(".lp-strip span").count() == 0
    say(page, "some jobs are lost")
    row = page.locator(".lp-strips tr", has=page.locator("[data-key=redis-blpop]"))
    assert "1 lost, 299 done once, 0 done twice" in row.inner_text()
    assert row.locator("[data-fate]").count() == 2
    page.locator("select").first.select_option("rabbitmq-manual-ack")
    page.locator("select").last.select_option("1")
    page.get_by_role("button", name="Show me").click()
    row = page.locator(".lp-strips tr", has=page.locator("[data-key=rabbitmq-manual-ack]"))
    assert "0 lost, 299 done once, 1 done twice" in row.inner_text()
    page.locator("select").first.select_option("redis-stream")
    assert "Nearest recorded: Jobs taken at once 10" in page.locator(".lp-moved").inner_text()
    assert page.locator("select").last.input_value() == "10"


def test_a_misleading_chart_is_the_question_and_the_even_one_comes_after_the_guess(page: Page, host: str) -> None:
    ready(page, f"{host}{SPOT.name}-light.html")
    told, fair = page.locator("[data-chart=told] figure"), page.locator("[data-chart=fair] figure")
    assert WARNING in told.inner_text()
    assert "2.0 times" not in text(page)
    assert fair.count() == 0
    page.locator(".lp-guess button", has_text="One sent many messages").press("Enter")
    fair.wait_for()
    assert WARNING not in fair.inner_text()
    assert "Right: One sent many messages" in text(page)
    page.wait_for_function("document.querySelector('.lp-said').innerText.includes('had 500 unanswered')")
    page.get_by_label("The chart", exact=True).select_option("Chart C")
    fair.wait_for(state="detached")
    assert WARNING in told.inner_text()


def test_without_scripts_the_outcomes_are_a_table_in_sight(browser: Browser, host: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{host}loss-matrix-light.html")
    assert page.locator(".lab-fallback table").is_visible()
    assert page.get_by_text("85 to 527", exact=True).is_visible()
    context.close()


def test_a_state_that_does_not_come_leaves_the_table_and_a_reason(page: Page, host: str) -> None:
    page.route("**/panels/*.json", lambda route: route.fulfill(status=404, body="gone"))
    page.goto(f"{host}loss-matrix-light.html")
    page.get_by_text("The panel could not be shown").wait_for()
    assert page.locator(".lab-fallback table").is_visible()


def test_outcomes_are_not_in_sight_while_the_panel_loads(page: Page, host: str) -> None:
    page.route("**/panel.mjs", lambda _route: None)  # never answers
    page.goto(f"{host}loss-matrix-light.html", wait_until="commit")
    page.locator(".lab-fallback table").wait_for(state="attached")
    page.wait_for_function("[...document.styleSheets].some(sheet => sheet.href?.endsWith('book.css'))")
    assert not page.locator(".lab-fallback table").is_visible()


def test_tables_need_no_chart_bundle_and_weigh_little(page: Page, host: str, site: Path) -> None:
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(request.url.removeprefix(host)))
    matrix(page, host)
    assert not any("plotly-basic" in file for file in asked)
    sizes = {file: len(gzip.compress((site / file).read_bytes())) for file in asked if (site / file).is_file()}
    assert len(sizes) >= 6
    assert sum(sizes.values()) < OURS_BYTES, sizes


def test_a_label_with_markup_stays_text(page: Page, host: str) -> None:
    def poisoned(route: object) -> None:
        body = route.fetch().text().replace("Redis list, AOF everysec", "<img src=x onerror=alert(1)><b>Redis</b>")  # type: ignore[attr-defined]
        route.fulfill(body=body, content_type="application/json")  # type: ignore[attr-defined]

    page.route("**/panels/*.json", poisoned)
    matrix(page, host)
    page.get_by_role("button", name="Show everything").click()
    assert "<img src=x" in text(page)
    assert page.locator(".labs-panel img, .labs-panel b").count() == 0
