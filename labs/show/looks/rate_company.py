"""What a rate lab says where several read the same messages, or several publish: a ledger for each."""

from __future__ import annotations

from collections.abc import Callable

from labs.model.digest import Digest, Table
from labs.model.text import NONE, about_per_s
from labs.show.quantities import Quantity


def _ledgers(digest: Digest) -> list[Table]:
    """A ledger a subscriber, of all repeats; empty where a recording has none."""
    return [one for repeat in digest.repeats for one in repeat.get("ledgers", ())]


def _whole(digest: Digest, fate: str) -> str:
    """12 of 12: in how many ledgers each attempted message met that fate."""
    found = _ledgers(digest)
    return f"{sum(one[fate] == one['attempted'] for one in found)} of {len(found)}"


def fates(digest: Digest) -> str:
    """What became of the messages at every subscriber of every repeat."""
    if not _ledgers(digest):
        return ""
    words = {"lost": "lost", "duplicated": "twice", "unknown": "unknown"}
    said = ", ".join(f"{sum(one[name] for one in _ledgers(digest)):,} {word}" for name, word in words.items())
    return f"{_whole(digest, 'delivered')} ledgers complete; {said}"


def confirmed(digest: Digest) -> str:
    """How many publishers, over all repeats, had every message confirmed; nobody read, so no more is known."""
    return f"{_whole(digest, 'acknowledged')} ledgers have every message confirmed" if _ledgers(digest) else ""


def said(digest: Digest) -> str:
    """A clause, where there is something to say: nothing where our generator had no company."""
    if "common_s" in digest.median:
        return " Counted while all publishers were at work; {confirmed}."
    return " Deliveries to all subscribers: {deliveries}; {fates}." if "deliveries_per_s" in digest.median else ""


def _median(name: str, asked: str) -> Quantity[float]:
    return Quantity(asked, lambda digest: digest.number(name), about_per_s, card=asked.capitalize())


def _of(fits: str, say: Callable[[Digest], str]) -> Callable[[Digest], str]:
    """What is said where the median has that figure."""
    return lambda digest: say(digest) if fits in digest.median else ""


QUANTITIES = (
    Quantity("fates", fates),
    Quantity("confirmed", confirmed),
    Quantity("", _of("common_s", lambda digest: f"{digest.median['common_s']:.3g} s"), card="All at work for"),
    Quantity("", _of("common_s", lambda digest: confirmed(digest) or NONE), card="Publishers' ledgers"),
    _median("publishes_per_s", "publishes"),
    _median("deliveries_per_s", "deliveries"),
    Quantity("", _of("deliveries_per_s", lambda digest: fates(digest) or NONE), card="Subscribers' ledgers"),
)
