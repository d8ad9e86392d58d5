"""One recording of the benchmark, in one sitting or in several: a journal keeps each row, and the time left is told."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path

from labs.judge import benchmark
from labs.judge.code_fingerprint import code_of
from labs.judge.recording_journal import Journal
from labs.model.observer import Observer
from labs.model.paths import RECORDED
from labs.model.run import RunFileError
from labs.scenarios.bench import report
from labs.scenarios.bench.base import Result, Row
from labs.scenarios.bench.rounds import Plan, run_rows

USUAL_S = 45.0
"""A row of which nothing is known, with five rounds."""
LONGER = 3.0
"""Times: a row in which the limit of our side is looked for; it is sent up to four times, the other side once."""
WHOLE = 1
"""A row is one part of the journal: its rounds took turns and belong together."""


class Sitting:
    """Some rows for one file; without a file nothing is kept. `results`: what is done, by earlier calls too."""

    def __init__(self, rows: Sequence[Row], plan: Plan, path: Path | None, *, anew: bool = False) -> None:
        self.rows, self.plan, self.path = rows, plan, path
        self.took = _took_s(path or RECORDED / "bench.json", plan)
        made_by = {"code": code_of(), "plan": json.dumps([plan.rounds, plan.scale, plan.backend, plan.lift])}
        self.journal = Journal.of(f"bench-{path.stem}", made_by, path.parent) if path else None
        self.dropped = dict(self.journal.dropped) if self.journal is not None else {}
        if self.journal is not None and anew:
            self.journal.end()
        self.results = self.kept()

    def kept(self) -> list[Result]:
        """Rows that an earlier call has measured, by the same code, plan and server."""
        ids = {row.id for row in self.rows}
        return [part.facts for part in self.journal.parts() if part.key in ids] if self.journal is not None else []

    def left(self) -> list[Row]:
        """Rows that are to be measured."""
        done = {one["id"] for one in self.results}
        return [row for row in self.rows if row.id not in done]

    def left_s(self) -> float:
        """Seconds that these will take."""
        return sum(map(self.expected_s, self.left()))

    def expected_s(self, row: Row) -> float:
        """Seconds that a row takes: as it took in the recorded file, or else as rows do there."""
        usual = statistics.fmean(self.took.values()) if self.took else USUAL_S * self.plan.rounds / 5 * self.plan.scale
        return self.took.get(row.id, usual)

    def run(self, observer: Observer, report_: Callable[[str], None] = print) -> Iterator[Result]:
        """Measure what is left, row by row. When all are done the file is written, and the journal ends unless a row
        failed: the same command then measures that row again."""
        with self.journal.held() if self.journal is not None else nullcontext():
            while rows := self.left():
                for one in run_rows(rows, self.plan, observer, report_):
                    self._keep(one)
                    yield one
            if self.path and self.journal is not None:
                self._write(self.path)
                if not any(one["trouble"] for one in self.results):
                    self.journal.end()

    def _keep(self, one: Result) -> None:
        """What another version of the same server has measured does not count, and is measured again."""
        if self.journal is not None and not one["trouble"]:
            self.journal.add(one["id"], WHOLE, one, one["took_s"])
            self.journal.drop("the server's version", lambda part: _of_other_server(part.facts, one))
        self.results = [known for known in self.results if not _of_other_server(known, one)] + [one]

    def _write(self, path: Path) -> None:
        """Rows that were not asked for stay in the file."""
        old = benchmark.load(path) if path.exists() and len(self.rows) < len(benchmark.ROW_IDS) else {"rows": []}
        rows = {one["id"]: one for one in (*old["rows"], *self.results)}
        ordered = [rows[name] for name in benchmark.ROW_IDS if name in rows]
        report.save(path, ordered, self.plan, old.get("card", {}).get("servers", {}))


def _of_other_server(known: Result, now: Result) -> bool:
    return bool(known["broker"] == now["broker"] and known["server"] != now["server"])


def _took_s(path: Path, plan: Plan) -> dict[str, float]:
    """Row -> the seconds that it took in that file, for as many rounds of that length."""
    try:
        content = benchmark.load(path)
        share = plan.rounds * plan.scale / int(content["card"]["rounds"])
        share *= LONGER ** (plan.lift - bool(content["card"].get("lift")))
        return {one["id"]: float(one["took_s"]) * share for one in content["rows"]}
    except (OSError, RunFileError, KeyError, TypeError, ValueError, ZeroDivisionError):
        return {}  # there is none, or one that cannot be read: it is about to be written
