"""The rules of C06, C08 and this lab's part of C15 (claims.csv) for one-question; C15 is that of
burst-or-overload too, for it needs both recordings."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from labs.experiments.burst_verdicts import survival
from labs.experiments.rules import Said, Undecided, by, each, passes, rounds, rule, seen
from labs.model.carriers import CARRIERS
from labs.model.digest import Digest
from labs.model.text import enumerated, ms_text, times

DIRECT, ASYNC_HTTP, OTHER = "http-kept", "http-202", "grpc"
BESIDE = "burst-or-overload"
"""Where bursts are measured: the other half of C15."""
BROKERED = ("redis-pair", "rabbitmq-reply", "kafka-reply")
UP = {"service": "up", "rate_per_s": 200, "body_bytes": 100}


def worked(one: Digest) -> bool:
    """Whether every question of every repeat was answered."""
    return bool(seen(one, lambda repeat: repeat["ends"]["answered"] == repeat["ends"]["calls"] > 0))


def _working(digests: Sequence[Digest], *carriers: str) -> dict[str, Digest]:
    found = by(digests, "carrier", **UP)
    return {name: found[name] for name in carriers if name in found and worked(found[name])}


def _held_up(one: Digest) -> str:
    found = one.each("blocked_ms", "p50")
    return ms_text(statistics.median(found) if found else None)


def _labels(carriers: Sequence[str]) -> str:
    return "; ".join(CARRIERS[name].label for name in carriers)


@rule("C06", of_part=("holds with conditions",))
def c06(digests: Sequence[Digest]) -> Said:
    """One working cell off the line is enough: a caller that waits for an answer over a broker, or HTTP that does not
    wait."""
    over, later = list(_working(digests, *BROKERED)), _working(digests, ASYNC_HTTP)
    off = ["callers that wait for an answer over a broker"] if over else []
    off += ["HTTP that is answered 202 before the work is done"] if later else []
    if off:
        text = f"Working cells lie off the line of this model: {' and '.join(off)}."
        text += f" The brokers answered by {_labels(over)}." if over else ""
        three = "Whether a caller waits, whether it wants an answer and what carries the call are three questions."
        return "holds with conditions", f"{text} {three}"
    if set(_working(digests, DIRECT, OTHER)) != {DIRECT, OTHER}:
        raise Undecided("No cell of the grid worked in every repeat.")
    return "holds", "No cell off the line worked."


@rule("C08", of_part=("never held",))
def c08(digests: Sequence[Digest]) -> Said:
    """One carrier that is not REST over HTTP, and holds its caller until the answer, refutes it."""
    others = _working(digests, OTHER, *BROKERED)
    if others:
        text = f"Without REST over HTTP callers waited for every answer and had it, by {_labels(list(others))}."
        known = {name: by(digests, "carrier", **UP).get(name) for name in (DIRECT, *others)}
        told = [f"{_held_up(one)} ({CARRIERS[name].label})" for name, one in known.items() if one]
        return "never held", f"{text} A call blocked its caller for {enumerated(told)}."
    measured = by(digests, "carrier", **UP)
    if not all(name in measured for name in (OTHER, *BROKERED)):
        raise Undecided("No carrier but HTTP was measured, or none answered every call.")
    return "holds", "No carrier but HTTP answered every call."


@rule("C15", of_part=("holds with conditions",))
def c15(digests: Sequence[Digest]) -> Said:
    """Two halves: whether a question takes longer over a broker, and whether a queue survives bursts better."""
    price, dearer, cheaper = _price(digests)
    try:
        better, bursts = survival(digests)
    except Undecided as why:
        raise Undecided(f"Bursts, the other half of the claim, are not recorded. {why} {price}") from None
    if better and dearer:
        return "holds with conditions", f"{bursts} {price} Which of both is better differs from call to call."
    if better and cheaper:
        return "holds", f"{bursts} {price}"
    raise Undecided(f"{bursts} {price}")


def _price(digests: Sequence[Digest]) -> tuple[str, list[str], bool]:
    """What a question costs over each broker, in words; the carriers over which it takes longer, and whether it takes
    longer over none."""
    direct, over = by(digests, "carrier", **UP).get(DIRECT), _working(digests, *BROKERED)
    if not direct or not over:
        raise Undecided("A question by HTTP and one over a broker were not both measured.")
    http_ms = each(direct, "blocked_ms", "p50")
    dearer, prices, sides = [], [], []
    for name, one in over.items():
        pairs = rounds(http_ms, each(one, "blocked_ms", "p50"))
        prices.append(f"{times(statistics.median(b / a for a, b in pairs))} ({CARRIERS[name].label})")
        sides.append(passes(pairs, lambda pair: pair[1] > pair[0], ""))
        if sides[-1]:
            dearer.append(CARRIERS[name].label)
    text = f"From the call to its answer a question takes {enumerated(prices)} times as long as by HTTP."
    text += f" That is longer than by HTTP with {'; '.join(dearer) or 'none of them'}."
    text += " Each is the median of ratios that are taken round by round, and no ratio of medians."
    away = by(digests, "carrier", service="stopped")
    if bought := [CARRIERS[name].label for name in BROKERED if name in away and waited_out(away[name])]:
        text += f" Questions asked while the service was away were answered later ({'; '.join(bought)})."
    return text, dearer, all(side is False for side in sides)


def waited_out(one: Digest) -> bool:
    """Whether every patient caller had its answer once the service was back, in every repeat."""
    groups = [repeat["away"]["patient"] for repeat in one.repeats if repeat["away"]]
    return bool(groups) and all(group["answered"] == group["calls"] > 0 for group in groups)


RULES = (c06, c08, c15)
