"""Exercises of all pages by the recorded run: each has one, right is accepted, nearly right refused, here and there.

There is the browser: the same table of answers is graded by grading.py and by grading.mjs, and by hand in Chromium.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from html import unescape
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from labs.model.paths import PROJECT
from labs.pages import course, quiz
from labs.pages.exercises import check, exercises
from labs.pages.exercises.answers import Plain, number_in, units
from labs.pages.exercises.grading import TABLE, grade
from labs.pages.exercises.on_page import CANNOT, Held, held, key, section, sent, told
from labs.pages.exercises.questions import Exercise
from tests.answered import far_ones, near_ones, right_ones
from tests.browser import Watched, violations

BOOK = PROJECT / "book"
DENO = str(Path(sys.executable).with_name("deno"))
LAB_PAGES = sorted({*course.panels().values(), "how-fast"})
HELD = {number: held(asked) for number, asked in exercises().items()}
GRADED = {number: one for number, one in HELD.items() if one.right is not None}
NUMBERS = sorted(GRADED)


def of(page: str) -> list[Held]:
    return [one for one in HELD.values() if one.asked.page == page]


def test_there_are_sixteen_lab_pages_or_more() -> None:
    assert len(LAB_PAGES) >= 16


@pytest.mark.parametrize("page", LAB_PAGES)
def test_each_lab_page_asks_its_exercises_and_its_recording_grades_one_of_them(page: str) -> None:
    assert (BOOK / f"{page}.md").read_text("utf-8").count(f"```{{exercise}} {page}\n") == 1
    assert [one.asked.number for one in of(page) if one.right is not None]


def test_exercises_belong_to_pages_and_what_is_not_graded_says_why() -> None:
    assert {one.asked.page for one in HELD.values()} == {*LAB_PAGES}
    assert all(one.right is not None or one.lacking.endswith(".") for one in HELD.values())
    assert len(GRADED) > 0.7 * len(HELD), [one.lacking for one in HELD.values() if one.lacking]


@pytest.mark.parametrize("number", NUMBERS)
def test_by_the_recorded_run_a_right_answer_is_right_and_a_nearly_right_one_is_not_yet(number: str) -> None:
    asked, right = GRADED[number].asked, GRADED[number].right
    assert right is not None
    for given in right_ones(asked, right):
        assert check(number, given, run="recorded").word == "right", given
    near = near_ones(asked, right)
    assert near
    for given in near:
        mark = check(number, given, run="recorded")
        assert mark.word == "not yet", given
        assert asked.hint in mark.text
        assert asked.why not in mark.text


def text_of(asked: Exercise) -> dict[str, Any]:
    return {"hint": asked.hint, "why": asked.why}


def plain(given: Plain) -> Any:
    return sorted(given) if isinstance(given, frozenset) else given


def table_of_answers() -> list[tuple[Exercise, Plain, Plain]]:
    """Every exercise with answers of all sorts; and numbers, for whatever would be right."""
    found = []
    for one in GRADED.values():
        assert one.right is not None
        given = [*right_ones(one.asked, one.right), *near_ones(one.asked, one.right), *far_ones(one.right)]
        if isinstance(one.right, frozenset):
            given += [frozenset(), frozenset(one.asked.options)]
        found += [(one.asked, one.right, answer) for answer in given]
    number = Exercise("n", "passport", "number", "?", "rounds", tolerance=0.1, hint="Look.", why="So.")
    for unit, right in product(("calls a second", "jobs"), (0.0, -3.0, 0.1 + 0.2, 1e-9, 7.0, 1e14)):
        answers = (*far_ones(right), right, right + 0.05, 0.0, 1.0, -1e15, 50 * right)
        found += [(replace(number, unit=unit), right, answer) for answer in answers]
    return found


def test_the_page_grades_every_answer_as_the_notebook_does_and_in_the_same_words(tmp_path: Path) -> None:
    rows = table_of_answers()
    assert len(rows) > 300
    (tmp_path / "rows.json").write_text(
        json.dumps([[sent(asked, right) | text_of(asked), plain(given)] for asked, right, given in rows])
    )
    (tmp_path / "table.json").write_text(json.dumps(TABLE))
    (tmp_path / "run.mjs").write_text(
        f'import {{ grade }} from "{(BOOK / "_static" / "grading.mjs").as_uri()}";\n'
        'import rows from "./rows.json" with { type: "json" };\n'
        'import table from "./table.json" with { type: "json" };\n'
        "console.log(JSON.stringify(rows.map(([asked, given]) => grade(table, asked, given))));\n"
    )
    done = subprocess.run([DENO, "run", "--quiet", "run.mjs"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    here = [grade(asked, given, right, "") for asked, right, given in rows]
    there = json.loads(done.stdout)
    for (asked, right, given), mark, other in zip(rows, here, there, strict=True):
        assert (mark.word, mark.text) == (other["word"], other["text"]), (asked.number, right, given)
    assert {mark.word for mark in here} == {"right", "not yet"}


WRITTEN: list[tuple[str, str, float | None]] = [
    ("339/s", "calls a second", 339.0),
    ("339 calls per second", "calls a second", 339.0),
    ("1,234 messages/s", "messages a second", 1234.0),
    ("0.402 ms", "milliseconds", 0.402),
    ("0,402", "milliseconds", 0.402),
    ("12,345", "milliseconds", 12345.0),
    ("12,3456 ms", "milliseconds", 12.3456),
    ("1,5", "milliseconds", 1.5),
    ("1.234,5", "milliseconds", None),
    ("50 jobs", "jobs", 50.0),
    ("1 Job", "jobs", 1.0),
    ("23.5x", "", 23.5),
    ("23.5 times", "", 23.5),
    ("282\u00a0MB", "megabytes a second", 282.0),
    ("282 MB/s", "megabytes a second", 282.0),
    ("282 ms", "megabytes a second", None),
    ("8 000 000", "jobs", 8e6),
    ("-1e3 ms", "milliseconds", -1000.0),
    ("1.2.3", "jobs", None),
    ("5 x", "jobs", None),
    ("", "jobs", None),
]


def test_the_page_and_the_notebook_read_the_same_number_where_a_unit_or_a_comma_is_written(tmp_path: Path) -> None:
    (tmp_path / "rows.json").write_text(json.dumps([[units(unit), text] for text, unit, _ in WRITTEN]))
    (tmp_path / "table.json").write_text(json.dumps(TABLE))
    (tmp_path / "run.mjs").write_text(
        f'import {{ numberIn }} from "{(BOOK / "_static" / "grading.mjs").as_uri()}";\n'
        'import rows from "./rows.json" with { type: "json" };\n'
        'import table from "./table.json" with { type: "json" };\n'
        "console.log(JSON.stringify(rows.map(([units, text]) => numberIn(table, units, text))));\n"
    )
    done = subprocess.run([DENO, "run", "--quiet", "run.mjs"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    there = json.loads(done.stdout)  # NaN is null
    for (text, unit, wanted), on_page in zip(WRITTEN, there, strict=True):
        assert (number_in(text, unit), on_page) == (wanted, wanted), text


def shown(asked: Exercise, right: Plain) -> list[str]:
    """What a glance at the source must not find."""
    words = [told(asked, right)] if asked.kind in ("number", "text") else []
    return [f">{word}<" for word in words] + [asked.why, *asked.also, *asked.because.values()]


@pytest.mark.parametrize("page", LAB_PAGES)
def test_what_is_right_is_not_to_be_read_at_a_glance_at_the_source_and_is_there_without_scripts(page: str) -> None:
    html = section(page)
    for one in of(page):
        if one.right is None:
            assert CANNOT in html
            continue
        assert key(one.asked, one.right) in html
        assert [word for word in shown(one.asked, one.right) if word in html] == []
        for text in (one.asked.question, one.asked.hint, one.asked.why, told(one.asked, one.right)):
            assert text in unescape(unescape(html)), one.asked.number
    assert "<details open" not in html
    assert section(page, open_to_all=True).count(" open>") == html.count("<details")


def test_what_the_recording_cannot_answer_says_so_and_asks_for_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABS_RUNS", str(tmp_path))
    html = section("03-2-loss-matrix")
    assert html.count(CANNOT) == len(of("03-2-loss-matrix"))
    assert "loss-matrix is not recorded yet" in html
    assert "data-asked" not in html
    assert "exercise-solution" not in html


@pytest.mark.parametrize("number", NUMBERS)
def test_why_an_answer_is_right_and_where_to_look_are_sentences(number: str) -> None:
    asked = GRADED[number].asked
    assert re.search(r"[.?]$", asked.hint)
    assert asked.why.endswith(".")
    assert re.search(r"[.?)]$", asked.question)


# ---- in Chromium: one session for all pages


@pytest.fixture(scope="module")
def session(browser: Browser, host: str) -> Any:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page(), host
    context.close()


def opened(page: Page, address: str) -> None:
    page.goto(address, wait_until="commit")
    page.wait_for_function("document.documentElement?.dataset.parts", timeout=60_000)


ANSWER = """asked => asked.map(([number, kind, ...answers]) => {
    const form = document.querySelector(`[data-question="${number}"]`);
    return answers.map((given) => {
        for (const one of form.querySelectorAll("input")) {
            if (kind === "number" || kind === "text") one.value = given;
            else one.checked = kind === "choice" ? one.value === given
                : given.length ? given.includes(one.value) : !one.value;
        }
        for (const one of form.querySelectorAll("select")) one.value = given[one.name];
        form.requestSubmit(form.querySelector("button"));
        return form.querySelector(".quiz-said").innerText;
    });
})"""
"""Fills in each answer and submits it as the button does; gives what is said then."""


def entered(given: Plain) -> Any:
    return str(given) if isinstance(given, float) else plain(given)


OURS = (".html", "parts.mjs", "questions.mjs", "grading.mjs", "kit.mjs", "code-tabs.mjs")


@pytest.mark.browser
def test_in_the_browser_a_right_answer_is_accepted_and_a_nearly_right_one_refused_on_every_page(session: Any) -> None:
    page, host = session
    watched = Watched(page, host)
    # Charts, styles and the theme are other tests' matter, and take a minute of sixteen pages.
    page.route(lambda url: not urlsplit(url).path.endswith(OURS), lambda route: route.abort())
    for stem in LAB_PAGES:
        opened(page, f"{host}book/{stem}.html")
        done = [(one.asked, one.right) for one in of(stem) if one.right is not None]
        rows = [(asked, near_ones(asked, right)[-1], right) for asked, right in done]
        asked_for = [[asked.number, asked.kind, entered(near), entered(right)] for asked, near, right in rows]
        for (asked, *_), (refused, accepted) in zip(rows, page.evaluate(ANSWER, asked_for), strict=True):
            assert refused.startswith("Not yet. "), asked.number
            assert asked.hint in refused
            assert accepted == f"Right. {asked.why}", asked.number
        score = page.locator(".exercises .quiz-score").inner_text()
        assert score.startswith(f"{len(done)} of {len(done)} done, 0 at the first try."), stem
    page.unroute_all()
    assert [one for one in watched.complaints if "ERR_FAILED" not in one and "is not defined" not in one] == []


@pytest.mark.browser
def test_one_page_sums_up_the_book_and_forgets_all_of_it(session: Any) -> None:
    page, host = session
    opened(page, f"{host}book/your-answers.html")
    of_quiz = sum(len(quiz.quiz(path.stem)) for path in quiz.FOLDER.glob("*.toml") if path.stem != "parts")
    score = page.locator(".book-answers .quiz-score")
    assert score.inner_text() == f"{len(GRADED)} of {len(GRADED) + of_quiz} questions of the book done."
    row = page.locator("tr", has=page.locator('a[href="05-3-acknowledged.html"]'))
    assert row.inner_text().split("\t")[1:] == ["2 of 2 done", "0 of 3 done"]
    assert violations(page) == []
    page.evaluate("localStorage.setItem('of-another-site', '1')")
    before = score.inner_text()
    page.get_by_role("button", name="Forget all my answers").click()
    assert page.evaluate("document.activeElement.innerText") == "Keep them"
    page.keyboard.press("Enter")
    assert score.inner_text() == before
    page.get_by_role("button", name="Forget all my answers").click()
    page.get_by_role("button", name="Yes, forget them").click()
    assert score.inner_text() == f"Forgotten. 0 of {len(GRADED) + of_quiz} questions of the book done."
    kept = page.evaluate("Object.keys(localStorage)")
    assert "of-another-site" in kept
    assert [key for key in kept if key.startswith("labs-")] == []


@pytest.mark.browser
def test_an_exercise_is_answered_by_keyboard_heard_remembered_and_graded_anew(page: Page, host: str) -> None:
    address = f"{host}book/03-2-loss-matrix.html"
    opened(page, address)
    forms = [page.locator(f'[data-question="{number}"]') for number in ("3.2a", "3.2b", "3.2c")]
    choice, _, many = forms
    choice.locator("input").first.focus()
    page.keyboard.press("Enter")
    assert choice.locator(".quiz-said").inner_text() == "Choose an answer first."
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    said = choice.locator(".quiz-said")
    assert said.get_attribute("role") == "status"
    assert said.inner_text().startswith("Not yet. It is another one. ")
    many.get_by_label("none of these").check()
    many.locator("input").nth(2).check()
    assert not many.get_by_label("none of these").is_checked()
    many.get_by_role("button", name="Check").click()
    assert "None of yours belongs to it, 1 does not, 2 more would." in many.inner_text()
    page.reload(wait_until="commit")
    opened(page, address)
    assert said.inner_text().startswith("Not yet. It is another one. ")
    assert many.locator("input").nth(2).is_checked()
    assert page.locator(".exercises .quiz-score").inner_text().startswith("0 of 3 done")
    page.locator(".exercises").get_by_role("button", name="Forget my answers").click()
    assert said.inner_text() == ""
    assert not many.locator("input").nth(2).is_checked()


NO_NUMBERS = dict.fromkeys(("", "1e99", "a few", "1,5,0", "3 weeks", "0x10", "NaN"), "Write a number")
NUMBERS_TOO = {
    "8 000 000 000 000": "Not yet. Too high",
    "8,000,000,000,000": "Not yet. Too high",
    "8000000000000,5 messages/s": "Not yet. Too high",
    "-5": "Not yet. The sign is wrong.",
}


@pytest.mark.browser
def test_what_is_no_number_is_asked_for_again_and_not_graded(page: Page, host: str) -> None:
    opened(page, f"{host}book/00-your-machine.html")
    form = page.locator('[data-question="0a"]')
    for text, said in (NO_NUMBERS | NUMBERS_TOO).items():
        form.locator("input").fill(text)
        form.locator("input").press("Enter")
        assert form.locator(".quiz-said").inner_text().startswith(said), text


@pytest.mark.browser
def test_what_is_typed_outlives_a_reload_until_checked_and_a_later_wrong_answer_leaves_the_right_one(
    page: Page, host: str
) -> None:
    address = f"{host}book/06-2-redis-forgets.html"
    opened(page, address)
    text, choice = page.locator('[data-question="6.2c"]'), page.locator('[data-question="6.2a"]')
    text.locator("input").fill("appendfsync every")
    choice.locator("input").nth(1).check()
    page.reload(wait_until="commit")
    opened(page, address)
    assert text.locator("input").input_value() == "appendfsync every"
    assert choice.locator("input").nth(1).is_checked()
    said = text.locator(".quiz-said")
    assert said.inner_text() == ""
    for given, wanted in (("appendfsync everysec", "Right. "), ("maxmemory", "Not yet; you had it right before. ")):
        text.locator("input").fill(given)
        text.locator("input").press("Enter")
        assert said.inner_text().startswith(wanted)
    assert page.locator(".exercises .quiz-score").inner_text().startswith("1 of 3 done")
    choice.get_by_role("button", name="Check").click()
    assert page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('labs-draft-'))") == []


@pytest.mark.browser
def test_without_scripts_and_on_paper_there_is_the_question_and_room_and_the_solution_is_a_fold(
    browser: Browser, host: str
) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.goto(f"{host}book/00-your-machine.html")
    box = page.locator("#exercise-0a")
    one = GRADED["0a"]
    assert one.right is not None
    assert not box.get_by_text(told(one.asked, one.right)).is_visible()
    box.get_by_text("Solution").click()
    assert box.get_by_text(told(one.asked, one.right)).is_visible()
    box.locator("input").press("Enter")
    assert page.url == f"{host}book/00-your-machine.html"
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    page.emulate_media(media="print")
    assert box.locator("legend").is_visible()
    assert not box.locator("details").first.is_visible()
    context.close()
