"""The second count of what hangs on bursts: C17, and C15, whose other half is what a question costs over a broker."""

from __future__ import annotations

from typing import Any

from labs.pages.recount import BROKERS, HOLDS, IF, OPEN, Recount, answered, p50, pairs

LAB, ASKED = "burst-or-overload", "one-question"
Repeat = dict[str, Any]


def _points(r: Recount, load: float, burst: int) -> list[dict[str, Any]]:
    return [r.one(LAB, broker=one, load=load, burst=burst, workers=16, accepts=20) for one in BROKERS]


def _sides(r: Recount, points: list[dict[str, Any]], test: Any) -> set[str]:
    return {r.side([None not in test(one) and all(test(one)) for one in p["repeats"]]) for p in points}


def _survived(one: Repeat) -> list[bool | None]:
    queue, pool = one["figures"]["queue_share"], one["figures"]["pool_share"]
    known = queue is not None and pool is not None
    return [one["verdict"] == "kept", known and 100 * queue >= 99.9, known and 100 * pool <= 99]


def _in_time(one: Repeat) -> list[bool | None]:
    load = one["figures"]["load"]
    return [*_survived(one), load is not None and load < 0.8]


def _straight(one: Repeat) -> list[bool | None]:
    slope, came, done = (one["figures"][name] for name in ("slope_per_s", "arrival_per_s", "service_per_s"))
    if None in (slope, came, done) or came == done:
        return [False]
    return [slope > 0, 100 * abs(slope / (came - done) - 1) <= 20]


def _flat(one: Repeat) -> list[bool | None]:
    slope = one["figures"]["slope_per_s"]
    return [slope is not None and slope <= 0]


def c17(r: Recount, _lab: str) -> str:
    bursts, over = _points(r, 0.7, 4), _points(r, 1.2, 1)
    if _sides(r, bursts, _in_time) != {"yes"}:
        return OPEN
    if _sides(r, over, _straight) == {"yes"}:
        return IF
    return HOLDS if _sides(r, over, _flat) == {"yes"} else OPEN


def c15(r: Recount, _lab: str) -> str:
    usual = {"service": "up", "rate_per_s": 200, "body_bytes": 100}
    http = r.one(ASKED, carrier="http-kept", **usual)
    names = answered(r, ASKED, "redis-pair", "rabbitmq-reply", "kafka-reply")
    waits = [r.one(ASKED, carrier=name, **usual) for name in names]
    if not http["repeats"] or not waits or not all(map(p50, [http, *waits])):
        return OPEN
    sides = [r.side([over > direct for direct, over in pairs(p50(http), p50(one))]) for one in waits]
    if "few" in sides or _sides(r, _points(r, 0.7, 4), _survived) != {"yes"}:
        return OPEN
    return IF if "yes" in sides else HOLDS if set(sides) == {"no"} else OPEN
