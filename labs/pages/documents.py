"""Verdicts that cited documents give, from `documents.toml`, for claims that no measurement decides."""

from __future__ import annotations

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


@cache
def lacking() -> dict[str, str]:
    """What a claim that documents should decide still waits for, where that is more than two of them."""
    table = tomllib.loads(files("labs.pages").joinpath("documents.toml").read_text("utf-8"))
    return dict(table["lacking"])


def _entry(entry: Mapping[str, Any], known: Mapping[str, Mapping[str, str]]) -> Documented:
    read = tuple(Source(**known[name], says=said) for name, said in entry["says"].items())
    return Documented(entry["word"], entry["text"], read, entry["read"])
