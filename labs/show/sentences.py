"""Digests -> sentences: the words under a chart, its title, and how a number is written."""

from __future__ import annotations

from collections.abc import Sequence

from labs.judge import soundness
from labs.model.digest import Digest
from labs.model.profile import RUNGS
from labs.model.text import BROKER_NAMES, NBSP, ms_text, rate_text, times

STEP_WORDS = {"p99": "p99", "p90": "p90", "p50": "median"}
SHARE_WORDS = {"p50": "half", "p90": f"90{NBSP}%", "p99": f"99{NBSP}%", "p999": f"99.9{NBSP}%", "max": "all"}
CLOSE = 1.2
"""Within this ratio two latencies are called alike (the 20 % of the rules in claims.csv)."""


def step_of(digests: Sequence[Digest]) -> str | None:
    """The rarest of p99, p90, p50 that every digest has enough samples for."""
    known = (step for step in STEP_WORDS if all(d.median["latency_ms"][step] is not None for d in digests))
    return next(known, None) if digests else None


def templates() -> dict[str, str]:
    """The titles of a chart, to be filled by `title` here and by text.mjs there."""
    return {
        "none": "Nothing to show for this choice",
        "unknown": "Too few messages to say at {rate}",
        "one": "{high}: {step} of {high_ms} at {rate}",
        "alike": "At {rate} all {step}s are within {share} % of each other: {low_ms} to {high_ms}",
        "apart": "At {rate} {high}’s {step} is {high_ms}, {times} times {low}’s {low_ms}",
        "mixed": "Different promises: ",
        "bound": " (the client was the limit)",
        "unseen": " (the broker’s processor time was not seen)",
    }


def title(digests: Sequence[Digest]) -> str:
    """The finding, from the data: who is slowest, by how much, at which rate."""
    words, step = templates(), step_of(digests)
    if not digests or step is None:
        return words["unknown" if digests else "none"].format(rate=rate_text(digests[0].settings["rate_per_s"]))
    highest = max(d.settings["rate_per_s"] for d in digests)
    ranked = sorted(
        (d for d in digests if d.settings["rate_per_s"] == highest), key=lambda d: d.number("latency_ms", step) or 0.0
    )
    low, high = (d.number("latency_ms", step) or 0.0 for d in (ranked[0], ranked[-1]))
    ends = (ranked[0], ranked[-1])
    bound = words["bound"] if any(d.median["stamp"] == "client-bound" for d in ends) else ""
    bound += words["unseen"] if any(broker_unseen(d) for d in ends) else ""
    kind = "one" if len(ranked) == 1 else "alike" if high <= low * CLOSE else "apart"
    prefix = words["mixed"] if len({d.settings["rung"] for d in digests}) > 1 else ""
    return prefix + words[kind].format(
        rate=rate_text(highest), step=STEP_WORDS[step], share=f"{(high / low - 1) * 100:.0f}", times=times(high / low),
        low=BROKER_NAMES[ranked[0].settings["broker"]], high=BROKER_NAMES[ranked[-1].settings["broker"]],
        low_ms=ms_text(low), high_ms=ms_text(high),
    ) + bound  # fmt: skip


def ledger_text(digest: Digest) -> str:
    """What became of the messages, over all repeats: never `lost` for what is unknown."""
    sums = {fate: sum(r["ledger"][fate] for r in digest.repeats) for fate in ("attempted", "delivered", "lost")}
    if digest.median["verdict"] == "unknown":
        return f"{sums['delivered']:,} of {sums['attempted']:,} delivered, the rest unknown"
    return f"{sums['delivered']:,} of {sums['attempted']:,} delivered, {sums['lost']:,} lost"


def caution(digest: Digest) -> str:
    """What keeps a point from saying what it seems to say, if anything does."""
    stamp, age = digest.median["stamp"], ""
    if said := soundness.said(digest):
        return f" {said}"
    if any(r.get("young") for r in digest.repeats):
        age = " This broker had only begun to work and is still warming up: run it again before you believe it."
    if stamp == "valid":
        return age
    dark = " The broker’s processor time was not seen." if broker_unseen(digest) and stamp != "unknown" else ""
    those = [r for r in digest.repeats if r["stamp"] == stamp]
    nothing = stamp == "client-bound" and any(r["saturated"] for r in those)
    means = ", so this point says nothing about the broker" if nothing else ""
    word = "What was the limit is not known" if stamp == "unknown" else stamp.capitalize()
    return f" {word}: {those[0]['why']}{means}.{dark}{age}"


def broker_unseen(digest: Digest) -> bool:
    """Whether a repeat could not see what the broker used of the processor, as of a broker elsewhere."""
    return any("cpu" in r and r["cpu"].get("broker") is None for r in digest.repeats)


def promise_text(rung: int) -> str:
    """survives a killed process"""
    return f"survives {RUNGS[rung]}"
