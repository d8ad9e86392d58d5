"""Results of the benchmark -> one table, one closing line, one JSON file."""

from __future__ import annotations

import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from rich.table import Table

from labs.judge.benchmark import figure, ratio_text, word
from labs.judge.card import machine
from labs.judge.recording import save_rows
from labs.scenarios.bench.base import Result

CLIENTS = ("redis", "hiredis", "pika", "kafka-python", "numpy")


def table(results: Sequence[Result]) -> Table:
    """One line a row: both sides, the ratio with its range, the goal, who was the limit of ours."""
    drawn = Table(title="Ratios are per round, medians with their range; both sides took turns on the same broker")
    for name in ("row", "", "ours", "against", "ratio", "goal", "", "our limit"):
        drawn.add_column(name, no_wrap=name in ("row", "goal"))
    for one in results:
        drawn.add_row(
            one["id"],
            one["title"],
            f"{one['ours']['name']} {figure(one['ours']['median'], one['unit'])}",
            f"{one['theirs']['name']} {figure(one['theirs']['median'], one['unit'])}",
            ratio_text(one),
            one["goal"],
            word(one),
            one["trouble"] or one["ours"]["limit"],
        )
    return drawn


def closing(results: Sequence[Result]) -> str:
    """One line: how many rows reached, missed, were shown, were not run."""
    words = [word(one) for one in results]
    parts = [f"{words.count(name)} {name}" for name in ("reached", "missed", "shown", "not run") if name in words]
    return f"{len(words)} rows: {', '.join(parts)}"


def card(rounds: int) -> Result:
    """What a sceptic has to know about the machine and the clients; versions of brokers and tools stand in the rows."""
    return {
        **machine(),
        "clients": {name: version(name) for name in CLIENTS},
        "rounds": rounds,
        "date": time.strftime("%Y-%m-%d"),
    }


def save(path: Path, results: Sequence[Result], rounds: int) -> None:
    """Write the benchmark's recorded file."""
    save_rows(path, "bench", results, card(rounds))
