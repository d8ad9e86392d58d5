"""Rows -> results: each row's control and its fault, on a broker of our own, from one seed after the other."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from labs import stack
from labs.judge.card import about_server
from labs.judge.loss import Verdict
from labs.judge.promises import Outcome, Row, Trial, as_expected, judge, surprises, word
from labs.model.endpoint import Endpoint
from labs.model.observer import UNOBSERVED, Observer
from labs.scenarios.promises.stage import Experiment, Stage

TRIES = 2
"""So often a broker that does not come up is tried before the other rows about it are given up."""


@dataclass(frozen=True)
class Result:
    """A row with its outcomes, one a seed; `not_run` says why there are none."""

    row: Row
    version: str = ""
    outcomes: tuple[Outcome, ...] = ()
    took_s: float = 0.0
    not_run: str = ""
    backend: str = ""
    server: Mapping[str, object] = field(default_factory=dict)
    """What stands behind the version: its runtime, where it came from, what was set (labs/judge/card.py)."""

    @property
    def verdicts(self) -> list[Verdict]:
        """One a seed."""
        return [judge(self.row, outcome) for outcome in self.outcomes]

    @property
    def word(self) -> str:
        """One of WORDS, for all seeds."""
        return word(self.verdicts)

    @property
    def surprises(self) -> list[str]:
        """Counts outside the row's ranges, in outcomes that say something at all."""
        sure = [outcome for outcome in self.outcomes if judge(self.row, outcome) != "unknown"]
        return list(dict.fromkeys(text for outcome in sure for text in surprises(self.row, outcome)))

    @property
    def as_expected(self) -> bool:
        """It was run, all verdicts are the expected ones and no count is a surprise."""
        return not self.not_run and as_expected(self.row, self.verdicts) and not self.surprises


class Brokers:
    """One broker at a time, ours alone, kept from row to row until another one is asked for or this one is dropped."""

    def __init__(self, backend: str = "auto", report: Callable[[str], None] = print) -> None:
        self._backend, self._report = backend, report
        self._session = ExitStack()
        self._found: Endpoint | None = None
        self._ready_s = 0.0
        self._failed: dict[str, list[stack.StackError]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.drop()

    def get(self, broker: str, *, fresh: bool = False) -> tuple[Endpoint, float]:
        """The broker and when it was ready; a new one if `fresh`.

        StackError if it does not come up; after TRIES times in a row it is not tried again.
        """
        failed = self._failed.setdefault(broker, [])
        if len(failed) >= TRIES:
            raise failed[-1]
        if self._found is None or self._found.broker != broker or fresh:
            self.drop()
            session = stack.session((broker,), self._backend, report=self._report, own=True)
            try:
                self._found = self._session.enter_context(session)[broker]
            except stack.StackError as error:
                failed.append(error)
                raise
            self._ready_s = time.monotonic()
        failed.clear()
        return self._found, self._ready_s

    def drop(self) -> None:
        """End it: what happened to it must not reach the next row."""
        self._found = None
        self._session.close()


def run_rows(
    rows: Sequence[Row],
    experiments: Mapping[str, Experiment],
    brokers: Brokers,
    *,
    seeds: int | None = None,
    observer: Observer = UNOBSERVED,
    due: Callable[[Row, Endpoint], bool] = lambda _row, _endpoint: True,
) -> Iterator[Result]:
    """One result after the other; a trial that fails, or whose broker does not come up, is an unknown outcome.

    A row that is not `due` on the broker that came up has none.
    """
    for at, row in enumerate(rows):
        part = observer.part(at, len(rows), row.id)
        if reason := _not_here(row):
            yield Result(row, not_run=reason)
            continue
        try:
            endpoint, _ = brokers.get(row.broker)
        except stack.StackError as error:
            yield Result(row, outcomes=(Outcome({}, {}, "", f"{row.broker} did not come up. {error}"),))
            continue
        if not due(row, endpoint):
            continue
        if reason := other_version(row, endpoint.version):
            yield Result(row, endpoint.version, not_run=reason, backend=endpoint.backend)
            continue
        yield _run(row, experiments[row.experiment], brokers, range(1, (seeds or row.seeds) + 1), part)
    observer.progress(1.0, "done")


def _not_here(row: Row) -> str:
    """Why this machine cannot run it, whatever broker comes up."""
    missing = [reason for kind in row.needs_disk if (reason := stack.no_disk(kind))]
    return row.not_here or (row.pending and "pending: its experiment is not written yet") or " ".join(missing)


def _run(row: Row, experiment: Experiment, brokers: Brokers, seeds: range, observer: Observer) -> Result:
    began_s, outcomes, versions = time.monotonic(), [], set[str]()
    endpoint = brokers.get(row.broker)[0]
    for seed in seeds:
        trials = []
        for fault in (False, True):
            observer.check(f"in {row.id}")
            share = (2 * (seed - 1) + fault) / (2 * len(seeds))
            observer.progress(share, f"seed {seed}: {'with the fault' if fault else 'the control'}")
            trials.append(_try(row, experiment, brokers, seed, fault))
        control, trial = trials
        trouble = f"control: {control.trouble}" if control.trouble else trial.trouble
        outcomes.append(Outcome(trial.counts, control.counts, trial.happened, trouble))
        versions |= {trial.version} - {""}
    version = " and ".join(sorted(versions)) or endpoint.version
    took_s, server = time.monotonic() - began_s, about_server(endpoint, {})
    return Result(row, version, tuple(outcomes), took_s, backend=endpoint.backend, server=server)


def _try(row: Row, experiment: Experiment, brokers: Brokers, seed: int, fault: bool) -> Trial:
    name = f"labs-{row.id.lower()}-{secrets.token_hex(4)}"
    try:
        endpoint, ready_s = brokers.get(row.broker, fresh=row.fresh)
        return experiment(Stage(endpoint, name, seed, fault, ready_s), **row.arguments)
    except Exception as error:  # whatever it is, the row is unknown and says why
        brokers.drop()
        return Trial({}, trouble=f"{type(error).__name__}: {error}")


def other_version(row: Row, version: str) -> str:
    if row.from_version and _numbers(version) < _numbers(row.from_version):
        return f"needs {row.broker} {row.from_version} or newer, this is {version}"
    if row.before_version and _numbers(version) >= _numbers(row.before_version):
        return f"is about {row.broker} before {row.before_version}, this is {version}"
    return ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("-")[0].split(".") if part.isdigit())
