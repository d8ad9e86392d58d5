"""The look of a latency lab: a point is a broker at a rung, a rate and a payload; percentiles on two plots."""

from __future__ import annotations

import math
from functools import partial

from labs.model.digest import Digest, Table
from labs.model.profile import RUNGS
from labs.model.text import NBSP, capital, counted, enumerated, ms_span, ms_text, rate_text, span
from labs.show.looks.base import Chart, Look, View
from labs.show.quantities import Quantities, Quantity
from labs.show.sentences import (
    SHARE_WORDS,
    broker_unseen,
    caution,
    is_wide,
    ledger_text,
    never_text,
    numbers,
    plainly,
    stalls_text,
    step_text,
    title,
)
from labs.show.traces import SLIM, Trace, layouts

HEADS = {"p50": "p50", "p90": "p90", "p99": "p99", "p999": "p99.9", "max": "max"}
ARRIVALS = {"poisson": "at random (Poisson)", "uniform": "evenly spaced"}
SHORT_STAMPS = {
    "valid": "none",
    "client-bound": "the client",
    "broker-bound": "the broker",
    "machine-bound": "the machine",
    "unknown": "not known",
    "refused": "refused",
    "void": "void",
}


def _total(digest: Digest, fate: str) -> int:
    """Messages of a fate over all repeats."""
    return sum(map(int, digest.each("ledger", fate)))


def _delivered(digest: Digest) -> str:
    return f"{_total(digest, 'delivered'):,} of {_total(digest, 'attempted'):,}"


def _lost(digest: Digest) -> str:
    return "unknown" if digest.median["verdict"] == "unknown" else f"{_total(digest, 'lost'):,}"


def _spread(digest: Digest) -> str:
    """How far the repeats lie apart."""
    found = digest.spread["p99"]
    return ms_span(found) if found else ms_text(None)


def _limit(digest: Digest) -> str:
    """Who was the limit, and why."""
    stamp = digest.median["stamp"]
    why = next((one["why"] for one in digest.repeats if one["stamp"] == stamp), "")
    return f"{SHORT_STAMPS[stamp]}: {plainly(why)}"


def _step(step: str, head: str) -> Quantity[float]:
    def get(digest: Digest) -> float | None:
        return digest.median["latency_ms"][step]

    told = partial(step_text, step=step)
    return Quantity(
        step, get, ms_text, head, none="too few samples", told=told, bound=partial(Digest.at_most, step=step)
    )


def _stalls(digest: Digest) -> str:
    """1 to 3, a figure a repeat; a dash where the recording does not say."""
    return span(digest.each("stalls"), "{:.0f}".format, none="")


def _confirmed(digest: Digest) -> str:
    """Of what blocks a caller also the mean: half of the waits say nothing about the long ones."""
    ladder = digest.median.get("confirm_ms") or {}
    named = {"median": "p50", "mean": "mean", "p99": "p99"}
    return ", ".join(f"{name} {ms_text(ladder[step])}" for name, step in named.items() if step in ladder)


def _bound(digest: Digest) -> str:
    """Which steps are an upper bound only, and why."""
    those = [head for step, head in HEADS.items() if digest.at_most(step)]
    return f"{enumerated(those)}: more than half is the harness’s own floor, with no broker" if those else ""


def _hidden(digest: Digest) -> str:
    """What `at most` means, where a step that the sentence names is one."""
    those = [name for step, name in (("p50", "median"), ("p99", "p99")) if digest.at_most(step)]
    if not those:
        return ""
    bound = "both are upper bounds" if len(those) > 1 else "it is an upper bound"
    return f" More than half of the {' and of the '.join(those)} is our own harness: {bound}."


def _length(digest: Digest) -> str:
    """How long messages were judged in each repeat; nothing where the recording does not say."""
    judged, repeats = digest.settings.get("judged_s"), len(digest.repeats)
    return f"{judged:g}{NBSP}s judged, {counted(repeats, 'repeat')}" if judged else ""


def _arrivals(digest: Digest) -> str:
    return ARRIVALS[digest.settings.get("arrivals", "uniform")]


QUANTITIES = Quantities((
    Quantity("label", lambda digest: str(digest.settings["label"]), head="Setting"),
    Quantity("rate", lambda digest: digest.settings["rate_per_s"], rate_text, "Rate"),
    *(_step(step, head) for step, head in HEADS.items()),
    Quantity("stalls", _stalls, head="stalls"),
    Quantity("late", lambda digest: digest.median["lateness_ms"]["p99"], ms_text, "sender late (p99)"),
    Quantity("", _delivered, head="delivered"),
    Quantity("lost", _lost, head="lost"),
    Quantity("twice", lambda digest: _total(digest, "duplicated"), "{:,}".format, "twice"),
    Quantity("limit", lambda digest: SHORT_STAMPS[digest.median["stamp"]], head="limit"),
    Quantity("delivered", lambda digest: _total(digest, "delivered"), "{:,}".format),
    Quantity("survives", lambda digest: RUNGS[digest.settings["rung"]]),
    Quantity("ledger", ledger_text), Quantity("caution", caution),
    Quantity("stalled", stalls_text), Quantity("never", never_text, card="Infinitely late, for they never came"),
    Quantity("", _bound, card="At most"),
    Quantity("", _spread, card="p99 of the repeats"),
    Quantity("", _confirmed, card="Handed over to confirmed"),
    Quantity("", _length, card="Length"),
    Quantity("", _arrivals, card="Arrivals"),
    Quantity("", lambda d: ms_text(d.median["service_ms"]["p99"]), card="p99 without the producer's lateness"),
    Quantity("", _limit, card="Limit"),
))  # fmt: skip


def _applying(settings: Table) -> Table:
    """Without what a client waits for, where that is as it comes or there is no such thing."""
    usual = settings.get("broker") != "kafka" or settings.get("linger") != "java"
    return {name: value for name, value in settings.items() if name != "linger" or not usual}


NEVER = {"p50": "more than half of the messages never arrived", "p99": f"more than 1{NBSP}% never arrived"}


def _ladder(digest: Digest) -> str:
    """How half and 99 % of the messages arrived, as far as there were enough."""
    known = {step: ms for step in ("p50", "p99") if (ms := digest.number("latency_ms", step)) is not None}
    if not known:
        return "too few messages came to say"
    half, rare = known.get("p50"), known.get("p99")
    if half == math.inf:
        return NEVER["p50"]
    told = f"{SHARE_WORDS['p50']} of the messages arrived within {{p50}}" if half is not None else ""
    if rare is None:
        return told
    if rare == math.inf:
        return f"{told}{', but ' if told else ''}{NEVER['p99']}"
    rarer = f"{told}{' and ' if told else ''}{SHARE_WORDS['p99']} within {{p99}}"
    return f"{rarer}, depending on the repeat" if is_wide(digest, "p99") else rarer


def shapes(digest: Digest) -> View:
    """One point of the ladder, and what its title is made of in a browser."""
    return {
        "at": rate_text(digest.settings["rate_per_s"]),
        "traces": {name: [_short(trace) for trace in make(digest)] for name, make in SLIM.items()},
        "numbers": numbers(digest),
        "bound": digest.median["stamp"] == "client-bound",
        "unseen": broker_unseen(digest),
    }


def _short(trace: Trace) -> Trace:
    return trace | {"y": [None if ms is None else float(f"{ms:.3g}") for ms in trace["y"]]}


LATENCY_LOOK = Look(
    applies=_applying,
    point=("broker", "rung", "rate_per_s", "body_bytes", "arrivals", "linger"),
    charts=(Chart("ladder", "Latency ladder"), Chart("rate", "p99 against rate", sweep="rate_per_s")),
    quantities=QUANTITIES,
    sentence=(
        "{label}, at {rate}: ",
        _ladder,
        ".",
        " The slowest of a repeat came from {stalled}.",
        lambda digest: f" {capital(ledger_text(digest))}.",
        " {never} never came and count as infinitely late.",
        _hidden,
        "{caution}",
    ),
    shapes=shapes,
    layouts=layouts,
    several=title,
)
