"""The three kinds of picture in a real browser: on the parts page, with made data, and as a notebook gets them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page

from labs.pages.bundle import JS, bundle
from labs.pages.pictures.frame import frame
from labs.pages.state import panel_state
from labs.show.looks import Guess
from labs.show.pictures import Mark, Picture, Span, Timeline
from labs.show.pictures.grid import Capability, Cell, Grid, Setup
from labs.show.pictures.items import Item, State
from labs.show.pictures.lanes import Lanes
from labs.show.pictures.panels import Panel
from tests.browser import LOOKS, Watched, violations
from tests.made_pictures import (
    EVIL,
    MS,
    every_state,
    grid_lab,
    line,
    one_panel,
    three_brokers,
    three_cuts,
    timeline_lab,
    two_thousand,
)

pytestmark = pytest.mark.browser
DRAWN = "[...document.querySelectorAll('.picture')].every(one => one.dataset.ready || one.dataset.failed)"
OVER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


MADE = """async ([html, files]) => {
    document.querySelector('article section').innerHTML = `<h1>Made</h1>${html}`;
    const { draw } = await import(`${files}pictures/index.mjs`), { plotlyFrom } = await import(`${files}plotly.mjs`);
    const host = document.querySelector('.picture'), data = JSON.parse(host.querySelector('script').textContent);
    host.querySelectorAll('details').forEach((one) => (one.open = false));
    await draw(host.querySelector('.pic-drawn'), data, () => plotlyFrom(`${files}vendor/plotly-basic.min.js`));
}"""
TRACES = """one => JSON.stringify(one.data.map(
    ({x, y, base, type, name, text, mode = ''}) => ({x, y, base, type, name, text, mode})))"""
BOXES = """all => all.map(one => {
    const b = one.getBoundingClientRect();
    return [b.left, b.top, b.right, b.bottom, one.textContent];
})"""


def parts(page: Page, host: str) -> Page:
    page.goto(f"{host}book/parts.html")
    page.wait_for_function(DRAWN)
    assert page.locator(".picture[data-failed]").count() == 0
    return page


def made(page: Page, host: str, picture: Picture) -> Locator:
    """The picture alone on a short page of the book, drawn by the page's own module."""
    page.goto(f"{host}book/glossary.html")
    page.evaluate(MADE, [frame(picture), f"{host}_static/"])
    return page.locator(".picture")


def traces(figure: Locator) -> list[dict[str, Any]]:
    """What plotly was given, as JSON."""
    found: list[dict[str, Any]] = json.loads(figure.locator(".pic-plot").evaluate(TRACES))
    return found


def range_of(figure: Locator) -> list[float]:
    found: list[float] = figure.locator(".pic-plot").evaluate("one => one.layout.xaxis.range")
    return found


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_the_three_kinds_are_accessible_fit_and_ask_no_other_host(
    browser: Browser, host: str, theme: Any, width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme, reduced_motion="reduce")
    page = context.new_page()
    watched = Watched(page, host)
    parts(page, host)
    kinds = page.locator(".picture").evaluate_all("all => all.map(one => one.dataset.kind)")
    assert kinds == ["timeline", "lanes", "grid", "messages"]
    assert page.evaluate(OVER) <= 0
    assert violations(page) == []
    assert watched.complaints == watched.elsewhere == []
    paper = page.evaluate("getComputedStyle(document.body).getPropertyValue('--paper').trim()")
    assert paper == {"light": "#ffffff", "dark": "#14181e"}[theme]
    ink = page.evaluate("getComputedStyle(document.body).getPropertyValue('--ink').trim()")
    assert page.locator(".pic-plot").first.evaluate("one => one.layout.font.color") == ink
    context.close()


CONTRAST = """all => {
    const level = (c) => { const v = c / 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
    const light = ([r, g, b]) => 0.2126 * level(r) + 0.7152 * level(g) + 0.0722 * level(b);
    const paper = light(getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g).map(Number));
    return all.map((one) => {
        const ink = light(getComputedStyle(one).fill.match(/[\\d.]+/g).slice(0, 3).map(Number));
        return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    });
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_word_inside_a_picture_has_contrast(browser: Browser, host: str, theme: Any) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=theme)
    page = context.new_page()
    parts(page, host)
    found = page.locator(".pic-plot svg text").evaluate_all(CONTRAST)
    assert len(found) > 30
    assert min(found) >= 3.9
    context.close()


def test_a_change_of_theme_redraws_in_the_new_colours(page: Page, host: str) -> None:
    parts(page, host)
    before = page.locator(".pic-plot").first.evaluate("one => one.data[0].line.color")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.wait_for_function("before => document.querySelector('.pic-plot').data[0].line.color !== before", arg=before)
    assert page.locator(".pic-plot").first.evaluate("one => one.data[0].line.color") == "#f5b041"


def test_time_is_zoomed_and_moved_by_keyboard_and_what_is_shown_is_said(page: Page, host: str) -> None:
    parts(page, host)
    figure = page.locator(".picture[data-kind=lanes]")
    whole = range_of(figure)
    closer, farther, later = (figure.get_by_role("button", name=name) for name in ("Closer", "Farther", "Later"))
    assert farther.get_attribute("aria-disabled") == "true"
    closer.focus()
    page.keyboard.press("Enter")
    half = range_of(figure)
    assert half[1] - half[0] == pytest.approx((whole[1] - whole[0]) / 2)
    assert page.evaluate("document.activeElement.textContent") == "Closer"
    later.focus()
    page.keyboard.press("Space")
    assert range_of(figure)[1] == pytest.approx(whole[1])
    assert later.get_attribute("aria-disabled") == "true"
    figure.get_by_role("button", name="Look at: worker 1: killed").click()
    mark = figure.evaluate("one => JSON.parse(one.querySelector('script').textContent).marks[0].at_ms")
    low, high = range_of(figure)
    assert (low + high) / 2 == pytest.approx(mark)
    assert figure.locator(".pic-range").get_attribute("role") == "status"
    assert " to " in figure.locator(".pic-range").inner_text()
    figure.get_by_role("button", name="All").click()
    assert range_of(figure) == whole


def test_at_the_end_later_is_dead_though_a_sum_of_fractions_stays_a_hair_before_it(page: Page, host: str) -> None:
    early = Item(
        "a", "early", -300_000, 1000 * MS, "done"
    )  # half of 1,000.3 ms, moved to the end, ends at 999.9999999999999
    figure = made(page, host, Lanes(("a",), (State("done"),), (early,)))
    whole = range_of(figure)
    assert whole == [-0.3, 1000]
    later, farther = (figure.get_by_role("button", name=name) for name in ("Later", "Farther"))
    figure.get_by_role("button", name="Closer").click()
    later.click()
    assert later.get_attribute("aria-disabled") == "true"
    assert range_of(figure)[1] == 1000
    assert farther.get_attribute("aria-disabled") == "false"


def test_a_mark_at_the_very_start_is_looked_at_without_leaving_the_run(page: Page, host: str) -> None:
    figure = made(page, host, one_panel(line("Redis", *range(61)), marks=(Mark(0, "began"),)))
    figure.get_by_role("button", name="Look at: began").click()
    assert range_of(figure) == pytest.approx([0, 500])
    assert figure.get_by_role("button", name="Earlier").get_attribute("aria-disabled") == "true"


def test_every_item_is_drawn_once_and_a_short_one_is_still_seen(page: Page, host: str) -> None:
    figure = made(page, host, two_thousand())
    found = traces(figure)
    bars = sum(len(one["x"]) for one in found if one["type"] == "bar")
    dots = sum(len(one["x"]) for one in found if one["mode"] == "markers" and one["name"] == "done")
    signs = sum(len(one["x"]) for one in found if one["mode"] == "markers" and one["name"] == "redelivered")
    items = two_thousand().items
    assert bars == sum(item.end_ns != item.start_ns for item in items)
    assert dots == sum(item.end_ns == item.start_ns and item.state == "done" for item in items) + 1  # and the open one
    assert signs == sum(item.state == "redelivered" for item in items)
    assert violations(page) == []
    short = Item("a", "short", 5 * MS, 5 * MS + 1, "done"), Item("a", "long", 0, 9000 * MS, "done")
    figure = made(page, host, Lanes(("a",), (State("done"),), short))
    (bars_ms,) = (one["x"] for one in traces(figure) if one["type"] == "bar")
    wide = figure.locator(".pic-plot").evaluate("one => one._fullLayout._size.w")
    assert min(bars_ms) >= 9000 / wide


def test_a_gap_is_not_drawn_over_and_words_of_marks_do_not_cover_each_other(page: Page, host: str) -> None:
    figure = made(page, host, three_brokers())
    rabbitmq = next(one for one in traces(figure) if one["name"] == "RabbitMQ")
    assert rabbitmq["y"][25:35] == [None] * 10
    assert figure.locator(".pic-plot").evaluate("one => one.data.every(trace => trace.connectgaps === false)")
    boxes = figure.locator(".annotation-text").evaluate_all(BOXES)
    pairs = [(a, b) for at, a in enumerate(boxes) for b in boxes[at + 1 :]]
    covering = [
        (a[4], b[4])
        for a, b in pairs
        if min(a[2], b[2]) - max(a[0], b[0]) > 1 and min(a[3], b[3]) - max(a[1], b[1]) > 2
    ]
    assert covering == []
    assert page.evaluate(OVER) <= 0


def test_a_grid_is_one_tab_stop_with_arrow_keys_and_says_the_chosen_cell(page: Page, host: str) -> None:
    figure = made(page, host, every_state())
    cells = figure.locator(".pic-cell")
    assert cells.count() == 9
    assert cells.evaluate_all("all => all.filter(one => one.tabIndex === 0).length") == 1
    cells.first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    detail = figure.locator(".pic-detail")
    assert detail.inner_text() == "Redis: stream, Keeps: all lost, 300; the log was off."
    assert detail.get_attribute("role") == "status"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    assert detail.inner_text() == "Redis: list, Orders: partly, 3 of 4."
    assert figure.locator("[aria-pressed=true]").count() == 1
    looks = cells.evaluate_all(
        "all => all.map(one => one.querySelector('.pic-word').textContent[0] + getComputedStyle(one).borderTopStyle)"
    )
    assert len(set(looks)) == 8  # told apart without colour; one of the nine states is there twice
    assert violations(page) == []


def evil() -> list[Picture]:
    mark = (Mark(MS // 2, EVIL),)
    course = Timeline((Panel(EVIL, EVIL, (line(EVIL, 1, 2), line("x", 2))),), mark, (Span(MS, 50 * MS, EVIL),))
    mine = Lanes((EVIL,), (State(EVIL, sign="x"),), (Item(EVIL, EVIL, 1, MS, EVIL),), mark, (EVIL, EVIL))
    return [course, mine, Grid((Setup(EVIL, EVIL),), (Capability(EVIL),), {(EVIL, EVIL): Cell("no", EVIL, EVIL, EVIL)})]


@pytest.mark.parametrize("picture", evil(), ids=lambda one: one.kind)
def test_markup_in_a_name_is_drawn_as_text(page: Page, host: str, picture: Picture) -> None:
    watched = Watched(page, host)
    figure = made(page, host, picture)
    if picture.kind == "grid":
        figure.locator(".pic-cell").click()
    assert figure.locator("img, b").count() == 0
    told = figure.locator("svg text, .pic-cell, .pic-detail").all_text_contents()
    wanted = {"timeline": 4, "lanes": 2, "grid": 2}[picture.kind]  # head, mark, span, end; lane, mark; cell, detail
    assert sum(EVIL in text for text in told) >= wanted
    assert watched.complaints == watched.elsewhere == []


@pytest.mark.parametrize(
    "picture", [one_panel(line("Redis", None)), one_panel(line("Redis", 0, 0)), Lanes(("a",), (State("done"),), ())]
)
def test_nothing_measured_is_drawn_without_an_error(page: Page, host: str, picture: Picture) -> None:
    watched = Watched(page, host)
    figure = made(page, host, picture)
    assert figure.locator(".pic-plot svg").count() > 0
    assert watched.complaints == []


NOTEBOOK = """async ([text, frame, data, plotly]) => {
    const module = await import(URL.createObjectURL(new Blob([text], {type: 'text/javascript'})));
    const bytes = new Uint8Array(await (await fetch(plotly)).arrayBuffer());
    delete globalThis.Plotly;
    const el = document.createElement('div');
    document.querySelector('article').replaceChildren(el);
    await module.default.render({model: {get: (name) => ({frame, data, plotly: bytes})[name]}, el});
}"""


@pytest.mark.parametrize("make", [three_brokers, two_thousand], ids=["timeline", "lanes"])
def test_a_notebook_draws_the_same_as_a_page(page: Page, host: str, make: Callable[[], Picture]) -> None:
    here = made(page, host, make())
    on_page, key = traces(here), here.locator(".pic-key").inner_text()
    plotly = f"{host}_static/vendor/plotly-basic.min.js"
    page.evaluate(NOTEBOOK, [bundle(JS / "pictures" / "widget.mjs"), frame(make()), make().to_json(), plotly])
    assert traces(page.locator(".picture")) == on_page
    assert page.locator(".picture .pic-key").inner_text() == key


PANEL = """async ([state, files]) => {
    const module = await import(`${files}panel.mjs`);
    const plotlyUrl = `${files}vendor/plotly-basic.min.js`, get = (name) => ({state, live: false})[name];
    const model = {get, on() {}, send() {}, plotlyUrl};
    const el = document.createElement('div');
    document.querySelector('article section').innerHTML = '<h1>Made</h1>';
    document.querySelector('article section').append(el);
    await module.default.render({model, el});
}"""


def test_the_panel_draws_timeline_lanes_and_grid_of_the_chosen_point(page: Page, host: str) -> None:
    watched = Watched(page, host)
    page.goto(f"{host}book/glossary.html")
    page.evaluate(PANEL, [panel_state(*timeline_lab()), f"{host}_static/"])
    page.wait_for_function("document.querySelectorAll('.labs-panel .pic-plot svg.main-svg').length >= 2")
    shown = page.locator("[data-chart=course]")
    assert [one["name"] for one in traces(shown)][:3] == ["Redis", "RabbitMQ", "Kafka"]
    assert page.locator(".lp-title").inner_text() == three_brokers().title
    assert page.locator("[data-chart=can] .pic-cell").count() == 9
    assert page.locator("select option").all_inner_texts() == ["List", "Stream"]  # what is not recorded is not offered
    page.locator("select").select_option("stream")
    assert page.locator("select").input_value() == "stream"
    assert page.locator("[data-chart=can] .pic-cell").count() == 9
    assert violations(page) == []
    assert watched.complaints == watched.elsewhere == []


def test_the_panel_draws_a_grid_whose_cells_choose_a_point_and_wait_for_the_guess(page: Page, host: str) -> None:
    page.goto(f"{host}book/glossary.html")
    page.evaluate(PANEL, [panel_state(*grid_lab()), f"{host}_static/"])
    cells = page.locator(".pic-cell")
    assert cells.count() == 6
    cells.nth(2).focus()
    page.keyboard.press("Enter")
    assert page.locator("select").input_value() == "stream"
    assert page.locator(".lp-title").inner_text() == "Redis, Stream: Kept yes; Named stream"
    assert page.evaluate("document.activeElement.classList.contains('pic-cell')")
    assert violations(page) == []
    guess = Guess("What is kept of {label}?", ("all", "none"), lambda one: "all" if one.median["kept"] else "none")
    page.evaluate(PANEL, [panel_state(*grid_lab(guess)), f"{host}_static/"])
    assert set(page.locator(".pic-word").all_inner_texts()) == {"· your guess first"}
    page.locator(".lp-option").first.click()
    page.wait_for_function("document.querySelector('.pic-grid').textContent.includes('✕ no')")
    assert page.locator(".pic-word", has_text="your guess first").count() == 4


def test_the_widget_gives_the_browser_frame_and_data_and_prints_its_sentence() -> None:
    from labs.pages.pictures.widget import Drawn

    drawn = Drawn(three_brokers())
    assert drawn.data == three_brokers().to_json()
    assert drawn.frame == frame(three_brokers())
    assert three_brokers().sentence in repr(drawn)


def test_without_scripts_each_picture_is_a_sentence_and_a_table(browser: Browser, host: str) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 900})
    page = context.new_page()
    page.goto(f"{host}book/parts.html")
    for figure in page.locator(".picture").all():
        assert figure.locator(".pic-said").is_visible()
        assert figure.locator("tbody tr").first.is_visible()
    context.close()


def test_a_picture_that_cannot_be_drawn_says_so_and_opens_its_data(browser: Browser, host: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.route("**/plotly-basic.min.js", lambda route: route.abort())
    page.goto(f"{host}book/parts.html")
    page.wait_for_function(DRAWN)
    figure = page.locator(".picture[data-kind=timeline]")
    assert "could not be drawn (cannot load" in figure.inner_text()
    assert figure.locator("tbody tr").first.is_visible()
    assert page.locator(".picture[data-kind=grid] .pic-cell").count() > 9
    context.close()


def test_on_paper_the_data_and_every_column_are_there_and_no_button(page: Page, host: str) -> None:
    parts(page, host)
    page.emulate_media(media="print")
    assert page.locator(".pic-zoom:visible").count() == 0
    for figure in page.locator(".picture").all():
        assert figure.locator("details tbody tr").first.bounding_box() is not None
        heights = figure.locator("details").evaluate_all("all => all.map(one => one.getBoundingClientRect().height)")
        assert min(heights) > 60


def test_the_loader_and_the_modules_are_served_as_they_are_written(site: Path) -> None:
    for path in JS.rglob("*.mjs"):
        assert (site / "_static" / path.relative_to(JS)).read_text("utf-8") == path.read_text("utf-8")


COUNTS = """all => all.map(scene => [...scene.querySelectorAll('.pic-stage strong')].map(one => +one.textContent))"""
SLIDE = "(one, at) => { one.value = at; one.dispatchEvent(new Event('input')); }"


def test_messages_go_through_their_stages_at_their_times_and_the_lost_ones_vanish_at_the_end(
    browser: Browser, host: str
) -> None:
    context = browser.new_context(reduced_motion="no-preference")
    page = context.new_page()
    watched, figure = Watched(page, host), made(page, host, three_cuts())
    slide, scenes = figure.get_by_label("Time shown"), figure.locator(".pic-scene")
    still = frame(three_cuts()).count("<i class=")
    for at, wanted in ((0, [1, 0, 0]), (500, [0, 23, 0]), (999, [0, 10, 30]), (1000, [0, 0, 30])):
        slide.evaluate(SLIDE, at)
        assert scenes.evaluate_all(COUNTS)[0] == wanted
    assert [one.inner_text() for one in figure.locator(".pic-lost").all()] == ["10 lost", "40 lost", ""]
    assert figure.locator("i.gone:not(.pic-message)").count() == still == 50
    assert "40 on the disk" in (slide.get_attribute("aria-valuetext") or "")
    page.keyboard.press("Tab")
    figure.get_by_role("button", name="Play").press("Enter")
    page.wait_for_function("document.querySelector('.picture input').value > 0")
    figure.get_by_role("button", name="Pause").press("Enter")
    stopped = slide.input_value()
    assert 0 < int(stopped) < 900
    figure.get_by_role("button", name="Step").press("Enter")
    assert int(slide.input_value()) == pytest.approx(int(stopped) + 50, abs=2)
    assert violations(page) == []
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert slide.input_value() == "1000"
    assert watched.complaints == []
    context.close()


def test_where_motion_is_to_be_little_a_picture_of_messages_stands_still_and_can_be_stepped(
    page: Page, host: str
) -> None:
    page.emulate_media(reduced_motion="reduce")
    figure = made(page, host, three_cuts())
    assert not figure.get_by_role("button", name="Play").is_visible()
    assert figure.locator(".pic-scene").evaluate_all(COUNTS) == [[0, 0, 30], [0, 0, 0], [0, 0, 40]]
    dot = figure.locator(".pic-flow > i").first
    assert dot.evaluate("one => getComputedStyle(one).transitionDuration") == "0s"
    figure.get_by_role("button", name="Step").click()
    assert figure.locator(".pic-scene").evaluate_all(COUNTS)[0] == [1, 0, 0]
