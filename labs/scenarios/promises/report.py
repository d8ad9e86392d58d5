"""Results -> lines for a person, and a dictionary for a script."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from labs.judge.promises import Row, doubt
from labs.model.text import counted, span
from labs.scenarios.promises.attacks import attack
from labs.scenarios.promises.running import Result


def entry(row: Row) -> str:
    """A row of the table in 80 columns: the promise, and what we expect of it."""
    mark = "fast" if row.fast else "pending" if row.pending else "not here" if row.not_here else ""
    text = textwrap.wrap(row.guarantee, 80 - 6)
    return "\n      ".join([f"{row.id:4}  expected {row.expected:9}  {mark}".rstrip(), *text])


def line(result: Result) -> str:
    """What became of one row; where it is not as expected, the reason stands below."""
    row = result.row
    if result.not_run:
        return f"{row.id:4}  not run   {result.not_run}"
    verdicts = Counter(result.verdicts)
    word = next(iter(verdicts)) if len(verdicts) == 1 else ", ".join(f"{n} {word}" for word, n in verdicts.items())
    mark = "ok" if result.as_expected else "NOT AS EXPECTED"
    seeds = counted(len(result.outcomes), "seed")
    text = f"{row.id:4}  {word:8}  expected {row.expected}: {mark}.  {_counts(result)}  {seeds}, {result.took_s:.1f} s"
    return "\n      ".join([text, *_reasons(result)])


def _counts(result: Result) -> str:
    names = dict.fromkeys(("attempted", *result.row.promise, *result.row.ranges))
    return ", ".join(f"{name} {span([o.counts.get(name) for o in result.outcomes], none='-')}" for name in names)


def _reasons(result: Result) -> list[str]:
    if result.as_expected:
        return []
    doubts = [doubt(result.row, outcome) for outcome in result.outcomes]
    told = [f"unknown: {text}" for text in doubts if text] + result.surprises
    return [*dict.fromkeys(told), f"expected because {result.row.reason}"]


def closing(results: Sequence[Result]) -> str:
    """One line for all rows; rows that were not run are counted apart and never as kept."""
    run = [result for result in results if not result.not_run]
    off = [result.row.id for result in run if not result.as_expected]
    parts = [f"{len(run) - len(off)} of {len(run)} rows as expected"]
    parts += [f"not as expected: {', '.join(off)}"] if off else []
    pending = sum(result.row.pending for result in results)
    other = len(results) - len(run) - pending
    parts += [f"not run: {other} for the reason given, {pending} pending"] if pending or other else []
    versions = dict.fromkeys(f"{result.row.broker} {result.version}" for result in run)
    return "; ".join([*parts, *(["on " + ", ".join(versions)] if versions else [])]) + "."


def so_far(rows: Sequence[Row], last: Row, took_s: float) -> str:
    """How many rows are done and about how long the others take, by how many attempts they want."""
    at = [row.id for row in rows].index(last.id) + 1
    weights = [0 if row.not_here else row.seeds for row in rows]
    left_s = took_s * sum(weights[at:]) / max(sum(weights[:at]), 1)
    return f"{at} of {len(rows)} rows, about {counted(round(left_s / 60), 'minute')} left"


def success(results: Sequence[Result]) -> bool:
    """Something was run, and all that was run is as expected."""
    run = [result for result in results if not result.not_run]
    return bool(run) and all(result.as_expected for result in run)


def row_data(row: Row) -> dict[str, object]:
    """A row as it stands in the table, with how it is attacked in words, for JSON."""
    bounds = {
        name: {count: [bound.low, bound.high] for count, bound in getattr(row, name).items()}
        for name in ("promise", "ranges")
    }
    return asdict(row) | bounds | {"attack": attack(row)}


def result_data(result: Result) -> dict[str, object]:
    """A row with all that became of it, for JSON."""
    outcomes = [
        asdict(outcome) | {"verdict": verdict, "doubt": doubt(result.row, outcome)}
        for outcome, verdict in zip(result.outcomes, result.verdicts, strict=True)
    ]
    return row_data(result.row) | {
        "word": result.word,
        "version": result.version,
        "backend": result.backend,
        "server": dict(result.server),
        "took_s": round(result.took_s, 3),
        "not_run": result.not_run,
        "as_expected": result.as_expected,
        "surprises": result.surprises,
        "outcomes": outcomes,
    }
