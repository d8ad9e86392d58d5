"""Whether a run is void because the machine stood still while it was measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from labs.model.pauses import PAUSE_NS, STOPPED, SUSPENDED
from labs.model.run import NEVER, Column
from labs.model.workload import NS_PER_S


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
