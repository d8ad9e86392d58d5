"""What is for those who teach; answers and slides, cut from the pages, are in their build only (`make book TEACH=1`).

{plan} with :total: 90, {quiz-answers} 01-1-who-is-waiting ..., {solutions} 1, {slides-link} 1
{sitting} with :total: 180, {clone}; lines of {plan} that begin with `L2.1:` are there when that lab is
The tables of their pages are in labslessons.
"""

from __future__ import annotations

import shlex
from html import escape
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from labsbook import _raw
from labscut import Cut, cut
from labslessons import present, teaching
from labsparts import Part, Quiz
from sphinx.application import Sphinx

from labs.model.paths import PROJECT
from labs.pages import course, parts, quiz, slides, teach
from labs.pages.exercises import Exercise, exercises
from labs.pages.exercises.on_page import held, told
from labs.pages.site import address

REST = "For what the labs leave open: let two pairs argue from the same figure."


class Plan(Part):
    """Lines of `minutes | what | how`; they must take :total: minutes together, where all their labs are there."""

    option_spec: ClassVar[dict[str, Any]] = {"total": directives.positive_int}

    def made(self) -> list[nodes.Node]:
        if "total" not in self.options:
            raise ValueError("say how long it takes: :total: 90")
        total = self.options["total"]
        steps = self.steps(list(self.content), total)
        has_how = any(step.how for step in steps)
        rows = ["| At | Minutes | What | How |", "|---|---|---|---|"]
        rows += [f"| {teach.clock(step.begins)} | {step.minutes} | {step.what} | {step.how} |" for step in steps]
        rows.append(f"| {teach.clock(total)} | **{total}** | End | |")
        if not has_how:
            rows = [row.rpartition("|")[0].rpartition("|")[0] + "|" for row in rows]
        box = nodes.container(classes=["schedule"])
        self.state.nested_parse(StringList(rows), self.content_offset, box)
        return [box]

    def steps(self, lines: list[str], total: int) -> list[teach.Step]:
        here = present(lines)
        return teach.plan(lines, total) if here == lines else teach.with_room(here, total, REST)


class Sitting(Plan):
    """Names of pages, a line each, with the minutes that they give themselves, or `25 | name`; `10 | Break` between."""

    def steps(self, lines: list[str], total: int) -> list[teach.Step]:
        return teach.sitting(lines, course.pages(), total)


class Clone(Part):
    """How to get the repository, where the build knows its address; otherwise that the reader has it."""

    def made(self) -> list[nodes.Node]:
        at = address.repository()
        if not at:
            return [nodes.paragraph("", "Do this in your copy of the repository:")]
        link = nodes.reference("", at, refuri=at)
        return [
            nodes.paragraph("", "", nodes.Text("The repository is "), link, nodes.Text(". Get it once:")),
            *_raw(parts.command(f"git clone {shlex.quote(at)}")),
            nodes.paragraph("", "Then, in it:"),
        ]


class QuizAnswers(Quiz):
    """The questions of the named quizzes, or of a chapter's by its number, with every answer's reason, in the open."""

    required_arguments = 1
    optional_arguments = 20

    def made(self) -> list[nodes.Node]:
        found, titles = list[nodes.Node](), {page.stem: page.title for page in course.pages()}
        for name in self.names():
            found.append(nodes.paragraph("", "", nodes.strong("", titles.get(name, name))))
            found += _raw("<ol>")
            for one in quiz.quiz(name):
                found += [*_raw("<li>"), *self.line(one.ask), *self.reasons(one)[1:-1]]
                found += _raw(f'</ul><p class="quiz-source">Source: {escape(one.source)}</p></li>')
            found += _raw("</ol>")
        return found

    def names(self) -> list[str]:
        if len(self.arguments) > 1 or not self.arguments[0].isdigit():
            return list(self.arguments)
        own = [page.stem for page in course.pages() if page.chapter == int(self.arguments[0])]
        return [stem for stem in own if (quiz.FOLDER / f"{stem}.toml").exists()]

    def reasons(self, one: quiz.Question) -> list[nodes.Node]:
        return [nodes.Text(""), *_raw("<ul>"), *super().reasons(one)[1:]]


class Solutions(Part):
    """Every exercise of a chapter with its solution: its pages' own, and those of its notebooks by the recorded run."""

    required_arguments = 1

    def made(self) -> list[nodes.Node]:
        number = int(self.arguments[0])
        pages = [page for page in course.pages() if page.chapter == number]
        if not pages:
            return [nodes.paragraph("", f"The pages of chapter {number} are not written yet.")]
        box = nodes.container()
        for page in pages:
            path = PROJECT / "book" / f"{page.stem}.md"
            self.env.note_dependency(str(path))
            for exercise, solution in teach.solutions(path.read_text("utf-8")):
                box += nodes.paragraph("", "", nodes.strong("", f"{page.title} {exercise}"))
                text = solution or "The page gives no solution: ask the room."
                self.state.nested_parse(StringList(text.splitlines()), self.content_offset, box)
        for asked in exercises().values():
            if asked.number.startswith(f"{number}."):
                box += nodes.paragraph("", "", nodes.strong("", f"{asked.number} "), nodes.Text(asked.question))
                box += nodes.paragraph("", f"{_right(asked)} {asked.why}")
        return [box]


def _right(asked: Exercise) -> str:
    """What the check in the notebook takes for right by the recorded run, or why that run cannot say."""
    found = held(asked)
    if found.right is None:
        return f"By the recorded run it cannot be said: {found.lacking}"
    return f"By the recorded run: {told(asked, found.right)}. A learner's answer is held against the learner's own."


class SlidesLink(Part):
    """The link to a chapter's slides."""

    required_arguments = 1

    def made(self) -> list[nodes.Node]:
        number = int(self.arguments[0])
        if not any(page.chapter == number for page in course.pages()):
            return [nodes.paragraph("", f"The pages of chapter {number} are not written yet, so there are no slides.")]
        return _raw(f'<p><a href="slides-{number:02}.html">The slides of chapter {number}</a></p>')


def _gather(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Cut the slides of a page that belongs to a chapter, then take off the page what is for slides only."""
    stem = docname.rpartition("/")[2]
    page = next((one for one in course.pages() if one.stem == stem), None)
    if teaching() and page is not None and page.chapter and not page.closes:
        cuts[stem] = cut(doctree)[page.opens :]  # the question stands on the first slide already
    only = [box for box in doctree.findall(nodes.container) if "slide-only" in box["classes"]]
    for box in only:
        box.parent.remove(box)


cuts: dict[str, list[Cut]] = {}
"""Page -> its slides, of this build."""


def _write(app: Sphinx, error: Exception | None) -> None:
    if error is not None or not teaching() or app.builder.format != "html":
        return
    for chapter in course.chapters():
        stems = [page.stem for page in course.pages() if page.stem in cuts and page.chapter == chapter.number]
        if stems:
            title = f"{chapter.number} {chapter.title}"
            found = [slides.Slide(title, f"<p>{chapter.asks}</p>")]
            for stem in stems:
                app.builder.current_docname = f"book/{stem}"
                for heading, body in cuts[stem]:
                    found.append(slides.Slide(heading, "".join(_html(app, node) for node in body)))
            Path(app.outdir, "book", f"slides-{chapter.number:02}.html").write_text(slides.page(title, found), "utf-8")


def _html(app: Sphinx, node: nodes.Node) -> str:
    return str(app.builder.render_partial(node)["fragment"])  # type: ignore[attr-defined]


def setup(app: Sphinx) -> dict[str, Any]:
    """After labsparts, whose parts it cuts."""
    app.setup_extension("labsparts")
    app.setup_extension("labslessons")
    cuts.clear()
    for name, directive in {
        "plan": Plan, "quiz-answers": QuizAnswers, "solutions": Solutions, "slides-link": SlidesLink,
        "sitting": Sitting, "clone": Clone,
    }.items():  # fmt: skip
        app.add_directive(name, directive)
    app.connect("doctree-resolved", _gather, priority=600)
    app.connect("build-finished", _write, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
