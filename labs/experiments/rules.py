"""How a claim gets its word. A rule is a small function: it asks for points and figures, gives a word and a sentence.

What it asks for and cannot have raises `Undecided` with the reason: the word is then `undecided here`. Which points
count, how the repeats must agree and what a part of a grid can carry is decided in this module, alike for every lab.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

from labs.judge import soundness
from labs.model.digest import Digest
from labs.model.text import BROKER_NAMES

Word = Literal["holds", "holds with conditions", "no longer holds", "never held", "undecided here"]
WORDS: tuple[Word, ...] = ("holds", "holds with conditions", "no longer holds", "never held")
"""All that decide, for a rule that asks by itself whether it has every point that it needs."""
Said = tuple[Word, str]
"""A word and the sentence that gives the figures."""
V = TypeVar("V")
W = TypeVar("W")


class Undecided(Exception):  # noqa: N818 - it is an answer, not an error
    """Why these points decide nothing, in a sentence."""


@dataclass(frozen=True)
class Verdict:
    """A word on one claim and the sentence that gives the figures."""

    claim: str
    word: Word
    text: str


@dataclass(frozen=True)
class Rule:
    """How a lab judges a claim: by its rule in claims.csv and nothing else."""

    claim: str
    judge: Callable[[Sequence[Digest]], Said]
    of_part: tuple[Word, ...] = ()
    """The words that it may say of fewer points than the grid has, because they need no other: one loss refutes
    `nothing is lost`, and only all of them together prove it. Every other word waits for the whole grid."""

    def __call__(self, digests: Sequence[Digest]) -> Verdict:
        """Its word by the points that count: measured here, not void, and no messages refused unasked. The sentence
        names those that were left out."""
        measured = [one for one in digests if not one.settings.get("published")]
        left_out = {str(one.settings.get("label", one.lab)): why for one in measured if (why := soundness.said(one))}
        try:
            word, text = self.judge([one for one in measured if not soundness.said(one)])
        except Undecided as why:
            word, text = "undecided here", str(why)
        if left_out:
            text += " Left out: " + " ".join(f"{label}: {why}" for label, why in left_out.items())
        return Verdict(self.claim, word, text)

    def judged(self, digests: Sequence[Digest], lacking: Sequence[str], whole: int) -> Verdict:
        """Its word if these points can carry it, of a grid of `whole` points without those that are `lacking`."""
        said = self(digests)
        if not lacking or said.word == "undecided here" or said.word in self.of_part:
            return said
        some = ", ".join(lacking[:3]) + (" and others" if len(lacking) > 3 else "")
        text = f"The rule looks at all {whole} points of the grid, and {len(lacking)} are missing: {some}."
        return replace(said, word="undecided here", text=f"{text} What is here: {said.text}")


def rule(claim: str, *, of_part: Sequence[Word] = ()) -> Callable[[Callable[[Sequence[Digest]], Said]], Rule]:
    """The function as the rule of that claim."""
    return lambda judge: Rule(claim, judge, tuple(of_part))


def points(digests: Sequence[Digest], **settings: object) -> list[Digest]:
    """Those with these settings, in their order."""
    return [one for one in digests if settings.items() <= one.settings.items()]


def by(digests: Sequence[Digest], name: str, **settings: object) -> dict[Any, Digest]:
    """What they call `name` -> the point with these settings."""
    return {one.settings.get(name): one for one in points(digests, **settings) if name in one.settings}


def every(
    digests: Sequence[Digest], name: str, values: Iterable[str], where: str = "", **settings: object
) -> dict[str, Digest]:
    """The same for all of these values; Undecided names those that were not measured, and `where`."""
    known, asked = by(digests, name, **settings), list(values)
    if missing := [BROKER_NAMES.get(value, value) for value in asked if value not in known]:
        raise Undecided(f"Not measured{where}: {', '.join(missing)}.")
    return {value: known[value] for value in asked}


def point(digests: Sequence[Digest], label: str, **settings: object) -> Digest:
    """The one with these settings; Undecided says that `label` was not measured."""
    found = points(digests, **settings)
    if not found:
        raise Undecided(f"Not measured: {label}.")
    return found[0]


def each(one: Digest, name: str, step: str = "", *, unknown: str = "") -> list[float]:
    """A figure of every repeat, or a step of it; Undecided where one repeat cannot say."""
    values = one.each(name, step)
    if len(values) < len(one.repeats) or not values:
        raise Undecided(unknown or f"Not every repeat of {one.settings['label']} says its {f'{name} {step}'.strip()}.")
    return values


def agreed(values: Iterable[V], word_of: Callable[[V], W | None], said: str) -> W:
    """What all repeats say; Undecided with `said`, their figures, where they lie on both sides of what the rule asks
    for, or where it has no word (None)."""
    words = {word_of(value) for value in values}
    if len(words) != 1 or (word := words.pop()) is None:
        raise Undecided(said)
    return word
