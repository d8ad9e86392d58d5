"""How a claim gets its word. A rule is a small function: it asks for points and figures, gives a word and a sentence.

What it asks for and cannot have raises `Undecided` with the reason: the word is then `undecided here`. Which points
count, how the repeats must agree and what a part of a grid can carry is decided in this module, alike for every lab.

How repeats agree is the claim's `policy` in claims.csv. `measured`: at least ROUNDS of them, and a threshold is passed
if all of 5 to 8 pass it, at least 8 of 9, or 80 % of more. `existence`: every repeat shows the case. Otherwise the word
is `undecided here`, with the figures on both sides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

from labs.experiments.bounds import Bound, asked
from labs.judge import repeats, soundness
from labs.model.claims import policy_of
from labs.model.digest import Digest
from labs.model.figures import Repeat
from labs.model.text import BROKER_NAMES, NBSP, capital, enumerated, in_words, sentences

Word = Literal["holds", "holds with conditions", "no longer holds", "never held", "undecided here"]
WORDS: tuple[Word, ...] = ("holds", "holds with conditions", "no longer holds", "never held")
"""All that decide, for a rule that asks by itself whether it has every point that it needs."""
Said = tuple[Word, str]
"""A word and the sentence that gives the figures."""
V = TypeVar("V")
W = TypeVar("W")

FIGURES = {"per_s": "rate", "jobs": "count of jobs"}
"""What the figures of a repeat are called in a sentence."""
ROUNDS = 5
"""Repeats that a measured claim needs, interleaved with what they are compared with."""
_policy: ContextVar[str] = ContextVar("policy", default="measured")
"""That of the claim whose rule is at work."""
_least: ContextVar[int] = ContextVar("least", default=ROUNDS)
"""The repeats that a measured claim needs, unless somebody asks what there is so far (`by_any_rounds`)."""
_asked_for: ContextVar[list[Digest] | None] = ContextVar("asked_for", default=None)
"""The points that the rule at work asked for first, where somebody wants to know (`first_asked`)."""


class Undecided(Exception):  # noqa: N818 - it is an answer, not an error
    """Why these points decide nothing, in a sentence."""


@dataclass(frozen=True)
class Verdict:
    """A word on one claim and the sentences that give the figures."""

    claim: str
    word: Word
    text: str
    asks: str = ""
    """The thresholds of its rule in sentences, for whoever shows the verdict without the rule's own text."""

    @property
    def first(self) -> str:
        """The one plain sentence of it: what was found, or why nothing is decided."""
        return sentences(self.text)[0]


@dataclass(frozen=True)
class Rule:
    """How a lab judges a claim: by its rule and its policy in claims.csv and nothing else."""

    claim: str
    judge: Callable[[Sequence[Digest]], Said]
    of_part: tuple[Word, ...] = ()
    """The words that it may say of fewer points than the grid has, because they need no other: one loss refutes
    `nothing is lost`, and only all of them together prove it. Every other word waits for the whole grid."""
    bounds: tuple[Bound, ...] = ()
    """Its thresholds; the verdict has them beside its sentences."""

    def __call__(self, digests: Sequence[Digest]) -> Verdict:
        """Its word by the points that count: measured here, not void, and no messages refused unasked. The sentence
        names those that were left out."""
        measured = [one for one in digests if not one.settings.get("published")]
        left_out = {str(one.settings.get("label", one.lab)): why for one in measured if (why := soundness.said(one))}
        token = _policy.set(policy_of(self.claim))
        try:
            word, text = self.judge([one for one in measured if not soundness.said(one)])
        except Undecided as why:
            word, text = "undecided here", str(why)
        finally:
            _policy.reset(token)
        if left_out:
            text += "".join(f" {label} is left out. {why}" for label, why in left_out.items())
        return Verdict(self.claim, word, text, asked(self.bounds))

    def judged(self, digests: Sequence[Digest], lacking: Sequence[str], whole: int, older: str = "") -> Verdict:
        """Its word if these points can carry it, of a grid of `whole` points without those that are `lacking`.

        What is missing is said first, also where what is here is undecided by itself; `older` names the controls that
        there were not yet when these points were recorded."""
        said = self(digests)
        if not lacking or said.word in self.of_part:
            return said
        verb = "is not" if len(lacking) == 1 else "are not"
        text = f"{len(lacking)} of the {whole} points that the rule needs {verb} recorded yet."
        if len(lacking) == whole:
            text = f"No point of the {whole} that the rule needs is recorded yet."
        text += f" This recording is older than the choice of {older}." if older else ""
        here = "" if said.word == "undecided here" else "What is here: "
        return replace(said, word="undecided here", text=f"{text} {here}{said.text}")


def rule(
    claim: str, *, of_part: Sequence[Word] = (), bounds: Sequence[Bound] = ()
) -> Callable[[Callable[[Sequence[Digest]], Said]], Rule]:
    """The function as the rule of that claim."""
    return lambda judge: Rule(claim, judge, tuple(of_part), tuple(bounds))


def points(digests: Sequence[Digest], **settings: object) -> list[Digest]:
    """Those with these settings, in their order."""
    found = [one for one in digests if settings.items() <= one.settings.items()]
    if settings and not (noted := _asked_for.get()) and noted is not None:
        noted += found
    return found


def first_asked(one: Rule, digests: Sequence[Digest]) -> list[Digest]:
    """The points that a rule asks for first, by their settings: what its sentence speaks of, or begins with."""
    noted: list[Digest] = []
    token = _asked_for.set(noted)
    try:
        one(digests)
    finally:
        _asked_for.reset(token)
    return noted


def by(digests: Sequence[Digest], name: str, **settings: object) -> dict[Any, Digest]:
    """What they call `name` -> the point with these settings."""
    return {one.settings.get(name): one for one in points(digests, **settings) if name in one.settings}


def every(
    digests: Sequence[Digest], name: str, values: Iterable[str], where: str = "", **settings: object
) -> dict[str, Digest]:
    """The same for all of these values; Undecided names those that were not measured, and `where`."""
    known, asked = by(digests, name, **settings), list(values)
    if missing := [BROKER_NAMES.get(value, value) for value in asked if value not in known]:
        verb = "was" if len(missing) == 1 else "were"
        raise Undecided(f"{capital(enumerated(missing))} {verb} not measured{where}.")
    return {value: known[value] for value in asked}


def point(digests: Sequence[Digest], label: str, **settings: object) -> Digest:
    """The one with these settings; Undecided says that `label` was not measured."""
    found = points(digests, **settings)
    if not found:
        raise Undecided(f"{capital(label)} was not measured.")
    return found[0]


def each(one: Digest, name: str, step: str = "", *, unknown: str = "") -> list[float]:
    """A figure of every repeat, or a step of it; Undecided where one repeat cannot say."""
    values = one.each(name, step)
    if len(values) < len(one.repeats) or not values:
        what = step or FIGURES.get(name, name)
        raise Undecided(unknown or f"Not every repeat of {one.settings['label']} has its {what}.")
    return values


def rounds(*series: Sequence[V]) -> list[tuple[V, ...]]:
    """Figures that are compared, round by round; Undecided where they were not measured in the same rounds."""
    if len({len(one) for one in series}) > 1:
        numbers = " and ".join(dict.fromkeys(str(len(one)) for one in series))
        raise Undecided(f"What is compared has {numbers} repeats: these are not the same rounds.")
    return list(zip(*series, strict=True))


def too_few(number: int) -> str:
    """Why so many repeats decide nothing; empty if they may."""
    least = _least.get() if _policy.get() == "measured" else 1
    if number >= least:
        return ""
    there = f"{in_words(number)} {'round is' if number == 1 else 'rounds are'} recorded"
    return f"{capital(there)}, and the rule needs {in_words(least)}."


@contextmanager
def by_any_rounds() -> Iterator[None]:
    """Rules say what the rounds that are there agree on, however few: what is seen so far, which is no verdict."""
    token = _least.set(1)
    try:
        yield
    finally:
        _least.reset(token)


def needed(number: int) -> int:
    """Of so many repeats how many have to pass."""
    return repeats.needed(number) if _policy.get() == "measured" else number


def agreed(values: Iterable[V], word_of: Callable[[V], W | None], said: str) -> W:
    """What enough repeats say, a value a repeat; Undecided with `said`, their figures, where there are too few, where
    they lie on both sides of what the rule asks for, or where it has no word (None)."""
    found = list(values)
    if why := too_few(len(found)):
        raise Undecided(f"{why} {said}".strip())
    [(word, number)] = Counter(word_of(value) for value in found).most_common(1)
    if word is None or number < needed(len(found)):
        raise Undecided(said)
    return word


def passes(values: Iterable[V], test: Callable[[V], bool], said: str) -> bool | None:
    """Whether a threshold is passed, a value a repeat: None where they lie on both sides. Undecided of too few.

    For a rule that asks several: with `any` one that is passed is enough, with `all` none may be open."""
    found = list(values)
    if why := too_few(len(found)):
        raise Undecided(f"{why} {said}".strip())
    sides = Counter(bool(test(one)) for one in found)
    return next((side for side in (True, False) if sides[side] >= needed(len(found))), None)


def seen(one: Digest, test: Callable[[Repeat], bool]) -> bool | None:
    """The same of a point's repeats, whatever they have in them."""
    return passes(one.repeats, test, f"The rounds are of {one.settings.get('label', one.lab)}.")


def flush_told(one: Digest) -> str:
    """What one flush took on the machine of a point and when, for a verdict whose figure is the price of flushes: the
    same disk is not as quick on every day."""
    flush_ms, day = one.card.get("fsync_ms"), one.card.get("fsync_of")
    if not isinstance(flush_ms, int | float):
        return " What one flush takes on this machine was not recorded; where it takes longer the price is higher."
    when = f"in the passport of {day}" if day else "when this was recorded"
    return f" One flush took {flush_ms:.2f}{NBSP}ms {when}, so where it takes longer the price is higher."
