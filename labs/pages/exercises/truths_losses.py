"""What is right where something is killed: what survives what, who doubles, who notices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from labs.pages.exercises.truths import Digests, NoTruth, answer, point
from labs.pages.exercises.truths_rates import clearly_most

KEPT, LOST = "none lost", ("some lost", "all lost")
ALIKE_S = 0.5
"""Two times to the first job that came again, so near to each other, are alike: a kill is not repeated to the tick."""


def _kept(digests: Digests, profile: str, fault: str) -> bool:
    """Whether a setting lost nothing. NoTruth where its rounds do not agree, or nobody could see."""
    found = point(digests, profile=profile, fault=fault)
    word = found.median["outcome"]
    if word != KEPT and word not in LOST:
        raise NoTruth(f"{found.settings['label']}, {fault}: it came out differently from round to round ({word}).")
    return word == KEPT


@answer
def survived(digests: Digests, fault: str, among: Sequence[str]) -> frozenset[str]:
    """The settings that lost nothing to the fault."""
    return frozenset(name for name in among if _kept(digests, name, fault))


@answer
def fell(digests: Digests, fault: str, among: Sequence[str]) -> frozenset[str]:
    """The settings that lost something to the fault."""
    return frozenset(among) - survived(digests, fault, among)


@answer
def weakest(digests: Digests, fault: str, among: Sequence[str]) -> str:
    """The first of these, from the weakest promise to the strongest, that lost nothing to the fault."""
    found = next((name for name in among if _kept(digests, name, fault)), None)
    if found is None:
        raise NoTruth("In this run each of them lost something. Run it again.")
    return found


@answer
def kept_by_one_lost_by_other(digests: Digests, kept: str, lost: str, among: Sequence[str]) -> frozenset[str]:
    """The settings that lost nothing to the one fault and something to the other."""
    return survived(digests, kept, among) & fell(digests, lost, among)


@answer
def tells_apart(digests: Digests, one: str, other: str, faults: Sequence[str]) -> str:
    """The only fault that one of two settings lost something to and the other did not."""
    found = [fault for fault in faults if _kept(digests, one, fault) != _kept(digests, other, fault)]
    if len(found) != 1:
        raise NoTruth("In this run there is not exactly one event that tells the two apart. Run it again.")
    return found[0]


@answer
def most_doubled(digests: Digests, mode: str, prefetch: int) -> float:
    """By the protocol: all that a worker holds; no round may have shown more."""
    found = point(digests, mode=mode, prefetch=prefetch)
    if any(one["jobs"]["twice"] > prefetch for one in found.repeats):
        raise NoTruth("In this run more came twice than a worker held, which cannot be. Run it again.")
    return float(prefetch)


@answer
def slowest_to_notice(digests: Digests, modes: Mapping[str, str]) -> str:
    """Of these, the one after whose worker's death it took longest until a job came again."""
    seconds = {name: float(point(digests, mode=mode).median["redelivery_s"] or 0) for name, mode in modes.items()}
    first, second = sorted(seconds.values(), reverse=True)[:2]
    if not all(seconds.values()) or first - second < ALIKE_S:
        raise NoTruth("In this run two were alike, or no job came again in time. Run them once more.")
    return clearly_most(seconds)


SILENT = "nothing, and messages are lost"


@answer
def lost_in_silence(digests: Digests, among: Sequence[str]) -> frozenset[str]:
    """The publishers that noticed nothing while messages were lost. NoTruth where the rounds do not agree."""
    words = {name: point(digests, mode=name).median["outcome"] for name in among}
    if unclear := [name for name, word in words.items() if word in ("mixed", "unknown")]:
        raise NoTruth(f"It came out differently from round to round, or cannot be said: {', '.join(unclear)}.")
    return frozenset(name for name, word in words.items() if word == SILENT)
