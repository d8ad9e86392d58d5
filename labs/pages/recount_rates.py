"""Of the second count of the verdicts: the claims about rates and latencies."""

from __future__ import annotations

from labs.pages.recount import BROKERS, GONE, HOLDS, IF, OPEN, Recount, fastest, ladder, ours, pairs, per_s, steady


def c28(r: Recount, lab: str) -> str:
    sides = []
    for broker in BROKERS:
        both = [r.one(lab, way=f"{broker}-{size}") for size in (100, 16384)]
        if not all(p["repeats"] for p in both):
            return OPEN
        slow, factors = min(both, key=lambda p: p["median"]["per_s"]), pairs(*map(per_s, both))
        sides.append("ours" if ours(slow) else r.side([max(row) / min(row) > 5 for row in factors]))
    acks = [[p for p in r.points(lab) if p["settings"]["way"].startswith(f"{broker}-acks-")] for broker in BROKERS]
    several = [
        r.side([max(row) / min(row) > 5 for row in pairs(*map(per_s, those))]) for those in acks if len(those) > 1
    ]
    if "few" in sides + several:
        return OPEN
    if "yes" in sides + several:
        return IF
    return HOLDS if several and set(sides + several) == {"no"} else OPEN


def c32(r: Recount, lab: str) -> str:
    single = [p for p in r.points(lab) if not p["settings"]["way"].startswith("queues-")]
    queues = [p for p in single if p["settings"]["profile"] in ("rabbitmq-confirms", "rabbitmq-quorum")]
    streams = steady([p for p in single if p["settings"]["profile"] == "rabbitmq-stream"])
    best = fastest(steady(queues))
    if r.side([one > 100_000 for one in per_s(best)]) == "yes":
        return GONE
    if r.side([25_000 <= one <= 100_000 for one in per_s(best)]) != "yes" or ours(best):
        return OPEN
    return {"yes": IF, "no": HOLDS}.get(r.side([one > 100_000 for one in per_s(fastest(streams))]), OPEN)


def c43(r: Recount, lab: str) -> str:
    windows, slower = (1, 10, 100, 1000), {}
    for kind in ("persistent", "quorum"):
        for window in windows:
            both = [r.one(lab, way=f"{name}-{window}") for name in ("transient", kind)]
            if not all(p["repeats"] for p in both) or any(map(ours, both)):
                return OPEN
            slower[kind, window] = [fast / slow for fast, slow in pairs(*map(per_s, both))]
    sides = {pair: r.side([one >= 2 for one in values]) for pair, values in slower.items()}
    if "few" in sides.values():
        return OPEN
    if sides["persistent", 100] == sides["persistent", 1000] == "yes":
        return HOLDS
    if "yes" in sides.values():
        return IF
    return GONE if all(r.side([one < 1.25 for one in values]) == "yes" for values in slower.values()) else OPEN


def c44(r: Recount, lab: str) -> str:
    reached = [p for p in steady(r.points(lab)) if r.side([one >= 1_000_000 for one in per_s(p)]) == "yes"]
    single = ("kafka-python-one", "batch-1")
    if any(p["settings"]["way"] in single or p["settings"]["body_bytes"] > 100 for p in reached):
        return HOLDS
    return IF if reached else OPEN


def c53(r: Recount, lab: str) -> str:
    heard = steady([p for p in r.points(lab) if p["settings"].get("read")])
    reached = [p for p in heard if r.side([one >= 1_000_000 for one in per_s(p)]) == "yes"]
    if any(p["settings"]["way"].endswith(("-one", "-1")) for p in reached):
        return HOLDS
    return IF if reached else OPEN


def c48(r: Recount, lab: str) -> str:
    def quick(profile: str) -> str:
        ends = ladder(r, lab, profile)
        if r.side([max(row) <= 10 for row in ends]) == "yes":
            return HOLDS
        return {"yes": GONE, "few": "few"}.get(r.side([min(row) > 50 for row in ends]), OPEN)

    words = quick("kafka-acks-all"), quick("kafka-linger")
    if "few" in words:
        return OPEN
    if HOLDS in words:
        return HOLDS if words[0] == words[1] else IF
    return GONE if set(words) == {GONE} else OPEN


def c58(r: Recount, lab: str) -> str:
    mine, *others = (ladder(r, lab, name) for name in ("redis-stream-everysec", "rabbitmq-confirms", "kafka-acks-all"))
    if not all([mine, *others]):
        return OPEN
    table = pairs([with_it for _, with_it in mine], *([without for without, _ in one] for one in others))
    return IF if r.side([row[0] <= 0.8 * min(row[1:]) * (1 + 1e-12) for row in table]) == "yes" else OPEN
