"""What a table of a recorded file must agree with in itself: fates add up, percentiles rise and lie on their curve."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from labs.model.figures import BEYOND, QUANTILES

Node = Mapping[str, Any]
Findings = Iterator[tuple[bool, str]]
"""Whether it agrees, and what is to be said if it does not."""
STEPS = ("p50", "p90", "p99", "p999", "max")
CLOSE = 1e-4
"""Figures are kept with four or five digits."""


def is_number(value: Any) -> bool:
    """A number that is not a yes or no."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _counts(node: Node, names: Sequence[str]) -> bool:
    return all(isinstance(node[name], int) and node[name] >= 0 for name in names)


_FATES = ("attempted", "acknowledged", "delivered", "lost", "unknown", "recovered", "unconfirmed")


def _ledger(node: Node) -> Findings:
    yield _counts(node, _FATES), "a count of the ledger is not a whole number from 0 on"
    sent, known = node["attempted"], node["delivered"] + node["lost"] + node["unknown"] + node["unconfirmed"]
    yield sent == known, f"{sent:,} attempted, and the fates add up to {known:,}"
    missing = node["acknowledged"] - (node["delivered"] - node["recovered"])
    gone = node["lost"] + node["unknown"]
    yield missing == gone, f"{missing:,} acknowledged and not delivered, and {gone:,} lost or unknown"
    if "holes" in node and "tail" in node:
        yield node["holes"] + node["tail"] == node["lost"], "holes and tail are not what was lost"
    if "verdict" in node:
        bad, unsure = node["lost"] or node.get("unexpected"), node["unknown"] or not sent
        word = "broken" if bad else "unknown" if unsure else "kept"
        yield node["verdict"] == word, f"the verdict is {node['verdict']}, by its counts it is {word}"


def _ends(node: Node) -> Findings:
    names = [name for name in ("answered", "refused", "timed_out", "failed", "sent", "unknown") if name in node]
    yield _counts(node, ["calls", *names]), "a count of the calls is not a whole number from 0 on"
    ended = sum(node[name] for name in names)
    yield node["calls"] == ended, f"{node['calls']:,} calls, and {ended:,} ends"


def _jobs(node: Node) -> Findings:
    names = [name for name in ("once", "twice", "lost", "refused", "unknown") if name in node]
    yield _counts(node, ["jobs", *names]), "a count of the jobs is not a whole number from 0 on"
    known = sum(node[name] for name in names)
    yield node["jobs"] == known, f"{node['jobs']:,} jobs, and the fates add up to {known:,}"


def _ladder(node: Node) -> Findings:
    known = [node[step] for step in STEPS if node.get(step) is not None]
    yield all(map(is_number, known)), "a percentile is not a number"
    yield known == sorted(known), "a higher percentile is below a lower one"


def _curve(node: Node) -> Findings:
    """A percentile lies between the points of its curve that are beside it."""
    curve, ladder = node["curve"], node["latency_ms"]
    fits = all(isinstance(one, list) and len(one) == 2 and all(map(is_number, one)) for one in curve)
    yield fits, "the curve is not a list of (quantile, ms)"
    if fits:
        yield curve == sorted(curve) and [ms for _, ms in curve] == sorted(ms for _, ms in curve), "the curve goes down"
        count, never = node.get("count", 0), node.get("never", 0)
        ends = round(1 - max(BEYOND, never) / count, 5) if count > BEYOND else 0
        near = -2e-5 < ends - curve[-1][0] < (1 if never > BEYOND else 2e-5) if curve else True
        yield near, "the curve does not end where its samples do"
    for step, quantile in QUANTILES.items():
        ms = ladder.get(step)
        gone = node.get("never", 0) and math.ceil(round(quantile * node["count"], 6)) > node["count"] - node["never"]
        said = f"its {step} is {ms} ms, and {node.get('never', 0):,} of {node.get('count', 0):,} never came"
        yield ms is None or (ms == math.inf) == bool(gone), said
        low = max((ms for q, ms in curve if q <= quantile - 1e-5), default=-math.inf)
        high = min((ms for q, ms in curve if q >= quantile + 1e-5), default=ladder.get("max") or math.inf)
        yield ms is None or low <= ms <= high, f"its {step} is {ms} ms, its curve says {low} to {high} ms"


def _outcome(node: Node) -> Findings:
    lost, acknowledged = node["ledger"]["lost"], node["ledger"]["acknowledged"]
    words = {"none lost": lost == 0, "some lost": 0 < lost < acknowledged, "all lost": lost == acknowledged > 0}
    yield words.get(node["outcome"], True), f"{lost:,} of {acknowledged:,} lost is not `{node['outcome']}`"
    share = node.get("lost_share")
    yield share is None or abs(share - lost / (acknowledged or 1)) < CLOSE, f"a share of {share} was not lost"


def _has(*names: str) -> Callable[[Node], bool]:
    return lambda node: all(name in node for name in names)


RULES: tuple[tuple[str, Callable[[Node], bool], Callable[[Node], Findings]], ...] = (
    ("ledgers", _has(*_FATES), _ledger),
    ("ledgers", lambda node: "calls" in node and "answered" in node and "timed_out" in node, _ends),
    ("ledgers", _has("jobs", "once", "twice", "lost", "unknown"), _jobs),
    (
        "percentiles",
        lambda node: {"p50", "max"} <= node.keys() and not any(isinstance(node.get(s), list) for s in STEPS),
        _ladder,
    ),
    ("percentiles", _has("curve", "latency_ms"), _curve),
    ("ledgers", lambda node: {"outcome", "ledger"} <= node.keys() and isinstance(node["ledger"], Mapping), _outcome),
)
"""Kind of figure, whether a table has it, and what must agree."""
