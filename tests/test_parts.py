"""The parts of a page, without a browser: what they compute, and that a mistake is named with its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from labs.experiments import EXPERIMENTS
from labs.model.claims import claims
from labs.model.text import NBSP
from labs.pages import course, drawings, landing, parts, quiz, teach
from labs.pages.build import main
from labs.pages.claims import board
from labs.pages.recordings import recorded
from labs.stack import packages

BOOK = Path(__file__).parent.parent / "book"
GOOD = {"text": "yes", "why": "because", "right": True}
BAD = {"text": "no", "why": "because not"}


def asked(**changed: object) -> dict[str, object]:
    one: dict[str, object] = {"id": "who-waits", "ask": "Who?", "source": "C07", "answer": [GOOD, BAD]}
    return {"question": [{name: value for name, value in (one | changed).items() if value is not None}]}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({}, "x.toml has no [[question]]"),
        ({"questions": []}, "did you mean 'question'?"),
        (asked(ask=None), "x.toml, question 1: ask is missing or empty"),
        (asked(source="  "), "x.toml, question 1: source is missing or empty"),
        (asked(id="Who waits"), "kebab-case"),
        (asked(answer=[GOOD]), "question 1 (who-waits) has 1 answers: it needs 2 to 6"),
        (asked(answer=[GOOD, GOOD | {"text": "also"}]), "question 1 (who-waits) has 2 right answers"),
        (asked(answer=[BAD, BAD | {"text": "nor"}]), "has 0 right answers"),
        (asked(answer=[GOOD, {"text": "no"}]), "question 1 (who-waits), answer 2: why is missing or empty"),
        (asked(answer=[GOOD, BAD | {"rigth": True}]), "did you mean 'right'?"),
        (asked(answer=[GOOD, BAD | {"right": "yes"}]), "right must be true or false, got 'yes'"),
        (asked(answer=[GOOD, BAD | {"text": "yes"}]), "the same answer twice"),
        ({"question": [*asked()["question"], *asked()["question"]]}, "question 2: the id 'who-waits' is taken"),  # type: ignore[misc]
        ({"question": ["who?"]}, "question 1: write it as [[question]]"),
    ],
)
def test_a_malformed_quiz_is_refused_with_its_file_and_question(content: dict[str, object], said: str) -> None:
    with pytest.raises(quiz.QuizError, match=re.escape(said)):
        quiz.check(content, "x.toml")


def test_a_quiz_that_is_missing_or_no_toml_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "there.toml").write_text("[[question]\n")
    with pytest.raises(quiz.QuizError, match=r"gone.toml is missing in book/quiz. There are: there"):
        quiz.quiz("gone", tmp_path)
    with pytest.raises(quiz.QuizError, match=r"there.toml is no TOML \(.*line 1"):
        quiz.quiz("there", tmp_path)


def test_a_sitting_takes_the_minutes_of_its_pages_and_leaves_the_rest_for_questions() -> None:
    found = [course.Page("a", "A?", 20), course.Page("b", "B?", 15), course.Page("c", "C?", None)]
    steps = teach.sitting(["a", "10 | Break", "", "b"], found, 60)
    assert [(one.begins, one.minutes, one.what) for one in steps] == [
        (0, 20, "[A?](a.md)"), (20, 10, "Break"), (30, 15, "[B?](b.md)"), (45, 15, "Questions"),
    ]  # fmt: skip
    assert [one.what for one in teach.sitting(["a", "b"], found, 35)] == ["[A?](a.md)", "[B?](b.md)"]
    with pytest.raises(teach.PlanError, match="the steps take 35 minutes together, and there are 30"):
        teach.sitting(["a", "b"], found, 30)
    for line in ("c", "d"):
        with pytest.raises(teach.PlanError, match=f"'{line}' is no page that gives its minutes"):
            teach.sitting([line], found, 30)
    for line in ("ten | Break", "ten | a", "a | b"):
        with pytest.raises(teach.PlanError, match="write the name of one"):
            teach.sitting([line], found, 30)


def test_a_page_of_a_sitting_takes_the_minutes_that_it_takes_in_a_room() -> None:
    found = [course.Page("a", "A?", 20), course.Page("c", "C?", None)]
    steps = teach.sitting(["35 | a", "15 | c"], found, 50)
    assert [(one.minutes, one.what) for one in steps] == [(35, "[A?](a.md)"), (15, "[C?](c.md)")]


def test_the_sittings_of_the_page_on_teaching_take_as_long_as_the_lessons_say() -> None:
    text = (BOOK / "teaching.md").read_text("utf-8")
    lessons = "".join((BOOK / f"{stem}.md").read_text("utf-8") for stem in TAUGHT)
    planned = {number: int(minutes) for number, minutes in re.findall(r"(?m)^(L\d\.\d): (\d+) \|", lessons)}
    labs = {page.stem: EXPERIMENTS[lab].number for one in range(1, 9) for lab, page in course.labs_of(one).items()}
    found = re.findall(r"(?ms)^```\{sitting\}\n:total: (\d+)\n(.*?)^```$", text)
    assert [int(total) for total, _ in found] == [180, 360]
    for total, lines in found:
        steps = teach.sitting(lines.splitlines(), course.pages(), int(total))
        assert steps[-1].begins + steps[-1].minutes == int(total)
        for minutes, stem in re.findall(r"(?m)^(\d+) \| (\d\d-\S+)$", lines):
            assert planned.get(labs[stem], int(minutes)) == int(minutes), stem
    assert {sittings[0][1] for number, sittings in teach.lessons().items() if number >= 4} == {90}


PLANS = re.compile(r"(?ms)^```\{plan\}\n:total: (\d+)\n(.*?)^```$")
TAUGHT = sorted(path.stem for path in BOOK.glob("teach-*.md"))
PLANNED = [number for one in course.chapters() for number in one.able]


@pytest.mark.parametrize("stem", TAUGHT)
def test_the_minutes_of_a_lesson_sum_with_all_labs_of_the_chapter_and_with_none(stem: str) -> None:
    plans = PLANS.findall((BOOK / f"{stem}.md").read_text("utf-8"))
    assert plans
    for total, lines in plans:
        assert teach.plan(teach.present(lines.splitlines(), PLANNED, PLANNED), int(total))[-1].what == "Key points"
        alone = teach.with_room(teach.present(lines.splitlines(), (), PLANNED), int(total), "Argue.")
        assert sum(step.minutes for step in alone) == int(total)


@pytest.mark.parametrize("stem", [one for one in TAUGHT if one != "teach-01"])
def test_a_lesson_has_a_step_and_a_trouble_of_each_lab_that_is_there_and_of_the_own_chapter_only(stem: str) -> None:
    text = (BOOK / f"{stem}.md").read_text("utf-8")
    chapter = int(stem.removeprefix("teach-"))
    named = set(re.findall(r"(?m)^(L\d\.\d): ", text))
    assert named <= set(next(one.able for one in course.chapters() if one.number == chapter))
    steps = re.findall(r"(?m)^(L\d\.\d): ", "".join(lines for _, lines in PLANS.findall(text)))
    own = {EXPERIMENTS[lab].number for lab in course.labs_of(chapter) if EXPERIMENTS[lab].short}
    assert own <= set(steps), "a lab that is there has no step in the plan"
    assert len(steps) == len(set(steps))
    assert set(re.findall(r"\{(?:slides-link|chapter-\w+|quiz-answers|solutions)\} (\d)", text)) == {str(chapter)}


@pytest.mark.parametrize("stem", TAUGHT)
def test_a_plan_names_an_exercise_of_each_lab_that_its_page_has(stem: str) -> None:
    lines = "".join(lines for _, lines in PLANS.findall((BOOK / f"{stem}.md").read_text("utf-8")))
    pages = {EXPERIMENTS[lab].number: page for lab, page in course.panels().items() if EXPERIMENTS[lab].short}
    for number in {EXPERIMENTS[lab].number for lab in course.labs_of(int(stem.removeprefix("teach-")))} & {*pages}:
        told = "\n".join(line for line in lines.splitlines() if number in line)
        text = (BOOK / f"{pages[number]}.md").read_text("utf-8").replace("’", "'").replace('"', "'")
        named = [one.replace("’", "'").replace("“", "'").replace("”", "'") for one in re.findall(r"\*([^*]+)\*", told)]
        graded = re.findall(rf"[Ee]xercise ({number[1:]}[a-z])", told)
        assert any(f"### {one}\n" in text for one in named) or graded, number


PREPARED = [one for one in TAUGHT if "{prepare}" in (BOOK / f"{one}.md").read_text("utf-8")]
LINES = r"(?ms)^```\{(ask|wrong)\}\n(.*?)^```$"


@pytest.mark.parametrize("stem", PREPARED)
def test_a_lesson_asks_of_every_lab_and_knows_what_goes_wrong_with_it(stem: str) -> None:
    chapter = int(stem.removeprefix("teach-"))
    own = {EXPERIMENTS[lab].number for lab in course.labs_of(chapter) if EXPERIMENTS[lab].short}
    tables = dict(re.findall(LINES, (BOOK / f"{stem}.md").read_text("utf-8")))
    for name, cells in (("ask", 2), ("wrong", 3)):
        lines = tables[name].splitlines()
        assert own <= {line.partition(":")[0] for line in lines}, f"a lab that is there has no line under {name}"
        assert {len(line.split("|")) for line in lines} == {cells}


def test_lessons_are_prepared_from_the_second_chapter_on_and_fetch_every_package_set_ahead() -> None:
    assert [int(stem.removeprefix("teach-")) for stem in PREPARED] == [2, 3, 4, 5, 6, 7, 8]
    text = "".join((BOOK / f"{stem}.md").read_text("utf-8") for stem in PREPARED)
    fetched = " ".join(re.findall(r"(?m)^labs fetch (.+)$", text)).split()
    assert sorted(set(fetched)) == packages.names()


def test_how_long_a_point_took_is_read_off_its_recording_and_what_a_lab_needs_off_its_page() -> None:
    for lab in EXPERIMENTS.values():
        file = recorded(lab.name)
        each = (file.card.get("recording") or {}).get("point_s") if file else None
        least, most = (f"{max(1, end):.0f}" for end in ((min(each), max(each)) if each else (lab.point_s,) * 2))
        whole = (f"about {least}" if not each else least if least == most else f"{least} to {most}") + NBSP + "s"
        assert teach.took(lab) == whole
    page = "# A?\n\n```{at-a-glance}\n:minutes: 9\n:run: a day\n:needs: a browser; live, a moon\n- say\n```\n"
    assert teach.glance(page) == {"minutes": "9", "needs": "a moon"}
    assert teach.glance("```{other}\n:minutes: 9\n```\n") == {"needs": ""}


def test_lessons_are_the_sittings_of_each_instructors_page(tmp_path: Path) -> None:
    lines = "\n\n```{plan}\n:total: 60\n60 | Key points | a\n```\n"
    (tmp_path / "teach-03.md").write_text(f"# A\n\n## One{lines}\n## Two{lines.replace('60', '30')}", "utf-8")
    assert teach.lessons(tmp_path) == {3: [("One", 60), ("Two", 30)]}
    plans = [int(total) for stem in TAUGHT for total, _ in PLANS.findall((BOOK / f"{stem}.md").read_text("utf-8"))]
    assert [minutes for sittings in teach.lessons().values() for _, minutes in sittings] == plans


def test_a_line_of_a_lab_is_there_when_the_lab_is_and_its_minutes_are_for_the_room_when_it_is_not() -> None:
    lines = ["5 | a | b", "L2.1: 10 | c | d"]
    assert teach.present(lines, ["L2.1"], PLANNED) == ["5 | a | b", "10 | c | d"]
    alone = teach.with_room(teach.present(lines, [], PLANNED), 15, "Argue.")
    assert [(step.minutes, step.what) for step in alone] == [(5, "a"), (10, "Room")]
    with pytest.raises(teach.PlanError, match=r"'L9.9: 5 \| a \| b' is of a lab that no chapter has"):
        teach.present(["L9.9: 5 | a | b"], [], PLANNED)
    with pytest.raises(teach.PlanError, match="take 15 minutes together, and the plan says 10"):
        teach.with_room(["15 | a | b"], 10, "Argue.")


def test_every_quiz_has_three_questions_whose_claims_and_labs_exist() -> None:
    found = list(quiz.FOLDER.glob("*.toml"))
    assert len(found) > len(EXPERIMENTS) // 2
    asked = 0
    for path in found:
        questions = quiz.quiz(path.stem)
        assert len(questions) == (1 if path.stem == "parts" else 3), path.name
        named = re.findall(r"\bC\d\d\b", " ".join(one.source for one in questions))
        assert set(named) <= set(claims()), path.name
        measured = re.findall(r"\bL\d\.\d\b", " ".join(one.source for one in questions))
        assert set(measured) <= {lab.number for lab in EXPERIMENTS.values()}, path.name
        asked += len(named) + len(measured)
    assert asked > len(found)  # as for the pages: most reasons come from a claim or from a lab


def test_the_page_without_a_panel_that_has_a_quiz_shows_it() -> None:
    """For those with a panel: test_every_lab."""
    assert "{quiz} how-fast\n" in (BOOK / "how-fast.md").read_text("utf-8")


def test_progress_hangs_on_the_text_of_an_answer_and_not_on_its_place() -> None:
    first, last = (quiz.check(asked(answer=order), "x.toml")[0] for order in ([GOOD, BAD], [BAD, GOOD]))
    assert {answer.key for answer in first.answers} == {answer.key for answer in last.answers}
    assert len({answer.key for answer in first.answers}) == 2


@pytest.mark.parametrize(
    ("text", "unit", "found"),
    [
        ("9.60\u00a0ms", "ms", (9.6, 9.6)),
        ("130 ms to 5.2 s", "ms", (130, 5200)),
        ("85 to 527", "jobs", (85, 527)),
        ("2,000/s", "/s", (2000, 2000)),
        ("2.9\u00a0% to 18\u00a0%", "%", (2.9, 18)),
    ],
)
def test_a_guess_is_held_against_the_figure_in_its_own_unit(text: str, unit: str, found: tuple[float, float]) -> None:
    assert parts.figures(text, unit) == found


def test_a_guess_in_another_unit_or_without_a_figure_is_refused() -> None:
    with pytest.raises(ValueError, match="is in 'MB/s' and the guess in 'ms'"):
        parts.figures("12 MB/s", "ms")
    with pytest.raises(ValueError, match="no figure"):
        parts.figures("too few samples", "ms")
    with pytest.raises(ValueError, match="low must be under high"):
        parts.Asked("a", "?", "ms", 5, 5, "5 ms")


def test_a_guess_without_a_recording_says_so_and_has_no_slider() -> None:
    html = parts.guess(parts.Asked("a", "How <long>?", "ms", 1, 9, parts.NOT_YET))
    assert "not recorded yet" in html
    assert "data-guess" not in html
    assert "How &lt;long&gt;?" in html


def test_the_question_and_the_reason_of_a_guess_have_code_as_code() -> None:
    html = parts.guess(parts.Asked("a", "By `pika`?", "ms", 1, 9, "5 ms", "By `<b>`."))
    assert "By <code>pika</code>?" in html
    assert "By <code>&lt;b&gt;</code>." in html


def test_a_command_to_repeat_is_checked_against_the_lab() -> None:
    assert "labs run latency-ladder --set rate=1000" in parts.repeat("latency-ladder", ["rate=1000"])
    with pytest.raises(ValueError, match="rnug"):
        parts.repeat("latency-ladder", ["rnug=2"])
    with pytest.raises(ValueError, match="NAME=VALUE"):
        parts.repeat("latency-ladder", ["rate"])


def test_each_claim_belongs_to_one_chapter_and_one_of_the_introduction_to_none() -> None:
    owned = [claim for chapter in course.chapters() for claim in chapter.claims]
    assert len(owned) == len(set(owned))
    assert set(claims()) - set(owned) == {"C05"}
    assert [chapter.number for chapter in course.chapters()] == list(range(1, 9))


def test_the_contents_have_each_page_under_its_chapters_title() -> None:
    titles = {f"{chapter.number} {chapter.title}": chapter.number for chapter in course.chapters()}
    for part in yaml.safe_load((BOOK / "_toc.yml").read_text("utf-8"))["parts"]:
        stems = [Path(entry["file"]).name for entry in part["chapters"]]
        found = {course.Page(stem, "", None).chapter for stem in stems}
        assert found == {titles.get(part["caption"])}, f"{part['caption']}: {stems}"


def test_the_list_of_chapters_adds_up_the_minutes_and_says_what_is_not_written() -> None:
    pages = [course.Page("02-1-a", "A <page>", 10), course.Page("02-2-b", "B", 5), course.Page("claims", "C", None)]
    html = course.list_of_chapters(board(), pages)
    items = html.split("<li")[1:]
    assert "15 minutes to read" in html
    assert html.count("Not written yet") == len(course.chapters()) - 1
    assert "A &lt;page&gt;" in html
    assert any('href="02-2-b.html"' in item for item in items)


def test_every_page_of_a_chapter_says_how_long_it_takes() -> None:
    assert [page.stem for page in course.pages() if page.chapter and not page.minutes] == []


def test_what_was_found_wrong_is_what_the_verdicts_say_and_nothing_else() -> None:
    wrong = [entry for entry in board() if entry["word"] in ("never held", "no longer holds")]
    html = landing.errors(board())
    assert re.findall(r'href="claims\.html#(c\d\d)"', html) == [
        entry["id"].lower() for word in landing.WRONG for entry in wrong if entry["word"] == word
    ]
    untested = [entry | {"word": "not tested yet"} for entry in board()]
    assert "Nothing has been found wrong yet" in landing.errors(untested)


def test_every_drawing_is_named_described_and_in_the_colours_of_the_book() -> None:
    found = sorted(drawings.FOLDER.glob("*.svg"))
    assert len(found) >= 5
    for path in found:
        html = drawings.drawing(path.stem)
        assert f'aria-labelledby="drawing-{path.stem}-name drawing-{path.stem}-more"' in html
        assert "ns0:" not in html


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        ("<title>A</title>", "no <desc>"),
        ("<title>A</title><desc>B</desc><script>alert(1)</script>", "has a <script>"),
        ("<title>A</title><desc>B</desc><g onclick='x()'/>", "has onclick="),
        ("<title>A</title><desc>B</desc><g fill='#f00'/>", "fill is '#f00'; take a colour of look.css"),
        ("<title>A</title><desc>B</desc><g style='background: url(//else.where)'/>", "style may hold only a way"),
        ("<title>A<title>", "is no XML"),
    ],
)
def test_a_drawing_that_breaks_a_rule_is_refused_with_its_name(tmp_path: Path, inside: str, said: str) -> None:
    box = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">'
    (tmp_path / "a.svg").write_text(f"{box}{inside}</svg>")
    with pytest.raises(drawings.DrawingError, match=f"a.svg.*{re.escape(said)}"):
        drawings.drawing("a", tmp_path)


def test_a_plan_whose_minutes_do_not_sum_is_refused_with_both_sums() -> None:
    assert [(step.begins, step.minutes) for step in teach.plan(["5 | a | b", "", "10 | c | d"], 15)] == [
        (0, 5),
        (5, 10),
    ]
    with pytest.raises(teach.PlanError, match="take 15 minutes together, and the plan says 20"):
        teach.plan(["5 | a | b", "10 | c | d"], 20)
    with pytest.raises(teach.PlanError, match="line 2 of the plan"):
        teach.plan(["5 | a | b", "soon | c | d"], 5)


def test_solutions_come_out_of_a_pages_own_exercises() -> None:
    found = teach.solutions((BOOK / "03-2-loss-matrix.md").read_text("utf-8"))
    assert found[0][0] == "How much is a second?"
    assert len(found) >= 2
    assert all(solution and "class: dropdown" not in solution for _, solution in found)


def test_an_unclear_wish_for_answers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABS_TEACH", "perhaps")
    with pytest.raises(SystemExit, match="TEACH must be 1 or 0, got 'perhaps'"):
        main()
