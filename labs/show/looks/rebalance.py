"""The look of L5.2b: a point is the way in which a group agrees; three things happen to it, and each has a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from labs.model.digest import Digest
from labs.model.text import in_words, seconds, span
from labs.show.looks.base import Chart, Guess, Look, View
from labs.show.looks.picture import titled
from labs.show.quantities import Quantities, Quantity, Rows

ALL, SOME, NONE = "all of them", "some of them", "none of them"
HAPPENS = {"join": "a member joins", "leave": "a member leaves", "kill": "a member is killed"}
KINDS = ("longest", "still", "kept", "kept_taken", "kept_still", "twice")


def each(digest: Digest, name: str) -> list[float]:
    """A figure of each repeat that could say."""
    return digest.each("figures", name)


def whole(name: str) -> Callable[[Digest], list[int]]:
    """A count of each repeat that could say."""
    return lambda digest: [int(value) for value in each(digest, name)]


def truth(digest: Digest) -> str:
    """Of the partitions that stay with their member when another joins, how many are taken from it for a while: where
    all repeats agree."""
    pairs = {*zip(whole("join_kept_taken")(digest), whole("join_kept")(digest), strict=True)}
    if not pairs:
        return "unknown"
    said = {NONE if taken == 0 else ALL if taken == kept else SOME for taken, kept in pairs}
    return said.pop() if len(said) == 1 else "mixed"


def _longest(event: str) -> Callable[[Digest], str]:
    """0.8 s; or more than that, where a partition still stood when nobody looked any more."""

    def told(digest: Digest) -> str:
        text = seconds(each(digest, f"{event}_longest_s"))
        return f"more than {text}" if any(whole(f"{event}_open")(digest)) else text

    return told


def _of(event: str) -> Rows:
    longest = f"{event}_longest_s"
    return (
        Quantity(f"{event}_longest", lambda digest: each(digest, longest), told=_longest(event), head="Longest pause"),
        Quantity(f"{event}_kept_longest", lambda digest: each(digest, f"{event}_kept_longest_s"), seconds),
        Quantity(f"{event}_still", whole(f"{event}_still"), span, "Partitions that stood still"),
        Quantity(f"{event}_kept", whole(f"{event}_kept"), span, "Partitions that kept their member"),
        Quantity(f"{event}_kept_taken", whole(f"{event}_kept_taken"), span, "Of these taken away for a while"),
        Quantity(f"{event}_kept_still", whole(f"{event}_kept_still"), span, "Of these that stood still"),
        Quantity(f"{event}_twice", whole(f"{event}_twice"), span, "Records done twice"),
    )  # fmt: skip


QUANTITIES = Quantities(
    (
        Quantity("label", lambda digest: str(digest.settings["label"])),
        *_of("join"), *_of("leave"), *_of("kill"),
        Quantity("skipped", whole("skipped"), span),
        Quantity("took", lambda digest: digest.number("took_s"), lambda value: f"{value:.0f}\u00a0s"),
        Quantity("", lambda digest: "; ".join(dict.fromkeys(filter(None, (one["trouble"] for one in digest.repeats)))),
                 card="What went wrong"),
    ),
    {f"{{label}}: {head}": [f"{event}_{kind}" for kind in KINDS] for event, head in HAPPENS.items()},
    "What happens",
)  # fmt: skip


def _title(digest: Digest) -> str:
    """New protocol (KIP-848): when a member joined, no partition was taken from a member that kept it"""
    kept, taken = whole("join_kept")(digest), whole("join_kept_taken")(digest)
    if not kept:
        return "{label}: not everything happened that was to happen"
    if not any(taken):
        who = "no partition was taken from a member that kept it"
    elif taken == kept:
        who = "every partition was taken away, also from those who got it back"
    else:
        who = "members lost {join_kept_taken} of the {join_kept} partitions that they kept, for a while"
    return f"{{label}}: when a member joined, {who}"


def _dead(digest: Digest) -> str:
    if not whole("kill_twice")(digest):
        return ""
    most = max(whole("kill_twice")(digest))
    many = ("No record was", "{kill_twice} record was", "{kill_twice} records were")[min(most, 2)]
    return f" After the kill a partition waited for {{kill_longest}}. {many} done twice."


def shapes(digest: Digest) -> View:
    """The lanes of the last repeat under the title of all."""
    return {"pictures": titled(digest, QUANTITIES.said(_title, digest))}


def several(digests: Sequence[Digest]) -> str:
    """How many ways took from a member what it got back."""
    taken = sum(truth(one) in (ALL, SOME) for one in digests)
    return f"Of {in_words(len(digests))} ways {in_words(taken)} took partitions from members that kept them"


REBALANCE_LOOK = Look(
    point=("way",),
    charts=(Chart("lanes", "Which member did each partition’s records, and where none was done", "lanes"),),
    quantities=QUANTITIES,
    title=_title,
    sentence=(
        _title, ".",
        " The longest pause of a partition was {join_longest} when a member joined and {leave_longest} when one left.",
        _dead,
    ),
    part="{join_longest}",
    event="a member joins",
    shapes=shapes,
    several=several,
)  # fmt: skip
REBALANCE_GUESS = Guess(
    question="{label}: {event}. How many of the partitions that stay where they are, are taken away for a while?",
    options=(ALL, SOME, NONE),
    truth=truth,
)
