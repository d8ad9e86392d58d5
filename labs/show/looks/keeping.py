"""The look of the lab about reading again: a point is a way to keep; what a second reader gets and what is kept."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

from labs.model.digest import Digest
from labs.model.text import NBSP, about_per_s, count_of, counted, in_words, measured_text, number_text, span
from labs.show import Json
from labs.show.looks.base import Chart, Guess, Look, View
from labs.show.looks.picture import titled
from labs.show.quantities import Quantities, Quantity

ALL_OF_IT, A_PART, NOTHING = "all of it", "a part of it", "nothing"
"""What a second reader gets, as the judge calls it."""


def counts(digest: Digest, name: str) -> list[int]:
    """A count of each repeat that can say."""
    return [repeat["ends"][name] for repeat in digest.repeats if repeat["verdict"] == "kept"]


def figures(digest: Digest, name: str) -> list[float]:
    """A figure of each repeat that can say."""
    known = (repeat["figures"][name] for repeat in digest.repeats if repeat["verdict"] == "kept")
    return [one for one in known if one is not None]


def outcome(digest: Digest) -> str:
    """What a second reader got, if all repeats agree; else mixed or unknown."""
    return str(digest.median["outcome"])


def again_of(digest: Digest) -> str:
    """all 6,000 messages, 2,928 of 6,000 messages: what the second reader got of what was published."""
    found = counts(digest, "again")
    return count_of(found, counts(digest, "published"), "message") if found else "an unknown number"


def adds_up(digest: Digest) -> bool | None:
    """Whether adding up every change gives the live total, in all repeats; None where some say so and some do not."""
    pairs = zip(figures(digest, "total_again"), figures(digest, "total_live"), strict=True)
    found = {again == live for again, live in pairs}
    return found.pop() if len(found) == 1 else None


def balances_of(digest: Digest) -> str:
    """all 40 accounts, 36 of 40 accounts: those whose last balance the second reader knows."""
    found = counts(digest, "balances")
    return count_of(found, counts(digest, "accounts"), "account") if found else ""


def megabytes(values: Sequence[float]) -> str:
    """6.09 MB"""
    return span(values, lambda value: f"{measured_text(value / 1e6)}{NBSP}MB")


def _title(digest: Digest) -> str:
    if outcome(digest) == "unknown":
        return "{label}: what a second reader gets is unknown"
    return "{label}: a second reader gets {again_of}"


def _left(digest: Digest) -> str:
    """What the broker keeps after the acknowledgement, and before the second reader."""
    before, after = figures(digest, "bytes_acked"), figures(digest, "bytes_left")
    if not before or not after:
        return ""
    if megabytes(before) == megabytes(after):
        return " When all had been acknowledged, {bytes_acked} were kept, and no less later."
    return " When all had been acknowledged, {bytes_acked} were kept, and {bytes_left} in the end."


def _rebuilt(digest: Digest) -> str:
    """What can be made of what was read again."""
    if not counts(digest, "again") or not any(counts(digest, "again")):
        return ""
    total = adds_up(digest)
    if total:
        return " Adding up its changes gives the live total."
    told = " Adding up its changes does not give the live total" if total is False else ""
    return f"{told}, and the last balance is right for {{balances_of}}." if told else ""


def steps(digest: Digest) -> list[float]:
    """The smallest step of each round in which a log in files forgot. Redis trims as somebody adds, so what was seen of
    it is how often we looked."""
    return [] if digest.settings["broker"] == "redis" else figures(digest, "smallest_step")


def _steps(digest: Digest) -> str:
    return " It forgets whole segments: the first message moved by {smallest_step} or more at a time."


def _count(name: str, head: str = "") -> Quantity[list[int]]:
    return Quantity(name, lambda digest: counts(digest, name), span, head, none="unknown")


def _figure(name: str, unit: Callable[[Sequence[float]], str], head: str = "") -> Quantity[list[float]]:
    return Quantity(name, lambda digest: figures(digest, name), unit, head)


def _cents(values: Sequence[float]) -> str:
    return span(values, number_text)


QUANTITIES = Quantities((
    Quantity("label", lambda digest: str(digest.settings["label"]), head="Kept by"),
    Quantity("outcome", outcome, head="A second reader gets"),
    _count("again", "Messages"), _count("published", "Of"),
    _figure("first", span, "First one"),
    _figure("bytes_acked", megabytes, "Kept, all acknowledged"), _figure("bytes_left", megabytes, "Kept, later"),
    Quantity("smallest_step", steps, lambda found: number_text(min(found)), "Least step"),
    Quantity("adds_up", lambda digest: {True: "yes", False: "no", None: None}[adds_up(digest)], head="Total rebuilt"),
    _count("balances", "Balances right"), _count("accounts", "Of that"),
    _count("from_time", "From a time"), _count("early"), _count("late"),
    _count("at_end", "From the end"), _count("old_at_end"),
    _count("holes"), _count("doubled"), _count("reordered"),
    Quantity("again_of", again_of), Quantity("balances_of", balances_of),
    _figure("total_live", _cents), _figure("total_again", _cents),
    Quantity("per_s", lambda digest: statistics.median(found) if (found := figures(digest, "per_s")) else None,
             about_per_s),
    Quantity("settings", lambda digest: "; ".join(f"{k} {v}" for k, v in digest.setup.get("settings", {}).items()),
             card="Told to the broker"),
))  # fmt: skip


def shapes(digest: Digest) -> View:
    """The timeline of the last repeat, under the title of all of them."""
    return {"pictures": titled(digest, KEEPING_LOOK.quantities.said(_title, digest))}


def summary(digests: Sequence[Digest]) -> str:
    """The finding of several points: who gives a second reader all, and who nothing."""
    words = [outcome(one) for one in digests]
    whole, part, none = (words.count(word) for word in (ALL_OF_IT, A_PART, NOTHING))
    text = f"Of {counted(len(digests), 'way')} to keep messages, {in_words(whole)} gave a second reader all of them"
    return f"{text}, {in_words(part)} a part and {in_words(none)} nothing".replace(", no a part", ", none a part")


def layouts(_digests: Sequence[Digest]) -> dict[str, Json]:
    """A picture lays itself out."""
    return {}


KEEPING_LOOK = Look(
    point=("mode",),
    charts=(Chart("course", "The log, its readers and its bytes over time", "timeline"),),
    quantities=QUANTITIES,
    title=_title,
    sentence=(_title, ".", _left, _steps, _rebuilt),
    part="{again_of}",
    event="all has been read and acknowledged",
    lead="A second reader gets",
    shapes=shapes,
    layouts=layouts,
    several=summary,
)
KEEPING_GUESS = Guess(
    question="{label}: {event}. How much of it does a second reader get that begins at the first message?",
    options=(ALL_OF_IT, A_PART, NOTHING),
    truth=outcome,
)
