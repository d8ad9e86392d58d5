"""Test data, not measurements: digests of fault labs and of jobs, written by hand in the shape that the labs give."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from labs.experiments import experiment
from labs.judge.repeats import worst_verdict
from labs.model.digest import Digest
from labs.model.profile import profile

CARD = {"broker": "made up", "backend": "test data", "date": "2000-01-01", "repeats": 3, "fault_method": "test data"}
STARTUP_LOG = "Bad file format reading the append only file\nmake a backup, then use redis-check-aof --fix <filename>"


def ledger(acknowledged: int, lost: int, unknown: int = 0) -> dict[str, Any]:
    counts = dict.fromkeys(("duplicated", "reordered", "unexpected", "recovered", "refused", "holes"), 0)
    kept = acknowledged - lost - unknown
    word = "broken" if lost else "unknown" if unknown else "kept"
    found = {"attempted": acknowledged + 5, "acknowledged": acknowledged, "delivered": kept, "lost": lost}
    return counts | found | {"unconfirmed": 5, "unknown": unknown, "tail": lost, "verdict": word}


def repeat(seed: int, outcome: str, acknowledged: int, lost: int = 0, trouble: str = "") -> dict[str, Any]:
    counts = ledger(acknowledged, lost, 0 if outcome in ("none lost", "some lost", "all lost") else acknowledged)
    fault = {"kind": "kill", "method": "SIGKILL", "at_s": 2.9, "evidence": f"pid {seed} died of SIGKILL 0.01 s later"}
    return {
        "seed": seed, "outcome": outcome, "verdict": counts["verdict"], "lost_share": lost / acknowledged,
        "ledger": counts, "loss_window_s": lost / 1000 or None, "recovery_s": None if trouble else 0.3 + seed / 10,
        "took_s": 14.0 + seed, "trouble": trouble, "fault": fault,
    }  # fmt: skip


def worst(repeats: Sequence[dict[str, Any]]) -> str:
    return worst_verdict([one["verdict"] for one in repeats])


def fault_digest(name: str, fault: str, *repeats: dict[str, Any]) -> Digest:
    using, words = profile(name), {one["outcome"] for one in repeats}
    word = words.pop() if len(words) == 1 else "mixed"
    named = {"broker": using.broker, "profile": name, "label": using.label, "rung": using.rung, "fault": fault}
    agree = sum(one["outcome"] == word for one in repeats)
    return Digest(
        lab="loss-matrix",
        settings=named | {"rate_per_s": 1000, "body_bytes": 100},
        repeats=repeats,
        median={"outcome": word, "verdict": worst(repeats), "agree": agree},
        card=CARD | {"repeats": len(repeats)},
    )


def three(outcome: str, acknowledged: int, *lost: int, trouble: str = "") -> list[dict[str, Any]]:
    return [repeat(seed, outcome, acknowledged, n, trouble) for seed, n in enumerate(lost or (0, 0, 0), 1)]


MATRIX = [
    fault_digest("redis-list-rdb", "kill", *three("all lost", 2900, 2900, 2900, 2900)),
    fault_digest("redis-list-none", "stop", *three("all lost", 2900, 2900, 2900, 2900)),
    fault_digest("redis-list-none", "kill", *three("all lost", 2900, 2900, 2900, 2900)),
    fault_digest("redis-list-everysec", "stop", *three("none lost", 2900)),
    fault_digest("redis-list-everysec", "kill", *three("none lost", 2900)),
    fault_digest("redis-list-everysec", "power", *three("some lost", 2900, 527, 85, 340)),
    fault_digest("redis-list-always", "power", *three("did not start", 2900, trouble=STARTUP_LOG)),
    fault_digest("rabbitmq-transient-confirms", "kill", *three("all lost", 8000, 8000, 8000, 8000)),
    fault_digest("rabbitmq-confirms", "stop", *three("none lost", 8000)),
    fault_digest("rabbitmq-confirms", "kill", *three("none lost", 8000)),
    fault_digest("rabbitmq-confirms", "power", repeat(1, "none lost", 8000), *three("some lost", 8000, 12, 7)),
    fault_digest("rabbitmq-quorum", "power", *three("none lost", 8000)),
    fault_digest("kafka-acks-0", "kill", *three("some lost", 9800, 41, 44, 38)),
    fault_digest("kafka-acks-all", "kill", *three("none lost", 9840)),
    fault_digest("kafka-acks-all", "power", *three("unknown", 9840)),
]


def jobs_repeat(lost: int, twice: int, unknown: int) -> dict[str, Any]:
    counts = {"once": 300 - lost - twice - unknown, "twice": twice, "lost": lost, "told": 0, "unknown": unknown}
    return {
        "jobs": {"jobs": 300} | counts,
        "verdict": "unknown" if unknown else "broken" if lost else "kept",
        "outcome": "unknown" if unknown else "some lost" if lost else "none lost",
        "redelivery_s": None if lost or unknown else 0.05 + twice,
        "restart_s": 0.2,
        "waiting": {"jobs": 20, "lost": min(lost, 20)},
        "held": 10,
        "took_s": 9.0,
        "trouble": "",
        "fault": {"evidence": "worker 7 died of SIGKILL"},
    }


def jobs_digest(mode: str, label: str, broker: str, prefetch: int, counts: list[Any]) -> Digest:
    settings = {"mode": mode, "label": label, "broker": broker, "prefetch": prefetch}
    repeats = [jobs_repeat(*count) for count in counts]
    known = [one["redelivery_s"] for one in repeats if one["redelivery_s"] is not None]
    words = {one["outcome"] for one in repeats}
    median = {"outcome": words.pop() if len(words) == 1 else "mixed", "verdict": worst(repeats)}
    median |= {"redelivery_s": statistics.median(known) if known else None}
    card = CARD | {"repeats": len(repeats)}
    return Digest(lab="kill-the-worker", settings=settings, repeats=repeats, median=median, card=card)


JOBS = [
    jobs_digest("http-no-retry", "HTTP, no retry", "none", 10, [(12, 0, 0), (10, 0, 0)]),
    jobs_digest("asyncio-queue", "asyncio.Queue", "none", 10, [(180, 0, 0), (150, 0, 0)]),
    jobs_digest("redis-blpop", "Redis BLPOP", "redis", 10, [(1, 0, 0), (1, 0, 0)]),
    jobs_digest("redis-stream", "Redis stream, group", "redis", 10, [(0, 1, 0), (0, 0, 0)]),
    jobs_digest("rabbitmq-manual-ack", "RabbitMQ, manual ack", "rabbitmq", 1, [(0, 1, 0)]),
    jobs_digest("rabbitmq-manual-ack", "RabbitMQ, manual ack", "rabbitmq", 10, [(0, 3, 0), (0, 5, 0)]),
    jobs_digest("kafka-commit-after", "Kafka, commit after", "kafka", 10, [(0, 0, 14)]),
]


LOSS_LAB, THEATRE = experiment("loss-matrix"), experiment("fault-theatre")
JOBS_LAB = experiment("kill-the-worker")
