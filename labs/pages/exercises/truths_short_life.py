"""What is right about messages with a short life: which ways hand out hardly any stale one, and which drops most."""

from __future__ import annotations

from collections.abc import Sequence

from labs.experiments import experiment
from labs.model.digest import Digest
from labs.pages.exercises.truths import NEAR, Digests, NoTruth, answer, number, point
from labs.show.looks.short_life import SOME, known


def _sure(digest: Digest) -> Digest:
    """A point of which every repeat can say."""
    if not digest.repeats or not known(digest):
        raise NoTruth(f"What {digest.settings['label']} did is not proven in this run. Run it again.")
    return digest


@answer
def clean_ways(digests: Digests) -> frozenset[str]:
    """The ways with which a consumer that stood still handles hardly any stale message."""
    ways = [str(option.value) for option in experiment("short-life").controls[0].options]
    found = {way: _sure(point(digests, way=way, gap="pause")) for way in ways}
    return frozenset(way for way, one in found.items() if number(one, "figures.stale_share") <= SOME)


@answer
def drops_most(digests: Digests, among: Sequence[str]) -> str:
    """Of these ways the one that drops most when the consumer is killed. NoTruth where two are near each other."""
    shares = {way: number(_sure(point(digests, way=way, gap="crash")), "figures.dropped_share") for way in among}
    second, first = sorted(shares, key=lambda way: shares[way])[-2:]
    if shares[first] <= NEAR * shares[second]:
        raise NoTruth("In this run two of them dropped about the same: the machine was busy. Run it again.")
    return first
