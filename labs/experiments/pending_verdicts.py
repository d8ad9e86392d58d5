"""What L6.4 says on C63 (claims.csv): whether a group that was away has everything from its stream, where nothing cuts
it; what a reader of a channel gets that was away is what four-queues recorded. And what of it a limit takes.
"""

from __future__ import annotations

from collections.abc import Sequence

from labs.experiments.rules import Said, Undecided, point, points, rule, seen
from labs.model.digest import Digest
from labs.model.figures import Repeat
from labs.model.text import capital, count_of

BESIDE = "four-queues"
WHOLE, CUT = "late", ("maxlen", "evicted")
TOLD = {"maxlen": "a limit of 50 entries took", "evicted": "a server that evicted the stream took"}


@rule("C63", of_part=("holds",))
def c63(digests: Sequence[Digest]) -> Said:
    """Everything is done by a group that was away for a second, and a channel gave nothing to who was away."""
    ours = [one for one in digests if one.lab != BESIDE]
    whole = point(ours, "a stream that nothing cuts", way=WHOLE)
    channel = point([one for one in digests if one.lab == BESIDE], "Pub/Sub", way="pubsub")
    text = f"A group that was away for a second did {_done(whole)} from a stream that nothing cuts"
    text += f"; a Pub/Sub reader that was away got {_heard(channel)}.{_condition(ours)}"
    if seen(whole, lambda one: _undone(one) == 0) and seen(channel, lambda one: _got(one) == 0):
        return "holds", text
    raise Undecided(text)


def _undone(repeat: Repeat) -> int:
    """Messages that were not done, all of them where the repeat cannot say."""
    counts = repeat["counts"]
    known = repeat["verdict"] != "unknown"
    return counts["sent"] - (counts["once"] + counts["twice"]) if known else counts["sent"]


def _done(one: Digest) -> str:
    sent = [repeat["counts"]["sent"] for repeat in one.repeats]
    return count_of([all_ - _undone(repeat) for all_, repeat in zip(sent, one.repeats, strict=True)], sent, "message")


def _got(repeat: Repeat) -> int:
    """What the reader of the channel got; more than nothing where that is not known."""
    return int(repeat["trials"].get("offline", {}).get("got", {}).get("first", 1))


def _heard(one: Digest) -> str:
    found = [repeat["trials"].get("offline", {}) for repeat in one.repeats]
    known = [each for each in found if "got" in each]
    if not known:
        return "an unknown number"
    return count_of([each["got"]["first"] for each in known], [each["sent"] for each in known], "message")


def _condition(ours: Sequence[Digest]) -> str:
    """What a limit and an eviction took of it, where they were run and took something."""
    told = []
    for name in CUT:
        for one in points(ours, way=name):
            gone = [repeat["counts"]["gone"] for repeat in one.repeats]
            if gone and all(gone):
                told.append(f"{TOLD[name]} {count_of(gone, [r['counts']['sent'] for r in one.repeats], 'message')}")
    text = ", and ".join(told)
    return f" {capital(text)} before anybody had done them." if told else ""


RULES = (c63,)
