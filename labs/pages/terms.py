"""Words of the glossary that are everyday words as well: around them has to stand what makes them the term.

A page links every other word of the glossary where it uses it first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_LIMIT = (
    r"\b(?:was|is|were|be|names|find|found|looked for) the limit\b|\bwhose limit\b|"
    r"\bthe limit (?:was|is what|stays|of (?:a client|any way|a rate))|\bwhat limited\b"
)
MEANT: Mapping[str, re.Pattern[str]] = {"limit": re.compile(_LIMIT, re.IGNORECASE)}
"""The term -> the phrases in which it is meant. A queue, a stream and a claim have a limit too, which is no rate's."""
NOT_MEANT: Mapping[str, re.Pattern[str]] = {
    "group": re.compile(r"\b(?:control|process) groups?\b|\bin groups\b|\bgrouped\b", re.IGNORECASE),
    "flush": re.compile(r"\blibrary that flush(?:es|ed)\b|\bflushed out\b", re.IGNORECASE),
}
"""The term -> the phrases in which an everyday word is meant: a client's `flush` waits for answers, not for a disk."""


def is_meant(term: str, text: str, start: int, end: int) -> bool:
    """Whether the word that stands there in the text is the term of the glossary."""

    def covered(phrases: re.Pattern[str]) -> bool:
        return any(one.start() <= start and end <= one.end() for one in phrases.finditer(text))

    name = term.lower()
    if name in NOT_MEANT and covered(NOT_MEANT[name]):
        return False
    return name not in MEANT or covered(MEANT[name])
