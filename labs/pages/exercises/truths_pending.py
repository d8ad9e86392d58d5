"""What is right about a stream's group: which ways get everything done, what an acknowledgement frees, who is told."""

from __future__ import annotations

from labs.experiments import experiment
from labs.model.digest import Digest
from labs.pages.exercises.truths import Digests, NoTruth, answer, point
from labs.show.looks.pending import ONCE, TWICE, counts, known, truth


def _sure(digest: Digest) -> Digest:
    """A point of which every repeat can say, and says the same."""
    if not known(digest) or truth(digest) == "unknown":
        raise NoTruth(f"What became of the messages with “{digest.settings['label']}” is not sure. Run it again.")
    return digest


@answer
def all_done(digests: Digests) -> frozenset[str]:
    """The ways with which every message was done, once or more."""
    ways = [str(option.value) for option in experiment("pending-claimed").controls[0].options]
    found = {way: truth(_sure(point(digests, way=way))) for way in ways}
    return frozenset(way for way, word in found.items() if word in (ONCE, TWICE))


@answer
def left_by_ack(digests: Digests, way: str) -> str:
    """How many entries are left when all are acknowledged: all, some or none."""
    found = _sure(point(digests, way=way))
    left, sent = counts(found, "entries_end"), counts(found, "sent")
    if any(counts(found, "pending_end")):
        raise NoTruth("In this run not everything was acknowledged. Run it again.")
    return "all" if left == sent else "some" if any(left) else "none"


@answer
def ghosts_end(digests: Digests, way: str) -> str:
    """What a server says in the end of pending entries that were trimmed: nothing pending, or still pending."""
    found = _sure(point(digests, way=way))
    if not all(counts(found, "gone")):
        raise NoTruth("In this run the limit took nothing that was not done. Run it again.")
    return "pending" if any(counts(found, "pending_end")) else "nothing"
