"""The article whose claims are judged: who wrote it, where it stands, and of each claim its own few words."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files


@dataclass(frozen=True)
class Article:
    """Title, author and where it can be read; `words`: claim -> the few of its own that the claim turns on."""

    title: str
    author: str
    publisher: str
    year: str
    url: str
    repost: str
    words: dict[str, str]

    @property
    def link(self) -> str:
        """Its title as a link, with author, publisher and year, as HTML."""
        named = f'<a href="{escape(self.url)}">“{escape(self.title)}”</a>'
        return f"{named} ({escape(self.author)}, {escape(self.publisher)}, {escape(self.year)})"


@cache
def article() -> Article:
    """As article.toml has it."""
    return Article(**tomllib.loads(files("labs.pages").joinpath("article.toml").read_text("utf-8")))
