"""The shell around every page: what stands in its head, what the theme writes, mended, and what is beside the pages."""

from __future__ import annotations

import re
import shutil
from functools import cache
from html import unescape
from itertools import count
from pathlib import Path
from typing import Any

from docutils import nodes
from labsbook import PAGES, entries
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from labs.model.paths import PROJECT, write_text
from labs.pages import course
from labs.pages.site import address, head, icons, lists, menu
from labs.pages.site.card import card
from labs.pages.site.missing import missing

UNUSED = ("sphinx-thebe", "THEBE_JS_URL", "mystnb.")
"""Of extensions that Jupyter Book always loads: a launcher, and the styles of cells, which no page of ours has."""
LAUNCHER = re.compile(r'<script type="text/x-thebe-config">.*?</script>\s*<script>kernelName.*?</script>', re.DOTALL)
NEVER_ASKED = ("vendor/fontawesome", "images", "locales", "webpack-macros.html", "sphinx-thebe.*", "**/*.map")
"""Of what the theme and its extensions copy beside the pages."""
MENDED = {
    'aria-label="Search" data-bs-placement': "data-bs-placement",  # the label would hide the shortcut that it shows
    '<div class="bd-sidebar-primary bd-sidebar': '<div role="complementary" aria-label="Contents" '
    'class="bd-sidebar-primary bd-sidebar',
    ' data-bs-spy="scroll"': "",  # there is no list to mark, and it takes the address of a view for a selector
}
"""What the theme writes -> what a screen reader and axe can live with."""
CARDS, ALL = "_static/cards/", "all"
"""The folder of the cards, and the one of the pages that no claim is judged on."""
CARD_SAYS = (
    "73 squares, one for each claim of the article, coloured and signed by what measurements and documents say of it"
)


def _addressed(_app: Sphinx, config: Any) -> None:
    """Sphinx writes the canonical addresses by itself where it knows the site's own."""
    config.html_baseurl = address.site()


def _loaded(_app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: Any) -> None:
    """Each script and style once (sphinx-togglebutton adds its own twice, an error in the console), the unused not."""
    for kind in ("script_files", "css_files"):
        seen: dict[tuple[str, str], Any] = {}
        for file in context.get(kind, []):
            name = str(getattr(file, "filename", file) or "")
            body = str(getattr(file, "attributes", {}).get("body", ""))
            if not any(word in f"{name}{body}" for word in UNUSED):
                seen.setdefault((name, body), file)
        context[kind] = list(seen.values())


def _headed(app: Sphinx, page: str, _template: str, context: dict[str, Any], doctree: Any) -> None:
    """The head of a page, and the links at its foot."""
    if doctree is None:
        return
    title = unescape(re.sub("<[^>]+>", "", context["title"]))
    told = head.described(_paragraphs(app.env.get_doctree(page)))
    stem = page.rpartition("/")[2]
    card_of = stem if f"{stem}.html" in PAGES.values() else ALL
    known = head.Head(title, told, f"{page}.html", f"{CARDS}{card_of}.png", CARD_SAYS)
    feed = f"{address.site()}feed.xml" if _news() else ""
    context["metatags"] += "\n    " + head.tags(known, app.config.html_title, address.site(), feed)
    context["site_links"] = [*address.links(f"{page}.md", title), *([("News feed", feed)] if feed else [])]
    context["site_links"] += address.downloads("../")
    if context["next"] and Path(context["next"]["link"]).stem in menu.for_authors():
        context["next"] = None


def _paragraphs(doctree: nodes.document) -> list[str]:
    """The text of the paragraphs that stand in no box of the page; of *In short* without its labels."""
    found = [node for node in doctree.findall(nodes.paragraph) if isinstance(node.parent, nodes.section)]
    return [_text(node, labelled="in-short-line" in node["classes"]) for node in found]


def _text(paragraph: nodes.paragraph, *, labelled: bool) -> str:
    left_out = (nodes.raw, nodes.strong) if labelled else (nodes.raw,)
    return "".join(text for text in paragraph.findall(nodes.Text) if not isinstance(text.parent, left_out))


@cache
def _news() -> list[lists.News]:
    """What the feed has; nothing without a base address."""
    return lists.news(PROJECT / "CHANGELOG.md") if address.site() else []


def _beside(app: Sphinx, error: Exception | None) -> None:
    """What is beside the pages: the one for a wrong address; with a base address cards, sitemap and feed."""
    if error is not None or app.builder.format != "html":
        return
    out, base, title = Path(app.outdir), address.site(), app.config.html_title
    for_authors = menu.for_authors()
    found = [page for page in course.pages() if page.stem not in for_authors]
    pages = [("book/index.html", title), *((f"book/{page.stem}.html", page.title) for page in found)]
    write_text(out / "404.html", missing(title, pages, base))
    if not base:
        return
    write_text(out / "sitemap.xml", lists.sitemap(base + name for name, _title in pages))
    if _news():
        write_text(out / "feed.xml", lists.feed(_news(), title, base))
    (out / CARDS).mkdir(parents=True, exist_ok=True)
    for name in {f"{ALL}.html", *PAGES.values()}:
        about = {entry["id"] for entry in entries() if PAGES.get(entry["page"]) == name}
        squares = [(entry["word"], not about or entry["id"] in about) for entry in entries()]
        (out / CARDS / name).with_suffix(".png").write_bytes(card(squares))


def _mend(app: Sphinx, error: Exception | None) -> None:
    if error is None and app.builder.format == "html":
        for page in Path(app.outdir).glob("**/*.html"):
            try:
                page.write_text(mended(page.read_text("utf-8")), "utf-8")
            except ValueError as problem:
                raise ExtensionError(f"{page.name}: {problem}") from problem
        for pattern in NEVER_ASKED:
            for found in [*Path(app.outdir, "_static").glob(pattern)]:
                shutil.rmtree(found) if found.is_dir() else found.unlink()


def mended(text: str) -> str:
    """What the theme wrote, with drawn icons, without a launcher, and as a screen reader can live with it."""
    for written, better in MENDED.items():
        text = text.replace(written, better)
    return _named_tables(icons.drawn(menu.without_authors(LAUNCHER.sub("", text))))


def _named_tables(text: str) -> str:
    """Each table that scrolls sideways can be reached by keyboard, under a name that no other one on the page has."""
    number = count(1)
    return re.sub(
        '<div class="pst-scrollable-table-container">',
        lambda _: (
            '<div class="pst-scrollable-table-container" role="region" tabindex="0" '
            f'aria-label="Table {next(number)}, scrolls sideways">'
        ),
        text,
    )


def setup(app: Sphinx) -> dict[str, Any]:
    """After the theme has said what a page loads, and after every page is written."""
    app.connect("config-inited", _addressed)
    app.connect("html-page-context", _loaded, priority=999)
    app.connect("html-page-context", _headed)
    app.connect("build-finished", _beside)
    app.connect("build-finished", _mend)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
