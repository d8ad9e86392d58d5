"""Digests -> sentences: the words under a chart, its title, and how a number is written."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Sequence

from labs.judge import soundness
from labs.judge.lift import apart
from labs.model.digest import Digest
from labs.model.figures import Repeat, for_file
from labs.model.profile import RUNGS
from labs.model.text import (
    BROKER_NAMES,
    NBSP,
    capital,
    counted,
    enumerated,
    in_words,
    ms_span,
    ms_text,
    percent_text,
    rate_text,
    span,
    times,
)
from labs.show import Json

STEP_WORDS = {"p99": "p99", "p90": "p90", "p50": "median"}
SHARE_WORDS = {"p50": "half", "p90": f"90{NBSP}%", "p99": f"99{NBSP}%", "p999": f"99.9{NBSP}%", "max": "all"}
CLOSE = 1.2
"""Within this ratio two latencies are called alike (the 20 % of the rules in claims.csv)."""
WIDE = 2.0
"""Repeats further apart than this are told as a range: their median would hide what they do."""


def is_wide(digest: Digest, step: str) -> bool:
    """Whether the repeats differ so much that the median is not told."""
    known = digest.each("latency_ms", step)
    return bool(known) and max(known) > WIDE * min(known)


def step_text(digest: Digest, step: str) -> str:
    """A step of the latency as it is told: 2.92 ms; 6.41 to 62.1 ms; at most 0.91 ms; never."""
    known = digest.each("latency_ms", step) if is_wide(digest, step) else [digest.number("latency_ms", step)]
    text = ms_span(known) if None not in known else ms_text(None)
    return f"at most {text}" if digest.at_most(step) else text


def _in_title(digest: Digest, step: str) -> str:
    """The same behind "the p99 is"."""
    return "never reached" if digest.number("latency_ms", step) == math.inf else step_text(digest, step)


def numbers(digest: Digest) -> dict[str, Json | None]:
    """What a title is made of, here and in a browser: step by step the median, how it is told, and whether a ratio can
    be made of it (`plain`) or nothing at all (`most`)."""
    found: dict[str, Json | None] = {}
    for step in STEP_WORDS:
        ms, most = digest.number("latency_ms", step), digest.at_most(step)
        plain = not (most or is_wide(digest, step) or ms == math.inf)
        told = {"ms": for_file(ms), "text": _in_title(digest, step), "most": most, "plain": plain}
        found[step] = None if ms is None else told
    return found


def step_of(digests: Sequence[Digest]) -> str | None:
    """The rarest of p99, p90, p50 that every digest has enough samples for."""
    known = (step for step in STEP_WORDS if all(d.median["latency_ms"][step] is not None for d in digests))
    return next(known, None) if digests else None


def templates() -> dict[str, str]:
    """The titles of a chart, to be filled by `title` here and by text.mjs there."""
    return {
        "none": "Nothing to show for this choice",
        "unknown": "At {rate} too few messages came to say",
        "one": "At {rate} {high}’s {step} is {high_ms}",
        "alike": "At {rate} the {step}s are within {share} % of each other, and the highest is {high}’s {high_ms}",
        "apart": "At {rate} {high}’s {step} is {high_ms}, {times} times {low}’s {low_ms}",
        "beside": "At {rate} the {step} is {each}",
        "hidden": "At {rate} the {step} of {names} is below what our own harness can tell",
        "also": "; that of {names} is below what our own harness can tell",
        "mixed": "Different promises: ",
        "bound": ", and our client was the limit with {bound}",
        "unseen": "; the broker’s processor time was not seen",
    }


def title(digests: Sequence[Digest]) -> str:
    """The finding, from the data: who is slowest, by how much, at which rate."""
    words, step = templates(), step_of(digests)
    if not digests or step is None:
        return words["unknown" if digests else "none"].format(rate=rate_text(digests[0].settings["rate_per_s"]))
    highest = max(d.settings["rate_per_s"] for d in digests)
    there = [d for d in digests if d.settings["rate_per_s"] == highest]
    named = {"rate": rate_text(highest), "step": STEP_WORDS[step]}
    named["names"] = enumerated([BROKER_NAMES[d.settings["broker"]] for d in there if d.at_most(step)] or [""])
    ranked = sorted((d for d in there if not d.at_most(step)), key=lambda d: d.number("latency_ms", step) or 0.0)
    prefix = words["mixed"] if len({d.settings["rung"] for d in digests}) > 1 else ""
    kind = _kind(ranked, step) if ranked else "hidden"
    ends = ranked if kind == "beside" else (*ranked[:1], *ranked[1:][-1:])  # whom the title names, besides those hidden
    spoken = [*ends, *(d for d in there if d.at_most(step))]
    unseen = words["unseen"] if any(map(broker_unseen, spoken)) else ""
    if not ranked:
        return prefix + words["hidden"].format(**named) + unseen
    limits = [BROKER_NAMES[d.settings["broker"]] for d in ends if d.median["stamp"] == "client-bound"]
    bound = words["bound"].format(bound=enumerated(limits)) if limits else ""
    also = words["also"].format(**named) if named["names"] else ""
    return prefix + words[kind].format(**named | _ends(ranked, step)) + also + bound + unseen


def _kind(ranked: Sequence[Digest], step: str) -> str:
    """How those whose figures are their own are put: no ratio is made of a range, or of what never came."""
    low, high = (d.number("latency_ms", step) or 0.0 for d in (ranked[0], ranked[-1]))
    if len(ranked) == 1:
        return "one"
    if any(is_wide(d, step) for d in (ranked[0], ranked[-1])) or high == math.inf:
        return "beside"
    return "alike" if high <= low * CLOSE else "apart"


def _ends(ranked: Sequence[Digest], step: str) -> dict[str, str]:
    low, high = ranked[0], ranked[-1]
    ratio = (high.number("latency_ms", step) or 0.0) / (low.number("latency_ms", step) or 1.0)
    found = {"share": f"{(ratio - 1) * 100:.0f}", "times": times(ratio)} if math.isfinite(ratio) else {}
    for name, one in (("low", low), ("high", high)):
        found |= {name: BROKER_NAMES[one.settings["broker"]], f"{name}_ms": _in_title(one, step)}
    each = [f"{_in_title(one, step)} with {BROKER_NAMES[one.settings['broker']]}" for one in reversed(ranked)]
    return found | {"each": enumerated(each)}


def stalls_text(digest: Digest) -> str:
    """one to three stalls: how many events made the slowest messages of a repeat; empty where there was none, or where
    the recording does not say."""
    known = [int(one) for one in digest.each("stalls")]
    return (
        f"{span(known, lambda one: in_words(int(one)))} {'stall' if max(known) == 1 else 'stalls'}"
        if any(known)
        else ""
    )


def never_text(digest: Digest) -> str:
    """How many messages count as infinitely late; empty where all came, or where the recording does not say."""
    gone, asked = sum(digest.each("never")), sum(digest.each("count"))
    return f"{gone:,.0f} of {asked:,.0f} ({percent_text(gone / asked)})" if gone else ""


def ledger_text(digest: Digest) -> str:
    """What became of the messages, over all repeats: never `lost` for what is unknown."""
    sums = {fate: sum(r["ledger"][fate] for r in digest.repeats) for fate in ("attempted", "delivered", "lost")}
    delivered, lost = sums["delivered"], sums["lost"]
    if delivered == sums["attempted"] and not lost:
        return f"all {counted(delivered, 'message')} arrived"
    came = f"{delivered:,} of {counted(sums['attempted'], 'message')} arrived"
    if digest.median["verdict"] == "unknown":
        return f"{came}, and what became of the others is unknown"
    return f"{came}, and {f'{lost:,}' if lost else 'none'} {'was' if lost < 2 else 'were'} lost"


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
    why = _why(those, nothing) if stamp != "unknown" else f"What was the limit is not known: {those[0]['why']}"
    return f" {why}.{dark}{age}"


LATE = re.compile(r"the producer's own lateness makes the (median|p99) ([\d.]+) ms instead of ([\d.]+)")
"""How a repeat says that our sender was late: with a step, and without."""
PLAIN = (
    (re.compile("the producer used .*"), "our sender ran out of CPU"),
    (re.compile("the consumer used .*"), "our reader ran out of CPU"),
    (re.compile("the broker used .*"), "the broker ran out of CPU"),
    (re.compile("the producer sent (.*), (.*) were asked for"), r"our sender managed \1 of the \2/s it was asked for"),
    (re.compile("neither the clients nor the broker were saturated"), "neither side ran out of CPU"),
)
"""What a repeat says of its limit, with cores -> the same as a sentence has it."""


def plainly(why: str) -> str:
    """What a repeat says of its limit, in the words of a sentence that is not ended: without a log of cores."""
    told = apart(why)[0]
    if late := LATE.search(told):
        ours = max(float(late[2]) - float(late[3]), 0.0)
        return f"{ms_text(ours)} of the {late[1]} is our sender running late"
    for pattern, words in PLAIN:
        told = pattern.sub(words, told)
    return capital(told)


def _why(those: Sequence[Repeat], nothing: bool) -> str:
    """Why the point is not what it seems: how much of it is ours, the median over the repeats, or who ran out."""
    if late := LATE.search(those[0]["why"]):
        step = {"median": "p50"}.get(late[1], late[1])
        ends = [(one["latency_ms"][step], one["service_ms"][step]) for one in those]
        known = [whole - own for whole, own in ends if whole is not None and own is not None]
        ours = f"{ms_text(statistics.median(known))} of the {late[1]}" if known else f"A part of the {late[1]}"
        return f"{ours} is our sender running late"
    return plainly(those[0]["why"]) + (", so this point says nothing about the broker" if nothing else "")


def broker_unseen(digest: Digest) -> bool:
    """Whether a repeat could not see what the broker used of the processor, as of a broker elsewhere."""
    return any("cpu" in r and r["cpu"].get("broker") is None for r in digest.repeats)


def promise_text(rung: int) -> str:
    """survives a killed process"""
    return f"survives {RUNGS[rung]}"
