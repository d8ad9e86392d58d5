"""Of the second count of the verdicts: the claims about who gets a message."""

from __future__ import annotations

from labs.pages.recount import HOLDS, IF, NEVER, OPEN, Points, Recount

ONE, GROUP, EVERY = "one consumer in all", "one consumer of each group", "every consumer"
OWED = {
    "redis-list": ONE,
    "rabbitmq-queue": ONE,
    "redis-stream": GROUP,
    "rabbitmq-fanout": GROUP,
    "rabbitmq-single": GROUP,
    "kafka-group": GROUP,
    "kafka-share": GROUP,
    "redis-pubsub": EVERY,
    "rabbitmq-stream": EVERY,
}


def went(r: Recount, found: Points, to: str) -> bool:
    """Whether there are such points, and in enough repeats of each every message went there; none may be unknown."""
    if not found or any(one["outcome"] == "unknown" for p in found for one in p["repeats"]):
        return False
    sides = [[one["outcome"] == to and one["deliveries"]["messages"] > 0 for one in p["repeats"]] for p in found]
    return all(r.side(one) == "yes" for one in sides)


def holds(r: Recount, lab: str, *wanted: tuple[str, int, str]) -> str:
    """Whether three consumers in so many groups had it as the claim says, of every shape that it names."""
    found = [went(r, r.points(lab, mode=mode, groups=groups, members=3)[:1], to) for mode, groups, to in wanted]
    return HOLDS if all(found) else OPEN


def c30(r: Recount, lab: str) -> str:
    found = [went(r, r.points(lab, mode=mode, groups=2, members=3)[-1:], to) for mode, to in OWED.items()]
    return IF if all(found) else OPEN


def c34(r: Recount, lab: str) -> str:
    return holds(r, lab, ("rabbitmq-queue", 1, ONE), ("rabbitmq-fanout", 2, GROUP))


def c46(r: Recount, lab: str) -> str:
    found = r.points(lab, mode="kafka-group", groups=1)
    if any(one["outcome"] == "unknown" for p in found for one in p["repeats"]):
        return OPEN
    busy = [[sum(map(bool, one["counts"].values())) for one in p["repeats"]] for p in found]
    alone = [[one["outcome"] == ONE for one in p["repeats"]] for p in found]
    rows = [[one and many > 1 for one, many in zip(*both, strict=True)] for both in zip(alone, busy, strict=True)]
    shared = [row for row in rows if r.side(row) == "yes"]
    return NEVER if shared else OPEN


def c55(r: Recount, lab: str) -> str:
    return holds(r, lab, ("redis-list", 1, ONE), ("redis-pubsub", 1, EVERY), ("redis-stream", 2, GROUP))
