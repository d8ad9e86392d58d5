"""Published figures, with source and conditions, from `published.toml`: never typed into code or prose."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Published:
    """One figure that somebody else has published, in messages a second."""

    per_s: float
    broker: str
    label: str
    source: str
    conditions: str


@cache
def published() -> dict[str, Published]:
    """All of them by name."""
    table = tomllib.loads(files("labs.model").joinpath("published.toml").read_text("utf-8"))
    return {name: Published(**entry) for name, entry in table.items()}
