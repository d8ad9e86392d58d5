"""The rules of C59, C60 and C63 (claims.csv) for the lab about Redis's own queues.

The first two are the server's own answer about its commands; the third is what a reader got that had been away.
"""

from __future__ import annotations

from collections.abc import Sequence

from labs.experiments.rules import Said, Undecided, point, points, rule, seen
from labs.model.digest import Digest
from labs.model.figures import Repeat
from labs.model.text import enumerated

LIST_LEAST, STREAMS = (2, 0, 0), (5, 0, 0)


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def _told(digests: Sequence[Digest], *commands: str) -> dict[str, str]:
    """What the server says of these commands, in every repeat of every point alike; else Undecided."""
    found: dict[str, set[str]] = {name: set() for name in commands}
    for one in points(digests):
        for repeat in one.repeats:
            for name in commands:
                found[name].add(str(repeat["since"].get(name, "")))
    for name, versions in found.items():
        if len(versions) != 1:
            raise Undecided(f"The server did not always say the same of {name}." if versions else "No way was run.")
        if versions & {"", "untold"}:
            raise Undecided(f"The server does not say since when it has {name}.")
    return {name: versions.pop() for name, versions in found.items()}


def _dates(told: dict[str, str]) -> str:
    return enumerated([f"{name} to {version}" for name, version in told.items()])


@rule("C59", of_part=("never held",))
def c59(digests: Sequence[Digest]) -> Said:
    """Whether lists that wait and channels are as old as 2.0, by the server's own command table."""
    told = _told(digests, "BLPOP", "SUBSCRIBE")
    text = f"The server’s own command table dates {_dates(told)}"
    if all(_version(version) <= LIST_LEAST for version in told.values()):
        return "never held", f"{text}{_streams(digests)}."
    raise Undecided(f"{text}: the rule needs 2.0.0 or older of both.")


def _streams(digests: Sequence[Digest]) -> str:
    """How old streams are beside that, where the server says so."""
    try:
        return f", and streams (XADD) to {_told(digests, 'XADD')['XADD']}"
    except Undecided:
        return ""


@rule("C60", of_part=("never held",))
def c60(digests: Sequence[Digest]) -> Said:
    """Whether Pub/Sub is older than 5.0 and streams are what 5.0 brought."""
    told = _told(digests, "SUBSCRIBE", "XADD")
    text = f"The server’s own command table dates {_dates(told)}"
    if _version(told["SUBSCRIBE"]) < STREAMS == _version(told["XADD"]):
        return "never held", f"{text}: what 5.0 brought are streams."
    raise Undecided(f"{text}: the rule needs a SUBSCRIBE before 5.0.0 and an XADD of 5.0.0.")


@rule("C63", of_part=("holds",))
def c63(digests: Sequence[Digest]) -> Said:
    """Whether a group that was away has everything from a stream and nothing from a channel."""
    stream, channel = (point(digests, label, way=way) for label, way in NEEDED)
    got = [_got(one) for one in (stream, channel)]
    text = f"Away while messages were sent, a group got {got[0]} from the stream and {got[1]} from Pub/Sub."
    if seen(stream, lambda one: _word(one) == "yes") and seen(channel, lambda one: _word(one) == "no"):
        return "holds", text
    raise Undecided(text)


NEEDED = (("a stream with groups", "stream-group"), ("Pub/Sub", "pubsub"))


def _word(repeat: Repeat) -> str:
    return str(repeat["trials"].get("offline", {}).get("outcome", ""))


def _got(one: Digest) -> str:
    """200 of 200, in every repeat; the range where they differ."""
    found = [repeat["trials"].get("offline", {}) for repeat in one.repeats]
    counts = sorted({int(each["got"]["first"]) for each in found if "got" in each})
    if not counts:
        return "an unknown number"
    sent = next(each["sent"] for each in found if "sent" in each)
    return f"{' to '.join(dict.fromkeys(f'{n:,}' for n in (counts[0], counts[-1])))} of {sent:,}"


RULES = (c59, c60, c63)
