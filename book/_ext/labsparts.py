"""Directives and roles for the parts that every chapter may use; book/parts.md shows each with its source.

{at-a-glance}, {key-points}, {drawing} a-call-that-waits, {quiz} 01-1, {exercise} 01-1, {progress}, {client-code} lab,
{repeat} lab rate=1000, {take-along} lab, {picture} name, {chapters}, {slide} title, {badge}`C48`;
{term} gets its definition.
"""

from __future__ import annotations

from functools import cache
from html import escape
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from labsbook import PAGES, _raw, _stage, entries, state_of
from labscode import ClientCode
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxRole

from labs.experiments import experiment
from labs.model import environ
from labs.model.paths import PROJECT
from labs.pages import course, drawings, pages, parts, quiz
from labs.pages.exercises import on_page, questions
from labs.pages.pictures.frame import frame
from labs.pages.pictures.shown import shown

GLOSSARY = "book/glossary"


class Part(SphinxDirective):
    """What the parts share: text with roles, and a ValueError that becomes a build error at its line."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        try:
            return self.made()
        except (ValueError, KeyError) as error:
            raise self.error(f"{self.name}: {error}") from error

    def made(self) -> list[nodes.Node]:
        raise NotImplementedError

    def line(self, text: str) -> list[nodes.Node]:
        """One line of text with its roles."""
        found, trouble = self.state.inline_text(text, self.lineno)
        return [nodes.inline("", "", *found), *trouble]

    def body(self, box: nodes.Element) -> nodes.Element:
        """The directive's content inside `box`."""
        self.state.nested_parse(self.content, self.content_offset, box)
        return box


class AtAGlance(Part):
    """Time and what is needed, in one line; folded, what the reader can do afterwards (the content: a list)."""

    option_spec: ClassVar[dict[str, Any]] = {
        "minutes": directives.positive_int, "run": directives.unchanged, "needs": directives.unchanged,
        "first": directives.unchanged,
    }  # fmt: skip

    def made(self) -> list[nodes.Node]:
        if "minutes" not in self.options:
            raise ValueError("say how long the page takes: :minutes: 10")
        minutes = self.options["minutes"]
        rows = {"to read": f"{minutes} minute{'s' if minutes > 1 else ''}", "to run": self.options.get("run", "")}
        pieces = [[nodes.Text(f"{text} {what}")] for what, text in rows.items() if text]
        for label, name in (("needs", "needs"), ("first", "first")):
            if name in self.options:
                pieces.append([nodes.Text(f"{label}: "), *self.line(self.options[name])])
        line = nodes.paragraph(classes=["glance-line"])
        for piece in pieces:
            line += nodes.inline("", "", *piece, classes=["glance"])
        box = nodes.container("", line, classes=["at-a-glance"])
        if self.content:
            box += _raw("<details><summary>Afterwards you can</summary>")
            self.body(box)
            box += _raw("</details>")
        return [box]


class KeyPoints(Part):
    """The few sentences to keep, at the end of a page."""

    def made(self) -> list[nodes.Node]:
        if not self.content:
            raise ValueError("a list of what to keep is missing")
        head = nodes.rubric("", "Key points", classes=["part-head"])
        head["heading-level"] = 2
        return [self.body(nodes.container("", head, classes=["key-points"]))]


class Slide(Part):
    """Its content, on the page and, in a build for teachers, as a slide; `:only:` keeps it off the page."""

    optional_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict[str, Any]] = {"only": directives.flag}

    def made(self) -> list[nodes.Node]:
        box = self.body(nodes.container(classes=["slide", *(["slide-only"] if "only" in self.options else [])]))
        box["slide_title"] = self.arguments[0] if self.arguments else ""
        return [box]


class Drawing(Part):
    """A drawing by hand from book/drawings; the content is its caption."""

    required_arguments = 1

    def made(self) -> list[nodes.Node]:
        box = nodes.container(
            "", nodes.raw("", drawings.drawing(self.arguments[0]), format="html"), classes=["drawing"]
        )
        return [self.body(box)]


class Picture(Part):
    """A timeline, lanes or a grid by name: a file of book/pictures, or one that follows from a recorded lab."""

    required_arguments = 1
    has_content = False

    def made(self) -> list[nodes.Node]:
        picture = shown(self.arguments[0])
        return _raw(f'<p class="lab-note">{pages.NOT_RECORDED}</p>' if picture is None else frame(picture))


class Quiz(Part):
    """The questions of book/quiz/<name>.toml. Without scripts the answers are in a fold."""

    required_arguments = 1

    def made(self) -> list[nodes.Node]:
        name, asked = self.arguments[0], quiz.quiz(self.arguments[0])
        self.env.note_dependency(str(quiz.FOLDER / f"{name}.toml"))
        box = nodes.container("", *quiz_begins(name), classes=["quiz-part"])
        for at, one in enumerate(asked, 1):
            box += _of(one, self.asked(name, at, one))
        box += _raw("<noscript><p>To check an answer, JavaScript is needed. The answers are here:</p></noscript>")
        box += _raw('<details class="quiz-key"><summary>Answers and reasons</summary><ol>')
        for one in asked:
            box += _of(one, self.reasons(one))
        box += _raw("</ol></details></section>")
        box["quiz"] = name
        return [box]

    def asked(self, name: str, at: int, one: quiz.Question) -> list[nodes.Node]:
        group = f"quiz-{name}-{one.id}"
        found = _raw(f'<form class="quiz-question" data-question="{one.id}"><fieldset><legend>')
        found += _raw(f'<span class="quiz-number">{at}. </span>')
        found += [*self.line(one.ask), *_raw("</legend>")]
        for answer in one.answers:
            pick = f'<input type="radio" name="{escape(group)}" value="{answer.key}">'
            found += [
                *_raw(f'<label class="quiz-answer">{pick}<span>'),
                *self.line(answer.text),
                *_raw("</span></label>"),
            ]
        return [*found, *_raw("</fieldset></form>")]

    def reasons(self, one: quiz.Question) -> list[nodes.Node]:
        found = _raw(f'<li data-key="{one.id}"><ul>')
        for answer in one.answers:
            right = ' data-right="1"' if answer.right else ""
            found += _raw(
                f'<li data-answer="{answer.key}"{right}><strong>{"Right" if answer.right else "Wrong"}:</strong> '
            )
            found += [
                *self.line(answer.text),
                *_raw(' <span class="quiz-why">'),
                *self.line(answer.why),
                *_raw("</span></li>"),
            ]
        return [*found, *_raw(f'</ul><p class="quiz-source">Source: {escape(one.source)}</p></li>')]


def quiz_begins(name: str) -> list[nodes.Node]:
    """The opening of a quiz; its name is where the reader's progress is kept."""
    return _raw(f'<section class="quiz" data-place="labs-quiz-{escape(name)}" aria-label="Quiz {escape(name)}">')


def _of(one: quiz.Question, found: list[nodes.Node]) -> list[nodes.Node]:
    """The nodes with the question that they belong to, so that a slide can have it alone."""
    for node in found:
        if isinstance(node, nodes.Element):
            node["question"] = one.id
    return found


class Exercises(Part):
    """The exercises of book/exercises/<name>.toml, graded in the browser; for teachers all solutions are open."""

    required_arguments = 1
    has_content = False

    def made(self) -> list[nodes.Node]:
        name = self.arguments[0]
        found = on_page.section(name, open_to_all=environ.read("LABS_TEACH") == "1")
        self.env.note_dependency(str(questions.FOLDER / f"{name}.toml"))
        return _raw(found)


class Progress(Part):
    """How much of each page's exercises and quiz this browser remembers as done."""

    has_content = False

    def made(self) -> list[nodes.Node]:
        asked = {one.page for one in questions.exercises().values()}
        rows = []
        for page in course.pages():
            ids = [one.id for one in quiz.quiz(page.stem)] if (quiz.FOLDER / f"{page.stem}.toml").exists() else []
            graded = on_page.graded(page.stem) if page.stem in asked else []
            rows += [(page.stem, page.title, graded, ids)] if page.stem != "parts" and (ids or graded) else []
        return _raw(on_page.progress(rows))


class Repeat(Part):
    """The one command that repeats a run, checked against the lab's settings, with a button that copies it."""

    required_arguments = 1
    optional_arguments = 20

    def made(self) -> list[nodes.Node]:
        return _raw(parts.repeat(self.arguments[0], self.arguments[1:]))


class TakeAlong(Part):
    """The lab's notebook, its recorded run and its data table, to download."""

    required_arguments = 1

    def made(self) -> list[nodes.Node]:
        lab = experiment(self.arguments[0])
        stem = PAGES[lab.name].removesuffix(".html")
        line = nodes.paragraph("", "", nodes.strong("", "Take along:"), classes=["take-along"])
        line += self.file(f"notebooks/{stem}.ipynb", "the notebook")
        line += self.file(f"book/runs/{lab.name}.json", "the recorded run")
        state = state_of(lab.name)
        if state["views"]:
            folder = _stage(self.env.app) / "data"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{lab.name}.csv").write_text(parts.data_table(state), "utf-8")
            line += _raw(f' <a download href="../_static/data/{lab.name}.csv">the data table (CSV)</a>')
        return [line]

    def file(self, name: str, label: str) -> list[nodes.Node]:
        if not (PROJECT / name).exists():
            if name.startswith("book/runs"):
                return [nodes.Text(f" {label}: not recorded yet")]
            raise ValueError(f"{name} does not exist: every lab has a notebook of its page's name")
        link = addnodes.download_reference(
            "", "", nodes.inline("", label), refdoc=self.env.docname, reftarget=f"/{name}"
        )
        return [nodes.Text(" "), link, nodes.Text(f" ({(PROJECT / name).stat().st_size / 1000:.0f} kB),")]


class Computed(Part):
    """What is computed from the whole book: the chapters."""

    has_content = False
    MAKE: ClassVar[dict[str, Any]] = {
        "chapters": lambda: course.list_of_chapters(entries(), course.pages()),
    }

    def made(self) -> list[nodes.Node]:
        return _raw(self.MAKE[self.name]())


class Badge(SphinxRole):
    """A claim and its verdict in a line of text, linked to the claim board."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        found = {entry["id"]: entry for entry in entries()}
        if self.text in found:
            return [nodes.raw("", parts.linked_badge(found[self.text]), format="html")], []
        message = self.inliner.reporter.error(f"{self.rawtext}: there is no claim {self.text!r}", line=self.lineno)
        return [self.inliner.problematic(self.rawtext, self.rawtext, message)], [message]


def _definitions(app: Sphinx) -> dict[str, str]:
    """Anchor of a term -> its definition as plain text; every term of the glossary has one."""
    found: dict[str, str] = {}
    if GLOSSARY in app.env.found_docs:
        for item in app.env.get_doctree(GLOSSARY).findall(nodes.definition_list_item):
            said = next(item.findall(nodes.definition)).astext()
            found |= {anchor: said for term in item.findall(nodes.term) for anchor in term["ids"]}
    return found


def _explain(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put each term's definition beside its link: shown on hover, focus and touch, read as its description."""
    if app.builder.format != "html" or docname == GLOSSARY:
        return
    known = _cached_definitions(app)
    for at, link in enumerate(list(doctree.findall(nodes.reference))):
        address, _, anchor = str(link.get("refuri", "")).partition("#")
        if anchor in known and address.endswith("glossary.html"):
            tip = f"term-{at}"
            opening = f'<span class="term"><a href="{escape(address)}#{anchor}" aria-describedby="{tip}">'
            said = Tip(name=tip, said=known[anchor])
            link.replace_self([*_raw(f"{opening}{escape(link.astext())}</a>"), said, *_raw("</span>")])


class Tip(nodes.Inline, nodes.Element):
    """What a term means, beside its link. It has no text of its own: a search for a word that only the definition has
    leads to the glossary, not to every page with the term."""


def _write_tip(writer: Any, tip: Tip) -> None:
    # What Sphinx shows of a page that was found is without all that has the class headerlink.
    attributes = f'class="term-tip headerlink" role="tooltip" id="{tip["name"]}"'
    writer.body.append(f"<span {attributes}>{escape(tip['said'])}</span>")
    raise nodes.SkipNode


@cache
def _cached_definitions(app: Sphinx) -> dict[str, str]:
    return _definitions(app)


def setup(app: Sphinx) -> dict[str, Any]:
    """After labsbook, whose folder of made files this one shares."""
    app.setup_extension("labsbook")
    for name, directive in {
        "at-a-glance": AtAGlance, "key-points": KeyPoints, "slide": Slide, "drawing": Drawing,
        "picture": Picture, "quiz": Quiz, "exercise": Exercises, "progress": Progress,
        "repeat": Repeat, "take-along": TakeAlong, "chapters": Computed,
        "client-code": ClientCode,
    }.items():  # fmt: skip
        app.add_directive(name, directive)
    app.add_role("badge", Badge())
    app.add_node(Tip, html=(_write_tip, None))
    app.connect("doctree-resolved", _explain)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
