"""The directives of the landing page and of the claim board; they only place what labs.pages gives them.

{claim-board}    all claims, behind their strip and what they can be filtered by
{claim-strip}    the strip alone, as one picture that leads to the board
{loss-hero}      the loss matrix small, to guess at
{news}           what was found that no one else has shown
{article-errors} what was found wrong in the article
{chapter-known} 2  a part of a chapter's first or last page: labs/pages/chapter_pages.py has all
{article}`link`  the article: title, author, year
{board}`sum`     how many of its claims are decided, and how
{obeyed}`rules`  how many recorded files obey the rules of today; `cuts` how often both ways to cut the power agree
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from docutils import nodes
from labsbook import _raw, entries
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxRole

from labs.pages import chapter_pages, claim_board, findings, landing, loss_hero, obeyed
from labs.pages.article import article


class Board(SphinxDirective):
    """Every claim, a section a heading."""

    def run(self) -> list[nodes.Node]:
        judged = entries()
        found = _raw(claim_board.strip(judged, linked=True) + claim_board.filters(judged))
        for name, html in claim_board.listed(judged).items():
            section = nodes.section(ids=[nodes.make_id(f"claims {name}")], names=[])
            section += nodes.title("", name)
            section += _raw(html)
            found.append(section)
        return found


class Computed(SphinxDirective):
    """What is computed from the whole book."""

    MAKE: ClassVar[dict[str, Callable[[], str]]] = {
        "claim-strip": lambda: claim_board.strip(entries(), linked=False),
        "loss-hero": lambda: loss_hero.hero(),
        "news": lambda: landing.news(findings.findings()),
        "article-errors": lambda: landing.errors(entries()),
    }

    def run(self) -> list[nodes.Node]:
        return _raw(self.MAKE[self.name]())


class OfChapter(SphinxDirective):
    """A part of the first or the last page of the chapter whose number is given. The sum of the verdicts is a paragraph
    of the page, and so what is said of it where it is linked to; a guess is a slide too."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        try:
            number = int(self.arguments[0])
            found = _raw(chapter_pages.part(self.name.removeprefix("chapter-"), number, entries()))
            if self.name == "chapter-known":
                said = chapter_pages.told(chapter_pages.chapter(number), entries())
                found = [nodes.paragraph("", said), *found]
        except ValueError as error:
            raise self.error(f"{self.name}: {error}") from error
        return [nodes.container("", *found, classes=["guess-part"])] if self.name == "chapter-guess" else found


class Article(SphinxRole):
    """The article as a link."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        return _raw(article().link), []


class Summed(SphinxRole):
    """How many claims of the board are decided, and how."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        return [nodes.Text(claim_board.summed(entries()))], []


class Obeyed(SphinxRole):
    """How many recorded files obey the rules of today, or how often both ways to cut the power agree."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        return [nodes.Text({"rules": obeyed.rules, "cuts": obeyed.cuts}[self.text]())], []


def setup(app: Sphinx) -> dict[str, Any]:
    """After labsbook, whose list of pages this one shares."""
    app.setup_extension("labsbook")
    app.add_directive("claim-board", Board)
    for name in Computed.MAKE:
        app.add_directive(name, Computed)
    for name in chapter_pages.PARTS:
        app.add_directive(f"chapter-{name}", OfChapter)
    app.add_role("article", Article())
    app.add_role("board", Summed())
    app.add_role("obeyed", Obeyed())
    return {"parallel_read_safe": True, "parallel_write_safe": True}
