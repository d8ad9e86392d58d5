"""What the article's three criteria decide of the twelve cases, and what only the others do: claim C27."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labs.model.text import counted, in_words
from labs.pages.choose.engine import answered, fits
from labs.pages.choose.model import model as made
from labs.pages.choose.page import known
from labs.pages.choose.turning import changed

LEAST = 3
"""So many cases that change make the three criteria incomplete."""


@dataclass(frozen=True)
class Counted:
    """Of all cases how many have another winner with all criteria, and in how many the three leave several first."""

    cases: int
    changed: int
    several: int


def criteria(model: Mapping[str, Any]) -> frozenset[str]:
    """The questions that stand for scale, persistency and consumer capability."""
    return frozenset(one["id"] for one in model["questions"] if one.get("article"))


def count(model: Mapping[str, Any] | None = None) -> Counted:
    """A case counts as changed only if its winner is not even among those that the three criteria put first."""
    of = model or known()
    found = changed(of, criteria(of))
    return Counted(len(found), sum(one["changed"] for one in found), sum(len(one["first"]) > 1 for one in found))


def verdict(folder: Path | None = None) -> dict[str, Any]:
    """The word on C27 and its sentence: fewer than LEAST cases that change, and the three criteria are enough. Nothing
    where nothing is recorded that a case could rest on."""
    of = made(folder) if folder else known()
    if not of["servers"]:
        return {}
    found = count(of)
    word = "holds with conditions" if found.changed >= LEAST else "holds"
    text = (
        f"In {in_words(found.changed)} of {in_words(found.cases)} cases the best setting is not even among those that "
        "scale, persistence and consumers alone put first. Replay, order, delay, what runs already and who runs it "
        f"decided there. In {in_words(found.several)} cases those three leave several settings at the top. Counted by "
        "the rules of the page Choose, whose weights are our judgement."
    )
    when = "Counted when these pages were built."
    return {"word": word, "evidence": text, "when": when, "decided": "measured"}


def asked(model: Mapping[str, Any] | None = None) -> int:
    """How many questions stand on the page before any is answered and without “More questions”."""
    of = model or known()
    return sum(not one.get("more") and fits(one.get("needs", {}), answered(of, {})) for one in of["questions"])


SAID: dict[str, Callable[[], str]] = {
    "asked": lambda: in_words(asked()),
    "cases": lambda: in_words(count().cases),
    "changed": lambda: counted(count().changed, "case"),
    "several": lambda: counted(count().several, "case"),
}
