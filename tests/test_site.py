"""The built pages in a real browser: what `make book` makes, served under a sub-path of 127.0.0.1."""

from __future__ import annotations

import gzip
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest
from playwright.sync_api import Browser, Page

from labs.experiments import experiment
from labs.model.digest import Digest
from labs.model.paths import PROJECT
from labs.pages import course
from labs.pages.build import build
from labs.pages.glue import number
from labs.pages.recordings import recorded
from labs.pages.site.missing import missing
from labs.pages.state import views
from labs.scenarios.pairs import WHY_NOT
from labs.show.looks.waiting import SHORT
from labs.show.sentences import title
from tests.browser import Watched, served, settled, touching, violations

pytestmark = pytest.mark.browser
CHAPTER = ("01-1-who-is-waiting", "01-2-one-question", "01-3-before-the-first-message")
LISTS = ("how-fast", "measuring", "claims", "promises", "parts", "glossary")
PAGES = ("index", "00-your-machine", *CHAPTER, "03-5-how-benchmarks-lie", "05-4-latency-ladder", *LISTS)
NAMED = [
    pytest.param(name, marks=() if name in PAGES else pytest.mark.long) for name in sorted({*course.panels().values()})
]
CHARTS = {"00-your-machine": 1, CHAPTER[0]: 1, CHAPTER[2]: 3, "05-4-latency-ladder": 2}
ALL = ("http-new", "http-kept", "http-202", "grpc", "redis", "rabbitmq", "kafka")
LADDER = "book/05-4-latency-ladder.html"
THIN = """[...document.querySelectorAll('article *')].filter(one => getComputedStyle(one).fontWeight < 400
    && [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim())).map(one => one.textContent)"""
BUNDLE = "_static/vendor/plotly-basic.min.js"
LIMIT_KB = 250
"""For a page with all that it loads, compressed, beside the chart bundle."""
PICTURES = "[...document.querySelectorAll('.picture')].every(one => one.dataset.ready || one.dataset.failed)"
FOLDED = "document.querySelectorAll('article details:not([open])').length"
NOT_ON_PAPER = """(() => {
    const shown = one => one.checkVisibility({visibilityProperty: true}) && one.getBoundingClientRect().height > 0;
    const all = (what, wrong) => [...document.querySelectorAll(what)].filter(wrong);
    const answers = '.quiz-key, .exercise-hint, .exercise-solution, .admonition.dropdown';
    const told = (say, found) => found.map(one => `${say}: ${one.className} ${one.textContent.trim().slice(0, 60)}`);
    return [
        ...told('folded', all('article details:not([open])', one => !one.closest(answers + ', .lp-controls'))),
        ...told('an answer', all(answers, shown)),
        ...told('a control', all('.lp-controls', shown)),
        ...told('not guessed', all('.lp-cell[data-word=guess]', shown)),
        ...told('too wide', all('article table', one => one.getBoundingClientRect().right > 721 && shown(one))),
        ...told('without its colour', all('.lp-bar, .lp-cell, .verdict',
            one => getComputedStyle(one).printColorAdjust !== 'exact')),
        ...(document.documentElement.dataset.theme === 'light' ? [] : ['in the dark theme']),
    ];
})()"""
"""What a printed page must not lack, and what it must not give away."""
LIMIT_SHIFT = 0.05
"""Of the layout, as browsers count it: half of what they call good."""
SHIFTS = """window.moved = [];
new PerformanceObserver(list => list.getEntries().filter(one => !one.hadRecentInput).forEach(one =>
    window.moved.push([one.value, one.sources.map(({node}) => node?.className || node?.nodeName)])
)).observe({type: 'layout-shift', buffered: true});"""


def ready(page: Page, address: str) -> Page:
    page.goto(address)
    settled(page)
    page.wait_for_function(PICTURES)
    for look in page.locator(".lab-waits button").all():  # of a picture that waits for a guess
        if look.is_visible():  # paper shows what waits
            look.click()
    return page


def heading(page: Page) -> str:
    return page.locator(".lp-title").inner_text()


def drawn_lines(page: Page, chart: str = "ladder") -> list[list[float]]:
    script = """chart => document.querySelector(`[data-chart=${chart}]`).data
        .filter(trace => trace.meta.role === 'median').map(trace => [...trace.y])"""
    lines: list[list[float]] = page.evaluate(script, chart)
    return lines


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("theme", "width"), [("light", 1280), pytest.param("dark", 390, marks=pytest.mark.long)])
def test_every_page_is_complete_accessible_alone_light_and_still(
    browser: Browser, host: str, site: Path, theme: str, width: int
) -> None:
    """In one session, so that what pages share is loaded once; a page weighs all that it asked for."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
    context.add_init_script(SHIFTS)
    page, found, weights = context.new_page(), dict[str, list[str]](), dict[str, float]()
    watched, asked = Watched(page, host), set[str]()
    page.on("request", lambda request: asked.add(request.url.removeprefix(host).partition("?")[0]))
    for file in sorted(site.glob("book/*.html")):
        asked.clear()
        ready(page, f"{host}book/{file.name}")
        weights[file.stem] = weight(site, asked)
        found[file.stem] = [
            *([f"it weighs {weights[file.stem]:.0f} kB"] if weights[file.stem] >= LIMIT_KB else []),
            *amiss(page, file.stem, theme),
            *(f"asks elsewhere: {one}" for one in watched.elsewhere),
            *watched.complaints,
        ]
        watched.elsewhere.clear(), watched.complaints.clear()
    context.close()
    heaviest = sorted(weights.items(), key=lambda one: -one[1])
    print(f"{theme}, {width}: {', '.join(f'{name} {kb:.0f} kB' for name, kb in heaviest)}")
    assert len(found) > 20
    wrong = {name: said for name, said in found.items() if said}
    assert not wrong, wrong


def weight(site: Path, asked: Iterable[str]) -> float:
    """Kilobytes that a server which compresses would send for these files; the chart bundle is not counted."""
    files = {name for name in map(unquote, asked) if name != BUNDLE and (site / name).is_file()}
    return sum(_packed(site / name) for name in files) / 1000


@cache
def _packed(file: Path) -> int:
    return len(gzip.compress(file.read_bytes()))


def amiss(page: Page, name: str, theme: str) -> Iterator[str]:
    """What is wrong on the page as it is shown."""
    moved = page.evaluate("window.moved")
    if sum(by for by, _what in moved) >= LIMIT_SHIFT:
        yield f"moves while it is drawn: {moved}"
    if page.evaluate("document.documentElement.dataset.theme") != theme:
        yield f"not in the {theme} theme"
    if (drawn := page.locator(".lp-chart .main-svg:first-child").count()) != CHARTS.get(name, drawn):
        yield f"{drawn} charts are drawn"
    if page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") > 0:
        yield "wider than the window"
    yield from violations(page)
    yield from (f"thinner than 400 is pale, which no rule about colours sees: {one}" for one in page.evaluate(THIN))


def test_the_promises_are_filtered_by_broker_word_and_text_and_the_address_says_so(page: Page, host: str) -> None:
    ready(page, f"{host}book/promises.html")
    shown = page.locator("[data-item]:visible")
    everything = shown.count()
    page.get_by_role("radio", name="Kafka").check(force=True)
    page.get_by_role("radio", name="not tested here").check(force=True)
    assert 0 < shown.count() < everything
    assert set(shown.evaluate_all("all => all.map(one => one.dataset.broker)")) == {"kafka"}
    page.locator("#filter-search").fill("needs three brokers")
    assert f"{shown.count()} of {everything} promises are shown" in page.locator(".filter-said").inner_text()
    assert page.url.endswith("?broker=kafka&word=not-tested-here&q=needs+three+brokers")
    left = shown.evaluate_all("all => all.map(one => one.id)")
    ready(page, page.url)
    assert shown.evaluate_all("all => all.map(one => one.id)") == left
    page.locator("#filter-search").fill("no such words")
    assert "No match: none of the promises" in page.locator(".filter-said").inner_text()
    page.get_by_role("button", name="Show all").click()
    assert shown.count() == everything


def test_a_link_to_a_promise_opens_it_whatever_is_filtered(page: Page, host: str) -> None:
    ready(page, f"{host}book/promises.html?broker=kafka#q6")
    assert page.locator("#q6 details").evaluate("one => one.open")
    assert page.locator("#q6 .repeat code").inner_text() == "labs promises Q6"
    assert page.locator("#q6 .repeat button").is_visible()
    assert violations(page) == []


def test_without_scripts_and_on_paper_the_promises_are_all_there(browser: Browser, page: Page, host: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto(f"{host}book/promises.html")
    items = plain.locator("[data-item]:visible")
    assert items.count() == 79
    context.close()
    ready(page, f"{host}book/promises.html")
    folded = "[...document.querySelectorAll('[data-item] details')].filter(one => !one.open).length"
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(folded) == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(folded) == 79


@pytest.mark.parametrize("name", NAMED)
def test_no_two_names_of_ticks_touch(page: Page, host: str, name: str) -> None:
    ready(page, f"{host}book/{name}.html")
    for width in (1280, 1100, 768, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(400)  # plotly draws anew after a resize, and tells nobody
        assert touching(page) == [], f"at {width} px"


def test_names_of_ticks_that_touch_are_found(page: Page, host: str) -> None:
    ready(page, f"{host}book/{CHAPTER[1]}.html")
    page.locator(".lp-scale").first.evaluate("scale => { scale.style.width = '60px'; }")
    assert touching(page)


def test_the_chart_of_slopes_names_the_unlike_promises_of_the_chosen_confirmation(page: Page, host: str) -> None:
    ready(page, f"{host}book/{CHAPTER[0]}.html")
    page.locator("summary", has_text="Held up against service time").click()
    said = page.locator(".lp-unlike:visible").last
    assert said.inner_text().endswith("With Redis, RabbitMQ and Kafka a message survives a killed process.")
    page.get_by_label("Confirmation").select_option("none")
    page.get_by_text("With Kafka a message survives nothing.").wait_for()


def test_every_line_of_the_chart_of_slopes_has_its_name_at_its_end_and_none_lies_on_another(
    page: Page, host: str
) -> None:
    ready(page, f"{host}book/{CHAPTER[0]}.html")
    page.locator("summary", has_text="Held up against service time").click()
    names = page.locator("[data-chart=slope] .annotation-text")
    assert sorted(names.all_text_contents()) == sorted(SHORT[name] for name in ALL)
    tops = sorted(names.evaluate_all("all => all.map(one => one.getBoundingClientRect().top)"))
    assert all(high - low > 12 for low, high in pairwise(tops))


def test_the_site_works_at_the_root_of_a_host_too(page: Page, site: Path) -> None:
    with served(site) as address:
        ready(page, address)
        assert "Redis, Kafka or RabbitMQ?" in page.locator("article h1").inner_text()
        ready(page, address + LADDER)
        assert len(drawn_lines(page)) == 3


def test_the_keyboard_moves_the_rate_and_the_chart_follows(page: Page, host: str) -> None:
    ready(page, host + LADDER)
    before = drawn_lines(page)
    rate = page.locator("input[type=range]")
    rate.focus()
    page.keyboard.press("End")
    page.wait_for_function("document.querySelector('.labs-panel').dataset.drawn > 1")
    assert drawn_lines(page) != before
    last = page.locator(".lp-ticks span").last.inner_text()
    assert rate.get_attribute("aria-valuetext") == f"{last} messages/s"


def test_the_keyboard_moves_the_promise_and_what_a_screen_reader_hears_follows(page: Page, host: str) -> None:
    ready(page, host + LADDER)
    status = page.locator(".lp-said")
    before = status.inner_text()
    page.locator(".lp-steps input:checked").focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_function("before => document.querySelector('.lp-said').innerText !== before", arg=before)
    assert page.locator(".lp-steps label:has(:checked)").inner_text().endswith("a power cut")
    assert status.get_attribute("role") == "status"


def test_a_broker_without_the_promise_is_greyed_with_the_reason_and_mixing_says_so(page: Page, host: str) -> None:
    ready(page, host + LADDER)
    page.get_by_label("a clean stop").check(force=True)
    assert page.get_by_role("checkbox", name="Kafka").is_disabled()
    assert "Kafka has no setting" in page.locator(".lp-controls").inner_text()
    page.get_by_role("button", name="Show Kafka at").click()
    assert heading(page).startswith("Different promises: ")
    assert page.get_by_label("Kafka survives").is_visible()
    page.get_by_label("Compare different promises").uncheck()
    assert not heading(page).startswith("Different promises: ")


def test_without_a_broker_the_panel_asks_for_one(page: Page, host: str) -> None:
    ready(page, host + LADDER)
    for name in ("Redis", "RabbitMQ", "Kafka"):
        page.get_by_role("checkbox", name=name).uncheck()
    page.wait_for_function("document.querySelector('.lp-said').innerText.includes('at least one')")
    assert drawn_lines(page) == []


@pytest.mark.timeout(600)
def test_every_page_on_paper_shows_every_outcome_fold_and_colour_and_no_solution(
    browser: Browser, host: str, site: Path
) -> None:
    context = browser.new_context(viewport={"width": 720, "height": 1000}, color_scheme="dark")  # A4 between margins
    page, found = context.new_page(), dict[str, list[str]]()
    page.emulate_media(media="print")
    for file in sorted(site.glob("book/*.html")):
        ready(page, f"{host}book/{file.name}")
        folded = page.evaluate(FOLDED)
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        page.wait_for_timeout(100)  # a panel draws itself with what it did not show
        found[file.stem] = page.evaluate(NOT_ON_PAPER)
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        if page.evaluate(FOLDED) < folded:
            found[file.stem].append("something stays open after the print")
    context.close()
    assert len(found) > 20
    wrong = {name: said for name, said in found.items() if said}
    assert not wrong, wrong


def test_a_wrong_address_leads_to_a_page_that_leads_back(page: Page, host: str, site: Path) -> None:
    shown = missing("The book", [("book/index.html", "Begin"), ("book/claims.html", "Claims")], "")
    page.route("**/old/page.html", lambda route: route.fulfill(status=404, body=shown, content_type="text/html"))
    page.goto(f"{host}book/old/page.html")
    assert violations(page) == []
    page.get_by_role("link", name="Claims").click()
    assert page.url == f"{host}book/claims.html"
    assert (site / "404.html").read_text("utf-8").count("<li>") > 20


def test_a_row_that_cannot_be_says_why_it_is_empty(page: Page, host: str) -> None:
    ready(page, f"{host}book/01-3-before-the-first-message.html")
    assert page.get_by_role("checkbox", name="HTTP 202, no broker").is_disabled()
    said = page.locator(".lp-controls").first.inner_text()
    assert WHY_NOT["later", "survives"] in said
    assert "Not recorded with the other settings" not in said


def test_a_change_of_theme_redraws_the_chart_in_its_colours(page: Page, host: str) -> None:
    ready(page, host + LADDER)
    colour = "document.querySelector('[data-chart=ladder]').data.find(t => t.meta.broker === 'kafka').line.color"
    before = page.evaluate(colour)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.wait_for_function(f"{colour} !== '{before}'")


def test_the_panel_titles_every_recorded_point_as_the_figure_does(page: Page, host: str) -> None:
    ready(page, host + LADDER)
    file = recorded("latency-ladder")
    assert file is not None, "the latency ladder is not recorded: run `make record`"
    groups: dict[tuple[object, ...], list[Digest]] = {}
    for digest in file.digests:
        s = digest.settings
        groups.setdefault((s["rung"], s["rate_per_s"], s["body_bytes"], s.get("arrivals")), []).append(digest)
    script = """async ([module, stateAddress, keys]) => {
        const { titleOf } = await import(module), state = await (await fetch(stateAddress)).json();
        return titleOf(state, keys.map(key => state.views[key]), false); }"""
    for digests in groups.values():
        keys = list(views(experiment("latency-ladder"), digests, ""))
        where = [f"{host}_static/text.mjs", f"{host}_static/panels/latency-ladder.json", keys]
        assert page.evaluate(script, where) == title(digests)


def test_without_javascript_the_recorded_figures_are_a_table(browser: Browser, host: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(host + LADDER)
    text = page.locator("article").inner_text()
    for broker in ("redis", "rabbitmq", "kafka"):
        assert number(f"latency-ladder {broker} label") in page.locator(".lab-fallback table").inner_text()
        assert number(f"latency-ladder {broker} p50") in text
    assert "need JavaScript" in text
    context.close()


def test_a_label_with_markup_stays_text(page: Page, host: str) -> None:
    def poisoned(route: object) -> None:
        body = route.fetch().text().replace("Kafka, acks=all", "<img src=x onerror=alert(1)><b>Kafka</b>")  # type: ignore[attr-defined]
        route.fulfill(body=body, content_type="application/json")  # type: ignore[attr-defined]

    page.route("**/panels/latency-ladder.json", poisoned)
    ready(page, host + LADDER)
    assert "<img src=x" in page.locator(".labs-panel").inner_text()
    assert page.locator(".labs-panel img, .labs-panel b").count() == 0


def test_a_state_that_does_not_come_leaves_the_table_and_a_reason(page: Page, host: str) -> None:
    page.route("**/panels/latency-ladder.json", lambda route: route.fulfill(status=404, body="gone"))
    page.goto(host + LADDER)
    page.get_by_text("The panel could not be shown").wait_for()
    assert page.locator(".lab-fallback table").is_visible()


@pytest.mark.long
def test_the_site_builds_in_a_folder_whose_name_is_full_of_patterns(site: Path, tmp_path: Path) -> None:
    folder = tmp_path / "x [1] #a%20b ?*{c,d} 'it\"s' \\ $HOME ; Ünï 書"
    folder.mkdir()
    for name in ("book", "labs", "notebooks"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "_config.yml", folder)
    done = subprocess.run([sys.executable, "-m", "labs.pages.build"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    built = folder / "_build" / "html"
    assert sorted(built.glob("book/*.html")) == [built / "book" / one.name for one in sorted(site.glob("book/*.html"))]


@pytest.mark.long
def test_a_site_without_recordings_builds_and_says_that_nothing_is_recorded(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    assert build(runs=tmp_path / "runs", out=tmp_path) == 0
    text = (tmp_path / "_build" / "html" / LADDER).read_text("utf-8")
    assert "not recorded yet" in text
    assert 'class="lab-panel' not in text
