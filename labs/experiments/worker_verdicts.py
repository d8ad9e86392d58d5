"""The verdict rules of C18, C19, C26 and this lab's part of C02 (claims.csv), from the digests of kill-the-worker.

A point counts as losing nothing only if every repeat lost nothing and the death of the worker is proven in each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from labs.experiments.base import Verdict, Word
from labs.model.digest import Digest, Table
from labs.model.profile import BROKERS
from labs.model.text import BROKER_NAMES

Points = Mapping[str, Digest]
"""Mode -> its digest."""
PREFETCH = 10
ASYNC, SYNC, INSIDE = "rabbitmq-manual-ack", "http-retry", "asyncio-queue"


def verdicts(digests: Sequence[Digest]) -> list[Verdict]:
    """One verdict a claim; `undecided here` with the reason where a point is missing or says nothing."""
    points = {d.settings["mode"]: d for d in digests if d.settings["prefetch"] == PREFETCH}
    return [_c02(points), _c18(points), _c19(points), _c26(points)]


def lost(point: Digest) -> int | None:
    """The most that a repeat lost; None if a repeat cannot say."""
    counts = [None if _silent(repeat) else repeat["jobs"]["lost"] for repeat in point.repeats]
    return None if None in counts or not counts else max(count for count in counts if count is not None)


def _silent(repeat: Table) -> bool:
    return repeat["verdict"] == "unknown" or bool(repeat["jobs"]["unknown"])


def _of_brokers(points: Points) -> list[Digest]:
    return [point for point in points.values() if point.settings["broker"] in BROKERS]


def _c02(points: Points) -> Verdict:
    found = {p.settings["label"]: lost(p) for p in _of_brokers(points)}
    none = [label for label, count in found.items() if count == 0]
    some = [f"{label} {count:,}" for label, count in found.items() if count]
    if none and some:
        return Verdict("C02", "holds with conditions", f"No job lost: {', '.join(none)}. Lost: {', '.join(some)}.")
    text = "Modes that lost something and modes that lost nothing were not both seen" if found else "No mode was run"
    return Verdict("C02", "undecided here", f"{text}. A killed broker is for lab L3.2 to judge.")


def _c18(points: Points) -> Verdict:
    found = _of_brokers(points)
    safe = {broker: [p for p in found if p.settings["broker"] == broker and lost(p) == 0] for broker in BROKERS}
    said = [f"{BROKER_NAMES[broker]}: {_recovery(safe[broker])}" for broker in BROKERS if safe[broker]]
    without = [broker for broker in BROKERS if not safe[broker]]
    if not without:
        return Verdict("C18", "holds", f"Each broker has a way to lose no job. {'; '.join(said)}.")
    names = ", ".join(BROKER_NAMES[broker] for broker in without)
    known = all(any(lost(p) for p in found if p.settings["broker"] == broker) for broker in without)
    word: Word = "undecided here" if not known else "holds with conditions" if said else "never held"
    text = f"No way without a loss was {'found' if known else 'measured'} for {names}."
    return Verdict("C18", word, " ".join([text, *said]))


def _recovery(points: Sequence[Digest]) -> str:
    times = [(p.settings["label"], p.median["redelivery_s"]) for p in points]
    return ", ".join(f"{label}" + (f" after {s:.1f} s" if s is not None else "") for label, s in times)


def _pair(points: Points, names: Sequence[str]) -> tuple[list[int], str]:
    """The losses of these modes, or why they cannot be compared."""
    missing = [name for name in names if name not in points]
    if missing:
        return [], f"Not measured at prefetch {PREFETCH}: {', '.join(missing)}."
    counts = [lost(points[name]) for name in names]
    if None in counts:
        unclear = [name for name, count in zip(names, counts, strict=True) if count is None]
        return [], f"It is unknown what became of all jobs with {', '.join(unclear)}."
    return [count for count in counts if count is not None], ""


def _c19(points: Points) -> Verdict:
    counts, why = _pair(points, (ASYNC, SYNC))
    if why:
        return Verdict("C19", "undecided here", why)
    behind, direct = counts
    text = f"With a queue and manual acknowledgement {behind:,} jobs were lost, with HTTP and retries {direct:,}."
    if behind > direct:
        return Verdict("C19", "no longer holds", text)
    if behind == direct == 0:
        return Verdict("C19", "holds with conditions", f"{text} So a caller that retries with a key is as safe.")
    return Verdict("C19", "holds" if behind < direct else "undecided here", text)


def _c26(points: Points) -> Verdict:
    if INSIDE not in points or lost(points[INSIDE]) is None:
        return Verdict("C26", "undecided here", _pair(points, (INSIDE,))[1])
    waiting = [repeat["waiting"] for repeat in points[INSIDE].repeats]
    gone, queued = sum(one["lost"] for one in waiting), sum(one["jobs"] for one in waiting)
    text = f"Of {queued:,} jobs that waited in the asyncio.Queue of the killed process {gone:,} were lost."
    safe = [p.settings["label"] for p in _of_brokers(points) if lost(p) == 0]
    if queued and gone == queued and safe:
        return Verdict("C26", "never held", f"{text} {safe[0]} lost none.")
    return Verdict("C26", "undecided here", text if safe else f"{text} No broker's way without a loss was measured.")
