"""What `python -m tests` adds to pytest: what cannot run here is named, brokers are shared, time is counted."""

from __future__ import annotations

import contextlib
import json
import signal
from collections import Counter
from pathlib import Path

import pytest

from labs import stack
from tests.again import askable
from tests.lanes import QUIET


class NotRun:
    """Takes out the tests that this machine cannot run, and names every one of them at the end."""

    def __init__(self, reasons: dict[str, str]) -> None:
        self.reasons, self.names = reasons, dict[str, list[str]]()

    @pytest.hookimpl(trylast=True)  # of those that are left by -m
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        for marker in self.reasons:
            out = [item for item in items if item.get_closest_marker(marker)]
            if out:
                self.names[marker] = [item.nodeid for item in out]
                config.hook.pytest_deselected(items=out)
                items[:] = [item for item in items if item not in out]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for marker, names in self.names.items():
            terminalreporter.section(f"{len(names)} tests marked {marker} were not run: {self.reasons[marker]}")
            for name in names:
                terminalreporter.write_line(f"  not run: {name}")


class QuietLast:
    """Puts what wants a quiet machine behind everything else of this process."""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items.sort(key=lambda item: item.path.stem.removeprefix("test_") in QUIET)


class Notebooks:
    """Marks each, and as long all but the first of a chapter. They find brokers running, as a reader's do after
    `labs up`: a start for each takes long."""

    def __init__(self) -> None:
        self.up, self.chapters = False, set[str]()

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        if item.path.suffix == ".ipynb":
            item.add_marker("notebook")
            chapter = item.path.name.partition("-")[0]
            if chapter in self.chapters:
                item.add_marker("long")
            self.chapters.add(chapter)

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if item.path.suffix == ".ipynb" and not self.up:
            self.up = True
            with contextlib.suppress(stack.StackError):  # then each notebook starts its own
                stack.up(report=lambda _text: None)

    def pytest_sessionfinish(self) -> None:
        if self.up:
            stack.down(report=lambda _text: None)


class Ending:
    """Ends the session after a SIGUSR1, even where a test swallows the interrupt; SIGINT and SIGTERM are nbclient's."""

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        self.session, self.told = session, False
        signal.signal(signal.SIGUSR1, self._end)

    def _end(self, number: int, frame: object) -> None:
        self.told = True
        raise KeyboardInterrupt

    def pytest_runtest_logfinish(self) -> None:
        if self.told:
            self.session.shouldstop = "told to end"


class Times:
    """Writes into a file what each test took, its fixtures with it, how many came out how, and of those that failed
    whether they may be asked again."""

    def __init__(self, path: Path) -> None:
        self.path, self.seconds, self.outcomes = path, Counter[str](), Counter[str]()
        self.failed = dict[str, bool]()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] += report.duration
        if report.failed or report.skipped or report.when == "call":
            self.outcomes[report.outcome] += 1
        if report.failed:
            self.failed[report.nodeid] = askable(report.keywords)

    def pytest_sessionfinish(self) -> None:
        told = {"seconds": self.seconds, "outcomes": self.outcomes, "failed": self.failed}
        self.path.write_text(json.dumps(told), "utf-8")
