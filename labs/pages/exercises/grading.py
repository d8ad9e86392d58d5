"""An answer and what is right -> a mark whose words help without giving the right answer away.

How far a number is off is said in steps so coarse that it cannot be worked out from them; of a set only how many are
right is said, and how many are missing. The page grades by the same TABLE (book/_static/grading.mjs), and a test holds
both graders against the same answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labs.pages.exercises.answers import NUMBER, Plain
from labs.pages.exercises.questions import Exercise
from labs.pages.exercises.result import Mark

STEPS = ((1.5, "a little"), (3.5, "about two or three times"), (7.0, "about five times"), (20.0, "about ten times"))
UNITS = ((1e3, "a thousand"), (1e6, "a million"), (60.0, "sixty"))
SCALED = ("second", "seconds", "milliseconds", "microseconds", "minutes", "bytes", "kilobytes", "megabytes")
"""A time or a size in a unit: what there are other units for. Jobs are counted, and there are none."""
WORDS = {
    "other": "It is another one.",
    "text": "It is another word.",
    "sign": "The sign is wrong.",
    "nothing": "It is not nothing.",
    "unit": "It is {word} times too {way}: wanted are {unit}, is yours another unit?",
    "off": "Too {way}, by {by}.",
    "high": "high",
    "low": "low",
    "far": "far more than ten times",
    "places": "{right} of {all} stand where they belong.",
}
COUNTS = {
    "yours": ("None of yours belongs to it", "1 of yours belongs to it", "{n} of yours belong to it"),
    "extra": ("", "1 does not", "{n} do not"),
    "missing": ("", "1 more would", "{n} more would"),
    "all": ("", "1 of them belongs to it", "{n} of them belong to it"),
}
"""For none, for one and for several."""
TABLE: Mapping[str, Any] = {
    "steps": STEPS, "units": UNITS, "scaled": SCALED, "words": WORDS, "counts": COUNTS, "number": NUMBER
}  # fmt: skip


def grade(asked: Exercise, given: Plain, right: Plain, against: str) -> Mark:
    """The mark of an answer that could be read."""
    wrong = _off(asked, given, right)
    if not wrong:
        return Mark(asked.number, "right", asked.why, against)
    return Mark(asked.number, "not yet", f"{wrong} {asked.hint}".strip(), against)


def _off(asked: Exercise, given: Plain, right: Plain) -> str:
    """What is wrong, in words; empty if nothing is."""
    if isinstance(given, float) and isinstance(right, float):
        return number_off(given, right, asked.tolerance, asked.unit)
    if isinstance(given, frozenset) and isinstance(right, frozenset):
        return set_off(given, right)
    if isinstance(given, dict) and isinstance(right, dict):
        wrong = sum(given[cell] != right[cell] for cell in right)
        return WORDS["places"].format(right=len(right) - wrong, all=len(right)) if wrong else ""
    if given == right or (asked.kind == "text" and given in asked.also):
        return ""
    return asked.because.get(str(given)) or WORDS["text" if asked.kind == "text" else "other"]


def number_off(given: float, right: float, tolerance: float, unit: str) -> str:
    """Too high or too low, by about how much; or that the unit is probably another one."""
    if abs(given - right) <= tolerance * abs(right):
        return ""
    if given * right <= 0:
        return WORDS["sign"] if given else WORDS["nothing"]
    ratio = given / right
    way = WORDS["high" if ratio > 1 else "low"]
    for factor, word in UNITS if set(unit.split()) & set(SCALED) else ():
        if any(abs(ratio / one - 1) <= max(tolerance, 0.2) for one in (factor, 1 / factor)):
            return WORDS["unit"].format(word=word, way=way, unit=unit)
    times = max(ratio, 1 / ratio)
    by = next((word for limit, word in STEPS if times <= limit), WORDS["far"])
    return WORDS["off"].format(way=way, by=by)


def set_off(given: frozenset[str], right: frozenset[str]) -> str:
    """How many are right, too many, and missing."""
    if given == right:
        return ""
    if not given:
        return f"{_counted('all', len(right))}."
    found = {"yours": len(given & right), "extra": len(given - right), "missing": len(right - given)}
    return f"{', '.join(filter(None, (_counted(name, n) for name, n in found.items())))}."


def _counted(name: str, number: int) -> str:
    return COUNTS[name][min(number, 2)].format(n=number)
