"""What was found that no one else has shown: each finding a number and a sentence, made from the recorded figures.

A finding says what its points say today: other figures give another sentence, and without its points there is none.
The landing page and README.md show them.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labs.model.digest import Digest
from labs.model.profile import profile
from labs.model.published import published
from labs.model.text import BROKER_NAMES, about_per_s, counted, enumerated, percent, rate_text, three_digits
from labs.pages.recordings import recorded

LOSS, POWER = "loss-matrix", "power"
JUDGED = ("none lost", "some lost", "all lost")
RATES = {"rabbitmq": "fifty-thousand", "kafka": "kafka-million", "redis": "redis-million"}
BODY_BYTES = 100
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
    low, high = (f"{about_per_s(rate)} ({label})" for rate, label in (most.low, most.high))
    text = f"{most.setting} took {low} and {high}: the client decides, and {most.told}."
    others = [
        f"{BROKER_NAMES[one.broker]} {about_per_s(one.low[0])} to {about_per_s(one.high[0])}" for one in found[1:]
    ]
    also = f" Likewise {enumerated(others)}." if others else ""
    condition = "The same server, setting and size of message; only the way of sending differs."
    return Finding(number, text + also, condition, RATES[most.broker], {})


@dataclass(frozen=True)
class Spread:
    """The slowest and the fastest way of sending at one setting: messages a second, and how they were sent."""

    broker: str
    setting: str
    low: tuple[float, str]
    high: tuple[float, str]

    @property
    def ratio(self) -> float:
        """How many times faster the one is."""
        return self.high[0] / self.low[0]

    @property
    def told(self) -> str:
        """How that stands to the article's figure."""
        figure = published()[f"article-{self.broker}"].per_s
        if self.high[0] < figure:
            return f"the article’s {rate_text(figure)} was not reached"
        return f"the article’s {rate_text(figure)} is " + ("passed by all" if self.low[0] >= figure else "in between")


def _spread(points: Points, broker: str) -> Spread | None:
    """Of the promise whose ways are furthest apart; None where fewer than two ways have one promise."""
    by_promise: dict[str, list[tuple[float, str]]] = {}
    for one in points:
        ours = one.lab == RATES[broker] and one.settings.get("body_bytes") == BODY_BYTES
        if ours and not one.settings.get("published") and one.median.get("per_s"):
            rate = float(one.median["per_s"]), str(one.settings["label"])
            by_promise.setdefault(str(one.settings["profile"]), []).append(rate)
    apart = [
        Spread(broker, profile(name).label, min(rates), max(rates))
        for name, rates in by_promise.items()
        if len(rates) > 1
    ]
    return max(apart, key=lambda one: one.ratio, default=None)


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
