"""What a caption says of figures that wait for a flush: how long one flush took, by the cards of their own points."""

from __future__ import annotations

from collections.abc import Sequence

from labs.model.digest import Digest
from labs.model.text import ms_span

WAITS = 3
"""The first rung whose settings wait for a flush before they answer: what they acknowledged outlives a power cut."""
UNKNOWN = "flush time not recorded"


def waits(digest: Digest) -> bool:
    """Whether the broker flushed before it answered, by the rung that the point's card names."""
    rung = str(digest.card.get("rung", "")).partition(":")[0]
    return rung.isdigit() and int(rung) >= WAITS


def said(digests: Sequence[Digest]) -> str:
    """A sentence without the full stop; empty where no point waits for a flush."""
    cards = [one.card for one in digests if waits(one)]
    if not cards:
        return ""
    own = [one for one in cards if "fsync_of" not in one]  # else it is the passport's, of another hour
    known = [float(ms) for one in own if isinstance(ms := one.get("fsync_ms"), int | float)]
    took = f"one flush took {ms_span(known)} when they were recorded" if known else UNKNOWN
    missing = "" if len(known) in (0, len(cards)) else f", {UNKNOWN} for {len(cards) - len(known)} of {len(cards)}"
    return f"Figures that wait for a flush: {took}{missing}"


def caption(own: str, digests: Sequence[Digest]) -> str:
    """The caption of a look, and behind it what a flush took; no last full stop."""
    return ". ".join(filter(None, [own, said(digests)]))
