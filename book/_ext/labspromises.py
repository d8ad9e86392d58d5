"""The directives of the page of promises; they only place what labs.pages gives them.

{promise-summary}, {promise-counts}, {promise-findings}, {promise-list}
"""

from __future__ import annotations

from html import escape
from typing import Any

from docutils import nodes
from labsbook import _raw
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from labs.pages import promise_findings, promise_page

NOT_RECORDED = "The promises are not recorded yet: <code>labs promises --out book/runs/promises.json</code>."


class Promises(SphinxDirective):
    """One part of the page, or that nothing is recorded."""

    def run(self) -> list[nodes.Node]:
        content = promise_page.recorded_promises()
        if content is None:
            return _raw(f'<p class="lab-note">{NOT_RECORDED}</p>' if self.name == "promise-summary" else "")
        return PARTS[self.name](content)


def _summary(content: dict[str, Any]) -> list[nodes.Node]:
    told = promise_page.older_than(content)
    note = _raw(f'<p class="lab-note">{escape(told)}</p>') if told else []
    return [nodes.paragraph("", promise_page.summary(content)), *note]


def _counts(content: dict[str, Any]) -> list[nodes.Node]:
    return _raw(promise_page.counts(content))


def _findings(content: dict[str, Any]) -> list[nodes.Node]:
    """With their heading, if there are any."""
    found = promise_findings.shown(content)
    return [_section("What to know first", "".join(found))] if found else []


def _section(title: str, html: str, name: str = "") -> nodes.section:
    section = nodes.section(ids=[nodes.make_id(name or title)], names=[])
    section += nodes.title("", title)
    section += _raw(html)
    return section


def _list(content: dict[str, Any]) -> list[nodes.Node]:
    """A section a group, behind the place for the controls."""
    lists = promise_page.listed(content).items()
    return [*_raw(promise_page.facets(content)), *(_section(name, html, f"promises {name}") for name, html in lists)]


PARTS = {
    "promise-summary": _summary,
    "promise-counts": _counts,
    "promise-findings": _findings,
    "promise-list": _list,
}


def setup(app: Sphinx) -> dict[str, Any]:
    """Every page is read anew: see labsbook."""
    for name in PARTS:
        app.add_directive(name, Promises)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
