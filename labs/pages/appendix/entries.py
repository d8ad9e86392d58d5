"""The entries of an appendix page: a heading, a few sentences, where the book shows it, and what documents say."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from itertools import groupby
from typing import Any

from labs.pages.documents import Source
from labs.pages.parts import coded

FILES = {"left-out": "left_out.toml", "licences": "licences.toml", "managed": "managed.toml"}


@dataclass(frozen=True)
class Entry:
    """One heading of the page and what stands under it. `lines` are sentences, each with a label; `see` pages of the
    book with what their links say; `unseen` says that the book does not show it, or not all of it."""

    id: str
    group: str
    title: str
    text: str
    lines: tuple[tuple[str, str], ...]
    see: tuple[tuple[str, str], ...]
    unseen: str
    sources: tuple[Source, ...]
    read: str


@cache
def entries(name: str) -> tuple[Entry, ...]:
    """All of a page, in its order. KeyError for a page or a source that is not there."""
    table = tomllib.loads(files("labs.pages.appendix").joinpath(FILES[name]).read_text("utf-8"))
    return tuple(_entry(one, table) for one in table["entry"])


def _entry(one: Mapping[str, Any], table: Mapping[str, Any]) -> Entry:
    said = [Source(**table["sources"][name], says=words) for name, words in one["says"]]
    lines, see = (tuple((first, second) for first, second in one.get(part, ())) for part in ("lines", "see"))
    unseen = one.get("unseen", "")
    return Entry(
        one["id"], one["group"], one["title"], one.get("text", ""), lines, see, unseen, tuple(said), table["read"]
    )


def grouped(found: Sequence[Entry]) -> list[tuple[str, list[Entry]]]:
    """The groups in their order, each with its entries."""
    return [(group, list(members)) for group, members in groupby(found, key=lambda one: one.group)]


def index(found: Sequence[Entry]) -> str:
    """A line a group, each entry a link to its heading."""
    return f'<ul class="appendix-index">{"".join(_group(*one) for one in grouped(found))}</ul>'


def _group(group: str, members: Sequence[Entry]) -> str:
    links = ", ".join(f'<a href="#{escape(one.id)}">{escape(one.title)}</a>' for one in members)
    return f"<li>{escape(group)}: {links}</li>"


def body(one: Entry) -> str:
    """What stands under the heading."""
    parts = [f"<p>{coded(one.text)}</p>"] if one.text else []
    parts += [f"<p><strong>{escape(label)}.</strong> {coded(said)}</p>" for label, said in one.lines]
    if one.unseen:
        parts.append(f"<p>{coded(one.unseen)}</p>")
    if one.see:
        links = ", ".join(f'<a href="{escape(address)}">{escape(label)}</a>' for label, address in one.see)
        parts.append(f"<p><strong>In this book:</strong> {links}</p>")
    return "".join([*parts, _sources(one)])


def _sources(one: Entry) -> str:
    """Folded, each with its address and the words that were read there; empty without any."""
    if not one.sources:
        return ""
    items = "".join(
        f'<li><a href="{escape(each.url)}">{escape(each.title)}</a>: “{escape(each.says)}”</li>' for each in one.sources
    )
    hear = f'<span class="parts-hear"> of {escape(one.title)}</span>'
    return f"<details><summary>Sources{hear}, read {one.read}</summary><ul>{items}</ul></details>"
