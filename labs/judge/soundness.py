"""Runs -> whether they count, and what a digest says where they do not: messages refused unasked, runs that are void,
as one is in which the machine stood still.

A void run is left out as long as one is left. A digest has `void` if none was, and `refused` if messages were; neither
key is there otherwise. What was said comes from a broker: it is data, never markup.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

import numpy as np

from labs.judge.loss import refusal_text
from labs.model.digest import Digest
from labs.model.run import NEVER, PAUSE_NS, STOPPED, SUSPENDED, Column
from labs.model.workload import NS_PER_S

T = TypeVar("T")
Refusals = tuple[int, int, str]
"""Of a run: refused, handed over, the first one's words."""
REFUSED, VOID = 3, 4
"""Exit codes of `labs run`: measured, but messages were refused that should have been taken; measured, but void."""


@dataclass(frozen=True)
class Counted(Generic[T]):
    """The runs of a point that count, and what its digest and its card say of the others."""

    runs: list[T]
    void: str = ""
    """Why none of them counts; they are here all the same, so that something is shown."""
    refused: Mapping[str, int | str] = field(default_factory=dict)
    on_card: Mapping[str, int | str] = field(default_factory=dict)

    def told_by(self, digest: Digest) -> Digest:
        """The digest that was made of these runs, saying so."""
        return replace(digest, card={**digest.card, **self.on_card}, void=self.void, refused=self.refused)


def counted(runs: Sequence[T], void: Callable[[T], str], refused: Callable[[T], Refusals] | None = None) -> Counted[T]:
    """The runs that count. `void` is why one does not, `refused` how many messages of one were turned down unasked."""
    reasons = [void(run) for run in runs]
    left = [reason for reason in reasons if reason]
    sound = [run for run, reason in zip(runs, reasons, strict=True) if not reason] or list(runs)
    told = _told([refused(run) for run in sound]) if refused else {}
    if len(left) in (0, len(runs)):
        return Counted(sound, left[0] if left else "", told)
    return Counted(sound, "", told, {"repeats": len(sound)} | left_out(left, len(runs)))


def left_out(void: Sequence[str], of: int) -> dict[str, int | str]:
    """The line of a card on the void runs among all of a point's; none where there was none."""
    return {"void_runs_left_out": f"{len(void)} of {of}: {void[0]}"} if void else {}


def _told(found: Sequence[Refusals]) -> dict[str, int | str]:
    those = [one for one in found if one[0]]
    if not those:
        return {}
    return {"count": sum(one[0] for one in those), "of": sum(one[1] for one in found), "first": those[0][2]}


def said(digest: Digest) -> str:
    """What a digest says of both, in words; empty if it is sound."""
    if why := digest.void:
        return f"Void, nothing was measured: {why}."
    if told := digest.refused:
        return f"{refusal_text(told['count'], told['of'], told['first'])}."
    return ""


def exit_code(digests: Sequence[Digest]) -> int:
    """VOID where one is void, REFUSED where messages were refused, else 0."""
    if any(digest.void for digest in digests):
        return VOID
    return REFUSED if any(digest.refused for digest in digests) else 0


def stood_still(pauses: Sequence[Sequence[Any]], stamps: Sequence[Column]) -> str:
    """Why a run with these pauses is void, in words; empty if it is not. `stamps` are all times that its workers wrote
    down, ns after the start as the pauses' are."""
    times = np.concatenate([column[column != NEVER] for column in stamps]) if stamps else np.empty(0, np.int64)
    if not len(times):
        return ""
    last_ns = int(times.max())
    for began, ended, what in sorted(pauses, key=lambda one: one[0] - one[1]):
        if began > last_ns or ended < 0:
            continue
        seconds = (ended - began) / NS_PER_S
        if what == SUSPENDED:
            return f"the machine was suspended for {seconds:.1f} s"
        if what.startswith(STOPPED):
            return f"the {what.removeprefix(STOPPED).strip()} was stopped for about {seconds:.1f} s"
        if (silent_ns := _silence(times, began, ended)) >= PAUSE_NS:
            return f"the whole machine, or all of our processes on it, stood still for {silent_ns / NS_PER_S:.1f} s"
    return ""


def _silence(times: Column, began_ns: int, ended_ns: int) -> int:
    """The longest time within a pause in which no worker wrote anything down."""
    inside = np.sort(times[(times > began_ns) & (times < ended_ns)])
    return int(np.diff(np.concatenate(([began_ns], inside, [ended_ns]))).max())
