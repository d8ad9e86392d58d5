"""The directive of the appendix pages that rest on documents; it only places what labs.pages.appendix gives it.

{sourced} left-out    an index, then a section a group and in it a section an entry; also licences, managed
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from labsbook import _raw
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from labs.pages.appendix import entries


class Sourced(SphinxDirective):
    """All entries of one page."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        found = entries.entries(self.arguments[0])
        made: list[nodes.Node] = _raw(entries.index(found))
        for group, members in entries.grouped(found):
            part = _section(f"part {group}", group)
            for one in members:
                part += _section(one.id, one.title, *_raw(entries.body(one)))
            made.append(part)
        return made


def _section(name: str, title: str, *inside: nodes.Node) -> nodes.section:
    section = nodes.section(ids=[nodes.make_id(name)], names=[])
    section += nodes.title("", title)
    section += list(inside)
    return section


def setup(app: Sphinx) -> dict[str, Any]:
    """Every page is read anew: see labsbook."""
    app.add_directive("sourced", Sourced)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
