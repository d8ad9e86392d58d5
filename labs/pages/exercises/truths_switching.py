"""What is right about a move from one broker to another: how the rows of its contract are kept, and which are lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labs.model.digest import Digest
from labs.pages.exercises.truths import Digests, NoTruth, answer, point

KNOWN = ("by itself", "own code", "no")


def _words(one: Digest, name: str) -> dict[str, str]:
    """Row -> its word, the same in every repeat. NoTruth where one says something else, or nothing."""
    found: dict[str, set[str]] = {}
    for repeat in one.repeats:
        for row, told in repeat["trials"].items():
            found.setdefault(row, set()).add(str(told[name]))
    if any(len(words) > 1 or not words <= set(KNOWN) for words in found.values()):
        raise NoTruth(f"{one.settings['label']}: the rounds of this run do not agree, or saw nothing. Run it again.")
    return {row: words.pop() for row, words in found.items()}


@answer
def rows_kept_by(digests: Digests, how: str, point_of: Mapping[str, Any]) -> frozenset[str]:
    """The rows that the new service keeps like this."""
    return frozenset(row for row, word in _words(point(digests, **point_of), "outcome").items() if word == how)


@answer
def row_lost(digests: Digests, point_of: Mapping[str, Any]) -> str:
    """The one row that the old service kept and the new one does not. NoTruth where it is not one."""
    one = point(digests, **point_of)
    now, was = _words(one, "outcome"), _words(one, "was")
    lost = [row for row, word in now.items() if word == "no" != was[row]]
    if len(lost) != 1:
        raise NoTruth(f"{one.settings['label']}: this run lost {len(lost)} rows, and the exercise asks for one.")
    return lost[0]
