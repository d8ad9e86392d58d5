"""C62 and C68 counted a second time, plainly, out of the raw files of short-life and routing-at-rate."""

from __future__ import annotations

from typing import Any

from labs.pages.recount import HOLDS, IF, OPEN, Recount, ours, pairs, per_s

OURS = ("redis-pubsub", "redis-pubsub-check", "redis-stream", "redis-list")
THEIRS = ("rabbitmq-ttl", "rabbitmq-ttl-pushed", "kafka", "kafka-check")


def c62(r: Recount, lab: str) -> str:
    def asked(way: str, gap: str, name: str) -> list[Any]:
        repeats = r.one(lab, way=way, gap=gap)["repeats"]
        return [one["figures"][name] if one["verdict"] == "known" else None for one in repeats]

    table = {
        way: list(pairs(asked(way, "none", "p99_ms"), asked(way, "pause", "stale_share"))) for way in (*OURS, *THEIRS)
    }
    if len({len(rows) for rows in table.values()}) > 1 or any(None in row for rows in table.values() for row in rows):
        return OPEN
    number = len(table[OURS[0]])
    near = []
    for mine in OURS:
        best = [
            all(table[mine][n][0] < table[way][n][0] and table[mine][n][1] <= table[way][n][1] for way in THEIRS)
            for n in range(number)
        ]
        if r.side(best) == "yes":
            close = [
                any(
                    table[way][n][0] <= 1.2 * table[mine][n][0] and table[way][n][1] <= 1.2 * table[mine][n][1]
                    for way in THEIRS
                )
                for n in range(number)
            ]
            near.append(r.side(close))
    if "no" in near:
        return HOLDS
    return IF if near and set(near) == {"yes"} else OPEN


def c68(r: Recount, lab: str) -> str:
    points = {number: r.one(lab, way=f"topic-{number}") for number in (1, 10, 100)}
    if any(not one["repeats"] for one in points.values()) or ours(points[100]):
        return OPEN

    def enough(point: dict[str, Any]) -> str:
        sides = [
            r.side([rate >= 20_000 for rate in per_s(point)]),
            r.side([repeat["ratio"] >= 0.7 for repeat in point["repeats"]]),
        ]
        return "few" if "few" in sides else "yes" if "yes" in sides else "open" if "open" in sides else "no"

    found = {number: enough(point) for number, point in points.items()}
    if found[100] == "yes":
        return HOLDS
    return IF if found[100] == "no" and "yes" in (found[1], found[10]) else OPEN
