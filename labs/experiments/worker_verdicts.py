"""The rules of C18, C19, C26 and this lab's part of C02 (claims.csv) for kill-the-worker.

A point counts as losing nothing only if every repeat lost nothing and the death of the worker is proven in each.
"""

from __future__ import annotations

from collections.abc import Sequence

from labs.experiments.rules import WORDS, Said, Undecided, every, points, rule
from labs.model.digest import Digest
from labs.model.figures import Repeat
from labs.model.profile import BROKERS
from labs.model.text import BROKER_NAMES

PREFETCH = 10
ASYNC, SYNC, INSIDE = "rabbitmq-manual-ack", "http-retry", "asyncio-queue"


def lost(point: Digest) -> int | None:
    """The most that a repeat lost; None if a repeat cannot say."""
    counts = [repeat["jobs"]["lost"] for repeat in point.repeats]
    return max(counts) if counts and not any(_silent(repeat) for repeat in point.repeats) else None


def _silent(repeat: Repeat) -> bool:
    return repeat["verdict"] == "unknown" or bool(repeat["jobs"]["unknown"])


def _of_brokers(digests: Sequence[Digest]) -> list[Digest]:
    return [one for one in points(digests, prefetch=PREFETCH) if one.settings["broker"] in BROKERS]


@rule("C02", of_part=("holds with conditions",))
def c02(digests: Sequence[Digest]) -> Said:
    """Only whether modes differ: a killed broker is another lab's."""
    found = {one.settings["label"]: lost(one) for one in _of_brokers(digests)}
    none = [label for label, count in found.items() if count == 0]
    some = [f"{label} {count:,}" for label, count in found.items() if count]
    if none and some:
        return "holds with conditions", f"No job lost: {', '.join(none)}. Lost: {', '.join(some)}."
    text = "Modes that lost something and modes that lost nothing were not both seen" if found else "No mode was run"
    raise Undecided(f"{text}. A killed broker is for lab L3.2 to judge.")


@rule("C18", of_part=("holds",))
def c18(digests: Sequence[Digest]) -> Said:
    """Whether each broker has a way to lose nothing."""
    ways = {broker: [one for one in _of_brokers(digests) if one.settings["broker"] == broker] for broker in BROKERS}
    safe = {broker: [one for one in found if lost(one) == 0] for broker, found in ways.items()}
    said = [f"{BROKER_NAMES[broker]}: {_recovery(found)}" for broker, found in safe.items() if found]
    without = [broker for broker in BROKERS if not safe[broker]]
    if not without:
        return "holds", f"Each broker has a way to lose no job. {'; '.join(said)}."
    known = all(any(lost(one) for one in ways[broker]) for broker in without)
    names = ", ".join(BROKER_NAMES[broker] for broker in without)
    text = " ".join([f"No way without a loss was {'found' if known else 'measured'} for {names}.", *said])
    if not known:
        raise Undecided(text)
    return ("holds with conditions" if said else "never held"), text


def _recovery(found: Sequence[Digest]) -> str:
    times = [(one.settings["label"], one.median["redelivery_s"]) for one in found]
    return ", ".join(f"{label}" + (f" after {s:.1f} s" if s is not None else "") for label, s in times)


def _known(digests: Sequence[Digest], *modes: str) -> list[tuple[Digest, int]]:
    """The points of these modes and what they lost."""
    found = every(digests, "mode", modes, f" at prefetch {PREFETCH}", prefetch=PREFETCH)
    if unclear := [mode for mode, one in found.items() if lost(one) is None]:
        raise Undecided(f"It is unknown what became of all jobs with {', '.join(unclear)}.")
    return [(one, lost(one) or 0) for one in found.values()]


@rule("C19", of_part=WORDS)
def c19(digests: Sequence[Digest]) -> Said:
    """A queue with acknowledgements against a caller that retries."""
    (_, behind), (_, direct) = _known(digests, ASYNC, SYNC)
    text = f"With a queue and manual acknowledgement {behind:,} jobs were lost, with HTTP and retries {direct:,}."
    if behind > direct:
        return "no longer holds", text
    if behind == direct == 0:
        return "holds with conditions", f"{text} So a caller that retries with a key is as safe."
    if behind == direct:
        raise Undecided(text)
    return "holds", text


@rule("C26", of_part=("never held",))
def c26(digests: Sequence[Digest]) -> Said:
    """What waited inside the process that died."""
    [(inside, _)] = _known(digests, INSIDE)
    waiting = [repeat["waiting"] for repeat in inside.repeats]
    gone, queued = sum(one["lost"] for one in waiting), sum(one["jobs"] for one in waiting)
    text = f"Of {queued:,} jobs that waited in the asyncio.Queue of the killed process {gone:,} were lost."
    safe = [one.settings["label"] for one in _of_brokers(digests) if lost(one) == 0]
    if queued and gone == queued and safe:
        return "never held", f"{text} {safe[0]} lost none."
    raise Undecided(text if safe else f"{text} No broker's way without a loss was measured.")


RULES = (c02, c18, c19, c26)
