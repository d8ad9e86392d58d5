"""History -> tally: how long calls took once the reader had stopped, what was refused, what was lost. Pure arithmetic.

A wait counts only where what holds a publisher up is shown to have been there: on a machine that is busy any call may
take long. A message
is lost when its call came back without a word against it, no `no` came later, and the reader, which found nothing more
in the end, never had it. One that a publisher who listens was told nothing of is unknown, and not lost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from labs.judge.soundness import stood_still
from labs.model.run import NEVER, Column
from labs.model.workload import NS_PER_S
from labs.scenarios.limits import mode_of
from labs.scenarios.limits.facts import NO, NOBODY, History

WAITS_MS = 100.0
"""From here on a publisher waits: the bound of the claim."""
NS_PER_MS = 1_000_000
WAITS, ERROR, LOSES, NOTHING = "it waits", "it gets an error", "nothing, and messages are lost", "nothing at all"
"""What a publisher notices."""


@dataclass(frozen=True)
class Tally:
    """What a publisher met, from the moment on at which the reader stopped."""

    published: int
    """Calls that were begun, in all of the run."""
    waited: int
    """Calls of WAITS_MS or longer, at a limit that is shown."""
    refused: int
    """Calls that said no, or whose message was said no to afterwards."""
    lost: int
    unheard: int
    """Messages that the server took and gave to nobody, and said so."""
    dropped: int
    """How often the reader found its connection closed."""
    longest_ms: float
    """The longest call; one that had not come back at the end counts until then."""
    before_ms: float
    """The longest call before the reader stopped."""
    trouble_s: float | None
    """From when the reader stopped to the first call that waited or was refused, or the drop of the reader."""
    known: bool
    """Whether it is known what became of every message."""

    @property
    def outcome(self) -> str:
        """What the publisher notices, the hardest first; `unknown` where the run cannot say."""
        if self.waited:
            return WAITS
        if self.refused:
            return ERROR
        return "unknown" if not self.known else LOSES if self.lost else NOTHING


def judge(run: History) -> Tally:
    """The tally of a run."""
    after = run["called_ns"] >= run.paused_ns
    took_ms = durations_ms(run)
    refused = (run["refused"] > 0) | (run["told"] == NO)
    waited = after & (took_ms >= WAITS_MS) & (bool(run.evidence) and mode_of(run.mode).holds)
    handed = (run["returned_ns"] != NEVER) & ~refused
    missing = handed & (run["read_ns"] == NEVER)
    open_still = missing & (run["told"] == 0) & mode_of(run.mode).looks
    known = run.drained and not run.trouble and not open_still.any()
    return Tally(
        published=len(after),
        waited=int(waited.sum()),
        refused=int((after & refused).sum()),
        lost=int(missing.sum()) if known else 0,
        unheard=int((run["told"] == NOBODY).sum()),
        dropped=len(run.facts.get("gone_ns", ())),
        longest_ms=round(float(took_ms[after].max(initial=0.0)), 3),
        before_ms=round(float(took_ms[~after].max(initial=0.0)), 3),
        trouble_s=_trouble_s(run, np.where(waited, run["called_ns"], run["returned_ns"])[after & (waited | refused)]),
        known=known,
    )


def durations_ms(run: History) -> npt.NDArray[np.float64]:
    """How long each call took, ms; one that never came back until the last that is known of the run."""
    back = run["returned_ns"]
    last = max(int(back[back != NEVER].max(initial=0)), run.resumed_ns, *(at for at, _ in run.marks), 0)
    ended = np.where(back == NEVER, np.maximum(last, run["called_ns"]), back)
    found: npt.NDArray[np.float64] = (ended - run["called_ns"]) / NS_PER_MS
    return found


def void(run: History) -> str:
    """Why nothing is known from a run, because the machine stood still; empty if something is."""
    return stood_still(run.facts.get("pauses", ()), [run[name] for name in ("called_ns", "returned_ns", "read_ns")])


def _trouble_s(run: History, met: Column) -> float | None:
    told = [int(at) for at in met[met != NEVER]] + [at for at, text in run.marks if not text.endswith(" over")]
    first = min((at for at in told if at >= run.paused_ns), default=None)
    return None if first is None else round((first - run.paused_ns) / NS_PER_S, 3)
