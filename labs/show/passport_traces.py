"""The passport's digest -> slim traces, axes and words: what a machine does without any broker."""

from __future__ import annotations

import math
import re
from typing import Any

from labs.model.digest import Digest
from labs.model.text import BROKER_NAMES, ms_text
from labs.show.traces import Trace, ms_axes

ROWS = {
    "loopback_ms": "one byte over loopback and back",
    "timer_ms": "a sleep of 1 ms ends late by",
    "fsync_ms": "a small write and its flush",
}
STEPS = {"p50": "median", "p90": "p90", "max": "worst"}


def _known(digest: Digest, step: str) -> dict[int, float]:
    found = ((at, digest.median.get(f"{name}.{step}")) for at, name in enumerate(ROWS))
    return {at: ms for at, ms in found if ms is not None and ms > 0}


def traces(digest: Digest) -> list[Trace]:
    """A row a quantity: from the median (filled) to p90 (hollow); each repeat's median as a faint point."""
    meta = {"broker": "memory", "hollow": False, "name": BROKER_NAMES["memory"]}
    found: list[Trace] = []
    for at, name in enumerate(ROWS):
        values = [r[f"{name}.p50"] for r in digest.repeats if r.get(f"{name}.p50")]
        found.append({"x": values, "y": [at] * len(values), "meta": meta | {"role": "points"}})
        line = {step: _known(digest, step).get(at) for step in STEPS}
        said = {step: ms for step, ms in line.items() if ms is not None}
        row: Trace = {"x": list(said.values()), "y": [at] * len(said), "text": [STEPS[step] for step in said]}
        found.append(row | {"meta": meta | {"role": "row", "name": ROWS[name]}})
    return found


def layout(digest: Digest | None) -> dict[str, Any]:
    """Milliseconds on a log axis, one row a quantity."""
    values = [ms for step in STEPS for ms in (_known(digest, step).values() if digest else ())] or [0.01, 10]
    span = [math.floor(math.log10(min(values)) * 2) / 2, math.ceil(math.log10(max(values)) * 2) / 2]
    base, across = ms_axes("ms (log)", span)
    names = [re.sub(r" (loopback|ends|and its) ", r"<br>\1 ", name) for name in ROWS.values()]
    up = {"range": [-0.6, len(ROWS) - 0.4], "tickvals": list(range(len(ROWS))), "ticktext": names}
    quiet = {"showgrid": False, "zeroline": False, "fixedrange": True}
    margin = base["margin"] | {"l": 172, "r": 20}
    marked = {"labels": False, "narrow": {"l": 128, "r": 12}}
    return base | {"xaxis": across, "yaxis": up | quiet, "margin": margin, "height": 260, "meta": marked} | {
        "shapes": [], "annotations": []
    }  # fmt: skip


def title(digest: Digest) -> str:
    """The finding: what a flush costs beside a round trip."""
    flush, trip = digest.median.get("fsync_ms.p50"), digest.median.get("loopback_ms.p50")
    if not flush or not trip:
        return "What this machine does without a broker"
    return f"A flush to disk takes {ms_text(flush)} here, a loopback round trip {ms_text(trip)}"


def sentence(digest: Digest) -> str:
    """All figures in words."""
    steps = digest.median
    parts = [f"{label}: {ms_text(steps[f'{name}.p50'])} at the median" for name, label in ROWS.items()]
    said = "; ".join(parts)
    return (
        f"{said[0].upper()}{said[1:]}; an empty Python loop turns {steps['loop_m_per_s']:.0f} million times a second."
    )


def table(digest: Digest) -> list[list[str]]:
    """Quantity, median, p90, worst, and the range of the medians over the repeats."""
    rows = []
    for name, label in ROWS.items():
        cells = [ms_text(digest.median.get(f"{name}.{step}")) for step in STEPS]
        low, high = digest.spread.get(f"{name}.p50") or (None, None)
        rows.append([label, *cells, f"{ms_text(low)} to {ms_text(high)}"])
    return rows


COLUMNS = ["Quantity", "median", "p90", "worst", "median over the repeats"]
