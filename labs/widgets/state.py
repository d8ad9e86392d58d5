"""An experiment and its digests -> the state of its panel: plain JSON, the same for a live panel and for a page.

Whatever needs a rule of the domain is decided here; panel.mjs only picks, joins and draws.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labs import passport_traces
from labs.recorded import recorded, recorded_on
from labs.traces import MARKS, SLIM, Digest, layouts, styles
from labs.words import BROKER_NAMES, CLOSE, STEP_WORDS, ms_text, sentence, templates

if TYPE_CHECKING:
    from labs.experiments.base import Control, Experiment

State = dict[str, Any]
CHART_NAMES = {
    "ladder": "Latency ladder",
    "rate": "p99 against rate",
    "passport": "Filled: median, hollow: p90, tick: the worst",
}
SWEEPS = {"rate": "rate_per_s"}
COLUMNS = ["Setting", "Rate", "p50", "p90", "p99", "p99.9", "max", "late (p99)", "delivered", "lost", "twice", "limit"]
CARD = {
    "broker": "Broker",
    "client": "Client",
    "backend": "Where it ran",
    "machine": "Machine",
    "cores": "Cores",
    "rung": "Survives",
    "durability": "Settings in force",
    "payload_bytes": "Payload, B",
    "replicas": "Replicas",
    "fsync_ms": "One flush, ms",
    "round_trip_ms": "One round trip, ms",
    "date": "Date",
    "repeats": "Repeats",
    "disturbed_runs_left_out": "Disturbed runs, done again",
}
SHORT_STAMPS = {"valid": "none", "client-bound": "the client", "broker-bound": "the broker"}


POINT = ("broker", "rung", "rate_per_s", "body_bytes")


def view_key(settings: Mapping[str, Any]) -> str:
    """kafka|2|1000|100: what a point is found by. The passport has one point and no settings."""
    return "|".join(f"{settings[name]:g}" if name != "broker" else settings[name] for name in POINT if name in settings)


def view(digest: Digest, origin: str, *, live: bool = False) -> State:
    """One point of a lab as a panel shows it."""
    settings = digest["settings"]
    card = card_rows(digest["card"])
    common: State = {"origin": origin, "live": live, "card": card}
    if "broker" not in settings:
        return common | _passport_view(digest)
    return common | {
        **{name: settings[name] for name in POINT},
        "card": card + _measured_rows(digest),
        "label": settings["label"],
        "traces": {name: [_short(trace) for trace in make(digest)] for name, make in SLIM.items()},
        "numbers": {step: digest["median"]["latency_ms"][step] for step in STEP_WORDS},
        "sentence": sentence(digest),
        "rows": [row(digest)],
        "bound": digest["median"]["stamp"] == "client-bound",
    }


def _passport_view(digest: Digest) -> State:
    return {
        "label": "This machine",
        "title": passport_traces.title(digest),
        "traces": {"passport": passport_traces.traces(digest)},
        "sentence": passport_traces.sentence(digest),
        "rows": passport_traces.table(digest),
    }


def _measured_rows(digest: Digest) -> list[list[str]]:
    """The card's last lines, which the runs decide: how far the repeats lie apart, and who was the limit."""
    spread, stamp = digest["spread"]["p99"], digest["median"]["stamp"]
    said = f"{ms_text(spread[0])} to {ms_text(spread[1])}" if spread else ms_text(None)
    why = next((r["why"] for r in digest["repeats"] if r["stamp"] == stamp), "")
    without = ms_text(digest["median"]["service_ms"]["p99"])
    late = ["p99 without the producer's lateness", without]
    return [["p99 of the repeats", said], late, ["Limit", f"{SHORT_STAMPS[stamp]}: {why}"]]


def _short(trace: Mapping[str, Any]) -> State:
    return dict(trace) | {"y": [float(f"{ms:.3g}") for ms in trace["y"]]}


def row(digest: Digest) -> list[str]:
    """The digest as one row of the data table; COLUMNS names the cells."""
    settings, median = digest["settings"], digest["median"]
    sums = {fate: sum(r["ledger"][fate] for r in digest["repeats"]) for fate in digest["repeats"][0]["ledger"] if
            fate != "verdict"}  # fmt: skip
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


def card_rows(card: Mapping[str, Any]) -> list[list[str]]:
    """The run card as pairs of words, in the order in which a sceptic asks."""
    return [[label, _card_text(card[name])] for name, label in CARD.items() if card.get(name) not in (None, "", {})]


def _card_text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} = {one if one != '' else 'empty'}" for name, one in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)


def _control(control: Control) -> State:
    made = asdict(control)
    return made | {"options": [[o["value"], o["label"], o["reason"]] for o in made["options"]]}


def missing(experiment: Experiment) -> State:
    """`broker|rung` -> why there is no such setting, and the nearest stronger rung that has one (or null)."""
    reasons: Mapping[tuple[str, int], str] = getattr(import_module(experiment.run.__module__), "MISSING", {})
    return {
        f"{broker}|{rung}": {"reason": reason, "offer": _stronger(reasons, broker, rung)}
        for (broker, rung), reason in reasons.items()
    }


def _stronger(reasons: Mapping[tuple[str, int], str], broker: str, rung: int) -> int | None:
    return next((r for r in range(rung + 1, 5) if (broker, r) not in reasons), None)


def verdicts(experiment: Experiment, digests: Sequence[Digest]) -> list[State]:
    """The lab's words on its claims, from these digests alone."""
    return [asdict(verdict) for verdict in experiment.verdict(list(map(dict, digests)))]


def views(digests: Sequence[Digest], origin: str, *, live: bool = False) -> dict[str, State]:
    """All points by their key."""
    return {view_key(d["settings"]): view(d, origin, live=live) for d in digests}


def _axes(experiment: Experiment, digests: Sequence[Digest]) -> dict[str, State]:
    if "passport" in experiment.charts:
        return {"passport": passport_traces.layout(digests[0] if digests else None)}
    return layouts(digests)


def panel_state(experiment: Experiment, digests: Sequence[Digest], recorded_on: str = "") -> State:
    """Everything a panel needs to draw itself and to replay `digests`."""
    axes = _axes(experiment, digests)
    return {
        "format": 1,
        "lab": experiment.name,
        "title": experiment.title,
        "question": experiment.question,
        "controls": [_control(control) for control in experiment.controls],
        "missing": missing(experiment),
        "charts": [{"name": n, "label": CHART_NAMES[n], "layout": axes[n], "sweep": SWEEPS.get(n, "")} for n in axes],
        "styles": styles(),
        "marks": MARKS,
        "names": BROKER_NAMES,
        "titles": templates(),
        "steps": STEP_WORDS,
        "close": CLOSE,
        "columns": passport_traces.COLUMNS if "passport" in axes else COLUMNS,
        "command": f"labs run {experiment.name}",
        "views": views(digests, f"recorded {recorded_on}".strip()),
        "verdicts": verdicts(experiment, digests) if digests else [],
    }


def recorded_state(experiment: Experiment, folder: Path | None = None) -> State:
    """The panel's state from the recorded file; no views if there is none."""
    file = recorded(experiment.name, folder)
    if file is None:
        return panel_state(experiment, [])
    return panel_state(experiment, on_this_ground(file["digests"], recorded("passport", folder)), recorded_on(file))


def on_this_ground(digests: Sequence[Digest], passport: Mapping[str, Any] | None) -> list[State]:
    """The digests with the flush and the round trip of their machine on the card, if its passport is recorded."""
    if passport is None:
        return [dict(digest) for digest in digests]
    ground = passport["digests"][0]
    facts = {"fsync_ms": ground["median"].get("fsync_ms.p50"), "round_trip_ms": ground["median"].get("loopback_ms.p50")}

    def card(digest: Digest) -> State:
        known = all(digest["card"].get(name) == ground["card"].get(name) for name in ("machine", "cores"))
        return (facts if known else {}) | dict(digest["card"])

    return [dict(digest) | {"card": card(digest)} for digest in digests]
