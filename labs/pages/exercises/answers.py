"""What a learner gave -> a plain value, or why it is none.

An answer may be anything. Only objects of exactly the built-in (or NumPy's) kinds are looked at: of any other no
method is called, not even the one that would print it, and nothing of it is shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from labs.pages.exercises.questions import Exercise

Plain = float | str | frozenset[str] | dict[str, str]
NUMBERS = (int, float, np.float64, np.float32, np.int64, np.int32)
MOST_CHARS, MOST_ITEMS, MOST = 200, 50, 1e15
KINDS: dict[type, str] = {
    bool: "True or False",
    str: "a text",
    bytes: "bytes",
    list: "a list",
    tuple: "a tuple",
    set: "a set",
    frozenset: "a set",
    dict: "a dictionary",
    complex: "a complex number",
} | dict.fromkeys(NUMBERS, "a number")


NUMBER = (
    "([-+]?)(?:([1-9][0-9]{0,2}(?:[, \u00a0][0-9]{3})+(?:[.][0-9]+)?)|(0+,[0-9]+|[0-9]+,(?:[0-9]{1,2}|[0-9]{4,}))"
    "|([0-9]*[.]?[0-9]+))(e[-+]?[0-9]{1,2})?(?![0-9.,])[ \u00a0]*(.*)"
)
"""Sign, digits in groups of three or with a decimal comma or plain, power of ten, unit; for grading.mjs too."""
SHORT = {"milliseconds": "ms", "megabytes": "MB", "messages": "msg"}
FACTOR = ("x", "×", "times", "-fold")


class Refused(Exception):  # noqa: N818 - a state of the answer, not a failure
    """The answer cannot be read; `empty` if there is none yet."""

    def __init__(self, text: str, *, empty: bool = False) -> None:
        super().__init__(text)
        self.empty = empty


def read(asked: Exercise, answer: Any) -> Plain:
    """The answer as a plain value of the exercise's kind. Raises Refused."""
    if answer is None or answer is ...:
        raise Refused(f"There is no answer yet. Wanted: {asked.form}.", empty=True)
    readers: dict[str, Callable[[Exercise, Any], Plain]]
    readers = {"number": _number, "choice": _choice, "set": _set, "grid": _grid, "text": _text}
    return readers[asked.kind](asked, answer)


def is_one_of(kind: type, kinds: Iterable[type]) -> bool:
    """By identity: a class may have an `==` and a hash of its own, and those are not for us to run."""
    return any(kind is one for one in kinds)


def _wrong_kind(asked: Exercise, answer: Any) -> Refused:
    kind = next((word for kind, word in KINDS.items() if kind is type(answer)), "an object of another kind")
    return Refused(f"This is {kind}. Wanted: {asked.form}.")


def _number(asked: Exercise, answer: Any) -> float:
    if type(answer) is str:
        answer = number_in(answer, asked.unit) if len(answer) <= MOST_CHARS else None
        if answer is None:
            raise Refused(
                f"This text is no number, or has another unit. Write it as 1300 or 0.25. Wanted: {asked.form}."
            )
    if not is_one_of(type(answer), NUMBERS):
        raise _wrong_kind(asked, answer)
    if not -MOST <= answer <= MOST:  # false for nan as well
        raise Refused(f"No such number was ever measured (not finite, or beyond {MOST:.0e}). Wanted: {asked.form}.")
    return float(answer)


def units(unit: str) -> list[str]:
    """How the unit of a number may be written behind it, without spaces and in small letters."""
    noun, _, each = unit.partition(" a ")
    nouns = [noun, noun.removesuffix("s"), *([SHORT[noun]] if noun in SHORT else [])]
    per = [f" a {each}", f" per {each}", f"/{each}", f"/{each[0]}"] if each else [""]
    found = [one + end for one in nouns for end in per] + (nouns + per if each else []) if unit else FACTOR
    return [one.replace(" ", "").lower() for one in found]


def number_in(text: str, unit: str) -> float | None:
    """The number that is written there, with or without its unit, a decimal comma or digits in groups of three."""
    found = re.fullmatch(NUMBER, text.strip(" \t\r\n\u00a0").lower())
    if found is None:
        return None
    sign, groups, comma, plain, power, rest = (one or "" for one in found.groups())
    if rest and re.sub("[ \u00a0]", "", rest) not in units(unit):
        return None
    return float(sign + (re.sub("[, \u00a0]", "", groups) or comma.replace(",", ".") or plain) + power)


def _name(asked: Exercise, text: Any, known: Any, what: str) -> str:
    if type(text) is not str:
        raise _wrong_kind(asked, text)
    name = text.strip().casefold() if len(text) <= MOST_CHARS else ""
    if name not in known:
        raise Refused(f"This names {what} that is not among the options. Wanted: {asked.form}.")
    return name


def _choice(asked: Exercise, answer: Any) -> str:
    return _name(asked, answer, asked.options, "something")


def _text(asked: Exercise, answer: Any) -> str:
    if type(answer) is not str:
        raise _wrong_kind(asked, answer)
    text = plain_words(answer) if len(answer) <= MOST_CHARS else ""
    if not text:
        raise Refused(f"This is no word, or far too many. Wanted: {asked.form}.")
    return text


def plain_words(text: str) -> str:
    """The words of a text without what does not count: case, quotation marks, spaces (as grading.mjs has it)."""
    return re.sub("[ \t\r\n\u00a0`\"'“”‘’]+", " ", text).strip(" ").lower()


def _set(asked: Exercise, answer: Any) -> frozenset[str]:
    if not is_one_of(type(answer), (set, frozenset, list, tuple)):
        raise _wrong_kind(asked, answer)
    if len(answer) > MOST_ITEMS:
        raise Refused(f"This has more items than there are options. Wanted: {asked.form}.")
    return frozenset(_name(asked, one, asked.options, "something") for one in answer)


def _grid(asked: Exercise, answer: Any) -> dict[str, str]:
    if type(answer) is not dict:
        raise _wrong_kind(asked, answer)
    if len(answer) > MOST_ITEMS:
        raise Refused(f"This has more entries than there are places. Wanted: {asked.form}.")
    found = {}
    for cell, place in answer.items():
        found[_name(asked, cell, asked.cells, "an entry")] = _name(asked, place, asked.options, "a place")
    if len(found) < len(asked.cells):
        raise Refused(f"{len(asked.cells) - len(found)} entries are missing. Wanted: {asked.form}.")
    return found
