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
    why: str = ""

    def __post_init__(self) -> None:
        """Refuse bounds that no slider can have."""
        if not 0 <= self.low < self.high:
            raise ValueError(
                f"guess {self.name}: low must be under high and not negative, got {self.low:g}, {self.high:g}"
            )


@dataclass(frozen=True)
class Choice:
    """What a reader is to guess: one of a few words. `measured` begins with the one that was right, if one was."""

    name: str
    question: str
    options: tuple[str, ...]
    measured: str
    why: str = ""

    def __post_init__(self) -> None:
        """Refuse what is no choice."""
        if len(set(self.options)) < 2 or "" in self.options:
            raise ValueError(f"guess {self.name}: give at least two options that differ, `|` between them")

    @property
    def truth(self) -> str:
        """The option that was right; empty where none was: the repeats disagree, or nothing is known."""
        found = [one for one in self.options if self.measured.lower().startswith(one.lower())]
        return max(found, key=len, default="")


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
    """The box: without scripts the question and a fold with the figure; with them a slider that remembers.

    Where what was measured is no figure (it never came, the repeats disagree) there is the fold alone.
    """
    if asked.measured == NOT_YET:
        return _box(asked, {})
    if not FIGURE.search(asked.measured):
        return _box(asked, {"options": "", "truth": ""})
    low, high = figures(asked.measured, asked.unit)
    data = {"unit": asked.unit, "low": f"{asked.low:g}", "high": f"{asked.high:g}"}
    return _box(asked, data | {"least": f"{low:g}", "most": f"{high:g}"})


def choice(asked: Choice) -> str:
    """The same with buttons, one a word."""
    return _box(asked, {} if asked.measured == NOT_YET else {"options": "|".join(asked.options), "truth": asked.truth})


def _box(asked: Asked | Choice, data: Mapping[str, str]) -> str:
    """The question, and in a fold the answer with its reason; without `data` there is none yet."""
    head = f'<p class="guess-ask" id="guess-{asked.name}">{coded(asked.question)}</p>'
    if not data:
        return f'<div class="guess">{head}<p class="guess-note">What is true is not recorded yet.</p></div>'
    data = {"guess": asked.name, **data, "measured": asked.measured}
    attributes = " ".join(f'data-{name}="{escape(value)}"' for name, value in data.items())
    why = f'<p class="guess-why">{coded(asked.why)}</p>' if asked.why else ""
    shown = f"<details><summary>Show what was measured</summary><p>{escape(asked.measured)}</p>{why}</details>"
    return f'<div class="guess" role="group" aria-labelledby="guess-{asked.name}" {attributes}>{head}{shown}</div>'


def coded(text: str) -> str:
    """The text, escaped, with what stands between backticks as code."""
    pieces = enumerate(escape(text).split("`"))
    return "".join(f"<code>{piece}</code>" if at % 2 else piece for at, piece in pieces)


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
