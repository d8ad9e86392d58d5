"""The head of a page: what a search engine, a chat and a feed reader show of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from urllib.parse import urljoin

from labs.pages.site.card import SIZE

LIMIT = 160
"""Search engines cut a description after about so many characters."""
SENTENCE = re.compile(r"(?<=[.?!])\s+(?=[A-Z“\"'])")


@dataclass(frozen=True)
class Head:
    """What is said of one page; `address` is the page's own below the site's base, `card` that of its picture."""

    title: str
    description: str
    address: str
    card: str = ""
    card_says: str = ""


def described(paragraphs: Iterable[str]) -> str:
    """Whole sentences of the first text there is, as many as fit into LIMIT; a first one too long ends at a word."""
    text = next((" ".join(one.split()) for one in paragraphs if one.strip()), "")
    said, *rest = SENTENCE.split(text)
    for sentence in rest:
        if len(said) + 1 + len(sentence) > LIMIT:
            break
        said = f"{said} {sentence}"
    return said if len(said) <= LIMIT else said[: LIMIT - 1].rpartition(" ")[0].rstrip(",;:") + "…"


def tags(page: Head, site_name: str, base: str, feed: str) -> str:
    """The page's elements of <head>. What needs a whole address is there only if the site has one."""
    named = {"description": page.description}
    properties = {
        "og:type": "website" if page.address.endswith("index.html") else "article",
        "og:site_name": site_name,
        "og:title": page.title,
        "og:description": page.description,
    }
    if base:
        properties["og:url"] = urljoin(base, page.address)
    if base and page.card:
        width, height = SIZE
        properties |= {"og:image": urljoin(base, page.card), "og:image:alt": page.card_says}
        properties |= {"og:image:width": str(width), "og:image:height": str(height)}
        named["twitter:card"] = "summary_large_image"
    lines = [f'<meta name="{name}" content="{escape(text)}"/>' for name, text in named.items() if text]
    lines += [f'<meta property="{name}" content="{escape(text)}"/>' for name, text in properties.items() if text]
    if feed:
        lines += [f'<link rel="alternate" type="application/atom+xml" title="What is new" href="{escape(feed)}"/>']
    return "\n    ".join(lines)
