"""The look of L4.4: a point is a way to handle what fails, with so many bad messages; where they end, what waits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from labs.model.digest import Digest
from labs.model.text import NBSP, count_of, in_words, ms_text, seconds, span, was
from labs.show.looks.base import Chart, Guess, Look, View
from labs.show.looks.picture import pictures_of
from labs.show.pictures import Lanes
from labs.show.pictures.items import Item
from labs.show.quantities import Quantities, Quantity

ALL, NONE, SOME = "all of them", "none of them", "some of them"
ABSENT = "absent"


def counts(digest: Digest, name: str) -> list[int]:
    """A count of each repeat that has it."""
    return [repeat["ends"][name] for repeat in digest.repeats if name in repeat["ends"]]


def waits(digest: Digest, name: str) -> list[float]:
    """A wait of each repeat."""
    return digest.each("figures", name)


def is_absent(digest: Digest) -> bool:
    """Whether the server lacks what the way needs."""
    return any(one["outcome"] == ABSENT for one in digest.repeats)


def truth(digest: Digest) -> str:
    """How many of those that only needed time were done; unknown where there was none."""
    pairs = list(zip(counts(digest, "heals_done"), counts(digest, "heals"), strict=True))
    if not pairs or not any(of for _, of in pairs):
        return "unknown"
    if all(done == of for done, of in pairs):
        return ALL
    return SOME if any(done for done, _ in pairs) else NONE


def of_kind(name: str, kind: str) -> Callable[[Digest], str]:
    """5 of 5: of the messages of that kind; empty where there were none."""

    def text(digest: Digest) -> str:
        whole = counts(digest, kind)
        return count_of(counts(digest, name), whole, "message") if any(whole) else ""

    return text


def tries(digest: Digest) -> str:
    """How often a message that fails always was tried, over all rounds."""
    found = [*counts(digest, "tries_least"), *counts(digest, "tries_most")]
    return span(found) if found else ""


def poison_end(digest: Digest) -> str:
    """Where those ended that fail always."""
    whole = counts(digest, "poison")
    if not any(whole):
        return ""
    if counts(digest, "poison_dead") == whole:
        return "dead letters"
    return "stopped by us" if not any(counts(digest, "poison_dead")) and any(counts(digest, "stopped")) else "both"


def _longest(digest: Digest) -> list[float]:
    return waits(digest, "longest_ms")


def _ms(found: Sequence[float]) -> str:
    return span(found, ms_text)


def _title(digest: Digest) -> str:
    if is_absent(digest):
        needs = digest.setup.get("needs")
        return "{label}: this server does not have it" + (f" (it came with {needs})" if needs else "")
    if not digest.settings["share"]:
        return "{label}, no bad message: a good one waited {longest} at most"
    return "{label}, {share} bad: a good one waited {longest} at most"


def _bad(digest: Digest) -> str:
    if is_absent(digest) or not digest.settings["share"]:
        return ""
    ended = "ended as dead letters" if poison_end(digest) == "dead letters" else "were then stopped by us"
    healed = " Of those that only needed time {healed_of} {healed_was} done."
    since = digest.setup.get("limit_since")
    older = f" A delivery limit by default came with {since}." if since and "stopped" in ended else ""
    return f"{healed} Those that fail always were tried {{tries}} times and {ended}.{older}"


def _odd(digest: Digest) -> str:
    found = counts(digest, "odd")
    return (
        f" {count_of(found, [sum(p) for p in _all(digest)], 'message')} {was(found)} in no place or in two."
        if any(found)
        else ""
    )


def _all(digest: Digest) -> list[tuple[int, int, int]]:
    return list(zip(*(counts(digest, kind) for kind in ("good", "heals", "poison")), strict=True))


QUANTITIES = Quantities((
    Quantity("label", lambda digest: str(digest.settings["label"]), head="Handling"),
    Quantity("share", lambda digest: f"{digest.settings['share']}{NBSP}%", head="Bad"),
    Quantity("wait", lambda digest: waits(digest, "wait_ms"), _ms, "Half of the good waited"),
    Quantity("longest", _longest, _ms, "Longest wait of a good one"),
    Quantity("healed", of_kind("heals_done", "heals"), head="Needed time: done"),
    Quantity("healed_dead", of_kind("heals_dead", "heals"), head="Needed time: dead letter"),
    Quantity("poison_end", poison_end, head="Fails always: ends"),
    Quantity("tries", tries, head="Tried"),
    Quantity("healed_of", of_kind("heals_done", "heals")),
    Quantity("healed_was", lambda digest: was(counts(digest, "heals_done"))),
    Quantity("parked", of_kind("poison_dead", "poison")),
    Quantity("good_done", of_kind("good_done", "good")),
    Quantity("lacks", lambda digest: str(digest.setup.get("lacks", "")), card="The server says"),
    Quantity("took", lambda digest: [one["took_s"] for one in digest.repeats if "took_s" in one], seconds),
))  # fmt: skip


def shapes(digest: Digest) -> View:
    """The lanes of the last repeat, under the title of all of them."""
    title = POISON_LOOK.quantities.said(_title, digest)
    found = {}
    for name, one in pictures_of(digest).items():
        told = replace(_lighter(one), about=replace(one.about, title=title)) if isinstance(one, Lanes) else one
        found[name] = told.to_json()
    return {"pictures": found}


def _lighter(lanes: Lanes) -> Lanes:
    """With times cut to 10 µs, less than a picture can show: a page must not weigh too much."""

    def cut(item: Item) -> Item:
        since, start, end = (
            None if ns is None else ns - ns % 10_000 for ns in (item.since_ns, item.start_ns, item.end_ns)
        )
        return replace(item, since_ns=since, start_ns=start or 0, end_ns=end)

    return replace(lanes, items=tuple(map(cut, lanes.items)))


def summary(digests: Sequence[Digest]) -> str:
    """The finding of several points: how many ways saved what only needed time."""
    known = [one for one in digests if truth(one) in (ALL, NONE, SOME)]
    saved = [one for one in known if truth(one) == ALL]
    return f"Of {in_words(len(known))} ways {in_words(len(saved))} got every message done that only needed time"


POISON_LOOK = Look(
    point=("way", "share"),
    charts=(Chart("course", "Where each message was", "lanes"),),
    quantities=QUANTITIES,
    title=_title,
    sentence=(_title, ".", _bad, _odd),
    part="{longest}",
    event="the longest wait of a good message was",
    shapes=shapes,
    several=summary,
)
POISON_GUESS = Guess(
    question="{label}: half of the bad messages would succeed 0.6 s later. How many of those are done in the end?",
    options=(ALL, NONE, SOME),
    truth=truth,
    summary=summary,
)
