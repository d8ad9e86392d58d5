"""The rules of C03, C23 and C24 (claims.csv) for share-the-work, two of them by what see-the-work found."""

from __future__ import annotations

from collections.abc import Sequence

from labs.experiments.rules import Said, Undecided, each, every, passes, point, rule, seen
from labs.model.digest import Digest
from labs.model.profile import BROKERS
from labs.model.text import BROKER_NAMES, enumerated, span
from labs.show.looks.seeing import LOOKED, POLICE, cell_of, scores, states
from labs.show.looks.sharing import BAD, NEAR, ratio_text

ROUND_ROBIN, LEAST = "http-round-robin", "http-least-connections"
BESIDE = "see-the-work"
ASKED = ("rabbitmq-queue", "redis-blpop", "redis-blmove", "redis-stream", "redis-pubsub", "kafka-group")
"""The modes that C03 asks about."""


def _ratios(one: Digest) -> list[float]:
    """The makespan over the ideal in every repeat; Undecided where a repeat has none."""
    label = str(one.settings["label"])
    return each(one, "ratio", unknown=f"With {label} not every job was seen done in every repeat.")


def _told(one: Digest) -> str:
    """RabbitMQ, prefetch 1 (1.04 to 1.06)"""
    return f"{one.settings['label']} ({span(_ratios(one), ratio_text)})"


@rule("C23")
def c23(digests: Sequence[Digest]) -> Said:
    """A broker near the ideal, and what else is near it or far from it."""
    ways = [one for one in digests if one.lab != BESIDE]
    brokered = [one for one in ways if one.settings.get("broker") in BROKERS]
    robin = point(ways, "HTTP round robin", mode=ROUND_ROBIN)
    least = point(ways, "HTTP least connections", mode=LEAST)
    near = [one for one in brokered if passes(_ratios(one), lambda ratio: ratio <= NEAR, _told(one))]
    far = [one for one in brokered if passes(_ratios(one), lambda ratio: ratio > BAD, _told(one))]
    worse = passes(_ratios(robin), lambda ratio: ratio > BAD, _told(robin))
    level = passes(_ratios(least), lambda ratio: ratio <= NEAR, _told(least))
    text = f"As multiples of the ideal time the jobs took: {_told(robin)}; {_told(least)}."
    text += f" Near the ideal with a broker: {'; '.join(map(_told, near)) or 'none'}."
    text += f" Far from it with a broker: {'; '.join(map(_told, far)) or 'none'}."
    if not near or worse is None or level is None or not (worse or level or far):
        raise Undecided(text)
    why = ["a balancer by least connections does it as well"] if level else []
    why += ["a broker does it only as its prefetch or its partitions allow"] if far else []
    if why:
        return "holds with conditions", f"{text} So {enumerated(why)}."
    return "holds", text


def _seen(digests: Sequence[Digest], modes: Sequence[str]) -> dict[str, Digest]:
    """The points of the lab beside this one; Undecided names what was not measured."""
    return every([one for one in digests if one.lab == BESIDE], "mode", modes, " by the lab beside this one")


def _scored(one: Digest) -> str:
    """Redis Pub/Sub 0"""
    return f"{one.settings['label']} {span(scores(one))}"


@rule("C03")
def c03(digests: Sequence[Digest]) -> Said:
    """Of each mode, how many of three questions a running broker answers."""
    found = _seen(digests, ASKED)
    full = {name: seen(one, lambda repeat: _whole(repeat["cells"])) for name, one in found.items()}
    text = (
        "Asked for the backlog, what is in flight and the age of the oldest unfinished message, the brokers gave this"
    )
    text += f" many right and whole answers of three: {'; '.join(map(_scored, found.values()))}."
    if any(one is False for one in full.values()):
        return "holds with conditions", f"{text} What can be seen depends on the way the messages are kept."
    if not all(full.values()):
        raise Undecided(text)
    return "holds", text


def _whole(cells: object) -> bool:
    return isinstance(cells, dict) and all(cells[name]["state"] == "yes" for name in LOOKED)


@rule("C24")
def c24(digests: Sequence[Digest]) -> Said:
    """A broker that refuses a publish which was not allowed, and takes it once it is."""
    known = list(_seen(digests, ASKED).values())
    kept = {broker: [one for one in known if one.settings["broker"] == broker] for broker in BROKERS}
    refusing = [broker for broker, some in kept.items() if all(set(states(one, POLICE)) == {"yes"} for one in some)]
    others = [broker for broker in BROKERS if broker not in refusing]
    if not refusing:
        raise Undecided("No broker was seen to refuse a publish in every round and to take it once it was allowed.")
    names = enumerated([BROKER_NAMES[one] for one in refusing])
    text = f"{names} refused a publish that was not allowed, and took it once it was."
    text += "".join(f" {BROKER_NAMES[one]}: {cell_of(POLICE)(kept[one][0]).text}." for one in refusing)
    if others:
        told = "".join(f" {BROKER_NAMES[one]}: {cell_of(POLICE)(kept[one][0]).text}." for one in others)
        return "holds with conditions", f"{text} Not so with every broker.{told}"
    return "holds", text


RULES = (c03, c23, c24)
