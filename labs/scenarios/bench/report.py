"""Results of the benchmark -> one table, one closing line, one JSON file."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from rich.table import Table

from labs.judge.benchmark import figure, ratio_text, word
from labs.judge.card import machine
from labs.judge.recording import save_rows
from labs.scenarios.bench.base import Result
from labs.scenarios.bench.rounds import COUNTED_S, WARM_S, Plan

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


def card(plan: Plan, servers: Mapping[str, Result] | None = None, dates: Sequence[str] = ()) -> Result:
    """What a sceptic has to know about machine, clients and servers; versions of tools stand in the rows."""
    days = sorted(set(dates)) or [time.strftime("%Y-%m-%d")]
    return {
        **machine(),
        "clients": {name: version(name) for name in CLIENTS},
        **({"servers": dict(servers)} if servers else {}),
        "rounds": plan.rounds,
        "warmup_s": WARM_S * plan.scale,
        "counted_s": COUNTED_S * plan.scale,
        **({"lift": True} if plan.lift else {}),
        "order": "both sides of a row in turns, the other way round every other time; rows in the order of the table",
        "date": days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}",
    }


def save(path: Path, results: Sequence[Result], plan: Plan, servers: Mapping[str, Result] | None = None) -> None:
    """Write the benchmark's recorded file: what is known of a server stands once on its card. `servers` are those of
    rows that were measured before."""
    told = {**(servers or {}), **{one["broker"]: one["about"] for one in results if one.get("about")}}
    lean = [{name: part for name, part in one.items() if name != "about"} for one in results]
    save_rows(path, "bench", lean, card(plan, told, [one["date"] for one in results if one.get("date")]))
