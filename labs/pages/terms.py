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
    name: re.compile(phrases, re.IGNORECASE)
    for name, phrases in {
        "group": r"\b(?:control|process) groups?\b|\bin groups\b|\bgrouped\b",
        "flush": r"\blibrary that flush(?:es|ed)\b|\bflushed out\b",
        "log": r"\b(?:and|to) log (?:how|what|when|that|the)\b|\blog of every write\b|\blog files?\b",
        "topic": r"\btopic (?:exchanges?|bindings?)\b",
        "stream": r"\bstream process(?:ors?|ing)\b",
        "future": r"\b(?:the|in) future\b",
        "frame": r"\bstriped frames?\b",
        "confirm": r"\bconfirmed by (?:e-?)?mail\b",
        "asynchronous": r"\bFastStream is asynchronous\b",
    }.items()
}
"""The term -> the phrases in which another word is meant: a client's `flush` waits for answers, not for a disk, and
a topic exchange is RabbitMQ's, no topic of Kafka's. The next place where the term is meant gets the link."""


def is_meant(term: str, text: str, start: int, end: int) -> bool:
    """Whether the word that stands there in the text is the term of the glossary."""

    def covered(phrases: re.Pattern[str]) -> bool:
        return any(one.start() <= start and end <= one.end() for one in phrases.finditer(text))

    name = term.lower()
    if name in NOT_MEANT and covered(NOT_MEANT[name]):
        return False
    return name not in MEANT or covered(MEANT[name])
