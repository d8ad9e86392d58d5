"""How answers, turns and demands are said. js/choose-words.mjs says the same, with the WORDS that the page sends it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from labs.model.text import enumerated
from labs.pages.choose import compared, turning
from labs.pages.choose.bill import Answers, said
from labs.pages.choose.engine import ROUNDING, Ranked, Weights, answered
from labs.pages.choose.model import CLAIM, DOCUMENT, JUDGED, OPEN, PROMISE, RUN

PLACE = "answers"
"""The place on the page that an address with answers leads to."""
MOST = 3
"""So many differences are named between those that are too close to tell."""
WORDS = {
    "first": "First",
    "nothing": "Nothing here does all of that.",
    "none_then": "nothing here does all of that",
    "nearest": "Nearest to it",
    "default": "(not answered: this is the default)",
    "close": "Too close to tell",
    "untried": "never run here as a whole",
    "for": "For it",
    "against": "Against it",
    "none_against": "Nothing that you ask for speaks against it.",
    "points": "points against it",
    "untested": "Test it first: nobody has measured here what you said must be",
    "out": "Ruled out",
    "turns": "What would change this answer",
    "no_turn": "No single change of an answer would.",
    "bill": "The bill",
    "bill_has": compared.HAS,
    "bill_lacks": compared.LACKS,
    "source": "The run: bytes a message",
    "build": "What you build yourself",
    "article": "The article’s advice",
    "silent": "The article has no advice for this case.",
    "agrees": "That agrees.",
    "differs": "We come to something else.",
    "unknown": "not known",
    "together": "Their points differ by less than our weights can tell. What would part them, with the points of each:",
    "alike": "Nothing that you ask for parts them.",
    "decide": "Choose one of them, and write here which and why.",
    "unmeasured": "What is not measured",
    "ours": "Our judgement alone, without a measurement or a document",
    "own_copy": (
        "The links lead to a copy of the book on one machine. Where it is published, make the record there, "
        "so that others can follow them."
    ),
    "weights": "The weights are a judgement of the book, not a measurement.",
}
HOW = {
    RUN: "measured: a recorded run shows it",
    PROMISE: "attacked: a promise that was tried on a real broker",
    CLAIM: "a claim of the article that was decided",
    DOCUMENT: "by a document: read, not measured",
    JUDGED: "our judgement: nothing was measured, no document is cited",
    OPEN: "not measured here: measure it before you rely on it",
}


def by_id(rows: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    """The row of that id."""
    return next(one for one in rows if one["id"] == name)


def answer_said(question: Mapping[str, Any], value: Any) -> str:
    """An answer as a clause: nothing may be lost in a power cut · 50 messages a second · you run Redis already."""
    if question["form"] == "choice":
        return str(next(one[2] for one in question["options"] if one[0] == value))
    if question["form"] == "several":
        named = [one[1] for one in question["several"] if one[0] in value]
        return f"you run {enumerated(named)} already" if named else "you run none of them yet"
    number = question["number"]
    if value == 0 and "none" in number:
        return str(number["none"])
    return f"{said(value)} {number['one' if said(value) == '1' else 'unit']}"


def turn_said(question: Mapping[str, Any], turn: Mapping[str, Any], now: Any) -> str:
    """When another configuration would be first, as a clause."""
    if question["form"] == "several":
        added = [one[1] for one in question["several"] if one[0] in turn["to"] and one[0] not in now]
        gone = [one[1] for one in question["several"] if one[0] in now and one[0] not in turn["to"]]
        return f"you ran {added[0]}" if added else f"you did not run {gone[0]}"
    told = answer_said(question, turn["to"])
    if not turn["way"]:
        return told
    usual = {"above": "it were more than {}", "below": "it were {} or less"}[turn["way"]]
    return str(question["number"].get(turn["way"], usual)).replace("{}", told)


def turns_said(of: Mapping[str, Any], given: Answers, weights: Weights | None = None) -> list[tuple[str, str]]:
    """The nearest changes that give another answer: when, and what would be first then."""
    answers, told = answered(of, given), []
    for turn in turning.turns(of, given, weights):
        when = turn_said(by_id(of["questions"], turn["question"]), turn, answers[turn["question"]])
        first = by_id(of["configurations"], turn["winner"])["short"] if turn["winner"] else WORDS["none_then"]
        told.append((f"If {when}", str(first)))
    return told


def parting(of: Mapping[str, Any], close: Sequence[Ranked]) -> list[str]:
    """In what those differ that are too close to tell: the needs with the widest gap, and the points of each."""
    gaps = []
    for need in of["needs"]:
        each = [next((one.points for one in row.reasons if one.need == need["id"]), 0.0) for row in close]
        names = [by_id(of["configurations"], one.id)["short"] for one in close]
        told = "; ".join(f"{name} {said(points)}" for name, points in zip(names, each, strict=True))
        gaps.append((max(each, default=0.0) - min(each, default=0.0), f"{need['name']} ({told})"))
    widest = sorted((one for one in gaps if one[0] > ROUNDING), key=lambda one: -one[0])
    return [text for _gap, text in widest[:MOST]]


def address(answers: Answers) -> str:
    """The answers as the part of an address after the page."""
    pairs = [(name, ",".join(value) if isinstance(value, list) else value) for name, value in answers.items()]
    return "".join([f"#{PLACE}", *(f"&{name}={quote(f'{value}', safe=',')}" for name, value in pairs)])


def sides(one: Ranked) -> tuple[list[Any], list[Any]]:
    """The reasons for it, and those against it with the weightiest first."""
    against = sorted((each for each in one.reasons if each.short > 0), key=lambda each: -each.points)
    return [each for each in one.reasons if each.short == 0], against
