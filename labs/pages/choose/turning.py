"""What would change the answer: the nearest single changes that give another winner, and, the other way round, demands
by which a given configuration wins. js/choose-engine.mjs has the same."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from labs.pages.choose.bill import Answers, per_day, waiting_gb
from labs.pages.choose.engine import CLOSE, ROUNDING, Weights, answered, capacity, fits, kept_gb, rank

HALVES = 24
"""So often is halved what lies between, until a turn is found."""
STEPS = 12
"""So many changes a search for demands makes at most."""
FEW = 3
"""So many demands are few enough: the search ends."""
APART = 1000.0
"""What a must that is failed weighs against points, when two configurations are held against each other."""
ABOVE = 1.0001
"""So much above a threshold is beyond it, in any rounding."""


def several_with(given: Sequence[str], name: str) -> list[str]:
    """The list with that name in it, or without it where it was."""
    return [one for one in given if one != name] if name in given else sorted([*given, name])


def asked(question: Mapping[str, Any], answers: Answers) -> bool:
    """Whether the question is put, by the answers to those before it."""
    return fits(question.get("needs", {}), answers)


def options(question: Mapping[str, Any], answers: Answers) -> Iterator[Any]:
    """What else could be answered; of a number the steps that it has."""
    given = answers[question["id"]]
    if question["form"] == "choice":
        yield from (one[0] for one in question["options"] if one[0] != given)
    elif question["form"] == "several":
        yield from (several_with(given, one[0]) for one in question["several"])
    else:
        yield from (one for one in [*question["number"]["steps"], question["number"]["usual"]] if one != given)


def number(name: str, answers: Answers) -> float:
    """The number that an answer stands for: of the day also where it was left to the rule."""
    return per_day(answers) if name == "day" else float(answers[name])


def thresholds(model: Mapping[str, Any], question: Mapping[str, Any], answers: Answers) -> list[float]:
    """Where something changes for a configuration along a number: what was measured, and the steps of the question."""
    found = {float(one) for one in question["number"]["steps"]}
    now, name = number(question["id"], answers), question["id"]
    for need in model["needs"]:
        for one in model["configurations"]:
            there = need["cells"][one["id"]]["number"]
            if there is None or not need["measure"] or not isinstance(need["steps"], list):
                continue
            limits = [limit for limit, _short in need["steps"]]
            if need["measure"] == "load" and name == "rate":
                found |= {limit * capacity(one, there, answers["size"]) for limit in limits}
            if need["measure"] == "latency" and name == "latency":
                found |= {there / limit for limit in limits}
            if need["measure"] == "memory" and name in ("rate", "day", "size", "keep_days"):
                found |= {now * (limit * there / kept_gb(answers)) for limit in limits}
            if need["measure"] == "hour" and name in ("rate", "size"):
                found |= {now * (limit * there / waiting_gb(one, answers)) for limit in limits}
    low, high = question["number"]["low"], question["number"]["high"]
    return sorted(at for at in found if low <= at <= high)


def winner_of(model: Mapping[str, Any], answers: Answers, weights: Weights | None) -> str:
    """The first configuration; empty where it fails a must, so that nothing does all that is asked."""
    first = rank(model, answers, weights)[0]
    return "" if first.out else first.id


def turns(model: Mapping[str, Any], given: Answers, weights: Weights | None = None) -> list[dict[str, Any]]:
    """Every single change of an answer that gives another winner, or none; of a number the nearest on either side."""
    answers = answered(model, given)
    first = winner_of(model, answers, weights)
    found = []
    for question in model["questions"]:
        if asked(question, answers):
            found += _turns_of(model, question, answers, (first, weights))
    return found


def _turns_of(
    model: Mapping[str, Any], question: Mapping[str, Any], answers: Answers, held: tuple[str, Weights | None]
) -> list[dict[str, Any]]:
    first, weights = held
    name, found = question["id"], []
    if question["form"] != "number":
        for other in options(question, answers):
            winner = winner_of(model, {**answers, name: other}, weights)
            if winner != first:
                found.append({"question": name, "to": other, "way": "", "winner": winner})
        return found
    now, limits = number(name, answers), thresholds(model, question, answers)
    for way, along in (
        ("above", [at for at in limits if at >= now]),
        ("below", [at for at in limits[::-1] if at < now]),
    ):
        near = now
        for at in along:
            far = at * ABOVE if way == "above" else at
            if winner_of(model, {**answers, name: far}, weights) != first:
                between = (far if question["number"].get("exact") else near, far)
                to, winner = _nearest(model, {**answers, name: between}, name, held)
                found.append({"question": name, "to": to, "way": way, "winner": winner})
                break
            near = far
    return found


def _nearest(
    model: Mapping[str, Any], answers: Mapping[str, Any], name: str, held: tuple[str, Weights | None]
) -> tuple[float, str]:
    """Between a number that changes nothing and one that does, where it begins to; and who is first there."""
    first, weights = held
    near, far = answers[name]
    for _ in range(HALVES):
        if near == far:
            break
        middle = (near + far) / 2
        if winner_of(model, {**answers, name: middle}, weights) == first:
            near = middle
        else:
            far = middle
    return far, winner_of(model, {**answers, name: far}, weights)


def margin(model: Mapping[str, Any], answers: Answers, name: str, weights: Weights | None) -> float:
    """How far ahead a configuration is of the best other one, beyond what is too close to tell; what it is behind where
    it is not."""
    found = rank(model, answers, weights)
    mine = next(one for one in found if one.id == name)
    other = min((one for one in found if one.id != name), key=lambda one: one.key)
    weighed = [APART * (2 * one.out + one.untested) + one.points for one in (mine, other)]
    failed = sum(one.out for one in mine.reasons)
    return weighed[1] - weighed[0] - CLOSE - ROUNDING - APART * failed


def demands(
    model: Mapping[str, Any], name: str, given: Answers | None = None, weights: Weights | None = None
) -> dict[str, Any] | None:
    """Answers by which this configuration wins alone, the best change at a time, without those that it wins without.
    It begins at those given (or at what demands nothing), then at each scenario, and takes what demands least. None
    where no such way leads there."""
    start, best = answered(model, given or {}), None
    for seed in ({}, *(one["answers"] for one in model["scenarios"])):
        if best is not None and len(best) <= FEW:
            break
        end = _climbed(model, name, {**start, **seed}, weights)
        found = None if end is None else _fewest(model, name, (start, end), weights)
        if found is not None and (best is None or len(found) < len(best)):
            best = found
    return best


def _climbed(model: Mapping[str, Any], name: str, begin: Answers, weights: Weights | None) -> dict[str, Any] | None:
    """From these answers to some by which it wins, at each step the change that helps it most."""
    now = dict(begin)
    best = margin(model, now, name, weights)
    for _ in range(STEPS):
        if best > 0:
            return now
        found, change = best, None
        for question in model["questions"]:
            for other in options(question, now) if asked(question, now) else ():
                there = margin(model, {**now, question["id"]: other}, name, weights)
                if there > found:
                    found, change = there, (question["id"], other)
        if change is None:
            return None
        now[change[0]] = change[1]
        best = found
    return now if best > 0 else None


def _fewest(
    model: Mapping[str, Any], name: str, between: tuple[Answers, Answers], weights: Weights | None
) -> dict[str, Any]:
    """What of these changes it needs to win, each as small as it may be."""
    start, end = between
    now = dict(end)
    for question in model["questions"]:
        without = {**now, question["id"]: start[question["id"]]}
        if now[question["id"]] != start[question["id"]] and margin(model, without, name, weights) > 0:
            now = without
    for question in model["questions"]:
        if question["form"] == "choice" and now[question["id"]] != start[question["id"]]:
            gentler = ({**now, question["id"]: one[0]} for one in question["options"])
            now = next(one for one in gentler if margin(model, one, name, weights) > 0)
    return {key: value for key, value in now.items() if value != start[key]}


def changed(model: Mapping[str, Any], only: Collection[str]) -> list[dict[str, Any]]:
    """Of each scenario the winner by all criteria, and those that are first by some questions alone."""
    found = []
    for one in model["scenarios"]:
        by_some = rank(model, one["answers"], only=only)
        best = min(each.key for each in by_some)
        first = [each.id for each in by_some if each.key == best]
        winner = rank(model, one["answers"])[0].id
        found.append({"id": one["id"], "winner": winner, "first": first, "changed": winner not in first})
    return found
