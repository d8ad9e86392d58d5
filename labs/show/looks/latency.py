"""The look of a latency lab: a point is a broker at a rung, a rate and a payload; percentiles on two plots."""

from __future__ import annotations

from labs.model.digest import Digest
from labs.model.profile import RUNGS
from labs.model.text import ms_text, rate_text
from labs.show.looks.base import Chart, Look, View
from labs.show.quantities import Quantities, Quantity
from labs.show.sentences import SHARE_WORDS, STEP_WORDS, broker_unseen, caution, ledger_text, title
from labs.show.traces import SLIM, Trace, layouts

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
    return f"{ms_text(found[0])} to {ms_text(found[1])}" if found else ms_text(None)


def _limit(digest: Digest) -> str:
    """Who was the limit, and why."""
    stamp = digest.median["stamp"]
    why = next((one["why"] for one in digest.repeats if one["stamp"] == stamp), "")
    return f"{SHORT_STAMPS[stamp]}: {why}"


def _step(step: str, head: str) -> Quantity[float]:
    return Quantity(step, lambda digest: digest.median["latency_ms"][step], ms_text, head, none="too few samples")


QUANTITIES = Quantities((
    Quantity("label", lambda digest: str(digest.settings["label"]), head="Setting"),
    Quantity("rate", lambda digest: digest.settings["rate_per_s"], rate_text, "Rate"),
    _step("p50", "p50"), _step("p90", "p90"), _step("p99", "p99"), _step("p999", "p99.9"), _step("max", "max"),
    Quantity("late", lambda digest: digest.median["lateness_ms"]["p99"], ms_text, "late (p99)"),
    Quantity("", _delivered, head="delivered"),
    Quantity("lost", _lost, head="lost"),
    Quantity("twice", lambda digest: _total(digest, "duplicated"), "{:,}".format, "twice"),
    Quantity("limit", lambda digest: SHORT_STAMPS[digest.median["stamp"]], head="limit"),
    Quantity("delivered", lambda digest: _total(digest, "delivered"), "{:,}".format),
    Quantity("survives", lambda digest: RUNGS[digest.settings["rung"]]),
    Quantity("ledger", ledger_text), Quantity("caution", caution),
    Quantity("", _spread, card="p99 of the repeats"),
    Quantity("", lambda d: ms_text(d.median["service_ms"]["p99"]), card="p99 without the producer's lateness"),
    Quantity("", _limit, card="Limit"),
))  # fmt: skip


def _ladder(digest: Digest) -> str:
    known = [step for step in ("p50", "p99") if digest.median["latency_ms"].get(step) is not None]
    return ", ".join(f"{SHARE_WORDS[step]} within {{{step}}}" for step in known) or "too few messages"


def shapes(digest: Digest) -> View:
    """One point of the ladder, and what its title is made of in a browser."""
    return {
        "at": rate_text(digest.settings["rate_per_s"]),
        "traces": {name: [_short(trace) for trace in make(digest)] for name, make in SLIM.items()},
        "numbers": {step: digest.median["latency_ms"][step] for step in STEP_WORDS},
        "bound": digest.median["stamp"] == "client-bound",
        "unseen": broker_unseen(digest),
    }


def _short(trace: Trace) -> Trace:
    return trace | {"y": [float(f"{ms:.3g}") for ms in trace["y"]]}


LATENCY_LOOK = Look(
    point=("broker", "rung", "rate_per_s", "body_bytes"),
    charts=(Chart("ladder", "Latency ladder"), Chart("rate", "p99 against rate", sweep="rate_per_s")),
    quantities=QUANTITIES,
    sentence=("{label} at {rate}: ", _ladder, "; {ledger}.", "{caution}"),
    shapes=shapes,
    layouts=layouts,
    several=title,
)
