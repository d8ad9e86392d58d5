"""The verdict rules of C06, C08 and this lab's part of C15 (claims.csv), from the digests of one-question."""

from __future__ import annotations

from collections.abc import Sequence

from labs.experiments.base import Verdict
from labs.experiments.calling import by_settings, straddles
from labs.model.carriers import CARRIERS
from labs.model.digest import Digest
from labs.model.text import ms_text, times

DIRECT, ASYNC_HTTP, OTHER = "http-kept", "http-202", "grpc"
BROKERED = ("redis-pair", "rabbitmq-reply", "kafka-reply")
RATE, BYTES = 200, 100
SHARE, MORE_MS = 0.25, 2.0


def verdicts(digests: Sequence[Digest]) -> list[Verdict]:
    """One verdict a claim; `undecided here` with the reason where a point is missing or the repeats disagree."""
    points = {d.settings["carrier"]: d for d in by_settings(digests, service="up", rate_per_s=RATE, body_bytes=BYTES)}
    away = {d.settings["carrier"]: d for d in by_settings(digests, service="stopped")}
    return [_c06(points), _c08(points), _c15(points, away)]


def worked(point: Digest) -> bool:
    """Whether every question of every repeat was answered."""
    return all(r["ends"]["answered"] == r["ends"]["calls"] > 0 for r in point.repeats)


def _c06(points: dict[str, Digest]) -> Verdict:
    over = [CARRIERS[name].label for name in BROKERED if name in points and worked(points[name])]
    later = ASYNC_HTTP in points and worked(points[ASYNC_HTTP])
    if not over or not later:
        text = (
            "Both have to run without a failure: a call over a broker whose caller waits, and HTTP that does not wait."
        )
        return Verdict("C06", "undecided here", text)
    text = (
        f"As a first model. Off its line: callers that wait for an answer over a broker ({'; '.join(over)}), and HTTP "
        "that is answered 202 before the work is done. Whether a caller waits, whether it wants an answer and what "
        "carries the call are three questions."
    )
    return Verdict("C06", "holds", text)


def alike(point: Digest, direct: Digest) -> list[bool]:
    """Repeat by repeat, whether the caller is held up as long as by HTTP, within a quarter and 2 ms."""
    pairs = zip(point.repeats, direct.repeats, strict=False)
    both = [(one["blocked_ms"]["p50"], other["blocked_ms"]["p50"]) for one, other in pairs]
    return [abs(one - http) <= SHARE * http + MORE_MS for one, http in both if one is not None and http is not None]


def _c08(points: dict[str, Digest]) -> Verdict:
    direct = points.get(DIRECT)
    others = {n: alike(points[n], direct) for n in (OTHER, *BROKERED) if direct and n in points and worked(points[n])}
    others = {name: found for name, found in others.items() if found}
    if direct is None or not others:
        return Verdict(
            "C08", "undecided here", "HTTP and another carrier that brings an answer were not both measured."
        )
    times_ms = [f"{CARRIERS[name].label} {ms_text(_p50(points[name]))}" for name in (DIRECT, *others)]
    text = f"How long a caller is held up, median: {', '.join(times_ms)}."
    same = [CARRIERS[name].label for name, found in others.items() if all(found)]
    if same:
        return Verdict("C08", "never held", f"{text} Within a quarter and 2 ms of HTTP: {', '.join(same)}.")
    unsure = any(straddles(found) for found in others.values())
    return Verdict("C08", "undecided here" if unsure else "holds", text)


def _p50(point: Digest) -> float | None:
    value: float | None = point.median["blocked_ms"]["p50"]
    return value


def _c15(points: dict[str, Digest], away: dict[str, Digest]) -> Verdict:
    direct = points.get(DIRECT)
    known = [n for n in BROKERED if n in points and _p50(points[n]) and worked(points[n])]
    if direct is None or not _p50(direct) or not known:
        return Verdict("C15", "undecided here", "A question by HTTP and one over a broker were not both measured.")
    ratios = {n: (_p50(points[n]) or 0) / (_p50(direct) or 1) for n in known}
    text = "The price of a broker, as a multiple of HTTP's median: " + ", ".join(
        f"{CARRIERS[n].label} {times(ratio)}" for n, ratio in ratios.items()
    )
    bought = [CARRIERS[n].label for n in BROKERED if n in away and waited_out(away[n])]
    gain = f" What it buys: questions asked while the service was away were answered later ({'; '.join(bought)})."
    more = f"{text}.{gain if bought else ''} Bursts are for lab L2.2 to measure."
    if max(ratios.values()) > 1:
        return Verdict("C15", "holds with conditions", f"{more} A query that cannot wait gains nothing from a queue.")
    return Verdict("C15", "undecided here", more)


def waited_out(point: Digest) -> bool:
    """Whether every patient caller had its answer once the service was back, in every repeat."""
    groups = [r["away"]["patient"] for r in point.repeats if r["away"]]
    return bool(groups) and all(group["answered"] == group["calls"] > 0 for group in groups)
