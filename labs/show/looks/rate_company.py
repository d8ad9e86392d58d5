"""What the look of a rate lab says where several read the same messages, or several publish: a ledger for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from labs.model.digest import Digest
from labs.model.text import about_per_s


def _ledgers(digest: Digest) -> list[dict[str, Any]]:
    """A ledger a subscriber, of all repeats; empty where a recording has none."""
    return [one for repeat in digest.repeats for one in repeat.get("ledgers", ())]


def fates(digest: Digest) -> str:
    """What became of the messages at every subscriber of every repeat."""
    found = _ledgers(digest)
    if not found:
        return "–"
    whole = sum(one["delivered"] == one["attempted"] for one in found)
    counts = {name: sum(one[name] for one in found) for name in ("lost", "duplicated", "unknown")}
    words = {"lost": "lost", "duplicated": "twice", "unknown": "unknown"}
    said = ", ".join(f"{counts[name]:,} {word}" for name, word in words.items())
    return f"{whole} of {len(found)} ledgers complete; {said}"


def confirmed(digest: Digest) -> str:
    """How many publishers, over all repeats, had every message confirmed; nobody read, so no more is known."""
    found = _ledgers(digest)
    whole = sum(one["acknowledged"] == one["attempted"] for one in found)
    return f"{whole} of {len(found)} ledgers have every message confirmed" if found else "–"


def measured(digest: Digest) -> list[list[str]]:
    """Lines for the panel: nothing where our generator had no company."""
    if "common_s" in digest.median:
        return [
            ["All at work for", f"{digest.median['common_s']:.3g} s"],
            ["Publishers' ledgers", confirmed(digest)],
        ]
    if "deliveries_per_s" not in digest.median:
        return []
    return [
        ["Publishes", about_per_s(digest.median["publishes_per_s"])],
        ["Deliveries", about_per_s(digest.median["deliveries_per_s"])],
        ["Subscribers' ledgers", fates(digest)],
    ]


def said(digest: Digest) -> str:
    """A sentence, where there is something to say."""
    if "common_s" in digest.median:
        return f" Counted while all publishers were at work; {confirmed(digest)}."
    if "deliveries_per_s" not in digest.median:
        return ""
    return f" Deliveries to all subscribers: {about_per_s(digest.median['deliveries_per_s'])}; {fates(digest)}."


QUANTITIES: dict[str, Callable[[Digest], str]] = {
    "publishes": lambda digest: about_per_s(digest.median["publishes_per_s"]),
    "deliveries": lambda digest: about_per_s(digest.median["deliveries_per_s"]),
    "fates": fates,
    "confirmed": confirmed,
}
