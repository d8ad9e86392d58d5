"""C20 and C21 counted a second time, plainly, out of the raw file of late-joiner."""

from __future__ import annotations

from typing import Any

from labs.pages.recount import BROKERS, HOLDS, IF, NEVER, OPEN, Recount


def joined(r: Recount, lab: str) -> list[list[dict[str, Any]]]:
    """The repeats of the six ways by a broker, the payload unchanged; nothing where one cannot say."""
    those = [p["repeats"] for p in r.points(lab, change="none") if p["settings"]["broker"] in BROKERS]
    sure = all(one["verdict"] == "known" for repeats in those for one in repeats)
    return those if len(those) == 6 and sure else []


def c20(r: Recount, lab: str) -> str:
    those = joined(r, lab)
    if not those:
        return OPEN
    sides = []
    for repeats in those:
        sender = [one["sender"] for one in repeats]
        dark = any(one["direct"] is None and not one["mentions"] for one in sender)
        sides.append("open" if dark else r.side([one["mentions"] == [] and one["direct"] == 0 for one in sender]))
    if "no" in sides or set(sides) != {"yes"}:
        return NEVER if "no" in sides else OPEN
    renamed = r.one(lab, mode="rabbitmq-queue", change="renamed")["repeats"]
    if any(one["verdict"] != "known" for one in renamed):
        return OPEN
    strict = [(one["joined"]["late"]["broken"]["strict"], one["joined"]["changed"]) for one in renamed]
    if r.side([bad == of > 0 for bad, of in strict]) == "yes":
        return IF
    return HOLDS if r.side([bad == 0 for bad, _ in strict]) == "yes" else OPEN


def c21(r: Recount, lab: str) -> str:
    shares: list[str] = []
    for repeats in joined(r, lab):
        sender = [one["sender"] for one in repeats]
        same = r.side([one["same_process"] and one["same_file"] and one["told"] == 0 for one in sender])
        late = [(one["joined"]["late"], one["joined"]) for one in repeats]
        if same == "no":
            return NEVER
        if same != "yes" or r.side([got["after"] == of["after"] for got, of in late]) != "yes":
            return OPEN
        full = r.side([got["history"] == of["before"] for got, of in late])
        shares.append("all" if full == "yes" else r.side([got["history"] == 0 for got, _ in late]))
    return IF if "yes" in shares else HOLDS if shares and set(shares) == {"all"} else OPEN
