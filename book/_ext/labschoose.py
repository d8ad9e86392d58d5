"""The directives of the page Choose; they only place what labs.pages.choose gives them.

{choose}           the questions and the answer, with a script
{choose-scenarios} twelve cases in full, without one
{choose-article}   the article's advice in them, beside ours
{choose-wins}      demands by which each configuration is first
{choose-weights}   all needs and their weights
{choose-converged} what the three did in 2019, and what they do now
{choose-three}`changed`  what the article's three criteria leave open: a figure of it; `asked`: how many questions begin
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, ClassVar

from docutils import nodes
from labsbook import _raw, _stage
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxRole

from labs.pages.choose import converged, page, three


class Choose(SphinxDirective):
    """One part of the page."""

    MAKE: ClassVar[dict[str, Callable[[], str]]] = {
        "choose": page.app,
        "choose-scenarios": page.scenarios,
        "choose-article": page.beside_the_article,
        "choose-wins": page.winning,
        "choose-weights": page.weights,
        "choose-converged": converged.shown,
    }

    def run(self) -> list[nodes.Node]:
        if self.name == "choose":
            stage = _stage(self.env.app)
            stage.mkdir(parents=True, exist_ok=True)
            text = json.dumps(page.known(), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
            (stage / "choose.json").write_text(text, "utf-8")
        return _raw(self.MAKE[self.name]())


class Three(SphinxRole):
    """A figure of what the three criteria decide, in the text."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        return [nodes.Text(three.SAID[self.text]())], []


def _anew(_app: Sphinx, _config: Any) -> None:
    """A build reads the recordings anew."""
    page.known.cache_clear()


def setup(app: Sphinx) -> dict[str, Any]:
    """After labsbook, whose place for static files this one shares."""
    app.setup_extension("labsbook")
    app.connect("config-inited", _anew)
    for name in Choose.MAKE:
        app.add_directive(name, Choose)
    app.add_role("choose-three", Three())
    return {"parallel_read_safe": True, "parallel_write_safe": True}
