"""{client-code} fifty-thousand: the lines of each client in which a lab's point lies, a tab a broker.
{client-code} labs/scenarios/words/redis.py lmove: what that function does, and nothing around it; the tests run it.

Without scripts every tab stands under its own heading; code-tabs.mjs makes tabs of them. What is cut: book/code.
"""

from __future__ import annotations

from html import escape
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from labsbook import PAGES, _raw
from sphinx.util.docutils import SphinxDirective

from labs.experiments import experiment
from labs.model.paths import PROJECT
from labs.model.profile import BROKERS
from labs.pages import client_code

BY_HAND = "By hand"
"""The tab with the notebook's cell, which runs as it stands."""


class ClientCode(SphinxDirective):
    """The tabs of a lab, each with what to see, the code, the vendor's reference and what to change; the last one is
    the cell of the lab's notebook, to copy and to edit."""

    required_arguments = 1
    optional_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {"from": directives.unchanged_required, "to": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        if len(self.arguments) > 1:
            return self.proof(*self.arguments)
        lab = experiment(self.arguments[0])
        stem = PAGES[lab.name].removesuffix(".html")
        self.env.note_dependency(str(client_code.FOLDER / f"{lab.name}.toml"))
        try:
            found, said = client_code.tabs(lab.name), client_code.by_hand(stem)
            for tab in found:
                lab.settings(tab.settings)
        except ValueError as error:
            raise self.error(f"{self.name}: {error}") from error
        made = _raw(f'<div class="client-code" data-client-code="{lab.name}" role="group" aria-label="Client code">')
        for at, tab in enumerate(found, 1):
            made += self.tab(f"code-{lab.name}-{at}", tab)
        return [*made, *self.by_hand(f"code-{lab.name}-hand", stem, *said), *_raw("</div>")]

    def proof(self, file: str, of: str) -> list[nodes.Node]:
        """The lines of one function, alone."""
        self.env.note_dependency(str(PROJECT / file))
        try:
            text = client_code.proof(file, of, self.options.get("from", ""), self.options.get("to", "")).text
        except ValueError as error:
            raise self.error(f"{self.name}: {error}") from error
        begin, end = '<div class="client-code word-proof">', "</div>"
        return [*_raw(begin), nodes.literal_block(text, text, language="python"), *_raw(end)]

    def tab(self, name: str, tab: client_code.Tab) -> list[nodes.Node]:
        kept = f' data-kept="{tab.broker}"' if tab.broker in BROKERS else ""
        files = " and ".join(f"<code>{escape(file)}</code>" for file in tab.files)
        where = f"The lab runs these lines (<code>{escape(tab.run)}</code>)" if tab.run else "The lab runs these lines"
        link = f'Reference: <a href="{escape(tab.reference)}">{escape(tab.named)}</a>.'
        return [
            *_raw(f'<div class="code-tab" id="{name}" data-label="{escape(tab.label)}"{kept}>'),
            *_raw(f'<h3 class="code-head">{escape(tab.label)}<span>, {escape(tab.client)}</span></h3>'),
            nodes.paragraph("", "", *self.line(tab.says)),
            nodes.literal_block(tab.text, tab.text, language="python"),
            *_raw(f'<p class="code-from">{where}; they are from {files}. {link}</p>'),
            nodes.paragraph("", "", nodes.strong("", "Change and see:"), nodes.Text(" "), *self.line(tab.change)),
            *_raw("</div>"),
        ]

    def by_hand(self, name: str, stem: str, said: str, code: str) -> list[nodes.Node]:
        return [
            *_raw(f'<div class="code-tab" id="{name}" data-label="{BY_HAND}"><h3 class="code-head">{BY_HAND}</h3>'),
            nodes.paragraph("", "", *self.line(said)),
            nodes.literal_block(code, code, language="python"),
            *_raw(f'<p class="code-from">A cell of <code>notebooks/{stem}.ipynb</code>, to run and to edit.</p></div>'),
        ]

    def line(self, text: str) -> list[nodes.Node]:
        """One line of text with its roles."""
        found, trouble = self.state.inline_text(text, self.lineno)
        return [*found, *trouble]
