"""The look of a latency lab: a point is a broker at a rung, a rate and a payload; percentiles on two plots."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labs.model.digest import Digest
from labs.model.text import ms_text, rate_text
from labs.show.looks.base import Chart, Look, View
from labs.show.sentences import STEP_WORDS, broker_unseen, sentence, title
from labs.show.traces import SLIM, layouts

COLUMNS = ("Setting", "Rate", "p50", "p90", "p99", "p99.9", "max", "late (p99)", "delivered", "lost", "twice", "limit")
SHORT_STAMPS = {
    "valid": "none",
    "client-bound": "the client",
    "broker-bound": "the broker",
    "machine-bound": "the machine",
    "unknown": "not known",
    "refused": "refused",
    "void": "void",
}


def view(digest: Digest) -> View:
    """One point of the ladder."""
    return {
        "measured": _measured_rows(digest),
        "label": digest.settings["label"],
        "at": rate_text(digest.settings["rate_per_s"]),
        "traces": {name: [_short(trace) for trace in make(digest)] for name, make in SLIM.items()},
        "numbers": {step: digest.median["latency_ms"][step] for step in STEP_WORDS},
        "sentence": sentence(digest),
        "rows": [row(digest)],
        "bound": digest.median["stamp"] == "client-bound",
        **({"unseen": True} if broker_unseen(digest) else {}),
    }


def _measured_rows(digest: Digest) -> list[list[str]]:
    """The card's last lines, which the runs decide: how far the repeats lie apart, and who was the limit."""
    spread, stamp = digest.spread["p99"], digest.median["stamp"]
    said = f"{ms_text(spread[0])} to {ms_text(spread[1])}" if spread else ms_text(None)
    why = next((r["why"] for r in digest.repeats if r["stamp"] == stamp), "")
    without = ms_text(digest.median["service_ms"]["p99"])
    late = ["p99 without the producer's lateness", without]
    return [["p99 of the repeats", said], late, ["Limit", f"{SHORT_STAMPS[stamp]}: {why}"]]


def _short(trace: Mapping[str, Any]) -> dict[str, Any]:
    return dict(trace) | {"y": [float(f"{ms:.3g}") for ms in trace["y"]]}


def row(digest: Digest) -> list[str]:
    """The digest as one row of the data table; COLUMNS names the cells."""
    settings, median = digest.settings, digest.median
    fates = [fate for fate in digest.repeats[0]["ledger"] if fate != "verdict"]
    sums = {fate: sum(r["ledger"][fate] for r in digest.repeats) for fate in fates}
    lost = "unknown" if median["verdict"] == "unknown" else f"{sums['lost']:,}"
    return [
        settings["label"],
        f"{settings['rate_per_s']:,g}/s",
        *(_cell(median["latency_ms"][step]) for step in ("p50", "p90", "p99", "p999", "max")),
        _cell(median["lateness_ms"]["p99"]),
        f"{sums['delivered']:,} of {sums['attempted']:,}",
        lost,
        f"{sums['duplicated']:,}",
        SHORT_STAMPS[median["stamp"]],
    ]


def _cell(ms: float | None) -> str:
    return "–" if ms is None else ms_text(ms)


LATENCY_LOOK = Look(
    point=("broker", "rung", "rate_per_s", "body_bytes"),
    charts=(Chart("ladder", "Latency ladder"), Chart("rate", "p99 against rate", sweep="rate_per_s")),
    columns=COLUMNS,
    view=view,
    layouts=layouts,
    quantities={},
    several=title,
)
