"""Which pages a reader is offered: those for authors are built and linked from where authors read, and in no menu."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from labs.model.paths import PROJECT

CAPTION = "For authors"
"""The part of the table of contents that no menu shows."""
LISTED = re.compile(
    rf'<p aria-level="2" class="caption" role="heading"><span class="caption-text">{CAPTION}</span></p>\s*<ul.*?</ul>',
    re.DOTALL,
)


def for_authors(toc: Path = PROJECT / "book" / "_toc.yml") -> frozenset[str]:
    """The stems of the pages that are for authors."""
    parts = yaml.safe_load(toc.read_text("utf-8"))["parts"]
    return frozenset(
        Path(one["file"]).name for part in parts if part.get("caption") == CAPTION for one in part["chapters"]
    )


def without_authors(html: str) -> str:
    """A page without the part of its menu that is for authors."""
    return LISTED.sub("", html)
