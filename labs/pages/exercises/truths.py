"""What is right, read out of a lab's digests. Each function under @answer may be the `truth` of an exercise.

NoTruth where the run does not say: a point is missing, or it did not show what the exercise is about. The functions
here read a figure by its name; those that need more are in the other truths_*.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, TypeVar

from labs.model.digest import Digest
from labs.pages.exercises.answers import Plain, plain_words
from labs.pages.exercises.questions import Exercise


class NoTruth(Exception):  # noqa: N818 - a state of the run, not a failure
    """The run does not say what is right; the text names what to run."""


Digests = Sequence[Digest]
T = TypeVar("T", bound=Callable[..., Plain])
TRUTHS: dict[str, Callable[..., Plain]] = {}
MORE = (
    "truths_backlog",
    "truths_bursts",
    "truths_calls",
    "truths_groups",
    "truths_joining",
    "truths_keeping",
    "truths_losses",
    "truths_pending",
    "truths_poison",
    "truths_queues",
    "truths_rates",
    "truths_routed",
    "truths_shapes",
    "truths_tasks",
    "truths_sharing",
    "truths_short_life",
    "truths_upgrade",
    "truths_switching",
)
NEAR = 1.1
"""Within this ratio two figures of one run are the same."""


def answer(read: T) -> T:
    """What is right comes out of this function, under its name."""
    TRUTHS[read.__name__] = read
    return read


def truth(asked: Exercise, digests: Digests) -> Plain:
    """What is right by these digests. Raises NoTruth."""
    for module in MORE:
        import_module(f"labs.pages.exercises.{module}")
    try:
        found = TRUTHS[asked.truth](digests, **asked.given)
    except (KeyError, TypeError, ValueError, IndexError, ZeroDivisionError, AttributeError) as error:
        raise NoTruth(f"This run of {asked.lab} cannot say: a figure is missing or damaged. Run it again.") from error
    if isinstance(found, float) and not math.isfinite(found):
        raise NoTruth(f"This run of {asked.lab} cannot say: a figure is not finite. Run it again.")
    return plain_words(found) if asked.kind == "text" and isinstance(found, str) else found


def point(digests: Digests, **settings: Any) -> Digest:
    """The newest point with these settings. NoTruth names what has to be run."""
    found = [one for one in digests if all(one.settings.get(name) == value for name, value in settings.items())]
    if not found:
        said = ", ".join(f"{name} = {value}" for name, value in settings.items())
        raise NoTruth(f"This run does not have the point that the exercise asks about: run it with {said}.")
    return found[-1]


def number(digest: Digest, of: str) -> float:
    """A median by its name, `latency_ms.p50` for a step of a ladder. NoTruth where none can be said."""
    name, _, step = of.partition(".")
    label = digest.settings.get("label") or digest.lab
    if name == "latency_ms" and digest.at_most(step):
        raise NoTruth(f"{label}: more than half of the {step} is our own harness, so it is a bound and no figure.")
    found = digest.number(of) if of in digest.median else digest.number(name, step)
    if found is None:
        raise NoTruth(f"{label}: this run has no figure for it, or too few samples for one. Run it again.")
    return float(found)


@answer
def figure(digests: Digests, of: str, point_of: Mapping[str, Any], scale: float = 1.0) -> float:
    """A figure of a point, in another unit if it has a scale."""
    return scale * number(point(digests, **point_of), of)


@answer
def one_over(digests: Digests, of: str, point_of: Mapping[str, Any], scale: float = 1.0) -> float:
    """So many fit into one, or into as many as the scale says."""
    return scale / number(point(digests, **point_of), of)


@answer
def ratio(digests: Digests, of: str, point_of: Mapping[str, Any], over: Mapping[str, Any], by: str = "") -> float:
    """A figure of a point over that of another, or over the figure `by`."""
    return number(point(digests, **point_of), of) / number(point(digests, **over), by or of)


@answer
def rounds(digests: Digests) -> float:
    """How many rounds of the first point count."""
    return float(len(digests[0].repeats))


@answer
def by_documents(digests: Digests, right: Plain, shown_by: Sequence[Mapping[str, Any]]) -> Plain:
    """What documents say; the run has to have the points that the question is about."""
    for settings in shown_by:
        point(digests, **settings)
    return frozenset(right) if isinstance(right, list) else right
