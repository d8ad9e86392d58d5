"""The look of a lab about limits: a point is a limit and a publisher; how long it waits, what it hears, what goes."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

from labs.model.digest import Digest
from labs.model.text import NBSP, count_of, in_words, ms_text, number_text, seconds, span, was
from labs.show import Json
from labs.show.looks.base import Chart, Guess, Look, View
from labs.show.looks.picture import titled
from labs.show.quantities import Quantities, Quantity

WAITS, ERROR, LOSES, NOTHING = "it waits", "it gets an error", "nothing, and messages are lost", "nothing at all"
"""What a publisher notices, as the judge calls it."""


def counts(digest: Digest, name: str) -> list[int]:
    """A count of each repeat."""
    return [repeat["ends"][name] for repeat in digest.repeats]


def times(digest: Digest, name: str) -> list[float]:
    """A figure of each repeat that could say."""
    return digest.each("figures", name)


def outcome(digest: Digest) -> str:
    """What the publisher noticed, if all repeats agree; else mixed."""
    return str(digest.median["outcome"])


def some(digest: Digest, name: str) -> bool:
    """Whether a count is above zero in any repeat."""
    return any(counts(digest, name))


def of_all(name: str) -> Callable[[Digest], str]:
    """190 of 601 messages: of what was published."""
    return lambda digest: count_of(counts(digest, name), counts(digest, "published"), "message")


def _figures(name: str) -> Callable[[Digest], list[float]]:
    return lambda digest: times(digest, name)


def _ms_span(found: Sequence[float]) -> str:
    return span(found, ms_text)


def _longest(digest: Digest) -> float:
    return statistics.median(times(digest, "longest_ms"))


def _title(digest: Digest) -> str:
    found = outcome(digest)
    refused = f", and {{refused_of}} {was(counts(digest, 'refused'))} refused" if some(digest, "refused") else ""
    if found == WAITS:
        return f"{{label}}: one call lasts {{longest}}{refused}"
    if found == ERROR:
        return f"{{label}}: {{refused_of}} {was(counts(digest, 'refused'))} refused at once"
    if found == LOSES:
        return f"{{label}}: the publisher notices nothing, and {{lost_of}} {was(counts(digest, 'lost'))} lost"
    if found == NOTHING:
        return "{label}: the publisher notices nothing, and nothing is lost"
    return "{label}: the repeats do not agree on what the publisher notices"


def _began(digest: Digest) -> str:
    said = " It began {trouble} after the reader had stopped" if times(digest, "trouble_s") else ""
    full = digest.setup.get("limit_s")
    return (
        f"{said}; by its size the limit is full after {ms_text(full * 1000)}." if said and full else said and f"{said}."
    )


def _paid(digest: Digest) -> str:
    """What the reader paid, and what of it the publisher could have read."""
    if not some(digest, "dropped"):
        return ""
    text = " The server closed the connection of the reader, which reconnected when it read again."
    return f"{text} PUBLISH answered 0 subscribers to {{unheard_of}}." if some(digest, "unheard") else text


def _count(name: str, head: str = "") -> Quantity[list[int]]:
    return Quantity(name, lambda digest: counts(digest, name), span, head)


QUANTITIES = Quantities((
    Quantity("label", lambda digest: str(digest.settings["label"]), head="Limit and publisher"),
    Quantity("outcome", outcome, head="The publisher notices"),
    Quantity("longest_ms", _figures("longest_ms"), _ms_span, "Longest call"),
    _count("refused", "Refused"), _count("lost", "Lost"), _count("unheard", "Given to nobody"),
    Quantity("trouble_s", _figures("trouble_s"), seconds, "Trouble after"),
    Quantity("limit_s", lambda digest: digest.setup.get("limit_s"), lambda value: ms_text(value * 1000), "By its size"),
    _count("published", "Published"), _count("waited"), _count("dropped"),
    Quantity("trouble", lambda digest: statistics.median(found) if (found := times(digest, "trouble_s")) else None,
             lambda value: ms_text(value * 1000)),
    Quantity("longest", _longest, ms_text),
    Quantity("before_ms", _figures("before_ms"), _ms_span),
    Quantity("refused_of", of_all("refused")), Quantity("lost_of", of_all("lost")),
    Quantity("unheard_of", of_all("unheard")),
    Quantity("limit_bytes", lambda digest: digest.setup.get("limit_bytes") or None,
             lambda value: f"{number_text(value / 1e6)}{NBSP}MB"),
    Quantity("said", lambda digest: str(digest.setup.get("said", "")), card="Said to the publisher"),
    Quantity("evidence", lambda digest: str(digest.repeats[-1]["fault"]["evidence"]), card="Proof of the limit"),
    Quantity("looks", lambda digest: "yes" if digest.setup.get("looks") else "no", card="The publisher looks"),
))  # fmt: skip


def shapes(digest: Digest) -> View:
    """The timeline of the last repeat, under the title of all of them."""
    return {"pictures": titled(digest, LIMITS_LOOK.quantities.said(_title, digest))}


def summary(digests: Sequence[Digest]) -> str:
    """The finding of several points: in how many the publisher notices something, and in how many messages just go."""
    met = sum(outcome(one) in (WAITS, ERROR) for one in digests)
    silent = sum(outcome(one) == LOSES for one in digests)
    lost = f"{in_words(silent)} lost messages without a word to it" if silent else "none lost messages in silence"
    return f"Of {in_words(len(digests))} publishers {in_words(met)} waited or got an error; {lost}"


def layouts(_digests: Sequence[Digest]) -> dict[str, Json]:
    """A picture lays itself out."""
    return {}


LIMITS_LOOK = Look(
    point=("mode",),
    charts=(Chart("course", "Publisher and reader over time", "timeline"),),
    quantities=QUANTITIES,
    title=_title,
    sentence=(_title, ".", _began, _paid),
    part="{outcome}",
    event="the reader stops reading",
    shapes=shapes,
    layouts=layouts,
    several=summary,
)
LIMITS_GUESS = Guess(
    question="{label}: {event} and the publisher goes on. What does the publisher notice?",
    options=(NOTHING, LOSES, ERROR, WAITS),
    truth=outcome,
)
