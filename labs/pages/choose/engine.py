"""Answers in, a ranking out. A score is made of what is left open, so that more demands never help who fails them.

js/choose-engine.mjs is the same in the same words; a test holds both against many answers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from labs.pages.choose.bill import GB, Answers, per_day, said, waiting_gb
from labs.pages.choose.model import OPEN

Weights = Mapping[str, float]
MEASURED_BYTES = 100
UNKNOWN_SHORT = 0.5
"""What counts as left open where nobody has measured."""
CLOSE = 0.4
"""Points that are no difference: a tenth of a need of middle weight. Our judgement of the needs is no finer."""
ROUNDING = 1e-9


@dataclass(frozen=True)
class Reason:
    """Why one need speaks for or against a configuration: `short` of it is left open."""

    need: str
    name: str
    group: str
    short: float
    points: float
    out: bool
    text: str
    how: str
    links: Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class Ranked:
    """A configuration with its points against it: `out` fails a must, of `untested` nobody knows whether it does.

    `close` is one of several at the top between which the points do not tell; `untried` was as a whole never run here.
    """

    id: str
    points: float
    out: bool
    untested: bool
    reasons: Sequence[Reason] = field(default=())
    untried: bool = False
    close: bool = False

    @property
    def key(self) -> tuple[bool, bool, float]:
        """What it is ranked by."""
        return self.out, self.untested, self.points


def answered(model: Mapping[str, Any], given: Answers) -> dict[str, Any]:
    """All answers: those given, and the neutral one where none is."""
    return {one["id"]: given.get(one["id"], one["neutral"]) for one in model["questions"]}


def active(need: Mapping[str, Any], answers: Answers, only: Collection[str] | None = None) -> bool:
    """Whether the answers demand this, and no answer says that it is taken care of. With `only`, all other questions
    count as not asked."""
    if only is not None and not {need["asks"], *need["when"]} <= set(only):
        return False
    return fits(need["when"], answers) and not (need["unless"] and fits(need["unless"], answers))


def fits(when: Mapping[str, Any], answers: Answers) -> bool:
    """Whether all of these are answered so: one of a list, or a number within bounds."""
    for name, wanted in when.items():
        given = answers[name]
        if isinstance(wanted, Mapping):
            if given <= wanted.get("above", float("-inf")) or given >= wanted.get("below", float("inf")):
                return False
        elif not set(wanted) & set(given if isinstance(given, list | tuple) else [given]):
            return False
    return True


def time_of(curve: Sequence[Sequence[float]], size: float) -> float:
    """Seconds a message at this size: straight lines between what was measured, and beyond it as the last one goes."""
    points = [(at, 1 / per_s) for at, per_s in curve]
    if size <= points[0][0]:
        return points[0][1]
    for (low, early), (high, late) in pairwise(points):
        if size <= high:
            return early + (late - early) * (size - low) / (high - low)
    (low, early), (high, late) = points[-2:]
    return late + max(0.0, late - early) * (size - high) / (high - low)


def capacity(configuration: Mapping[str, Any], per_s: float, size: float) -> float:
    """Messages a second of `size` bytes, from what was measured with those of a hundred."""
    curve = configuration["curve"]
    if len(curve) < 2 or size <= MEASURED_BYTES:
        return per_s
    return per_s * time_of(curve, MEASURED_BYTES) / time_of(curve, size)


def reckoned(need: Mapping[str, Any], configuration: Mapping[str, Any], number: float, answers: Answers) -> str:
    """What the figure comes to where the reader's messages are larger than those that were measured, as a sentence."""
    if need["measure"] != "load" or capacity(configuration, number, answers["size"]) == number:
        return ""
    found = said(capacity(configuration, number, answers["size"]))
    return f"With your {said(answers['size'])} bytes we reckon {found}/s. "


def kept_gb(answers: Answers) -> float:
    """Payload that must be kept, in gigabytes: of usual days, not of the worst hour."""
    return float(per_day(answers) * answers["size"] * answers["keep_days"] / GB)


def _step(need: Mapping[str, Any], ratio: float) -> tuple[float, int]:
    """How much is left open at this ratio, and which words fit."""
    for at, (limit, short) in enumerate(need["steps"]):
        if ratio <= limit:
            return short, at
    return 1, len(need["steps"])


def ratio(need: Mapping[str, Any], configuration: Mapping[str, Any], number: float, answers: Answers) -> float:
    """What is demanded over what there is."""
    if need["measure"] == "load":
        return float(answers["rate"] / capacity(configuration, number, answers["size"]))
    if need["measure"] == "latency":
        return float(number / answers["latency"])
    if need["measure"] == "hour":
        return waiting_gb(configuration, answers) / number
    return kept_gb(answers) / number


def left_open(need: Mapping[str, Any], configuration: Mapping[str, Any], answers: Answers) -> tuple[float, str]:
    """How much of a need a configuration leaves open, and the sentence that says it."""
    cell = need["cells"][configuration["id"]]
    if need["measure"] in ("stack", "nodes"):
        by = need["steps"][answers["operator"]]
        if need["measure"] == "nodes":
            level, short = (1, by) if configuration["nodes"] > 1 else (0, 0)
        elif not configuration["system"]:
            level, short = 2, 0
        else:
            level, short = (0, 0) if configuration["system"] in answers["runs"] else (1, by)
        said = need["levels"][level] if level != 1 or not cell["say"] else f"{need['levels'][1]} {cell['say']}"
        return short, said or cell["say"]
    if need["measure"] and cell["number"] is not None:
        short, at = _step(need, ratio(need, configuration, cell["number"], answers))
        return short, f"{cell['say']} {reckoned(need, configuration, cell['number'], answers)}{need['levels'][at]}"
    return (UNKNOWN_SHORT if cell["short"] is None else cell["short"]), cell["say"]


def reason(need: Mapping[str, Any], configuration: Mapping[str, Any], answers: Answers, weights: Weights) -> Reason:
    """What a need says of a configuration."""
    cell = need["cells"][configuration["id"]]
    short, text = left_open(need, configuration, answers)
    points = need["weight"] * weights.get(need["group"], 1) * short
    out = need["hard"] and short >= 1
    return Reason(need["id"], need["name"], need["group"], short, points, out, text, cell["how"], cell["links"])


def quiet(need: Mapping[str, Any], configuration: Mapping[str, Any], one: Reason) -> bool:
    """Whether a reason need not be said: it is no news."""
    return bool(need["cells"][configuration["id"]]["quiet"]) and one.short == 0


def _untested(need: Mapping[str, Any], configuration: Mapping[str, Any], one: Reason) -> bool:
    """Whether this must be so and nobody has seen that it is: no figure, no document that decides."""
    return bool(need["hard"]) and one.how == OPEN and need["cells"][configuration["id"]]["number"] is None


def score(
    model: Mapping[str, Any],
    configuration: Mapping[str, Any],
    answers: Answers,
    weights: Weights,
    only: Collection[str] | None = None,
) -> Ranked:
    """One configuration by these answers, which are complete."""
    needs = [one for one in model["needs"] if active(one, answers, only)]
    pairs = [(one, reason(one, configuration, answers, weights)) for one in needs]
    points, out, untested = 0.0, False, False
    for need, one in pairs:
        points += one.points
        out = out or one.out
        untested = untested or _untested(need, configuration, one)
    said = [one for need, one in pairs if not quiet(need, configuration, one)]
    return Ranked(configuration["id"], points, out, untested, said, configuration["untried"])


def rank(
    model: Mapping[str, Any],
    given: Answers,
    weights: Weights | None = None,
    only: Collection[str] | None = None,
) -> list[Ranked]:
    """All configurations, the best first: what fails a must comes last, what was not tested for one before that. Of
    those that are too close to tell at the top, what was never run here stands behind what was.

    With `only` nothing counts but these questions: to all others the answer is the one that demands nothing.
    """
    answers = answered(model, {name: value for name, value in given.items() if only is None or name in only})
    found = [score(model, one, answers, weights or {}, only) for one in model["configurations"]]
    return _too_close(sorted(found, key=lambda one: one.key))  # stable: who needs less stands first in the rules


def _too_close(found: list[Ranked]) -> list[Ranked]:
    """With those marked that are so near to the first that the points do not tell them apart."""
    best = found[0]
    near = [one for one in found if one.key[:2] == best.key[:2] and one.points <= best.points + CLOSE + ROUNDING]
    if best.out or len(near) < 2:
        return found
    near.sort(key=lambda one: one.untried)
    return [replace(one, close=True) for one in near] + found[len(near) :]


def advice(model: Mapping[str, Any], given: Answers) -> Mapping[str, Any] | None:
    """What the article would say: the first of its sentences that fits, if one does."""
    answers = answered(model, given)
    return next((one for one in model["article"] if fits(one["when"], answers)), None)
