"""What machines read of the whole site: its pages (sitemap) and its news (an Atom feed from CHANGELOG.md)."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path
from textwrap import shorten

from labs.model.text import sentences

NEWEST = 30
"""So many entries a feed has."""
BLAMED = re.compile(r"^\S+ .*?(\d{4}-\d\d-\d\dT[\d:]{8})(Z|[+-]\d\d:\d\d)\s+\d+\) (.*)$")


@dataclass(frozen=True)
class News:
    """A paragraph of the changelog and when the last line of it was written."""

    text: str
    when: datetime


def sitemap(addresses: Iterable[str]) -> str:
    """These addresses as search engines take them."""
    urls = "".join(f"<url><loc>{escape(one)}</loc></url>\n" for one in addresses)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{urls}</urlset>\n'
    )


def news(changelog: Path) -> list[News]:
    """Its paragraphs, newest first, dated by git; none where git does not know when each line was written."""
    git = ["git", "-C", str(changelog.parent)]
    shallow = _said([*git, "rev-parse", "--is-shallow-repository"])
    if not changelog.is_file() or shallow.strip() != "false":
        return []
    found: list[News] = []
    for lines in _paragraphs(_said([*git, "blame", "--date=iso-strict", "--", changelog.name]).splitlines()):
        text = " ".join(text for _when, text in lines)
        if not text.startswith("#"):
            found.append(News(text, max(when for when, _text in lines)))
    return sorted(found, key=lambda one: one.when, reverse=True)[:NEWEST]


def _said(command: list[str]) -> str:
    """What a program prints; nothing where it fails or is not there."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""


def _paragraphs(blamed: Iterable[str]) -> Iterable[list[tuple[datetime, str]]]:
    """(when, text) of the lines of each paragraph."""
    lines: list[tuple[datetime, str]] = []
    for line in [*blamed, ""]:
        match = BLAMED.match(line)
        if match and match[3].strip():
            lines.append((datetime.fromisoformat(match[1] + match[2]), match[3].strip()))
        elif lines:
            yield lines
            lines = []


def feed(found: Sequence[News], title: str, base: str) -> str:
    """The news as an Atom feed; an entry's name follows from its first sentence and outlives what is added to it."""
    entries = "".join(_entry(one, base) for one in found)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
        f"<title>{escape(title)}: what is new</title>\n<id>{escape(base)}feed.xml</id>\n"
        f'<link rel="self" href="{escape(base)}feed.xml"/>\n<link href="{escape(base)}"/>\n'
        f"<updated>{found[0].when.isoformat()}</updated>\n<author><name>The broker labs</name></author>\n"
        f"{entries}</feed>\n"
    )


def _entry(one: News, base: str) -> str:
    text = _plain(one.text)
    title = shorten(sentences(text)[0], 100, placeholder="…")
    name = hashlib.sha256(text.partition(". ")[0].encode()).hexdigest()[:16]
    return (
        f"<entry><title>{escape(title)}</title><id>{escape(base)}feed.xml#{name}</id><updated>{one.when.isoformat()}</updated>"
        f'<link href="{escape(base)}"/><content type="text">{escape(text)}</content></entry>\n'
    )


def _plain(text: str) -> str:
    """A line of Markdown without its marks."""
    return re.sub(r"\*\*|`|(?<!\w)\*|\*(?!\w)", "", re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text))
