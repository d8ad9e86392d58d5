"""Slides of a chapter: pieces of its own pages in one file. Without scripts it is one long page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

STYLES = ("look.css", "panel.css", "charts.css", "book.css", "parts.css", "slides.css")
SCRIPTS = ("slides.mjs", "lab-loader.mjs", "parts.mjs")


@dataclass(frozen=True)
class Slide:
    """One slide: its heading as text and what is under it as HTML."""

    heading: str
    html: str


def page(title: str, found: Sequence[Slide]) -> str:
    """The whole file; it stands in book/ beside the pages that it was cut from."""
    styles = "".join(f'<link rel="stylesheet" href="../_static/{name}">' for name in STYLES)
    scripts = '<script src="../_static/why-still.js"></script>'
    scripts += "".join(f'<script type="module" src="../_static/{name}"></script>' for name in SCRIPTS)
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    head += f'<link rel="icon" href="../_static/favicon.svg">{styles}{scripts}'
    sections = "".join(_section(at, slide) for at, slide in enumerate(found, 1))
    body = f'<main class="slides bd-article">{sections}</main>'
    return f'<!doctype html><html lang="en" data-content_root="../"><head>{head}</head><body>{body}</body></html>\n'


def _section(at: int, slide: Slide) -> str:
    name = f"slide-{at}"
    heading = f'<h1 id="{name}" tabindex="-1">{escape(slide.heading)}</h1>'
    return f'<section class="slide-page" aria-labelledby="{name}">{heading}{slide.html}</section>'
