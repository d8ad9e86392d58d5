"""Exercises that a machine checks: check("1.3a", answer, run=panel) compares an answer with the learner's own run.

The questions are in book/exercises, what is right comes out of the run (truths.py), and no word about a wrong answer
gives the right one away. Without a run that can say, an answer is not graded, and never passed. The book's pages ask
the same questions and grade them in the browser, by the recorded run (on_page.py).
"""

from __future__ import annotations

from typing import Any

from labs.model.profile import UnknownNameError
from labs.pages.exercises.answers import Refused, read
from labs.pages.exercises.evidence import NoRun, witness
from labs.pages.exercises.grading import grade
from labs.pages.exercises.questions import Exercise, exercise, exercises
from labs.pages.exercises.result import Mark
from labs.pages.exercises.truths import NoTruth, truth

__all__ = ["Exercise", "Mark", "check", "exercise", "exercises"]


def check(number: str, answer: Any = None, run: Any = None) -> Mark:
    """Whether `answer` to exercise `number` is right by `run`: a panel, a digest or a list of them, or "recorded".

    Without a run it is graded in recorded mode only, by the recorded run. Never raises for an answer, whatever it is;
    UnknownNameError for a number that there is not.
    """
    if type(number) is not str or number not in exercises():
        raise UnknownNameError("exercise", number[:40] if type(number) is str else "(no text)", list(exercises()))
    asked = exercise(number)
    try:
        given = read(asked, answer)
        seen = witness(asked.lab, run)
        return grade(asked, given, truth(asked, seen.digests), seen.said)
    except Refused as refused:
        return Mark(number, "not graded" if refused.empty else "not yet", str(refused))
    except (NoRun, NoTruth) as reason:
        return Mark(number, "not graded", str(reason))
