"""How long a round of a rate lab is, by what a trial reached and by what the broker has room for."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from labs.model.observer import Observer
from labs.model.workload import Length
from labs.scenarios.bench.base import OVERHEAD_BYTES, ROOM_BYTES, Figure, Setting, VoidError

if TYPE_CHECKING:
    from labs.experiments.rate_lab import Way

RECORDED_S, LIVE_S = (1.5, 5.0), (1.0, 3.0)
"""Seconds that do not count and seconds that do; live, so that a way takes 20 s at most with all starts."""
TRIAL, SHORT, FASTER = 0.1, 0.9, 1.2
"""The share of a way's messages that a trial sends; a round that was over so much too soon, because it was so much
faster than its trial and found no more room, is measured again."""
UNKEPT = "redis-pubsub"
"""A broker that keeps nothing of it, whoever reads."""
TRIES = 3
"""How often a round is measured in which the machine stood still, as the rounds of the bench are."""
WARM_S = 12.0
"""How long a recording loads a fresh Kafka before it measures: Java compiles what it runs often."""


def one_round(chosen: Way, setting: Setting, left_out: list[str]) -> Figure:
    """One round; once more with more room where it was over too soon, and up to `TRIES` times where the machine stood
    still, which `left_out` is told. VoidError if nothing of it could be counted."""
    found, lasts = undisturbed(chosen, setting, left_out), setting.length
    if not lasts or found.more.get("counted_s", lasts.counted_s) >= SHORT * lasts.counted_s:
        return found
    # A round of which nothing counts had far too few messages: something had held up the trial that it goes by.
    per_s = found.value or undisturbed(chosen, replace(setting, scale=TRIAL, length=None, lift=""), []).value
    if per_s > FASTER * lasts.per_s:
        longer = replace(setting, length=length(chosen, per_s, (lasts.warmup_s, lasts.counted_s)))
        found = undisturbed(chosen, longer, left_out)
    if not found.value:
        raise VoidError(f"{chosen.label}: it was over before anything counted: the round is void. Run it again.")
    return found


def undisturbed(chosen: Way, setting: Setting, left_out: list[str], tries: int = TRIES) -> Figure:
    """A round in which the machine did not stand still; VoidError if it did in all tries; `left_out` gets why."""
    try:
        return chosen.side(setting)
    except VoidError as error:
        if tries == 1:
            raise
        left_out.append(str(error).partition(": the round is void")[0])
    return undisturbed(chosen, setting, left_out, tries - 1)


def length(chosen: Way, per_s: float, seconds: tuple[float, float]) -> Length:
    """How long a round is, and how many messages find room meanwhile: of what is taken away, as many as come."""
    kept = chosen.broker in ROOM_BYTES and not chosen.read and chosen.profile != UNKEPT
    most = ROOM_BYTES[chosen.broker] // (chosen.body_bytes + OVERHEAD_BYTES) if kept else 0
    return Length(*seconds, per_s, most)


def warm(ways: Mapping[str, Way], observer: Observer) -> dict[str, Any]:
    """Load Kafka for a while, the fastest way first."""
    from labs import stack

    fast = max((one for one in ways.values() if one.broker == "kafka" and one.load), key=lambda one: one.load.messages)  # type: ignore[union-attr]
    until_s = time.monotonic() + WARM_S
    with stack.session(("kafka",), report=partial(observer.progress, 0.0)) as endpoints:
        while time.monotonic() < until_s:
            fast.side(Setting(endpoints["kafka"], 1.0, observer.silently()))
    return {}
