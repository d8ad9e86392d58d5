"""The second count of C59, C60 and C63, out of the raw recorded files of the labs about Redis's own queues."""

from __future__ import annotations

from typing import Any

from labs.pages.recount import HOLDS, NEVER, OPEN, Recount


def dated(r: Recount, lab: str, command: str) -> tuple[int, ...]:
    """The version that the server gives a command; empty where it does not, or not always the same."""
    told = {repeat["since"].get(command, "") for point in r.points(lab) for repeat in point["repeats"]}
    text = told.pop() if len(told) == 1 else ""
    return tuple(int(part) for part in text.split(".")) if text and text != "untold" else ()


def c59(r: Recount, lab: str) -> str:
    found = [dated(r, lab, command) for command in ("BLPOP", "SUBSCRIBE")]
    return NEVER if all(one and one <= (2, 0, 0) for one in found) else OPEN


def c60(r: Recount, lab: str) -> str:
    subscribe, xadd = dated(r, lab, "SUBSCRIBE"), dated(r, lab, "XADD")
    return NEVER if subscribe and subscribe < (5, 0, 0) == xadd else OPEN


def c63(r: Recount, lab: str) -> str:
    def all_say(way: str, share: float) -> bool:
        found: list[dict[str, Any]] = [one["trials"]["offline"] for one in r.one("four-queues", way=way)["repeats"]]
        return bool(found) and all(one["got"]["first"] == share * one["sent"] for one in found)

    if lab == "pending-claimed":
        return HOLDS if _did_all(r, lab) and all_say("pubsub", 0) else OPEN
    return HOLDS if all_say("stream-group", 1) and all_say("pubsub", 0) else OPEN


def _did_all(r: Recount, lab: str) -> bool:
    """Whether a group that was away did every message of a stream that nothing cuts, in every round."""
    found: list[dict[str, Any]] = r.one(lab, way="late")["repeats"]
    return bool(found) and all(
        one["verdict"] != "unknown" and one["counts"]["once"] + one["counts"]["twice"] == one["counts"]["sent"]
        for one in found
    )
