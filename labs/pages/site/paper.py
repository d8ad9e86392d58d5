"""The whole book on paper: every page of the built site in one, printed by Chromium: `make pdf`.

The pages become one document whose links lead within it, and the browser draws its panels as on the site. No server
runs: what the document asks for is answered out of the site's folder, and every other address is refused.
"""

from __future__ import annotations

import mimetypes
import os
import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import yaml
from bs4 import BeautifulSoup, Tag

from labs.model.paths import PROJECT, replacing
from labs.pages.site import address
from labs.pages.site.address import PAPER
from labs.pages.site.archive import HTML
from labs.pages.site.menu import CAPTION

ORIGIN = "http://site.invalid/"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
POINTING = ("for", "headers", "list", "aria-labelledby", "aria-describedby", "aria-controls", "aria-owns")
"""Attributes whose words are names of elements on the same page."""
DRAWN = "[...document.querySelectorAll('.lab-panel')].every(one => one.dataset.ready || one.dataset.failed)"
WIDTH = 720
"""Pixels between the margins of A4."""
FOOT = '<p style="font-size:8px;width:100%;text-align:center"><span class="pageNumber"></span></p>'
PATIENCE_MS = 120_000
LEFT_OUT = (
    "Some of what is folded on the site is not in this document: the data and the run card of each picture, and the "
    "long answers to the twelve cases. The reasons beside a claim stand on the claim board."
)
"""What paper.css hides, told under the contents."""
MARGIN: Any = {"top": "15mm", "bottom": "15mm", "left": "10mm", "right": "10mm"}


@dataclass(frozen=True)
class Chapter:
    """A part of the table of contents: its caption, and the stems of its pages."""

    caption: str
    stems: tuple[str, ...]


def contents(toc: Path) -> list[Chapter]:
    """The book in its order, without what is for authors; the landing page stands first."""
    found = yaml.safe_load(toc.read_text("utf-8"))
    parts = [
        Chapter(part.get("caption", ""), tuple(Path(one["file"]).name for one in part["chapters"]))
        for part in found["parts"]
        if part.get("caption") != CAPTION
    ]
    return [Chapter("", (Path(found["root"]).name,)), *parts]


def combined(site: Path, chapters: Sequence[Chapter], base: str = "") -> str:
    """All these pages as one document for book/ of that site; `base` is where other files of the site can be had."""
    stems = [stem for chapter in chapters for stem in chapter.stems]
    pages = {stem: BeautifulSoup((site / "book" / f"{stem}.html").read_text("utf-8"), "html.parser") for stem in stems}
    head = pages[stems[0]].head
    if head is None:
        raise ValueError(f"{stems[0]}.html has no head")
    titles = {stem: _title(page) for stem, page in pages.items()}
    articles = "".join(_article(pages[stem], stem, set(stems), base) for stem in stems)
    listed = "".join(_listed(chapter, titles) for chapter in chapters)
    style = '<link rel="stylesheet" href="../_static/paper.css">'
    return (
        '<!doctype html><html lang="en" data-content_root="../" data-theme="light" data-mode="light" class="on-paper">'
        f"<head>{head.decode_contents()}{style}</head><body><main class='bd-main'><div class='bd-content'>"
        f"<div class='bd-article-container'><nav class='paper-contents'><h1>{escape(titles[stems[0]])}</h1>"
        f"<p>{escape(base)}</p>{listed}<p>{LEFT_OUT}</p></nav>{articles}</div></div></main></body></html>"
    )


def _title(page: BeautifulSoup) -> str:
    heading = page.select_one("article h1")
    if heading is None:
        raise ValueError("a page has no heading")
    for sign in heading.select("a.headerlink"):
        sign.decompose()
    return heading.get_text().strip()


def _listed(chapter: Chapter, titles: dict[str, str]) -> str:
    lines = "".join(f'<li><a href="#{stem}">{escape(titles[stem])}</a></li>' for stem in chapter.stems)
    return (f"<h2>{escape(chapter.caption)}</h2>" if chapter.caption else "") + f"<ul>{lines}</ul>"


def _article(page: BeautifulSoup, stem: str, stems: set[str], base: str) -> str:
    """The text of a page; its elements' names begin with the page's, and so do the links to them."""
    article = page.select_one("article")
    if article is None:
        raise ValueError(f"{stem}.html has no article")
    for one in article.find_all(True):
        if one.get("id"):
            one["id"] = f"{stem}--{one['id']}"
        for name in set(POINTING) & set(one.attrs):
            words = one[name] if isinstance(one[name], list) else str(one[name]).split()
            one[name] = " ".join(f"{stem}--{word}" for word in words)
        if one.name == "a" and one.get("href"):
            _lead(one, stem, stems, base)
    article["id"] = stem
    return str(article)


def _lead(link: Tag, stem: str, stems: set[str], base: str) -> None:
    """To a page or a place of this book: within the document. To a file of the site: where it is, or nowhere."""
    parts = urlsplit(str(link["href"]))
    if parts.scheme:
        return
    other = Path(parts.path).stem if parts.path else stem
    if other in stems and (not parts.path or parts.path == f"{other}.html"):
        place = "" if "=" in parts.fragment else parts.fragment  # a view of a panel: paper has one, on its page
        link["href"] = f"#{other}--{place}" if place else f"#{other}"
    elif base:
        link["href"] = urljoin(f"{base}book/", str(link["href"]))
    else:
        del link["href"]


def printed(site: Path, document: str, to: Path) -> Path:
    """Print it. RuntimeError where no browser is here, or where a panel could not be drawn."""
    from playwright.sync_api import sync_playwright  # of the development's requirements

    browser_path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser_path is None:
        raise RuntimeError(f"no browser to print with: looked for {', '.join(BROWSERS)}. Debian: apt install chromium")
    with sync_playwright() as playwright:
        options = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=browser_path, args=[*options, "--disable-gpu"])
        page = browser.new_page(
            viewport={"width": WIDTH, "height": 1000}, color_scheme="light", reduced_motion="reduce"
        )
        page.route("**/*", lambda route: _answer(route, site, document))
        page.emulate_media(media="print")
        page.goto(f"{ORIGIN}book/{PAPER}.html")
        page.wait_for_function(DRAWN, timeout=PATIENCE_MS)
        failed = page.locator(".lab-panel[data-failed]").all_inner_texts()
        if failed:
            raise RuntimeError(f"{len(failed)} panels could not be drawn. The first says: {failed[0][:200]}")
        with replacing(to) as out:
            out.write(
                page.pdf(
                    format="A4", margin=MARGIN, print_background=True, outline=True, tagged=True,
                    display_header_footer=True, header_template="<span></span>", footer_template=FOOT,
                )
            )  # fmt: skip
        browser.close()
    return to


def _answer(route: Any, site: Path, document: str) -> None:
    """A file of the site, the document itself, or a refusal."""
    asked = unquote(urlsplit(route.request.url).path).lstrip("/")
    file = (site / asked).resolve()
    if not route.request.url.startswith(ORIGIN):
        route.abort()
    elif asked == f"book/{PAPER}.html":
        route.fulfill(body=document, content_type="text/html; charset=utf-8")
    elif file.is_relative_to(site.resolve()) and file.is_file():
        kind = "text/javascript" if file.suffix == ".mjs" else mimetypes.guess_type(file.name)[0]
        route.fulfill(body=file.read_bytes(), content_type=kind or "application/octet-stream")
    else:
        route.fulfill(status=404, body="")


def pages_of(pdf: bytes) -> int:
    """How many sheets it has."""
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def main() -> int:
    """Print what `make book` has built, and say where it is."""
    if not (HTML / "book" / "index.html").is_file():
        print("There is no site to print in _build/html: run `make book` first.", file=sys.stderr)
        return 1
    document = combined(HTML, contents(PROJECT / "book" / "_toc.yml"), address.site())
    try:
        made = printed(HTML, document, HTML / PAPER if "--inside" in sys.argv else HTML.parent / PAPER)
    except RuntimeError as error:
        print(f"The book could not be printed: {error}", file=sys.stderr)
        return 1
    size = made.stat().st_size / 1e6
    print(f"The book is printed in {made.relative_to(PROJECT)}: {pages_of(made.read_bytes())} sheets, {size:.1f} MB.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
