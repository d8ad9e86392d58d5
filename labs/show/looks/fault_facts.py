"""What a fault lab's repeats say: which of them can be judged, their outcome, counts and times, and of many cells how
many came out how."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from labs.model.digest import Digest, Table
from labs.model.text import enumerated, in_words

LOSSES = ("none lost", "some lost", "all lost")
WHOLE = {
    "none lost": "lost nothing", "all lost": "lost everything", "some lost": "lost some messages",
    "did not start": "did not start again", "mixed": "came out differently from repeat to repeat",
    "unknown": "cannot be judged",
}  # fmt: skip
"""Outcome -> what a number of cells did."""


def judged(digest: Digest) -> list[Table]:
    """The repeats that say what was lost: the fault happened, the broker came back, the run settled."""
    return [repeat for repeat in digest.repeats if repeat["outcome"] in LOSSES]


def outcome(digest: Digest) -> str:
    """The word of the point; `mixed` where the repeats disagree."""
    return str(digest.median["outcome"])


def counts(fate: str) -> Callable[[Digest], list[int]]:
    """A count of the ledger in each judged repeat."""
    return lambda digest: [repeat["ledger"][fate] for repeat in judged(digest)]


def times(name: str) -> Callable[[Digest], list[float]]:
    """A time in each judged repeat that could say it, s."""
    return lambda digest: [repeat[name] for repeat in judged(digest) if repeat[name] is not None]


def summary(digests: Sequence[Digest]) -> str:
    """The finding of several points: how many of them have which outcome."""
    words, whole = Counter(outcome(digest) for digest in digests), len(digests)
    if len(words) == 1:
        return f"{'Both' if whole == 2 else f'All {in_words(whole)}'} cells {WHOLE[words.popitem()[0]]}"
    return f"Of {in_words(whole)} cells, " + enumerated(
        [f"{in_words(words[word])} {did}" for word, did in WHOLE.items() if words[word]]
    )
