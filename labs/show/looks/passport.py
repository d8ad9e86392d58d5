"""The look of the passport: one point, a row a quantity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from labs.model.digest import Digest
from labs.show import passport_traces
from labs.show.looks.base import Chart, Look, View


def view(digest: Digest) -> View:
    """This machine in words and rows."""
    return {
        "label": "This machine",
        "title": passport_traces.title(digest),
        "traces": {"passport": passport_traces.traces(digest)},
        "sentence": passport_traces.sentence(digest),
        "rows": passport_traces.table(digest),
    }


def layouts(digests: Sequence[Digest]) -> dict[str, dict[str, Any]]:
    """One log axis of milliseconds."""
    return {"passport": passport_traces.layout(digests[0] if digests else None)}


PASSPORT_LOOK = Look(
    point=(),
    charts=(Chart("passport", "Filled: median, hollow: p90, tick: the worst"),),
    columns=tuple(passport_traces.COLUMNS),
    view=view,
    layouts=layouts,
    quantities={},
)
