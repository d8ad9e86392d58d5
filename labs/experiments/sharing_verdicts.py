"""The rules of C03, C23 and C24 (claims.csv) for share-the-work, two of them by what see-the-work found."""

from __future__ import annotations

from collections.abc import Sequence

from labs.experiments.rules import Said, Undecided, each, every, passes, point, rule, seen
from labs.model.digest import Digest
from labs.model.profile import BROKERS
from labs.model.text import BROKER_NAMES, capital, enumerated, in_words, span
from labs.show.looks.seeing import LOOKED, POLICE, scores, states
from labs.show.looks.sharing import BAD, NEAR, ratio_text

ROUND_ROBIN, LEAST = "http-round-robin", "http-least-connections"
BESIDE = "see-the-work"
ASKED = ("rabbitmq-queue", "redis-blpop", "redis-blmove", "redis-stream", "redis-pubsub", "kafka-group")
"""The modes that C03 asks about."""


def _ratios(one: Digest) -> list[float]:
    """The makespan over the ideal in every repeat; Undecided where a repeat has none."""
    label = str(one.settings["label"])
    return each(one, "ratio", unknown=f"With {label} not every job was seen done in every repeat.")


def _range(some: Sequence[Digest]) -> str:
    """1.04 to 1.06, over all repeats of all of them."""
    return span((ratio for one in some for ratio in _ratios(one)), ratio_text)


def _labels(some: Sequence[Digest]) -> str:
    """RabbitMQ (prefetch 1, prefetch 10); Redis list, BLMOVE: what begins alike is named once."""
    alike: dict[str, list[str]] = {}
    for one in some:
        head, _, rest = str(one.settings["label"]).partition(", ")
        alike.setdefault(head, []).append(rest)
    return "; ".join(
        f"{head} ({', '.join(rests)})" if len(rests) > 1 else f"{head}, {rests[0]}".removesuffix(", ")
        for head, rests in alike.items()
    )


def _told(one: Digest) -> str:
    return f"{one.settings['label']} took {_range([one])} times the ideal."


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
    text = f"With one slow worker HTTP round robin took {_range([robin])} times the ideal"
    text += f", least connections {_range([least])}."
    text += f" With brokers near it were {_labels(near)}." if near else " With no broker it was near."
    if far:
        text += f" Far from it were {_labels(far)}. They took {_range(far)} times the ideal."
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


def _by_score(found: dict[str, Digest]) -> dict[str, list[str]]:
    """How many right answers, a range where rounds differ, the most first -> the modes that gave them."""
    table: dict[str, list[str]] = {}
    for one in sorted(found.values(), key=lambda one: -max(scores(one), default=0)):
        table.setdefault(span(scores(one)), []).append(str(one.settings["label"]))
    return table


def _answered(score: str, labels: Sequence[str]) -> str:
    number = "Nothing" if score == "0" else capital(in_words(int(score))) if score.isdigit() else score
    verb = "was" if score in ("0", "1") else "were"
    return f" {number} of the three {verb} answered right by {'; '.join(labels)}."


@rule("C03")
def c03(digests: Sequence[Digest]) -> Said:
    """Of each mode, how many of three questions a running broker answers."""
    found = _seen(digests, ASKED)
    full = {name: seen(one, lambda repeat: _whole(repeat["cells"])) for name, one in found.items()}
    text = "Brokers were asked for their backlog, what is in flight and the age of the oldest unfinished message."
    text += "".join(_answered(*one) for one in _by_score(found).items())
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
    text = f"A policy was enforced by {names}: a publish that was not allowed was refused, and taken once it was."
    if others:
        rest = enumerated([BROKER_NAMES[one] for one in others])
        return "holds with conditions", f"{text} With {rest} that was not seen, or it was not tried."
    return "holds", text


RULES = (c03, c23, c24)
