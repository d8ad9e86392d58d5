"""What was found that no one else has shown: each finding a number and a sentence, made from the recorded figures.

A finding says what its points say today: other figures give another sentence, and without its points there is none.
The landing page and README.md show them.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labs.model.digest import Digest
from labs.model.profile import profile
from labs.model.published import published
from labs.model.text import BROKER_NAMES, about_per_s, counted, enumerated, percent, rate_text, seconds, three_digits
from labs.pages.recordings import recorded
from labs.show.looks.rate import per_s

LOSS, POWER = "loss-matrix", "power"
JUDGED = ("none lost", "some lost", "all lost")
RATES = {"rabbitmq": "fifty-thousand", "kafka": "kafka-million", "redis": "redis-million"}
BODY_BYTES = 100
TOOL = "vendor's tool"
LONG_S, NEARLY = 5.0, 0.98
"""A round of so many seconds is no burst; a clock may have cut a little off."""
MESSAGES = re.compile(r"; ([\d,]+) of [\d,]+ acknowledged")
Points = Sequence[Digest]


@dataclass(frozen=True)
class Finding:
    """The number, the sentence that it belongs to, under which condition that was seen, and the lab and the settings of
    its point that show it."""

    number: str
    sentence: str
    condition: str
    lab: str
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Cell:
    """A point of the loss matrix that says what was lost: `lost` of `acknowledged` messages (medians), in how many of
    its rounds something was."""

    digest: Digest
    shares: tuple[float, ...]
    lost: int
    acknowledged: int

    @property
    def word(self) -> str:
        """none, some, all, or mixed where the rounds disagree."""
        kinds = {"none" if share == 0 else "all" if share == 1 else "some" for share in self.shares}
        return kinds.pop() if len(kinds) == 1 else "mixed"

    @property
    def fate(self) -> str:
        """What became of the messages, behind the name of the event: `took all 2,800 messages`."""
        of = counted(self.acknowledged, "message")
        if self.word == "mixed":
            hit = sum(share > 0 for share in self.shares)
            return f"took messages in {hit} of {len(self.shares)} rounds"
        some = f"took {self.lost:,} of {of}"
        return {"none": f"took none of {of}", "all": f"took all {of}", "some": some}[self.word]

    @property
    def number(self) -> str:
        """`2,800 of 2,800 lost`; the share of each round where they disagree."""
        return f"{percent(self.shares) if self.word == 'mixed' else f'{self.lost:,} of {self.acknowledged:,}'} lost"

    @property
    def server(self) -> str:
        """`RabbitMQ 4.3.6`, as the run card names it."""
        return str(self.digest.card.get("broker") or BROKER_NAMES[self.digest.settings["broker"]])

    @property
    def condition(self) -> str:
        """One node, when the fault came, how often it was seen."""
        came = [at_s for one in self.digest.repeats if (at_s := (one.get("fault") or {}).get("at_s"))]
        after = f", {statistics.median(came):.0f} s after the first message" if came else ""
        return f"One node{after}; {counted(len(self.shares), 'round')}."


def cell(points: Points, profile: str, fault: str) -> Cell | None:
    """The point, if it is recorded and every round says what was lost."""
    wanted = {"profile": profile, "fault": fault}
    found = next((one for one in points if wanted.items() <= dict(one.settings).items()), None)
    if found is None or not found.repeats or any(one["outcome"] not in JUDGED for one in found.repeats):
        return None
    ledgers = [one["ledger"] for one in found.repeats]
    lost, whole = ([int(one[name]) for one in ledgers] for name in ("lost", "acknowledged"))
    if not all(whole):
        return None
    shares = tuple(part / of for part, of in zip(lost, whole, strict=True))
    return Cell(found, shares, round(statistics.median(lost)), round(statistics.median(whole)))


def _of_cell(points: Points, profile: str, fault: str, said: str) -> Finding | None:
    one = cell(points, profile, fault)
    if one is None:
        return None
    text = said.format(server=one.server, fate=one.fate)
    return Finding(one.number, text, one.condition, LOSS, one.digest.settings)


def classic_queue(points: Points) -> Finding | None:
    """Whether a confirm of RabbitMQ means that the message is on disk."""
    said = "A power cut {fate} that {server} had confirmed, persistent and in a classic queue"
    one = cell(points, "rabbitmq-confirms", POWER)
    why = ": it confirms before it flushes." if one and one.word != "none" else "."
    return _of_cell(points, "rabbitmq-confirms", POWER, said + why)


def acks_all(points: Points) -> Finding | None:
    """Whether acks=all means that the record is on disk."""
    said = "A power cut {fate} that {server} had acknowledged with acks=all"
    one = cell(points, "kafka-acks-all", POWER)
    why = ": on one node that is the page cache." if one and one.word != "none" else "."
    return _of_cell(points, "kafka-acks-all", POWER, said + why)


def as_shipped(points: Points) -> Finding | None:
    """What Redis keeps with the settings that it comes with."""
    said = "A kill of the process {fate} that {server} had acknowledged with the settings that it comes with."
    return _of_cell(points, "redis-list-rdb", "kill", said)


def survivors(points: Points) -> Finding | None:
    """Which settings kept all through a power cut."""
    profiles = dict.fromkeys(one.settings["profile"] for one in points if one.settings.get("fault") == "power")
    cells = [one for name in profiles if (one := cell(points, name, "power"))]
    kept = [str(one.digest.settings["label"]) for one in cells if one.word == "none"]
    if not cells:
        return None
    settings = counted(len(cells), "setting")
    text = "A power cut cost every setting acknowledged messages."
    if kept:
        text = f"What kept every acknowledged message through a power cut: {'; '.join(kept)}."
    return Finding(f"{len(kept)} of {settings}", text, "Each on one node.", LOSS, cells[0].digest.settings)


def article_figures(points: Points) -> Finding | None:
    """How far apart the slowest and the fastest way of sending are, on the same broker with the same promise."""
    found = sorted((one for broker in RATES if (one := _spread(points, broker))), key=lambda one: -one.ratio)
    if not found:
        return None
    most = found[0]
    number = f"{three_digits(most.ratio):,.0f} times"
    low, high = (f"{about_per_s(per_s(one))} ({one.settings['label']})" for one in (most.low, most.high))
    text = f"{most.setting} took {low} and {high}: the client decides, and {most.told}."
    others = [f"{one.setting} {about_per_s(per_s(one.low))} to {about_per_s(per_s(one.high))}" for one in found[1:]]
    also = f" Likewise {enumerated(others)}." if others else ""
    ends = [end for one in found for end in (one.low, one.high)]
    return Finding(number, text + also, f"{CONDITION}{_briefly(ends)}", RATES[most.broker], {})


CONDITION = (
    "The same server, setting and size of message; one queue, one client of this book, and nobody reads. What differs "
    "is how it sends, and through which library. Each broker has a promise of its own, so this is no ranking."
)


@dataclass(frozen=True)
class Spread:
    """The slowest and the fastest way of sending at one setting."""

    broker: str
    setting: str
    low: Digest
    high: Digest

    @property
    def ratio(self) -> float:
        """How many times faster the one is, of the figures as they are shown."""
        return three_digits(per_s(self.high)) / three_digits(per_s(self.low))

    @property
    def told(self) -> str:
        """How that stands to the article's figure."""
        figure = published()[f"article-{self.broker}"].per_s
        if per_s(self.high) < figure:
            return f"the article’s {rate_text(figure)} was not reached"
        passed = "passed by all" if per_s(self.low) >= figure else "in between"
        return f"the article’s {rate_text(figure)} is {passed}"


def _spread(points: Points, broker: str) -> Spread | None:
    """Of the promise whose ways are furthest apart; None where fewer than two ways have one promise."""
    by_promise: dict[str, list[Digest]] = {}
    for one in points:
        if one.lab == RATES[broker] and _alone(one):
            by_promise.setdefault(str(one.settings["profile"]), []).append(one)
    apart = [
        Spread(broker, profile(name).label, min(ways, key=per_s), max(ways, key=per_s))
        for name, ways in by_promise.items()
        if len(ways) > 1
    ]
    return max(apart, key=lambda one: one.ratio, default=None)


def _alone(one: Digest) -> bool:
    """Whether it is one client of ours on one queue, with nobody beside it: no tool, no reader, no second publisher."""
    settings = one.settings
    theirs = settings.get("published") or settings.get("lane") == TOOL or settings.get("read")
    several = any("ledgers" in repeat for repeat in one.repeats)
    return bool(settings.get("body_bytes") == BODY_BYTES and one.median.get("per_s") and not (theirs or several))


def _briefly(ends: Points) -> str:
    """That the rounds were short, where one was and it is known."""
    known = [long for end in ends for repeat in end.repeats if (long := _lasted(repeat)) is not None]
    if not known or min(known) >= LONG_S * NEARLY:
        return ""
    return f" Rounds were short: {seconds(known)} each."


def _lasted(repeat: Mapping[str, Any]) -> float | None:
    """How many seconds of a round counted; of an older one, its messages over its rate."""
    if counted_s := repeat.get("counted_s"):
        return float(counted_s)
    sent = MESSAGES.search(str(repeat.get("said", "")))
    return int(sent[1].replace(",", "")) / float(repeat["per_s"]) if sent and repeat.get("per_s") else None


FINDINGS: tuple[Callable[[Points], Finding | None], ...] = (
    classic_queue, acks_all, as_shipped, survivors, article_figures,
)  # fmt: skip


def told(points: Points) -> list[Finding]:
    """The findings of these points, in order; those that have none are left out."""
    return [found for one in FINDINGS if (found := one(points)) is not None]


def findings(folder: Path | None = None) -> list[Finding]:
    """Those of the recorded files."""
    return told(list(_points((LOSS, *RATES.values()), folder)))


def _points(labs: Iterable[str], folder: Path | None) -> Iterable[Digest]:
    for lab in labs:
        file = recorded(lab, folder)
        yield from file.digests if file else ()
