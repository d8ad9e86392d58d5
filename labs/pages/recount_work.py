"""The verdicts of the lab about shared work a second time, plainly, from the raw recorded files."""

from __future__ import annotations

from labs.pages.recount import BROKERS, HOLDS, IF, OPEN, Recount

BESIDE = "see-the-work"
LOOKED = ("Backlog", "In flight", "Oldest")
MODES = ("rabbitmq-queue", "redis-blpop", "redis-blmove", "redis-stream", "redis-pubsub", "kafka-group")


def _ratio(r: Recount, lab: str, bound: float, **settings: object) -> list[str]:
    """Of each point, whether its makespan is at most so many times the ideal: yes, no, open or few."""
    table = [[repeat["ratio"] for repeat in p["repeats"]] for p in r.points(lab, **settings)]
    return ["few" if None in row or not row else r.side([one <= bound for one in row]) for row in table]


def c23(r: Recount, lab: str) -> str:
    near = [side for broker in BROKERS for side in _ratio(r, lab, 1.15, broker=broker)]
    far = [side for broker in BROKERS for side in _ratio(r, lab, 1.5, broker=broker)]
    robin, least = _ratio(r, lab, 1.5, mode="http-round-robin"), _ratio(r, lab, 1.15, mode="http-least-connections")
    if "few" in [*near, *far] or "yes" not in near or robin not in (["yes"], ["no"]) or least not in (["yes"], ["no"]):
        return OPEN
    if "no" in far or least == ["yes"]:
        return IF
    return HOLDS if robin == ["no"] else OPEN


def c03(r: Recount, _lab: str) -> str:
    points = [r.one(BESIDE, mode=mode)["repeats"] for mode in MODES]
    full = [r.side([all(one["cells"][name]["state"] == "yes" for name in LOOKED) for one in some]) for some in points]
    if "few" in full:
        return OPEN
    return IF if "no" in full else HOLDS if set(full) == {"yes"} else OPEN


def c24(r: Recount, _lab: str) -> str:
    if not all(r.points(BESIDE, mode=mode) for mode in MODES):
        return OPEN
    found = {broker: [one for p in r.points(BESIDE, broker=broker) for one in p["repeats"]] for broker in BROKERS}
    refused = [all(one["cells"]["Unauthorised publish"]["state"] == "yes" for one in some) for some in found.values()]
    return HOLDS if all(refused) else IF if any(refused) else OPEN
