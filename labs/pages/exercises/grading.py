"""An answer and what is right -> a mark whose words help without giving the right answer away.

How far a number is off is said in steps so coarse that it cannot be worked out from them; of a set only how many are
right is said, and how many are missing.
"""

from __future__ import annotations

from labs.pages.exercises.answers import Plain
from labs.pages.exercises.questions import Exercise
from labs.pages.exercises.result import Mark

STEPS = ((1.5, "a little"), (3.5, "about two or three times"), (7.0, "about five times"), (20.0, "about ten times"))
UNITS = {1e3: "a thousand", 1e6: "a million", 60.0: "sixty"}


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
        return f"{len(right) - wrong} of {len(right)} stand where they belong." if wrong else ""
    return "" if given == right else "It is another one."


def number_off(given: float, right: float, tolerance: float, unit: str) -> str:
    """Too high or too low, by about how much; or that the unit is probably another one."""
    if abs(given - right) <= tolerance * abs(right):
        return ""
    if given * right <= 0:
        return "The sign is wrong." if given else "It is not nothing."
    ratio = given / right
    for factor, word in UNITS.items():
        if any(abs(ratio / one - 1) <= max(tolerance, 0.2) for one in (factor, 1 / factor)) and unit:
            return f"It is {word} times too {'high' if ratio > 1 else 'low'}: wanted are {unit}, is yours another unit?"
    times = max(ratio, 1 / ratio)
    by = next((word for limit, word in STEPS if times <= limit), "far more than ten times")
    return f"Too {'high' if ratio > 1 else 'low'}, by {by}."


def set_off(given: frozenset[str], right: frozenset[str]) -> str:
    """How many are right, too many, and missing."""
    if given == right:
        return ""
    extra, missing = len(given - right), len(right - given)
    said = [f"{len(given & right)} of yours belong to it"]
    said += [f"{extra} do not"] if extra else []
    said += [f"{missing} more would"] if missing else []
    return f"{', '.join(said)}."
