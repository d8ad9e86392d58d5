"""The parts that every chapter may use, as HTML: a badge, a guess, what can be taken along. parts.mjs moves them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from labs.experiments import experiment
from labs.pages.glue import NOT_YET
from labs.pages.pages import badge
from labs.pages.state import State

Entry = Mapping[str, Any]
SCALES = {("s", "ms"): 1000.0, ("ms", "s"): 0.001}
"""Prose writes a long time in seconds; a guess is in one unit."""
FIGURE = re.compile(r"(\d[\d,]*(?:\.\d+)?)\s*(/s|%|[A-Za-z][A-Za-z/]*)?")


def linked_badge(entry: Entry) -> str:
    """A claim and its verdict in a line of text, linked to its place on the board."""
    return f'<a class="claim-badge" href="claims.html#{entry["id"].lower()}">{entry["id"]} {badge(entry["word"])}</a>'


@dataclass(frozen=True)
class Asked:
    """What a reader is to guess: a figure from a run between two bounds, all three in `unit`."""

    name: str
    question: str
    unit: str
    low: float
    high: float
    measured: str

    def __post_init__(self) -> None:
        """Refuse bounds that no slider can have."""
        if not 0 <= self.low < self.high:
            raise ValueError(
                f"guess {self.name}: low must be under high and not negative, got {self.low:g}, {self.high:g}"
            )


def figures(text: str, unit: str) -> tuple[float, float]:
    """`9.60 ms` -> (9.6, 9.6) in ms; `85 to 527` -> (85, 527). ValueError if the text is in another unit."""
    found: list[float] = []
    for digits, of in FIGURE.findall(text.replace("\u00a0", " ").replace(" to ", " – ")):
        if of and of != unit and (of, unit) not in SCALES:
            raise ValueError(f"{text!r} is in {of!r} and the guess in {unit!r}: give the guess that unit")
        found.append(float(digits.replace(",", "")) * SCALES.get((of, unit), 1.0))
    if not found:
        raise ValueError(f"there is no figure in {text!r} that a guess could be held against")
    return min(found), max(found)


def guess(asked: Asked) -> str:
    """The box: without scripts the question and a fold with the figure; with them a slider that remembers."""
    head = f'<p class="guess-ask" id="guess-{asked.name}">{escape(asked.question)}</p>'
    if asked.measured == NOT_YET:
        return f'<div class="guess">{head}<p class="guess-note">What is true is not recorded yet.</p></div>'
    low, high = figures(asked.measured, asked.unit)
    data = {"guess": asked.name, "unit": asked.unit, "low": f"{asked.low:g}", "high": f"{asked.high:g}"}
    data |= {"least": f"{low:g}", "most": f"{high:g}", "measured": asked.measured}
    attributes = " ".join(f'data-{name}="{escape(value)}"' for name, value in data.items())
    shown = f"<details><summary>Show what was measured</summary><p>{escape(asked.measured)}</p></details>"
    return f'<div class="guess" role="group" aria-labelledby="guess-{asked.name}" {attributes}>{head}{shown}</div>'


def repeat(lab: str, pairs: Sequence[str]) -> str:
    """The one command that repeats a run. Raises ValueError for a setting that the lab has not."""
    for pair in pairs:
        if "=" not in pair:
            raise ValueError(f"NAME=VALUE is wanted, got {pair!r}, for example rate=1000")
    experiment(lab).settings(dict(pair.split("=", 1) for pair in pairs))
    return command(" ".join([f"labs run {lab}", *(f"--set {pair}" for pair in pairs)]))


def command(text: str) -> str:
    """A command that can be copied: parts.mjs adds the button."""
    return f'<div class="repeat" data-copy="{escape(text)}"><code>{escape(text)}</code></div>'


def data_table(state: State) -> str:
    """The data table of a lab as CSV: the cells as its panel shows them, every recorded point."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(state["columns"])
    writer.writerows(
        [cell.replace("\u00a0", " ") for cell in row] for v in state["views"].values() for row in v["rows"]
    )
    return out.getvalue()
