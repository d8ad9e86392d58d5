"""The verdicts a second time, plainly: raw recorded files and claims.csv in, a word a claim out, a function a claim."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from labs.pages import recount_backlog as backlog
from labs.pages import recount_bursts as bursts
from labs.pages import recount_choose as choose
from labs.pages import recount_groups as groups
from labs.pages import recount_joining as joining
from labs.pages import recount_limits as limits
from labs.pages import recount_losses as losses
from labs.pages import recount_poison as poison
from labs.pages import recount_queues as queues
from labs.pages import recount_rates as rates
from labs.pages import recount_routing as routing
from labs.pages import recount_shapes as shapes
from labs.pages import recount_stack as stack
from labs.pages import recount_switching as switching
from labs.pages import recount_uses as uses
from labs.pages import recount_work as work
from labs.pages.recount import (
    BROKERS,
    GONE,
    HOLDS,
    IF,
    NEVER,
    OPEN,
    LopsidedError,
    Recount,
    answered,
    ours,
    p50,
    pairs,
    per_s,
    rises,
    slope,
    told,
)


def c02(r: Recount, lab: str) -> str:
    if lab == "loss-matrix":
        sides = [r.lost(p) for p in r.points(lab)]
        if "lost" in sides and "kept" in sides:
            return IF
        return OPEN if "open" in sides or not sides else NEVER if "lost" in sides else HOLDS
    known = [p for p in r.points(lab, prefetch=10) if p["settings"]["broker"] in BROKERS]
    sides = [r.side([repeat["jobs"]["lost"] == 0 for repeat in p["repeats"]]) for p in known if told(p)]
    return IF if "yes" in sides and "no" in sides else OPEN


def c06(r: Recount, lab: str) -> str:
    if answered(r, lab, "redis-pair", "rabbitmq-reply", "kafka-reply", "http-202"):
        return IF
    return HOLDS if len(answered(r, lab, "http-kept", "grpc")) == 2 else OPEN


def c07(r: Recount, lab: str) -> str:
    def share(name: str, callers: int) -> list[float]:
        free, busy = (r.one(lab, carrier=name, callers=n, service_ms=ms) for n, ms in ((1, 0), (callers, 20)))
        if ours(busy) or not free["repeats"] or not busy["repeats"]:
            return []
        return [rate / callers / (1000 / (20 + trip)) for trip, rate in pairs(p50(free), per_s(busy))]

    names = [name for name in ("http-new", "http-kept", "grpc") if share(name, 1)]
    if not names or any(r.side([0.85 <= one <= 1.15 for one in share(name, 1)]) != "yes" for name in names):
        return OPEN
    several = [n for n in (2, 4, 8, 16, 32) if all(share(name, n) for name in names)]
    if not several:
        return OPEN
    sides = {r.side([one >= 0.7 for one in share(name, several[0])]) for name in names}
    return IF if sides == {"yes"} else HOLDS if sides == {"no"} else OPEN


def c08(r: Recount, lab: str) -> str:
    others = ("grpc", "redis-pair", "rabbitmq-reply", "kafka-reply")
    if answered(r, lab, *others):
        return NEVER
    return HOLDS if all(r.points(lab, carrier=name, service="up", rate_per_s=200) for name in others) else OPEN


def c09(r: Recount, lab: str) -> str:
    waits = []
    for broker in BROKERS:
        for how in ("none", "each", "window"):
            those = r.points(lab, way=f"{broker}/{how}", callers=1)
            table = pairs(*map(p50, those))
            at = [p["settings"]["service_ms"] for p in those]
            if len(set(at)) < 2 or r.side([slope(at, row) < 0.05 for row in table]) != "yes":
                return OPEN
            if how == "each":
                waits.append(r.side([min(row) > 0 for row in table]))
    return IF if set(waits) == {"yes"} else HOLDS


def c11(r: Recount, lab: str) -> str:
    later = r.one(lab, carrier="later", guarantee="best")["repeats"]
    known = all(one["figures"]["lost"] is not None for one in later)
    return IF if known and r.side([one["jobs"]["once"] > 0 for one in later]) == "yes" else OPEN


def c13(r: Recount, lab: str) -> str:
    found = {name: r.one(lab, carrier=name, guarantee="survives") for name in ("http", *BROKERS)}
    for point in found.values():
        if "killed" not in point["setup"] or r.side([one["figures"]["lost"] == 0 for one in point["repeats"]]) != "yes":
            return OPEN
    places = ("127.0.0.1", "$(LAB_", "listener", "_host =", "_host=")
    number = {
        name: len(p["setup"]["killed"])
        + sum(
            not any(one in line.lower().replace("$(lab_", "$(LAB_") for one in places) for line in p["setup"]["server"]
        )
        for name, p in found.items()
    }
    more = [rises(r, found["http"], found[name], "processes") and number[name] > number["http"] for name in BROKERS]
    return HOLDS if all(more) else OPEN


def c14(r: Recount, lab: str) -> str:
    for guarantee in ("survives", "best"):
        found = {name: r.one(lab, carrier=name, guarantee=guarantee) for name in ("http", *BROKERS)}
        if all(p["repeats"] for p in found.values()):
            more = [rises(r, found["http"], found[name], what) for name in BROKERS for what in ("processes", "mb")]
            return HOLDS if all(more) else OPEN
    return OPEN


def c18(r: Recount, lab: str) -> str:
    for broker in BROKERS:
        those = [p for p in r.points(lab, prefetch=10, broker=broker) if told(p)]
        if not any(r.side([one["jobs"]["lost"] == 0 for one in p["repeats"]]) == "yes" for p in those):
            return OPEN
    return HOLDS


def c19(r: Recount, lab: str) -> str:
    both = [r.one(lab, mode=mode, prefetch=10) for mode in ("rabbitmq-manual-ack", "http-retry")]
    if not all(told(p) for p in both):
        return OPEN
    table = pairs(*([one["jobs"]["lost"] for one in p["repeats"]] for p in both))
    if r.side([queue > http for queue, http in table]) == "yes":
        return GONE
    if r.side([queue == http == 0 for queue, http in table]) == "yes":
        return IF
    return HOLDS if r.side([http > queue == 0 for queue, http in table]) == "yes" else OPEN


def c26(r: Recount, lab: str) -> str:
    inside = r.one(lab, mode="asyncio-queue", prefetch=10)
    gone = [one["waiting"]["lost"] == one["waiting"]["jobs"] > 0 for one in inside["repeats"]]
    killed = [p for p in r.points("loss-matrix", fault="kill") if p["settings"]["rung"] > 0 and r.lost(p) == "kept"]
    return IF if told(inside) and r.side(gone) == "yes" and killed else OPEN


BY: dict[str, tuple[Callable[[Recount, str], str], tuple[str, ...]]] = {
    "C02": (c02, ("kill-the-worker", "loss-matrix")),
    "C03": (work.c03, ("share-the-work",)),
    "C04": (losses.c04, ("loss-matrix",)),
    "C06": (c06, ("one-question",)),
    "C07": (c07, ("who-is-waiting",)),
    "C08": (c08, ("one-question",)),
    "C09": (c09, ("who-is-waiting",)),
    "C11": (c11, ("before-the-first-message",)),
    "C13": (c13, ("before-the-first-message",)),
    "C14": (c14, ("before-the-first-message",)),
    "C15": (bursts.c15, ("one-question", "burst-or-overload")),
    "C16": (limits.c16, ("when-it-blocks",)),
    "C17": (bursts.c17, ("burst-or-overload",)),
    "C18": (c18, ("kill-the-worker",)),
    "C19": (c19, ("kill-the-worker",)),
    "C20": (joining.c20, ("late-joiner",)),
    "C21": (joining.c21, ("late-joiner",)),
    "C23": (work.c23, ("share-the-work",)),
    "C24": (work.c24, ("share-the-work",)),
    "C26": (c26, ("kill-the-worker",)),
    "C28": (rates.c28, ("messages-or-megabytes",)),
    "C29": (losses.c29, ("loss-matrix",)),
    "C30": (shapes.c30, ("delivery-shapes",)),
    "C32": (rates.c32, ("fifty-thousand",)),
    "C33": (losses.c33, ("loss-matrix",)),
    "C34": (shapes.c34, ("delivery-shapes",)),
    "C43": (rates.c43, ("price-of-persistence",)),
    "C44": (rates.c44, ("kafka-million",)),
    "C45": (losses.c45, ("loss-matrix", "acknowledged")),
    "C46": (shapes.c46, ("delivery-shapes",)),
    "C48": (rates.c48, ("latency-ladder",)),
    "C53": (rates.c53, ("redis-million",)),
    "C38": (routing.c38, ("routing-puzzles",)),
    "C39": (routing.c39, ("routing-puzzles",)),
    "C54": (losses.c54, ("redis-forgets",)),
    "C55": (shapes.c55, ("delivery-shapes",)),
    "C57": (losses.c54, ("redis-forgets",)),
    "C58": (rates.c58, ("latency-ladder",)),
    "C59": (queues.c59, ("four-queues",)),
    "C60": (queues.c60, ("four-queues",)),
    "C62": (uses.c62, ("short-life",)),
    "C68": (uses.c68, ("routing-at-rate",)),
    "C63": (queues.c63, ("four-queues", "pending-claimed")),
    "C64": (groups.c64, ("log-group-share",)),
    "C65": (backlog.c65, ("read-it-again", "big-backlog")),
    "C66": (backlog.c66, ("big-backlog",)),
    "C67": (poison.c67, ("bad-message",)),
    "C69": (switching.c69, ("cost-of-switching",)),
    "C70": (stack.c70, ("one-app-three-brokers", "upgrade-trap", "run-twice")),
    "C71": (stack.c71, ("one-app-three-brokers",)),
    "C72": (switching.c72, ("cost-of-switching",)),
}
"""Claim -> how it is counted, and in the files of which labs."""


def counted(claim: str, policy: str, folder: Path, lab: str) -> str:
    """The word of one lab's recorded file on a claim."""
    try:
        return BY[claim][0](Recount(folder, policy), lab)
    except LopsidedError:
        return OPEN


def words(folder: Path, here: Path) -> dict[str, str]:
    """Claim -> its word, of all 73. `here` is the folder of the package `labs`, whose claims.csv and documents.toml are
    read as they stand."""
    read = tomllib.loads((here / "pages" / "documents.toml").read_text("utf-8"))["claims"]
    rows = list(csv.DictReader((here / "model" / "claims.csv").read_text("utf-8").splitlines()))
    return {row["id"]: _word(row, folder, read) for row in rows} | {
        "C05": choose.c05(here), "C27": choose.c27(), "C61": choose.c61(here),
    }  # fmt: skip


def _word(row: dict[str, str], folder: Path, read: dict[str, Any]) -> str:
    claim, policy = row["id"], row["policy"]
    if policy == "none":
        return "cannot be checked"
    if policy == "documents":
        return str(read[claim]["word"]) if claim in read else "not tested yet"
    labs = BY[claim][1] if claim in BY else ()
    there = [lab for lab in labs if (folder / f"{lab}.json").exists()]
    given = {counted(claim, policy, folder, lab) for lab in there}
    return "not tested yet" if not there else given.pop() if len(given) == 1 and len(there) == len(labs) else OPEN
