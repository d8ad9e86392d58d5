"""L2.1 over time: how long each call of the publisher took, what lay there unread, and the pause of the reader."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from labs.model.digest import Digest, Recording
from labs.model.run import NEVER, Column
from labs.model.text import BROKER_NAMES
from labs.model.workload import NS_PER_S
from labs.scenarios.limits import Mode
from labs.scenarios.limits.facts import NO, NOBODY, History
from labs.scenarios.limits.judge import durations_ms
from labs.show.pictures import Timeline, picture
from labs.show.pictures.base import About, Mark, Span
from labs.show.pictures.panels import Line, Panel

PAUSED = "reader paused"
STEP_NS = NS_PER_S // 40
QUIET_MS, EVERY = 10.0, 4
"""Of calls that were quicker than that, one in so many is drawn."""
STACKED = ("rabbitmq-memory-alarm", "kafka-buffer", "redis-noeviction")
"""The three that stand one above the other, each under the name of its broker."""


def course(run: History, mode: Mode) -> Timeline:
    """The publisher above, what is not read yet below."""
    took_ms = np.maximum(durations_ms(run), 0.01)
    drawn = (np.arange(len(took_ms)) % EVERY == 0) | (took_ms >= QUIET_MS)
    refused = (run["refused"] > 0) | (run["told"] == NO)
    lines = [Line("taken", _points(run, took_ms, drawn & ~refused), mode.broker)]
    if refused.any():
        lines.append(Line("refused", _points(run, took_ms, refused & (drawn | (np.cumsum(refused) == 1))), "never"))
    calls = Panel("a call of the publisher", "ms", tuple(lines), "log", "dots")
    waiting = Panel(
        "accepted and not read", "messages", (Line("messages", _waiting(run, refused), "ink"),), shape="steps"
    )
    under = f"{mode.label}: {mode.rate_per_s} messages a second of {mode.body_bytes // 1000:,} kB."
    return Timeline(
        (calls, waiting), _marks(run, mode, refused), (Span(run.paused_ns, run.resumed_ns, PAUSED),), About(under=under)
    )


def _points(run: History, took_ms: npt.NDArray[np.float64], those: Column) -> tuple[tuple[int, float], ...]:
    return tuple((int(at), round(float(ms), 3)) for at, ms in zip(run["called_ns"][those], took_ms[those], strict=True))


def _waiting(run: History, refused: Column) -> tuple[tuple[int, float], ...]:
    """At each step of time how many had been accepted and not been read."""
    taken = np.sort(run["returned_ns"][~refused & (run["returned_ns"] != NEVER)])
    read = np.sort(run["read_ns"][run["read_ns"] != NEVER])
    end = max(int(one.max(initial=0)) for one in (taken, read))
    at = np.arange(0, end + STEP_NS, STEP_NS)
    level = np.maximum(np.searchsorted(taken, at, "right") - np.searchsorted(read, at, "right"), 0)
    return tuple((int(one), float(count)) for one, count in zip(at, level, strict=True))


def _marks(run: History, mode: Mode, refused: Column) -> tuple[Mark, ...]:
    """What the watch saw, the first refusal, and when the publisher heard of an alarm and the reader of its drop."""
    found = [Mark(at, text) for at, text in run.marks]
    if refused.any():
        found.append(Mark(int(run["called_ns"][refused].min()), mode.event))
    found += [Mark(int(at), "publisher is told") for at in run.facts.get("heard_ns", ())]
    found += [Mark(int(at), "reader finds out") for at in run.facts.get("gone_ns", ())]
    nobody = run["called_ns"][run["told"] == NOBODY]
    found += [Mark(int(nobody.min()), "PUBLISH answers 0")] if len(nobody) else []
    return tuple(sorted(found, key=lambda one: one.at_ns))


def stacked(file: Recording) -> Timeline | None:
    """Three brokers one above the other, by their recorded timelines; None where one is missing."""
    known = {str(one.settings["mode"]): one for one in file.digests}
    if not all(name in known and known[name].pictures for name in STACKED):
        return None
    found = [_of(known[name]) for name in STACKED]
    panels = [
        Panel(f"{BROKER_NAMES[str(known[name].settings['broker'])]}, a call", "ms", one.panels[0].lines, "log", "dots")
        for name, one in zip(STACKED, found, strict=True)
    ]
    return Timeline(tuple(panels), _all_marks(known, found), found[1].spans[:1], About(under=UNDER))


UNDER = (
    "How long each call of the publisher took. The reader stops at the same moment in all three. "
    "The band is its pause in Kafka’s run; with the others it may end later."
)


def _of(digest: Digest) -> Timeline:
    found = picture(digest.pictures["course"])
    if not isinstance(found, Timeline):
        raise TypeError("the picture of a limit is a timeline")
    return found


def _all_marks(known: dict[str, Digest], found: list[Timeline]) -> tuple[Mark, ...]:
    names = [BROKER_NAMES[str(known[name].settings["broker"])] for name in STACKED]
    marks = [
        Mark(mark.at_ns, f"{name}: {mark.text}")
        for name, one in zip(names, found, strict=True) for mark in one.marks if mark.text != "publisher is told"
    ]  # fmt: skip
    return tuple(sorted(marks, key=lambda one: one.at_ns))
