"""Of the second count of the verdicts: the claim about publishers at a limit."""

from __future__ import annotations

from typing import Any

from labs.pages.recount import HOLDS, NEVER, OPEN, Recount

HELD = ("rabbitmq-memory-alarm", "rabbitmq-disk-alarm", "kafka-buffer")
"""Where what is full holds a publisher up, so that a long call is its doing and not the machine's."""


def c16(r: Recount, lab: str) -> str:
    def met(p: dict[str, Any], repeat: dict[str, Any]) -> bool:
        waited = repeat["figures"]["longest_ms"] >= 100 and repeat["fault"]["evidence"] != ""
        return repeat["ends"]["refused"] > 0 or (waited and p["settings"]["mode"] in HELD)

    sides = [r.side([met(p, repeat) for repeat in p["repeats"]]) for p in r.points(lab)]
    return NEVER if "yes" in sides else HOLDS if sides and set(sides) == {"no"} else OPEN
