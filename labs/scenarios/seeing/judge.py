"""Told -> cells: each answer against what was planted. Pure.

`yes` is a right answer; `partly` one that leaves something out, or that the broker has only because the sender put a
time into the message; `no` is none, or a wrong one.
"""

from __future__ import annotations

from labs.model.text import NBSP
from labs.scenarios.seeing import HELD, NEAR_S, WAITING, Answer, Policed, Seen

Cell = dict[str, str]
BACKLOG, IN_FLIGHT, OLDEST, POLICE = "Backlog", "In flight", "Oldest", "Unauthorised publish"
LOOKED = (BACKLOG, IN_FLIGHT, OLDEST)


def cells(seen: Seen) -> dict[str, Cell]:
    """Column -> its cell as JSON: state, word, figure, reason."""
    told = seen.told
    return {
        BACKLOG: _count(told.backlog, (WAITING, WAITING + HELD)),
        IN_FLIGHT: _count(told.in_flight, (HELD,)),
        OLDEST: _age(told.oldest_s, told.planted_s),
        POLICE: _policed(seen.policed),
    }


def score(found: dict[str, Cell]) -> int:
    """Of the three questions, how many have a right and whole answer."""
    return sum(found[name]["state"] == "yes" for name in LOOKED)


def cell(state: str, word: str, figure: str = "", reason: str = "") -> Cell:
    """One cell."""
    return {"state": state, "word": word, "figure": figure, "reason": reason}


def _count(answer: Answer, right: tuple[int, ...]) -> Cell:
    if answer.value is None:
        return cell("no", "not told", "", answer.how)
    if answer.value not in right:
        return cell("no", "wrong", f"{answer.value:g} of {right[0]}", answer.how)
    return cell(
        "partly" if answer.but else "yes", "in part" if answer.but else "told", f"{answer.value:g}", _how(answer)
    )


def _age(answer: Answer, planted_s: float) -> Cell:
    if answer.value is None:
        return cell("no", "not told", "", answer.how)
    figure = f"{answer.value:.1f}{NBSP}s of {planted_s:.1f}{NBSP}s"
    if abs(answer.value - planted_s) > NEAR_S:
        return cell("partly", "of those that wait", figure, _how(answer)) if answer.but else cell(
            "no", "wrong", figure, answer.how
        )  # fmt: skip
    return cell("partly", "by the sender’s time", figure, _how(answer)) if answer.but else cell(
        "yes", "told", figure, answer.how
    )  # fmt: skip


def _how(answer: Answer) -> str:
    return f"{answer.how}; {answer.but}" if answer.but else answer.how


def _policed(found: Policed) -> Cell:
    if found.why_not:
        return cell("absent", "not tried", "", found.why_not)
    if not found.refused:
        return cell("no", "taken", "", found.by)
    if not found.allowed:
        return cell("unknown", "refused, allowed or not", "", found.refused)
    return cell("yes", "refused", "", f"{found.by}: {found.refused}")
