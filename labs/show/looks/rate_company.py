"""What a rate lab says where several read the same messages, or several publish: a ledger for each."""

from __future__ import annotations

from collections.abc import Callable

from labs.model.digest import Digest, Table
from labs.model.text import NONE, about_per_s, counted, measured_text
from labs.show.quantities import Quantity


def _ledgers(digest: Digest) -> list[Table]:
    """A ledger a subscriber, of all repeats; empty where a recording has none."""
    return [one for repeat in digest.repeats for one in repeat.get("ledgers", ())]


def _whole(digest: Digest, fate: str) -> int:
    """In how many ledgers each attempted message met that fate."""
    return sum(one[fate] == one["attempted"] for one in _ledgers(digest))


def fates(digest: Digest) -> str:
    """What became of the messages at every subscriber of every repeat."""
    found = _ledgers(digest)
    if not found:
        return ""
    lost, twice, unknown = (sum(one[name] for one in found) for name in ("lost", "duplicated", "unknown"))
    if not (lost or twice or unknown) and _whole(digest, "delivered") == len(found):
        return "every subscriber got every message once, in every repeat"
    rest = f", and the fate of {unknown:,} is unknown" if unknown else ""
    was = "was" if lost < 2 else "were"
    gone = f"{counted(lost, 'message') if lost else 'no message'} {was} lost"
    return f"over all subscribers and repeats {gone}, {f'{twice:,}' if twice else 'none'} came twice{rest}"


def confirmed(digest: Digest) -> str:
    """Whether every publisher had every message confirmed, over all repeats; nobody read, so no more is known."""
    found, whole = _ledgers(digest), _whole(digest, "acknowledged")
    if not found:
        return ""
    if whole == len(found):
        return "every publisher had every message confirmed, in every repeat"
    return f"{whole} of {len(found)} ledgers have every message confirmed"


def said(digest: Digest) -> str:
    """A clause, where there is something to say: nothing where our generator had no company."""
    if "common_s" in digest.median:
        return " It was counted while all publishers were at work; {confirmed}."
    return " All subscribers together got {deliveries}; {fates}." if "deliveries_per_s" in digest.median else ""


def _median(name: str, asked: str) -> Quantity[float]:
    return Quantity(asked, lambda digest: digest.number(name), about_per_s, card=asked.capitalize())


def _of(fits: str, say: Callable[[Digest], str]) -> Callable[[Digest], str]:
    """What is said where the median has that figure."""
    return lambda digest: say(digest) if fits in digest.median else ""


QUANTITIES = (
    Quantity("fates", fates),
    Quantity("confirmed", confirmed),
    Quantity("", _of("common_s", lambda one: f"{measured_text(one.median['common_s'])} s"), card="All at work for"),
    Quantity("", _of("common_s", lambda digest: confirmed(digest) or NONE), card="Publishers' ledgers"),
    _median("publishes_per_s", "publishes"),
    _median("deliveries_per_s", "deliveries"),
    Quantity("", _of("deliveries_per_s", lambda digest: fates(digest) or NONE), card="Subscribers' ledgers"),
)
