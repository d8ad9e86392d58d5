"""What is right about groups that read a topic: read off who worked, and which order was kept."""

from __future__ import annotations

from labs.experiments import experiment
from labs.model.digest import Digest
from labs.pages.exercises.truths import Digests, NoTruth, answer, point


def _counts(digest: Digest, name: str) -> list[int]:
    """A count of every repeat. NoTruth where one cannot say."""
    found = digest.each("figures", name)
    if not found or len(found) < len(digest.repeats):
        raise NoTruth(f"{digest.settings['label']}: not every round was seen to its end. Run it again.")
    return [int(value) for value in found]


@answer
def idle_sizes(digests: Digests, way: str) -> frozenset[str]:
    """The sizes at which a consumer had nothing to do, in every round."""
    idle = set[str]()
    for size in (one.value for one in experiment("log-group-share").controls[1].options):
        found = point(digests, way=way, size=size, trouble="none")
        busy = set(_counts(found, "busy"))
        if len(busy) > 1:
            raise NoTruth(f"{found.settings['label']}: the rounds differ. Run it again.")
        if busy.pop() < found.settings["consumers"]:
            idle.add(str(size))
    return frozenset(idle)


@answer
def lost_guarantee(digests: Digests, size: str, trouble: str) -> str:
    """`order` where the group kept the order of each key and the share group did not; `none` where both did."""
    group, share = (point(digests, way=way, size=size, trouble=trouble) for way in ("group", "share"))
    if any(_counts(group, "overtaken")):
        raise NoTruth("In this run the consumer group has not kept the order of each key. Run it again.")
    late = _counts(share, "overtaken")
    if any(late) and not all(late):
        raise NoTruth("In some rounds the share group kept the order and in others not. Run it again.")
    return "order" if all(late) else "none"


@answer
def taken_back(digests: Digests) -> frozenset[str]:
    """The ways in which, when a member joined, a partition was taken from a member that got it back, in every round."""
    found = set[str]()
    for way in (one.value for one in experiment("what-a-rebalance-costs").controls[0].options):
        taken = [number > 0 for number in _counts(point(digests, way=way), "join_kept_taken")]
        if len(set(taken)) > 1:
            raise NoTruth(f"{way}: the rounds differ. Run it again.")
        if taken[0]:
            found.add(str(way))
    return frozenset(found)
