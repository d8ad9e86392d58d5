"""Verdicts that cited documents give (documents.toml), and where the sources of claims.csv are read (sources.toml)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True)
class Source:
    """A document: its title, the address where it was read, and its few words that decide, as a quotation."""

    title: str
    url: str
    says: str


@dataclass(frozen=True)
class Documented:
    """What documents say on a claim: a verdict's word, our summary, the sources, the day they were read."""

    word: str
    text: str
    sources: tuple[Source, ...]
    read: str


@cache
def documented() -> dict[str, Documented]:
    """All of them by claim. KeyError for a source that the file does not have."""
    table = tomllib.loads(files("labs.pages").joinpath("documents.toml").read_text("utf-8"))
    return {claim: _entry(entry, table["sources"]) for claim, entry in table["claims"].items()}


@dataclass(frozen=True)
class Cited:
    """A source of a claim in words, and where it can be read; no address where everybody cannot open it."""

    title: str
    url: str = ""


@cache
def _addresses() -> Mapping[str, Any]:
    return tomllib.loads(files("labs.pages").joinpath("sources.toml").read_text("utf-8"))


def cited(sources: str) -> list[Cited]:
    """The sources that a row of claims.csv names, `; ` between them. KeyError for one that sources.toml lacks."""
    known, found = _addresses(), []
    for name in re.split(r"; (?![^(]*\))", sources):
        if name in known["none"]:
            found.append(Cited(known["none"][name]))
        else:
            found += [Cited(title, url) for title, url in known["links"][name]]
    return list(dict.fromkeys(found))


def _entry(entry: Mapping[str, Any], known: Mapping[str, Mapping[str, str]]) -> Documented:
    read = tuple(Source(**known[name], says=said) for name, said in entry["says"].items())
    return Documented(entry["word"], entry["text"], read, entry["read"])
