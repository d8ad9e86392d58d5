"""The rules of C30, C34, C46 and C55 (claims.csv) for delivery-shapes.

A repeat counts only if it is shown that nothing more would have come to anybody.
"""

from __future__ import annotations

from collections.abc import Sequence

from labs.experiments.rules import Said, Undecided, every, passes, point, points, rule, seen
from labs.model.digest import Digest
from labs.model.figures import Repeat
from labs.model.shapes import EACH_GROUP, EVERYONE, ONE, SHAPES, UNKNOWN
from labs.model.text import count_of, counted, enumerated, in_words, span

SHARED, TWICE = {"groups": 1, "members": 3}, {"groups": 2, "members": 3}


def _known(one: Digest) -> Digest:
    """The same; Undecided where a repeat cannot say who got what."""
    if any(repeat["outcome"] == UNKNOWN for repeat in one.repeats):
        raise Undecided(f"Not every repeat of {one.settings['label']} was seen to its end.")
    return one


def _at(digests: Sequence[Digest], mode: str, crew: dict[str, int]) -> Digest:
    label = f"{SHAPES[mode].label} with {counted(crew['groups'], 'group')} of {in_words(crew['members'])}"
    return _known(point(digests, label, mode=mode, **crew))


def _went(one: Digest, to: str) -> bool | None:
    """Whether every message that was sent went to whom the rule says, once, in enough repeats."""
    return seen(one, lambda repeat: repeat["outcome"] == to and repeat["deliveries"]["messages"] > 0)


def _busy(repeat: Repeat) -> int:
    return sum(number > 0 for number in repeat["counts"].values())


def _counts(one: Digest) -> str:
    """Of one unit that shared: 22 to 17 messages each; of others the sum."""
    low, high = (pick(n for r in one.repeats for n in r["counts"].values()) for pick in (min, max))
    each = f"{low} to {high}" if low < high else f"{low}"
    return f"{each} of {one.repeats[0]['deliveries']['messages']} messages a consumer"


def _each(digests: Sequence[Digest], wanted: Sequence[tuple[str, dict[str, int], str]], texts: Sequence[str]) -> Said:
    """`holds` if each of these points went to whom it should; Undecided with the figures otherwise."""
    found = [(_at(digests, mode, crew), to) for mode, crew, to in wanted]
    text = " ".join(
        f"{says} ({one.settings['label']}: {_counts(one)})." for (one, _), says in zip(found, texts, strict=True)
    )
    if all(_went(one, to) for one, to in found):
        return "holds", text
    other = [f"{one.settings['label']} gave it to {' or '.join(dict.fromkeys(r['outcome'] for r in one.repeats))}."
             for one, to in found if not _went(one, to)]  # fmt: skip
    raise Undecided(" ".join(["Not every message went where the rule wants it.", *other]))


@rule("C34", of_part=("holds",))
def c34(digests: Sequence[Digest]) -> Said:
    """A queue that is shared, and copies for each group."""
    wanted = (("rabbitmq-queue", SHARED, ONE), ("rabbitmq-fanout", TWICE, EACH_GROUP))
    texts = (
        "Three consumers of one queue had each message once in total, and shared them",
        "Behind a fanout exchange each of two groups had every message once",
    )
    return _each(digests, wanted, texts)


@rule("C55", of_part=("holds",))
def c55(digests: Sequence[Digest]) -> Said:
    """A list that is shared, a channel that everybody hears, and a stream that does both."""
    wanted = (
        ("redis-list", SHARED, ONE),
        ("redis-pubsub", SHARED, EVERYONE),
        ("redis-stream", TWICE, EACH_GROUP),
    )
    texts = (
        "Three consumers of a list had each message once in total",
        "Three subscribers of a channel had every message each",
        "Two groups of a stream had every message once each",
    )
    return _each(digests, wanted, texts)


@rule("C46", of_part=("never held",))
def c46(digests: Sequence[Digest]) -> Said:
    """One group in which records are shared is enough."""
    found = [_known(one) for one in points(digests, mode="kafka-group", groups=1)]
    if not found:
        raise Undecided("No single consumer group of Kafka was measured.")
    shared = [one for one in found if seen(one, lambda r: r["outcome"] == ONE and _busy(r) >= 2)]
    if not shared:
        raise Undecided("In no single consumer group did two members share the records with each record done once.")
    best = max(shared, key=lambda one: min(map(_busy, one.repeats)))
    busy, members = sorted({_busy(one) for one in best.repeats}), best.settings["members"]
    all_of_them = f"each of its {in_words(members)} members"
    some = all_of_them if busy == [members] else f"{span(busy)} of its {members} members"
    text = f"In one consumer group every record was done exactly once in total, and {some} had some: {_counts(best)}."
    return "never held", f"{text} So within a group Kafka is one-to-one, by partition."


@rule("C30", of_part=("holds with conditions",))
def c30(digests: Sequence[Digest]) -> Said:
    """Whether two groups of three tell the shapes apart; and what the two words leave out."""
    found = every(digests, "mode", SHAPES, " with two groups of three", **TWICE)
    sides = {to: [one for one in found.values() if _went(_known(one), to)] for to in (ONE, EACH_GROUP, EVERYONE)}
    clear = sum(map(len, sides.values()))
    if clear < len(found) or not all(sides.values()):
        raise Undecided(f"Of {counted(len(found), 'shape')} {clear} gave each message to the same kind of consumer.")
    shapes = " ".join(f"{_names(ones)} gave each message to {to}." for to, ones in sides.items())
    text = f"Two groups of three consumers tell the shapes apart, so the definition can be used. {shapes}"
    text += f" It does not say what becomes of the order of a key.{_order(found)}"
    return "holds with conditions", f"{text} Nor does it say whether a message can be read again."


def _names(ones: Sequence[Digest]) -> str:
    return enumerated([str(one.settings["label"]) for one in ones])


def _order(found: dict[str, Digest]) -> str:
    """Who kept the order of a key among several workers and who did not."""
    grouped = [one for one in found.values() if SHAPES[str(one.settings["mode"])].shared != "consumer"]
    kept = [one for one in grouped if passes(_late(one), lambda late: late == 0, "")]
    broken = [f"{_called(one)} ({_share(one)})" for one in grouped if passes(_late(one), lambda n: n > 0, "")]
    said = f" {_names(kept)} kept it for every key." if kept else ""
    return said + (f" {enumerated(broken)} did not." if broken else "")


def _called(one: Digest) -> str:
    """Its name; with its partitions, where several members have the same one."""
    partitions = one.settings.get("partitions", one.settings["members"])
    return f"{one.settings['label']}{'' if partitions >= one.settings['members'] else _at_partitions(partitions)}"


def _at_partitions(number: int) -> str:
    return f" at {in_words(number)} {'partition' if number == 1 else 'partitions'}"


def _late(one: Digest) -> list[int]:
    return [repeat["deliveries"]["overtaken"] for repeat in one.repeats]


def _share(one: Digest) -> str:
    return count_of(_late(one), [repeat["deliveries"]["owed"] for repeat in one.repeats], "delivery", "deliveries")


RULES = (c30, c34, c46, c55)
