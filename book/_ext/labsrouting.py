"""The directive {routing-editor}: a topology of the reader's own against our model, and the puzzles as text."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from labsbook import _raw
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from labs.pages.routing_editor import editor


class RoutingEditor(SphinxDirective):
    """Where it stands."""

    def run(self) -> list[nodes.Node]:
        return _raw(editor())


def setup(app: Sphinx) -> dict[str, Any]:
    """After labsbook, whose scripts its own one shares."""
    app.setup_extension("labsbook")
    app.add_directive("routing-editor", RoutingEditor)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
