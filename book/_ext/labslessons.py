"""The tables of the instructors' pages, and of the page about teaching.

{prepare} 4        the labs of a chapter: minutes to read, what they need live, how long a point took
{ask}              lines of `question | listen for`, {wrong} lines of `what happens | why | what to do`
{lessons}          the instructors' pages that there are, with their sittings
Lines of {ask} and {wrong} that begin with `L2.1:` are there when that lab is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from docutils import nodes
from docutils.statemachine import StringList
from labsparts import Part
from sphinx.application import Sphinx

from labs.experiments import EXPERIMENTS
from labs.model import environ
from labs.model.paths import PROJECT
from labs.pages import course, teach
from labs.pages.chapter_pages import chapter


def teaching() -> bool:
    """Whether this build is for teachers."""
    return environ.read("LABS_TEACH") == "1"


def present(lines: list[str]) -> list[str]:
    """The lines without those of labs that are not written yet."""
    labs = {EXPERIMENTS[lab].number for one in course.chapters() for lab in course.labs_of(one.number)}
    return teach.present(lines, labs, [number for one in course.chapters() for number in one.able])


class Lines(Part):
    """Lines of as many cells as HEAD has, as a table."""

    HEAD: ClassVar[tuple[str, ...]] = ()

    def made(self) -> list[nodes.Node]:
        rows = [line for line in present(list(self.content)) if line.strip()]
        if not rows or any(line.count("|") != len(self.HEAD) - 1 for line in rows):
            raise ValueError(f"write lines of `{' | '.join(self.HEAD).lower()}`")
        return self.table([line.split("|") for line in rows])

    def table(self, rows: Sequence[Sequence[str]]) -> list[nodes.Node]:
        head = [f"| {' | '.join(self.HEAD)} |", "|---" * len(self.HEAD) + "|"]
        box = nodes.container()
        lines = [*head, *(f"| {' | '.join(cell.strip() for cell in row)} |" for row in rows)]
        self.state.nested_parse(StringList(lines), self.content_offset, box)
        return list(box.children)


class Wrong(Lines):
    """What goes wrong in the room."""

    HEAD = ("What happens", "Why", "What to do")


class Ask(Lines):
    """What to ask before the button is pressed."""

    HEAD = ("Ask before the run", "Listen for")


class Prepare(Lines):
    """The labs of a chapter before the day: minutes to read, what each needs live, how long a point took."""

    HEAD = ("Lab", "Minutes", "Live it needs", "A point took")
    required_arguments = 1
    has_content = False

    def made(self) -> list[nodes.Node]:
        rows = []
        for name, page in course.labs_of(int(self.arguments[0])).items():
            path, lab = PROJECT / "book" / f"{page.stem}.md", EXPERIMENTS[name]
            self.env.note_dependency(str(path))
            said = teach.glance(path.read_text("utf-8"))
            title = f"[{lab.title}]({page.stem}.md)"
            rows.append((title, said["minutes"], said["needs"], teach.took(lab)))
        return self.table(rows)


class Lessons(Lines):
    """The instructors' pages that there are, with their sittings; links to them in their own build only."""

    HEAD = ("Chapter", "Sittings", "Minutes together")
    has_content = False

    def made(self) -> list[nodes.Node]:
        rows = []
        for number, sittings in teach.lessons().items():
            title = f"{number} {chapter(number).title}"
            linked = f"[{title}](teach-{number:02}.md)" if teaching() else title
            names = "; ".join(f"{name} ({minutes})" for name, minutes in sittings)
            rows.append((linked, names, str(sum(minutes for _, minutes in sittings))))
        return self.table(rows)


def setup(app: Sphinx) -> dict[str, Any]:
    """After labsparts, whose base of parts this one shares."""
    app.setup_extension("labsparts")
    for name, directive in {"ask": Ask, "wrong": Wrong, "prepare": Prepare, "lessons": Lessons}.items():
        app.add_directive(name, directive)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
