"""Verdicts that cited documents give, from `documents.toml`, for claims that no measurement decides."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True)
class Source:
    """A document: its title, and the address where it was read."""

    title: str
    url: str


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
    sources = {name: Source(**entry) for name, entry in table["sources"].items()}
    return {claim: _entry(entry, sources) for claim, entry in table["claims"].items()}


def _entry(entry: dict[str, Any], sources: dict[str, Source]) -> Documented:
    read = tuple(sources[name] for name in entry["sources"])
    return Documented(entry["word"], entry["text"], read, entry["read"])
