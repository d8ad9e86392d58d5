"""The rules of C06, C08 and this lab's part of C15 (claims.csv) for one-question."""

from __future__ import annotations

from collections.abc import Sequence

from labs.experiments.rules import Said, Undecided, agreed, by, rule
from labs.model.carriers import CARRIERS
from labs.model.digest import Digest
from labs.model.text import ms_text, times

DIRECT, ASYNC_HTTP, OTHER = "http-kept", "http-202", "grpc"
BROKERED = ("redis-pair", "rabbitmq-reply", "kafka-reply")
UP = {"service": "up", "rate_per_s": 200, "body_bytes": 100}
SHARE, MORE_MS = 0.25, 2.0


def worked(point: Digest) -> bool:
    """Whether every question of every repeat was answered."""
    return all(r["ends"]["answered"] == r["ends"]["calls"] > 0 for r in point.repeats)


def _working(digests: Sequence[Digest], *carriers: str) -> dict[str, Digest]:
    found = by(digests, "carrier", **UP)
    return {name: found[name] for name in carriers if name in found and worked(found[name])}


@rule("C06", of_part=("holds",))
def c06(digests: Sequence[Digest]) -> Said:
    """Two cells off the line are enough for a first model."""
    over = [CARRIERS[name].label for name in _working(digests, *BROKERED)]
    if not over or not _working(digests, ASYNC_HTTP):
        raise Undecided(
            "Both have to run without a failure: a call over a broker whose caller waits, and HTTP that does not wait."
        )
    return "holds", (
        f"As a first model. Off its line: callers that wait for an answer over a broker ({'; '.join(over)}), and HTTP "
        "that is answered 202 before the work is done. Whether a caller waits, whether it wants an answer and what "
        "carries the call are three questions."
    )


def alike(point: Digest, direct: Digest) -> list[bool]:
    """Repeat by repeat, whether the caller is held up as long as by HTTP, within a quarter and 2 ms."""
    pairs = zip(point.repeats, direct.repeats, strict=False)
    both = [(one["blocked_ms"]["p50"], other["blocked_ms"]["p50"]) for one, other in pairs]
    return [abs(one - http) <= SHARE * http + MORE_MS for one, http in both if one is not None and http is not None]


@rule("C08", of_part=("never held",))
def c08(digests: Sequence[Digest]) -> Said:
    """One carrier that holds its caller up like HTTP refutes it."""
    direct, others = by(digests, "carrier", **UP).get(DIRECT), _working(digests, OTHER, *BROKERED)
    near = {name: found for name, one in others.items() if direct and (found := alike(one, direct))}
    if direct is None or not near:
        raise Undecided("HTTP and another carrier that brings an answer were not both measured.")
    times_ms = {DIRECT: _p50_ms(direct)} | {name: _p50_ms(others[name]) for name in near}
    told = ", ".join(f"{CARRIERS[name].label} {ms_text(ms)}" for name, ms in times_ms.items())
    text = f"How long a caller is held up, median: {told}."
    if same := [CARRIERS[name].label for name, found in near.items() if all(found)]:
        return "never held", f"{text} Within a quarter and 2 ms of HTTP: {', '.join(same)}."
    agreed([one for found in near.values() for one in found], lambda alike: alike, text)
    return "holds", text


def _p50_ms(point: Digest) -> float | None:
    value: float | None = point.median["blocked_ms"]["p50"]
    return value


@rule("C15", of_part=("holds with conditions",))
def c15(digests: Sequence[Digest]) -> Said:
    """The price of a broker, and what it buys while the service is away; bursts are another lab's."""
    direct, over = by(digests, "carrier", **UP).get(DIRECT), _working(digests, *BROKERED)
    http_ms = _p50_ms(direct) if direct else None
    ratios = {name: ms / http_ms for name, one in over.items() if http_ms and (ms := _p50_ms(one))}
    if not ratios:
        raise Undecided("A question by HTTP and one over a broker were not both measured.")
    prices = ", ".join(f"{CARRIERS[name].label} {times(ratio)}" for name, ratio in ratios.items())
    away = by(digests, "carrier", service="stopped")
    bought = [CARRIERS[name].label for name in BROKERED if name in away and waited_out(away[name])]
    gain = f" What it buys: questions asked while the service was away were answered later ({'; '.join(bought)})."
    text = f"The price of a broker, as a multiple of HTTP's median: {prices}.{gain if bought else ''}"
    text += " Bursts are for lab L2.2 to measure."
    if max(ratios.values()) <= 1:
        raise Undecided(text)
    return "holds with conditions", f"{text} A query that cannot wait gains nothing from a queue."


def waited_out(point: Digest) -> bool:
    """Whether every patient caller had its answer once the service was back, in every repeat."""
    groups = [repeat["away"]["patient"] for repeat in point.repeats if repeat["away"]]
    return bool(groups) and all(group["answered"] == group["calls"] > 0 for group in groups)


RULES = (c06, c08, c15)
