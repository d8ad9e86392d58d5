"""C62 counted a second time, plainly, out of the raw file of short-life."""

from __future__ import annotations

from typing import Any

from labs.pages.recount import HOLDS, IF, OPEN, Recount, pairs

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
