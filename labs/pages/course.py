"""The course as a whole, read from its own files: chapters, the pages of each, how long they take, what they judge."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from labs.model.paths import PROJECT
from labs.pages.claims import NO_CHECK, NO_TEST, UNDECIDED

MINUTES = re.compile(r"^:minutes: *(\d+)\s*$", re.MULTILINE)
HEADING = re.compile(r"^# (.+?)\s*$", re.MULTILINE)
PANEL = re.compile(r"^`{3,}\{lab-panel\} +(\S+)", re.MULTILINE)
LAST = "What we now know"
"""What the last page of a chapter is called in a list."""
Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Chapter:
    """One chapter of the book; `claims` are ids in the article's order, `quoted` those whose words its first page
    quotes; `able`: number of a lab -> what its reader can say afterwards."""

    number: int
    title: str
    asks: str
    claims: tuple[str, ...]
    quoted: tuple[str, ...] = ()
    able: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    """One page in the order of the table of contents; `minutes` is None where the page does not say."""

    stem: str
    title: str
    minutes: int | None

    @property
    def chapter(self) -> int | None:
        """03-1-... is of chapter 3; pages without a number, and 00, are of none."""
        number = self.stem.partition("-")[0]
        return int(number) if number.isdigit() and int(number) else None

    @property
    def opens(self) -> bool:
        """The first page of a chapter: 03-0-..."""
        return bool(self.chapter) and self.stem[3:5] == "0-"

    @property
    def closes(self) -> bool:
        """The last page of a chapter: 03-9-..."""
        return bool(self.chapter) and self.stem[3:5] == "9-"


def _ids(text: str) -> tuple[str, ...]:
    """`C01 C06-C15` -> every id; ValueError names what is not one."""
    found: list[str] = []
    for part in text.split():
        match = re.fullmatch(r"C(\d\d)(?:-C(\d\d))?", part)
        if match is None:
            raise ValueError(f"chapters.toml: {part!r} is no claim and no range of claims; write C07 or C06-C15")
        found += [f"C{number:02}" for number in range(int(match[1]), int(match[2] or match[1]) + 1)]
    return tuple(found)


@cache
def chapters() -> tuple[Chapter, ...]:
    """All eight, in order."""
    content = tomllib.loads(files("labs.pages").joinpath("chapters.toml").read_text("utf-8"))
    return tuple(map(_chapter, content["chapter"]))


def _chapter(one: Mapping[str, Any]) -> Chapter:
    claims, quoted = (_ids(one.get(name, "")) for name in ("claims", "quoted"))
    return Chapter(one["number"], one["title"], one["asks"], claims, quoted, one.get("able", {}))


def pages(book: Path = PROJECT / "book") -> list[Page]:
    """Every page that the table of contents names."""
    toc = yaml.safe_load((book / "_toc.yml").read_text("utf-8"))
    parts = toc.get("parts") or [toc]
    names = [entry["file"] for part in parts for entry in part["chapters"]]
    return [_page(book.parent / f"{name}.md") for name in names]


def _page(path: Path) -> Page:
    text = path.read_text("utf-8")
    heading, minutes = HEADING.search(text), MINUTES.search(text)
    if heading is None:
        raise ValueError(f"{path.name} has no heading: begin it with `# A question or a finding`")
    return Page(path.stem, heading[1], int(minutes[1]) if minutes else None)


def panels(book: Path = PROJECT / "book") -> dict[str, str]:
    """Lab -> the first page that has its panel; the lab's notebook has the same name."""
    found: dict[str, str] = {}
    for page in pages(book):
        for lab in PANEL.findall((book / f"{page.stem}.md").read_text("utf-8")):
            found.setdefault(lab, page.stem)
    return found


def labs_of(number: int) -> dict[str, Page]:
    """Lab -> its page, for every lab of that chapter's pages, in the order of the contents."""
    titles = {page.stem: page for page in pages() if page.chapter == number}
    return {lab: titles[stem] for lab, stem in panels().items() if stem in titles}


def list_of_chapters(entries: Sequence[Entry], found: Sequence[Page]) -> str:
    """The eight chapters with their time, their claims and their pages; one without pages says so."""
    words = {entry["id"]: entry["word"] for entry in entries}
    items = "".join(_item(one, [page for page in found if page.chapter == one.number], words) for one in chapters())
    return f'<div class="lab-wide"><ol class="chapters">{items}</ol></div>'


def _item(one: Chapter, found: Sequence[Page], words: Mapping[str, str]) -> str:
    found_of = Counter(words[claim] for claim in one.claims)
    decided = len(one.claims) - sum(found_of[word] for word in (NO_TEST, UNDECIDED, NO_CHECK))
    many = f"{len(one.claims)} claims, {decided} decided"
    many += f", {found_of[NO_CHECK]} that cannot be checked" if found_of[NO_CHECK] else ""
    minutes = [page.minutes for page in found if page.minutes]
    time = f"{sum(minutes)} minutes to read" if minutes else ""
    said = " · ".join(filter(None, (time, many))) if found else f"Not written yet · {many}"
    inner = (_link(page, LAST if page.closes else page.title) for page in found if not page.opens)
    links = "".join(f"<li>{link}</li>" for link in inner)
    first = next((page for page in found if page.opens), None)
    head = _link(first, one.title) if first else escape(one.title)
    inside = f'<h3>{head}</h3><p class="asks">{escape(one.asks)}</p><p class="meta">{said}</p>'
    state = "" if found else ' class="empty"'
    return f"<li{state}>{inside}{f'<ul>{links}</ul>' if links else ''}</li>"


def _link(page: Page, text: str) -> str:
    return f'<a href="{page.stem}.html">{escape(text)}</a>'
