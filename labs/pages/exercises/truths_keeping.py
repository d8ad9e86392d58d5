"""What is right about reading again: who gets what, what a message takes on disk, and what can be rebuilt."""

from __future__ import annotations

from collections.abc import Sequence

from labs.model.digest import Digest
from labs.pages.exercises.truths import Digests, NoTruth, answer, number, point
from labs.show.looks.keeping import A_PART, ALL_OF_IT, NOTHING, adds_up, counts, outcome

NAMES = {ALL_OF_IT: "all", A_PART: "part", NOTHING: "nothing"}
DAY_S = 86_400


def _sure(digest: Digest) -> Digest:
    """A point of which every repeat can say, and says the same."""
    if outcome(digest) not in NAMES:
        raise NoTruth(f"What {digest.settings['label']} gave a second reader is not sure in this run. Run it again.")
    return digest


@answer
def days_kept(digests: Digests, mode: str, disk_bytes: int, per_s: int) -> float:
    """Days of messages that fit on such a disk, by what one takes here."""
    found = _sure(point(digests, mode=mode))
    if number(found, "bytes_acked") <= 0:
        raise NoTruth("This run could not see what was kept. Run it on a broker that we start.")
    each = number(found, "bytes_acked") / number(found, "published")
    return disk_bytes / (each * per_s * DAY_S)


@answer
def again_by_way(digests: Digests, among: Sequence[str]) -> dict[str, str]:
    """Way -> how much a second reader got."""
    return {name: NAMES[outcome(_sure(point(digests, mode=name)))] for name in among}


@answer
def of_a_key(digests: Digests, mode: str) -> str:
    """`least` where the last balance of each account is there and there are more messages than accounts."""
    found = _sure(point(digests, mode=mode))
    if counts(found, "balances") != counts(found, "accounts"):
        raise NoTruth("In this run the last record of a key was missing, which should not be. Run it again.")
    if outcome(found) == ALL_OF_IT:
        raise NoTruth("In this run nothing was compacted yet. Run it again.")
    return "least" if min(counts(found, "again")) > max(counts(found, "accounts")) else "one"


@answer
def adding_up(digests: Digests, among: Sequence[str]) -> frozenset[str]:
    """The ways whose second reader has the live total by adding up."""
    found = {name: adds_up(_sure(point(digests, mode=name))) for name in among}
    if None in found.values():
        raise NoTruth("The rounds differ in this run. Run it again.")
    return frozenset(name for name, right in found.items() if right)
