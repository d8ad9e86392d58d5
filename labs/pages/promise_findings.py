"""The findings on top of the page of promises: data that name their promises, shown while those came out so."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from labs.pages.promise_page import sources
from labs.pages.promise_words import happened, small

Row = Mapping[str, Any]
ASKED = re.compile(r"\{(\w+)(?: (version))?\}")


@cache
def findings() -> tuple[Mapping[str, Any], ...]:
    """All that might be shown: title, needs (promise -> word), says (promises whose sources are quoted), text."""
    return tuple(tomllib.loads(files("labs.pages").joinpath("promise_findings.toml").read_text("utf-8"))["finding"])


def holds(finding: Mapping[str, Any], rows: Mapping[str, Row]) -> bool:
    """Whether all its promises are recorded and came out as it needs."""
    return all(name in rows and rows[name]["word"] == word for name, word in finding["needs"].items())


def told(finding: Mapping[str, Any], rows: Mapping[str, Row]) -> str:
    """Its text with what the recording says. KeyError for a promise that the finding does not need."""

    def filled(found: re.Match[str]) -> str:
        row = rows[found[1]] if found[1] in finding["needs"] else finding["needs"][found[1]]
        return str(row["version"]) if found[2] else small(happened(row))

    return ASKED.sub(filled, finding["text"])


def shown(content: Mapping[str, Any]) -> list[str]:
    """The findings that hold, each a paragraph with links to its promises and the makers' words."""
    rows = {row["id"]: row for row in content["rows"]}
    return [_one(finding, rows) for finding in findings() if holds(finding, rows)]


def _one(finding: Mapping[str, Any], rows: Mapping[str, Row]) -> str:
    links = ", ".join(f'<a href="#{name.lower()}">{name}</a>' for name in finding["needs"])
    quoted = dict.fromkeys(_quotes([rows[name] for name in finding["says"]]))
    quotes = "".join(quoted)
    return (
        f'<div class="promise-finding"><p><strong>{escape(finding["title"])}.</strong> {escape(told(finding, rows))} '
        f'<span class="promise-see">Promises {links}.</span></p><ul class="promise-sources">{quotes}</ul></div>'
    )


def _quotes(rows: Sequence[Row]) -> list[str]:
    return [item for row in rows for item in re.findall("<li>.*?</li>", sources(row))]
