"""The pattern of a page, from its title to its panel: what is said in short, the claim in a line, the guess, Monday.

{in-short} LAB      answer, condition, Monday, from the recording; :when: the situation, :folded: until a guess
{claim} C48         a claim in one line with its badge; the content is the claim in a few words
{guess} name        a figure or a word to guess; see labsparts.Part and labs/pages/parts.py
{mondays} choosing  what all pages of that situation advise; {mondays} redis leads to what of it is for that broker
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from labsbook import _raw, entries
from labsparts import GLOSSARY, Part
from sphinx.application import Sphinx

from labs.model.profile import BROKERS
from labs.pages import bench_page, in_short, links, pages, parts, terms
from labs.pages.glue import number
from labs.show.short import Short

CHOOSE = "book/choose"
"""The page that asks what a reader needs; the Monday of every other page leads there."""
LABELS = ("The answer", "When it holds", "On Monday")


class InShort(Part):
    """The answer, its one condition, what to do on Monday; folded where it would spoil the page's guess."""

    optional_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {
        "when": directives.unchanged_required, "for": directives.unchanged_required, "folded": directives.flag,
    }  # fmt: skip

    def made(self) -> list[nodes.Node]:
        if "when" not in self.options:
            raise ValueError("say what situation its Monday is for, e.g. :when: choosing (see monday.md)")
        short = in_short.of(self.arguments[0]) if self.arguments else in_short.written(self.content)
        lab = self.arguments[0] if self.arguments else ""
        state = f' data-until-guess="{escape(lab)}"' if "folded" in self.options else " open"
        ask = ' <span class="in-short-ask">guess first, or look</span>' if "folded" in self.options else ""
        found = _raw(f'<details class="in-short"{state}><summary>In short{ask}</summary>')
        lines = list(map(_line, LABELS, _texts(short)))
        if self.env.docname != CHOOSE:
            lines[-1] += _raw(' <a class="in-short-choose" href="choose.html">Choose by what you need</a>')
        return [*found, *lines, *_raw("</details>")]


def _texts(short: Short) -> tuple[str, str, str]:
    return short.answer, short.condition, short.monday


def _line(label: str, text: str) -> nodes.Node:
    """One of the three; Monday's label leads to what all pages advise."""
    if not text:
        return nodes.comment()
    head: list[nodes.Node] = [nodes.strong("", label)]
    if label == LABELS[2]:
        head = _raw(f'<strong><a href="monday.html">{label}</a></strong>')
    return nodes.paragraph("", "", *head, nodes.Text(" "), *coded(text), classes=["in-short-line"])


def coded(text: str) -> list[nodes.Node]:
    """The text with what stands between backticks as code."""
    pieces = enumerate(text.split("`"))
    return [nodes.literal("", piece) if at % 2 else nodes.Text(piece) for at, piece in pieces if piece]


class Claim(Part):
    """One claim of the article in a line: its id, a few words, its word; folded, why."""

    required_arguments = 1

    def made(self) -> list[nodes.Node]:
        found = {entry["id"]: entry for entry in entries()}
        name = self.arguments[0]
        return _raw(pages.claim_line(found[name], " ".join(self.content), links.view_of_claim(name)))


class Guess(Part):
    """What a reader commits to before it is shown. The content is the question; :run: or :bench: asks for what is true.

    A figure has :unit:, :low: and :high:; a word has :options:, one of which the truth begins with. :why: gives
    the reason.
    """

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {
        "run": directives.unchanged, "bench": directives.unchanged, "unit": directives.unchanged_required,
        "low": float, "high": float, "options": directives.unchanged_required, "why": directives.unchanged_required,
    }  # fmt: skip

    def made(self) -> list[nodes.Node]:
        given = self.options
        asked = [name for name in ("run", "bench") if name in given]
        figure, word = {"unit", "low", "high"} <= given.keys(), "options" in given
        if len(asked) != 1 or not self.content or figure == word:
            raise ValueError("a guess has a question, :run: or :bench:, and :options: or :unit:, :low: and :high:")
        found = (number if asked[0] == "run" else bench_page.number)(given[asked[0]])
        known = {"measured": found, "why": given.get("why", "")}
        name, question = nodes.make_id(self.arguments[0]), " ".join(self.content)
        if word:
            options = tuple(one.strip() for one in given["options"].split("|"))
            html = parts.choice(parts.Choice(name, question, options, **known))
        else:
            html = parts.guess(parts.Asked(name, question, given["unit"], given["low"], given["high"], **known))
        return [nodes.container("", *_raw(html), classes=["guess-part"])]


class Mondays(Part):
    """What all pages of a situation advise, each with its page; of a broker, where above its advice stands."""

    required_arguments = 1
    has_content = False

    def made(self) -> list[nodes.Node]:
        found, asked = in_short.advice(), self.arguments[0]
        if asked not in found and not in_short.of_broker(asked):
            raise ValueError(f"no page is for {asked!r}; there are: {', '.join([*found, *BROKERS])}")
        if asked not in found:
            return _raw(_of_broker(asked))
        listed = nodes.bullet_list(classes=["mondays"])
        for one in found[asked]:
            link = _raw(f' <a href="{escape(one.stem)}.html">{escape(one.title)}</a>')
            said = nodes.paragraph("", "", *coded(one.text), *link)
            listed += nodes.list_item("", said, ids=[f"monday-{one.stem}"])
        return [listed]


def _of_broker(broker: str) -> str:
    """Links to the advice above that is for whoever runs that broker: nothing is said twice."""
    items = (
        f'<li><a href="#monday-{escape(one.stem)}">{escape(one.title)}</a></li>' for one in in_short.of_broker(broker)
    )
    return f'<p>Of the advice above, these are for you:</p><ul class="mondays">{"".join(items)}</ul>'


FLOWING = (nodes.paragraph, nodes.term, nodes.definition)
CLOSED = (nodes.reference, nodes.literal, nodes.literal_block, nodes.title, nodes.rubric, nodes.table, nodes.raw)
UNLINKED = ("quiz-part", "guess-part", "at-a-glance")
"""Parts whose words stand in a control, where no link may be, or in a line that is to stay one."""


def _terms(app: Sphinx) -> dict[str, str]:
    """A word of the glossary -> its anchor there."""
    if GLOSSARY not in app.env.found_docs:
        return {}
    found = app.env.get_doctree(GLOSSARY).findall(nodes.term)
    return {term.astext(): term["ids"][0] for term in found}


def _words(known: Mapping[str, str]) -> re.Pattern[str]:
    """Any of the words, the longest first, one or several of it; a log axis or scale is no log."""
    longest = "|".join(re.escape(one) for one in sorted(known, key=len, reverse=True))
    return re.compile(rf"(?<![\w-])({longest})(?:s|es|ed)?(?![\w-])(?! axis| axes| scale)", re.IGNORECASE)


def _link_terms(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Link each word of the glossary where a page uses it first and means the term (labs/pages/terms.py), so that
    nobody has to remember to."""
    if app.builder.format != "html" or docname == GLOSSARY or not (known := _terms(app)):
        return
    by_word, pattern, seen = {word.lower(): anchor for word, anchor in known.items()}, _words(known), set[str]()
    for text in list(doctree.findall(nodes.Text)):
        above = list(_above(text))
        linked = next((one for one in above if isinstance(one, nodes.reference)), None)
        if linked is not None and "glossary.html#" in str(linked.get("refuri", "")):
            seen.add(linked["refuri"].partition("#")[2])
        if any(isinstance(one, CLOSED) or {*one["classes"]} & {*UNLINKED} for one in above):
            continue
        if any(isinstance(one, FLOWING) for one in above):
            text.parent.replace(text, _linked(str(text), pattern, by_word, seen))


def _above(node: nodes.Node) -> Iterator[nodes.Element]:
    while (node := node.parent) is not None:
        yield node


def _linked(text: str, pattern: re.Pattern[str], by_word: Mapping[str, str], seen: set[str]) -> list[nodes.Node]:
    found: list[nodes.Node] = []
    at = 0
    for match in pattern.finditer(text):
        anchor = by_word[match[1].lower()]
        if anchor not in seen and terms.is_meant(match[1], text, *match.span()):
            seen.add(anchor)
            link = nodes.reference("", match[0], refuri=f"glossary.html#{anchor}", internal=True)
            found += [nodes.Text(text[at : match.start()]), link]
            at = match.end()
    return [*found, nodes.Text(text[at:])]


def setup(app: Sphinx) -> dict[str, Any]:
    """After labsparts, whose base of parts this one shares."""
    app.setup_extension("labsparts")
    for name, directive in {"in-short": InShort, "claim": Claim, "guess": Guess, "mondays": Mondays}.items():
        app.add_directive(name, directive)
    app.connect("doctree-resolved", _link_terms, priority=400)  # before labsparts puts the definitions beside the links
    return {"parallel_read_safe": True, "parallel_write_safe": True}
