"""The look of L6.4: a point is a way to run a stream's group; each message was done once, twice, or never."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from labs.model.digest import Digest
from labs.model.text import (
    NBSP,
    count_of,
    enumerated,
    how_many,
    in_words,
    measured_text,
    percent_text,
    seconds,
    span,
    typical,
    was,
)
from labs.show import Json
from labs.show.looks.base import Chart, Guess, Look, View
from labs.show.looks.picture import titled
from labs.show.quantities import Quantities, Quantity

CHART = "course"
FATES = {
    "once": ("once", "done once"),
    "twice": ("twice", "done twice"),
    "gone": ("forgotten", "pending for ever"),
    "lost": ("gone", "gone undone"),
    "unknown": ("unread", "still unread"),
}
"""Part of a bar, by the names that colours have -> what a run calls it, and what a reader is told."""
ONCE, TWICE = "each is done once", "some are done twice"
FORGOTTEN, GONE = "some stay pending for ever", "some are gone before they are done"
SAYS = {"done once": ONCE, "done twice": TWICE, "pending for ever": FORGOTTEN, "gone undone": GONE}


def known(digest: Digest) -> bool:
    """Whether every repeat can say what became of each message."""
    return bool(digest.repeats) and all(one["verdict"] != "unknown" for one in digest.repeats)


def counts(digest: Digest, name: str) -> list[int]:
    """A count of each repeat that can say."""
    return [one["counts"][name] for one in digest.repeats if one["verdict"] != "unknown"]


def figures(digest: Digest, name: str) -> list[float]:
    """A figure of each repeat that can say and has it."""
    found = (one["figures"][name] for one in digest.repeats if one["verdict"] != "unknown")
    return [one for one in found if one is not None]


def of_all(digest: Digest, name: str) -> str:
    """none of 200 messages, 5 of 200 messages, up to 2 of 200 messages."""
    found = counts(digest, name)
    return count_of(found, counts(digest, "sent"), "message") if found else ""


def truth(digest: Digest) -> str:
    """The worst that became of a message, where all repeats agree."""
    return SAYS.get(str(digest.median["outcome"]), "unknown") if known(digest) else "unknown"


def kilobytes(values: Sequence[float]) -> str:
    """28.6 kB"""
    return span(values, lambda value: f"{measured_text(value / 1000)}{NBSP}kB")


def strip(digest: Digest) -> list[Json]:
    """The parts of a bar, each with its share of the messages: sums over the repeats."""
    whole = sum(counts(digest, "sent")) or 1
    sums = {fate: sum(counts(digest, name)) for fate, (name, _) in FATES.items()}
    return [
        {"fate": fate, "share": round(number / whole, 4), "text": f"{percent_text(number / whole)} {FATES[fate][1]}"}
        for fate, number in sums.items()
        if number
    ]


def _title(digest: Digest) -> str:
    if not known(digest):
        return "{label}: what became of the messages is not proven"
    told = [f"{name} {word}" for name, word in _parts(digest)]
    return "{label}: " + (
        enumerated(told) if told else f"all {typical(counts(digest, 'sent')):,} messages were done once"
    )


def _parts(digest: Digest) -> list[tuple[str, str]]:
    """Of what was not done once: how many, and what became of them."""
    words = {"twice": "done twice", "forgotten": "left pending", "gone": "gone before they were done"}
    found = [(name, counts(digest, name)) for name in words]
    return [(of_all(digest, name), f"{was(those)} {words[name]}") for name, those in found if any(those)]


def _ghosts(digest: Digest) -> str:
    if not any(counts(digest, "most_ghosts")) or not any(counts(digest, "told_gone")):
        return ""
    return " Up to {ghosts} pending ids had no entry any more; XAUTOCLAIM told that, and nothing was pending then."


def _memory(digest: Digest) -> str:
    if not figures(digest, "bytes_acked") or not any(counts(digest, "entries_end")):
        return ""
    return " In the end {entries_end} entries took {bytes_acked}, and {bytes_trimmed} when XTRIM had taken them."


def _alone(digest: Digest) -> str:
    if not any(counts(digest, "no_group")):
        return ""
    return " The group went with the stream: its workers were told NOGROUP, and the next XADD was accepted."


def _count(name: str, head: str = "") -> Quantity[list[int]]:
    return Quantity(name, lambda digest: counts(digest, name), span, head, none="unknown")


def _figure(name: str, unit: Callable[[Sequence[float]], str], head: str = "") -> Quantity[list[float]]:
    return Quantity(name, lambda digest: figures(digest, name), unit, head)


def _proof(digest: Digest) -> str:
    found = [(repeat.get("fault") or {}).get("evidence", "") for repeat in digest.repeats]
    return "; ".join(dict.fromkeys(filter(None, found)))


QUANTITIES = Quantities((
    Quantity("label", lambda digest: str(digest.settings["label"]), head="Way"),
    _count("once", "Done once"), _count("twice", "Done twice"), _count("forgotten", "Pending for ever"),
    _count("gone", "Gone undone"), _count("gone_unread", "Of those never read"),
    _count("pending_end", "Pending in the end"), _count("entries_end", "Entries in the end"),
    _figure("bytes_acked", kilobytes, "Memory in the end"), _figure("bytes_trimmed", kilobytes, "After XTRIM"),
    _figure("again_s", seconds, "Claimed after"),
    _count("sent"), _count("claims"), _count("told_gone"), _count("answered_0"), _count("no_group"),
    Quantity("ghosts", lambda digest: counts(digest, "most_ghosts"), lambda found: f"{max(found):,}"),
    _figure("lag_end", span),
    Quantity("twice_of", lambda digest: of_all(digest, "twice")),
    Quantity("gone_of", lambda digest: of_all(digest, "gone")),
    Quantity("forgotten_of", lambda digest: of_all(digest, "forgotten")),
    Quantity("once_of", lambda digest: of_all(digest, "once")),
    Quantity("outcome", truth),
    Quantity("policy", lambda digest: str(digest.setup.get("policy", "")), card="When memory is full"),
    Quantity("", _proof, card="Proof of the kill"),
))  # fmt: skip


def shapes(digest: Digest) -> View:
    """A way as a bar, and the timeline of its last repeat under the title of all."""
    lost = [a + b for a, b in zip(counts(digest, "forgotten"), counts(digest, "gone"), strict=True)]
    aside = span(lost) if known(digest) else "unknown"
    pictures = titled(digest, PENDING_LOOK.quantities.said(_title, digest))
    return {"pictures": pictures, "strip": strip(digest), "aside": aside}


def layouts(_digests: Sequence[Digest]) -> dict[str, Json]:
    """Heads of the bars, and their parts in order."""
    heads = ["Way", "What became of the messages", "Never done"]
    return {"fates": {"heads": heads, "fates": [[fate, said] for fate, (_, said) in FATES.items()]}}


def summary(digests: Sequence[Digest]) -> str:
    """The finding of several points: how many did all once, and how many left some undone."""
    words = [truth(one) for one in digests]
    once, twice = (how_many(words.count(word)) for word in (ONCE, TWICE))
    undone = how_many(words.count(FORGOTTEN) + words.count(GONE))
    text = f"Of {in_words(len(digests))} ways {once} did every message once"
    return f"{text}, {twice} did some twice and {undone} left some undone"


PENDING_LOOK = Look(
    point=("way",),
    charts=(
        Chart("fates", "What became of the messages", "strips", rows="way"),
        Chart(CHART, "Messages, pending ids and memory over time", "timeline"),
    ),
    quantities=QUANTITIES,
    title=_title,
    sentence=(
        _title, ".", " Another worker claimed the first of the dead one’s messages {again_s} after the kill.", _ghosts,
        _alone, _memory,
    ),
    part=lambda digest: "{forgotten} pending and {gone} gone" if known(digest) else "unknown",
    event="a worker dies, a job is slow and nobody reads for a second",
    shapes=shapes,
    layouts=layouts,
    several=summary,
)  # fmt: skip
PENDING_GUESS = Guess(
    question="{label}: {event}. What becomes of the messages?",
    options=(ONCE, TWICE, FORGOTTEN, GONE),
    truth=truth,
    summary=summary,
)
