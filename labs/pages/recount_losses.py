"""What is lost to a stop, a kill and a power cut, counted a second time, plainly, out of the raw recorded files."""

from __future__ import annotations

from labs.pages.recount import HOLDS, IF, NEVER, OPEN, Recount


def c04(r: Recount, lab: str) -> str:
    defaults = [r.one(lab, profile=name, fault="kill") for name in ("redis-list-rdb", "kafka-acks-all")]
    if any(r.lost(p) == "lost" for p in defaults):
        return NEVER
    return HOLDS if (every := r.points(lab)) and all(r.lost(p) == "kept" for p in every) else OPEN


def c29(r: Recount, lab: str) -> str:
    names = {p["settings"]["profile"] for p in r.points(lab)}
    rows = [[r.lost(r.one(lab, profile=name, fault=f)) for f in ("stop", "kill", "power")] for name in names]
    if any("open" not in row and len(set(row)) > 1 for row in rows):
        return IF
    return HOLDS if rows and not any("open" in row for row in rows) else OPEN


def c33(r: Recount, lab: str) -> str:
    names = ("rabbitmq-transient-confirms", "rabbitmq-confirms", "rabbitmq-quorum-transient")
    transient, persistent, quorum = (r.one(lab, profile=name, fault="stop") for name in names)
    gone = r.lost(transient) == "lost" and all(one["outcome"] == "all lost" for one in transient["repeats"])
    if not gone or r.lost(persistent) != "kept":
        return OPEN
    return {"kept": IF, "lost": HOLDS}.get(r.lost(quorum), OPEN)


def c45(r: Recount, lab: str) -> str:
    if r.lost(r.one(lab, profile="kafka-acks-all", fault="kill")) != "kept":
        return OPEN
    weaker = (("kafka-acks-0", "kill"), ("kafka-acks-1", "kill"), ("kafka-acks-all", "power"))
    return IF if any(r.lost(r.one(lab, profile=name, fault=f)) == "lost" for name, f in weaker) else HOLDS


def c54(r: Recount, lab: str) -> str:
    sides = [r.lost(p) for p in r.points(lab, broker="redis", fault="kill")]
    return NEVER if "kept" in sides else HOLDS if sides and set(sides) == {"lost"} else OPEN
