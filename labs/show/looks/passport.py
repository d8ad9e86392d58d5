"""The look of the passport: one point, a row a quantity of this machine, without any broker."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from labs.model.digest import Digest
from labs.model.text import BROKER_NAMES, ms_span, ms_text
from labs.show import Json
from labs.show.looks.base import Chart, Look
from labs.show.quantities import Quantities, Quantity
from labs.show.traces import Trace, ms_axes

ROWS = {
    "loopback_ms": "one byte over loopback and back",
    "timer_ms": "a sleep of 1 ms ends late by",
    "fsync_ms": "a small write and its flush",
}
STEPS = {"p50": "median", "p90": "p90", "max": "worst"}


def _step(name: str, head: str = "") -> Quantity[float]:
    return Quantity(name, lambda digest: digest.number(name), ms_text, head, none="too few samples")


def _spread(name: str) -> Quantity[str]:
    def get(digest: Digest) -> str:
        return ms_span(digest.spread.get(f"{name}.p50") or ())

    return Quantity(f"{name}.spread", get, head="median over the repeats")


QUANTITIES = Quantities(
    (
        Quantity("label", lambda _digest: "This machine"),
        Quantity("loop_m_per_s", lambda digest: digest.number("loop_m_per_s"), "{:.0f}".format),
        *(_step(f"{name}.{step}", STEPS.get(step, "")) for name in ROWS for step in (*STEPS, "p99", "p999")),
        *map(_spread, ROWS),
    ),
    lines={label: [f"{name}.{step}" for step in (*STEPS, "spread")] for name, label in ROWS.items()},
    corner="Quantity",
)


def _known(digest: Digest, step: str) -> dict[int, float]:
    found = ((at, QUANTITIES[f"{name}.{step}"].number(digest)) for at, name in enumerate(ROWS))
    return {at: ms for at, ms in found if ms is not None and ms > 0}


def traces(digest: Digest) -> list[Trace]:
    """A row a quantity: from the median (filled) to p90 (hollow); each repeat's median as a faint point."""
    meta = {"broker": "memory", "hollow": False, "name": BROKER_NAMES["memory"]}
    found: list[Trace] = []
    for at, name in enumerate(ROWS):
        values = [ms for ms in digest.each(f"{name}.p50") if ms]
        found.append({"x": values, "y": [at] * len(values), "meta": meta | {"role": "points"}})
        line = {step: _known(digest, step).get(at) for step in STEPS}
        said = {step: ms for step, ms in line.items() if ms is not None}
        row: Trace = {"x": list(said.values()), "y": [at] * len(said), "text": [STEPS[step] for step in said]}
        found.append(row | {"meta": meta | {"role": "row", "name": ROWS[name]}})
    return found


def layouts(digests: Sequence[Digest]) -> dict[str, Json]:
    """Milliseconds on a log axis, one row a quantity."""
    values = [ms for one in digests[:1] for step in STEPS for ms in _known(one, step).values()] or [0.01, 10]
    span = [math.floor(math.log10(min(values)) * 2) / 2, math.ceil(math.log10(max(values)) * 2) / 2]
    base, across = ms_axes("ms (log)", span)
    names = [re.sub(r" (loopback|ends|and its) ", r"<br>\1 ", name) for name in ROWS.values()]
    up = {"range": [-0.6, len(ROWS) - 0.4], "tickvals": list(range(len(ROWS))), "ticktext": names}
    quiet = {"showgrid": False, "zeroline": False, "fixedrange": True}
    made = base | {"xaxis": across, "yaxis": up | quiet, "margin": base["margin"] | {"l": 172, "r": 20}}
    made |= {"height": 260, "meta": {"labels": False, "narrow": {"l": 128, "r": 12}}}
    return {"passport": made | {"shapes": [], "annotations": []}}


def _title(digest: Digest) -> str:
    """The finding: what a flush costs beside a round trip."""
    known = all(QUANTITIES[f"{name}.p50"].number(digest) for name in ("fsync_ms", "loopback_ms"))
    said = "a flush to disk takes {fsync_ms.p50} here, a loopback round trip {loopback_ms.p50}"
    return said if known else "What this machine does without a broker"


SAID = (
    _title, ".", " A sleep of 1 ms ends {timer_ms.p50} late.",
    " An empty Python loop turns {loop_m_per_s} million times a second.",
)  # fmt: skip
PASSPORT_LOOK = Look(
    point=(),
    charts=(Chart("passport", "Filled: median, hollow: p90, tick: the worst"),),
    quantities=QUANTITIES,
    title=_title,
    sentence=SAID,
    shapes=lambda digest: {"traces": {"passport": traces(digest)}},
    layouts=layouts,
)
