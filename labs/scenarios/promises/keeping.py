"""The recorded file of the promises while it grows: every row that is finished is in it at once.

So it is its own journal: an interrupted recording goes on where it stopped. A row is measured again if it is not there,
if it came out unknown, or if another version of the broker or of its experiment was measured.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from labs.judge import card, loss
from labs.judge import promises as judging
from labs.judge.promise_file import LAB, NOT_YET, load
from labs.judge.promises import Row
from labs.judge.recording import save_rows
from labs.model.endpoint import Endpoint
from labs.scenarios import fault_run
from labs.scenarios import faults as striking
from labs.scenarios.promises import faults, killable, rounds, stage, tally
from labs.scenarios.promises.report import result_data
from labs.scenarios.promises.running import Result, other_version
from labs.scenarios.promises.table import EXPERIMENTS

SHARED = (fault_run, striking, faults, killable, rounds, stage, tally, loss)
CLIENTS = ("redis", "pika", "kafka-python")
Measured = Mapping[str, Any]


def code_of(row: Row) -> str:
    """Stands for what was done: the experiment's own text, what it shares with others, and what the row asks of it."""
    experiment = EXPERIMENTS.get(row.experiment)
    texts = [inspect.getsource(module) for module in (*SHARED, inspect.getmodule(experiment)) if module]
    asked = json.dumps([row.experiment, row.arguments, row.seeds, row.fresh], sort_keys=True)
    return hashlib.sha256("\n".join([*texts, asked]).encode()).hexdigest()[:12]


class Kept:
    """What is in the file, by row, and what is put there."""

    def __init__(self, path: Path, table: Mapping[str, Row], say: Callable[[str], None]) -> None:
        """RunFileError where there is a file that is none of promises."""
        self._path, self._table, self._say = path, table, say
        self._found: dict[str, Measured] = {}
        if path.exists():
            self._found = {one["id"]: one for one in load(path)["rows"] if one["code"]}

    def reason(self, row: Row, endpoint: Endpoint | None = None) -> str:
        """Why the row is to be measured; empty if what is there stands. Without a broker as far as can be known."""
        old = self._found.get(row.id)
        if old is None or not old["outcomes"]:
            return "not recorded"
        if "unknown" in [one["verdict"] for one in old["outcomes"]]:
            return "an attempt came out unknown"
        if old["code"] != code_of(row):
            return f"it was measured by another version of the experiment, {old['code']}"
        if endpoint and old["version"] != endpoint.version and not other_version(row, endpoint.version):
            return f"{row.broker} {old['version']} was measured and {endpoint.version} is here"
        return ""

    def due(self, row: Row, endpoint: Endpoint) -> bool:
        """Whether it is to be measured on this broker; what is discarded for it is said."""
        reason = self.reason(row, endpoint)
        if reason and row.id in self._found and self._found[row.id]["outcomes"]:
            self._say(f"{row.id}: measured again, because {reason}.")
        return bool(reason)

    def put(self, result: Result) -> None:
        """Into the file at once. What was not run replaces nothing that was."""
        old = self._found.get(result.row.id)
        if result.not_run and old and old["outcomes"] and old["word"] != "unknown":
            return
        found = result_data(result) | {"code": code_of(result.row), "date": time.strftime("%Y-%m-%d")}
        self._found[result.row.id] = found
        self.save()

    def complete(self, results: Sequence[Result]) -> bool:
        """Nothing that was run came out unknown."""
        return not any(result.word == "unknown" for result in results)

    def closing(self) -> str:
        """How many rows of the table are in the file, and which of them are not known."""
        unknown = [one["id"] for one in self._found.values() if one["word"] == "unknown"]
        told = f"{len(self._found)} of {len(self._table)} rows are recorded in {self._path}"
        again = f"; unknown: {', '.join(unknown)}. The same command measures these again" if unknown else ""
        return f"{told}{again}."

    def save(self) -> None:
        """Write the file, all or nothing: every row of the table, with its texts and promises of today."""
        rows = [_today(row, self._found.get(row.id, {})) for row in self._table.values()]
        machine = card.machine() | {"clients": {name: version(name) for name in CLIENTS}}
        save_rows(self._path, LAB, rows, machine | {"date": _days(one["date"] for one in rows)})


def _today(row: Row, old: Measured) -> dict[str, Any]:
    """A row that was measured, with the words and bounds of the table, judged by them; one that was not says so."""
    if not old:
        return result_data(Result(row, not_run=row.not_here or NOT_YET)) | {"code": "", "date": ""}
    outcomes = [judging.Outcome(**{name: one[name] for name in judging.OUTCOME}) for one in old["outcomes"]]
    result = Result(row, old["version"], tuple(outcomes), old["took_s"], old["not_run"], old["backend"], old["server"])
    return result_data(result) | {name: old[name] for name in ("code", "date")}


def _days(dates: Iterable[str]) -> str:
    known = sorted(set(dates) - {""})
    return " to ".join(dict.fromkeys([known[0], known[-1]]))
