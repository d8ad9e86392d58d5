"""The look of a rate lab: a point is a way of sending; how much went through, and what was the limit.

A point where our client was the limit says nothing about the broker: it is drawn hollow and never carries its name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from labs.judge.lift import Found, held_up, limit_of
from labs.model.digest import Digest
from labs.model.text import BROKER_NAMES, NBSP, about_per_s, enumerated, measured_text, span
from labs.show import Json
from labs.show.looks import dots, rate_company
from labs.show.looks.base import Chart, Look, View
from labs.show.quantities import Quantities, Quantity, Rows

USUAL = (100.0, 1_000_000.0)
"""The ends of the axis, messages a second, where nothing is measured."""
KEYS = {
    "at": "median; the broker, its queue or its machine was the limit",
    "open": "median; the broker may have more to give",
    "repeat": "one repeat",
    "cross": "published by others",
}
HOLLOW = ("client", "window", "unseen", "unasked")
FATES: Mapping[str, str] = {
    "queue": "broker", "broker": "broker", "machine": "broker", "not found": "unseen", "not looked for": "unasked",
}  # fmt: skip
"""The limit -> what is to be said of the rate, where it is another word."""
TITLES = {
    "client": "{label}: {per_s}, and our client was the limit",
    "window": "{broker_name}, {label}: {per_s}, and the window was the limit",
    "unseen": "{broker_name}, {label}: {per_s}; the limit was not found",
    "unasked": "{broker_name}, {label}: {per_s}; the limit was not looked for",
    "published": "{label}: {per_s}",
}
"""What a title says where the rate is not known to be the most. A client's limit is not the broker's: no name."""
RAN_OUT = "{label}: {per_s}, and our client ran out of CPU"
NO_CONDITIONS = "none given"


def per_s(digest: Digest) -> float:
    """The median, messages a second."""
    return float(digest.median["per_s"])


def found(digest: Digest) -> Found:
    """What was the limit, judged anew from the repeats: a recording from before has not looked for it."""
    return limit_of(digest.repeats)


def client_bound(digest: Digest) -> bool:
    """Whether our own client was the limit, or ran out of CPU where nobody looked for it."""
    return not published(digest) and found(digest).ours


def published(digest: Digest) -> bool:
    """Whether somebody else measured it."""
    return bool(digest.settings.get("published"))


def fate(digest: Digest) -> str:
    """Whose limit the rate is: broker (its queue, its machine), window, client, unseen, unasked, or published."""
    if published(digest):
        return "published"
    word = found(digest).word
    return FATES.get(word, word)


def limit(digest: Digest) -> str:
    """What was the limit, in sentences without the last full stop; of a published figure its conditions. A rate that
    changed while it was measured says so, and so does one whose publishers the broker stopped."""
    told = f"{found(digest).said}{held(digest)}{unsteady(digest)}"
    return str(digest.card.get("conditions")) if published(digest) else told


def limit_word(digest: Digest) -> str:
    """The same in a word: window, client, queue, broker, machine, not found, not looked for."""
    return "" if published(digest) else found(digest).word


def held(digest: Digest) -> str:
    """In how many rounds the broker stopped its publishers, and why; empty where it did in none."""
    why = list(dict.fromkeys(each := held_up(digest.repeats)))
    if not why:
        return ""
    rounds = f"{len(each)} of {len(digest.repeats)} rounds"
    return f". In {rounds} the broker held its publishers up ({enumerated(why)}), so this rate is held against no other"


def unheld(digests: Sequence[Digest]) -> list[Digest]:
    """Those that may be the best of all: of the others the broker stopped the publishers. All where none is left."""
    return [one for one in digests if not held_up(one.repeats)] or list(digests)


def unsteady(digest: Digest) -> str:
    """That most repeats did not go on as they began; empty where they did, and where nobody looked."""
    halves = digest.each("halves")
    if digest.median.get("steady", True) or not halves:
        return ""
    ends = dict.fromkeys([_half(min(halves), "no slower"), _half(max(halves), "no faster")])
    return f". The rate was not steady: the second half of a round was {' to '.join(ends)} than the first"


def _half(ratio: float, alike: str) -> str:
    """23 % slower"""
    more = round((ratio - 1) * 100)
    return f"{abs(more)}{NBSP}% {'faster' if more > 0 else 'slower'}" if more else alike


def cores(digest: Digest) -> str:
    """Who used how many cores, for the run card."""
    return "" if published(digest) else found(digest).cores


def title(digest: Digest) -> str:
    """The finding. Only where the broker had its say does it stand there by name."""
    if client_bound(digest) and found(digest).word != "client":
        return RAN_OUT
    return TITLES.get(fate(digest), "{broker_name}, {label}: {per_s}")


def _repeats(digest: Digest) -> list[float]:
    """The rates of the repeats, where there are several."""
    return digest.each("per_s") if len(digest.repeats) > 1 else []


def _mb(digest: Digest) -> str:
    """Payload carried, in millions of bytes a second; nothing where the payload is not known."""
    size = digest.settings.get("body_bytes")
    return measured_text(per_s(digest) * size / 1e6) if size else ""


def _measured_by(digest: Digest) -> str:
    return str(digest.card["source"]) if published(digest) else f"{len(digest.repeats)}"


def _range(values: Sequence[float]) -> str:
    return f"{about_per_s(min(values))} to {about_per_s(max(values))}"


def _halves(ratios: Sequence[float]) -> str:
    return span(ratios, "{:.2f}".format)


LABEL: Quantity[str] = Quantity("label", lambda digest: digest.settings["label"], head="Way")
PER_S = Quantity("per_s", per_s, about_per_s, "Messages/s")
RANGE = Quantity("range", _repeats, _range, "Range")
BODY: Quantity[int] = Quantity("", lambda digest: digest.settings.get("body_bytes"), "{:,}".format, "Payload, B")
LIMIT = Quantity("limit", limit, head="Limit (what raised the rate)")
WORDS: Rows = (
    Quantity("broker_name", lambda digest: BROKER_NAMES[digest.settings["broker"]]),
    Quantity("source", lambda digest: str(digest.card.get("source", ""))),
    Quantity("runs", lambda digest: f"{len(digest.repeats)}"),
    Quantity("", lambda digest: "" if published(digest) else limit(digest), card="Limit"),
    Quantity("", lambda digest: limit(digest) if published(digest) else "", card="Conditions"),
    Quantity("", cores, card="CPU use"),
    Quantity("limit_word", limit_word),
    Quantity("", lambda digest: RANGE.cell(digest), card="Range of the repeats"),
    Quantity("halves", lambda digest: digest.each("halves"), _halves, card="Second half over first"),
    Quantity("mb", lambda digest: f"{_mb(digest) or '–'} MB/s"),
    *rate_company.QUANTITIES,
)
QUANTITIES = Quantities((
    LABEL, PER_S, RANGE, Quantity("", _mb, head="MB/s"), BODY, LIMIT,
    Quantity("", _measured_by, head="Repeats or source"),
    *WORDS,
))  # fmt: skip


def shapes(digest: Digest) -> View:
    """A row of dots with the limit in a word; which words in full a pointer is told."""
    others = published(digest)
    kind = "cross" if others else "open" if fate(digest) in HOLLOW or held(digest) or unsteady(digest) else "at"
    told = f"{digest.card['source']}; {limit(digest)}" if others else f"{RANGE.cell(digest)}. {limit(digest)}"
    word = "published" if others else limit_word(digest)
    text = PER_S.text(digest)
    row = dots.marks(per_s(digest), digest.each("per_s"), text, kind=kind, word=word, more=told)
    return {"dots": row, "bound": client_bound(digest)}


def layouts(digests: Sequence[Digest]) -> dict[str, Json]:
    """One log axis for all ways of the lab."""
    axis = dots.log_ticks([rate for one in digests for rate in (per_s(one), *one.each("per_s"))], USUAL, "/s")
    heads = ("Way", "Messages a second (log)", "Limit")
    return {"rates": dots.layout(heads[:2] if unasked(digests) else heads, axis, KEYS)}


def unasked(digests: Sequence[Digest]) -> bool:
    """Whether there are rates of ours and nobody looked for the limit of any."""
    ours = [one for one in digests if not published(one)]
    return bool(ours) and all(limit_word(one) == "not looked for" for one in ours)


def limits(digests: Sequence[Digest]) -> str:
    """What a page says above the dots: which of them are about the broker, in this recording."""
    if unasked(digests):
        return f"{NOBODY_LOOKED} so no dot is full: at least so much went through."
    full = any(shapes(one)["dots"]["kind"] == "at" for one in digests)
    none = "" if full else " In this recording none is full."
    return f"{COLUMN} A hollow one may not be the most that the broker can give.{none}"


NOBODY_LOOKED = "In this recording nobody looked for the limit of any way,"
COLUMN = "The last column names the limit. A full dot is about the broker: it, its queue or its machine was the limit."


def fastest(digests: Sequence[Digest]) -> str:
    """The finding of several ways: that of the fastest."""
    best = max(unheld(digests), key=per_s)
    return QUANTITIES.said(title(best), best)


def _reached(digest: Digest) -> str:
    """Who reached which rate and how; what our client bounds is never said of the broker."""
    if not published(digest):
        who = "The client reached" if client_bound(digest) else "{broker_name} took"
        return f"{who} {{per_s}} ({{label}}). {{limit}}."
    bare = limit(digest).endswith(NO_CONDITIONS)
    source = "{per_s} was published for {broker_name} ({label}). The source is: {source}. "
    return source + ("It names no conditions." if bare else "Its conditions were: {limit}.")


SENTENCE = (_reached, rate_company.said)
RATE_LOOK = Look(
    point=("way",),
    charts=(Chart("rates", "Messages a second", "dots", rows="way"),),
    quantities=QUANTITIES,
    title=title,
    sentence=SENTENCE,
    part="{per_s}",
    event="messages a second",
    lead="the rate was",
    shapes=shapes,
    layouts=layouts,
    several=fastest,
)
