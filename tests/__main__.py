"""`make test`: run pytest with what this machine has, and name what it has not.

With LABS_TEST_ENGINE=1 (as in .ci/run) a container engine is brought up for the tests and ended after them.
"""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

from labs import stack
from labs.stack import disks
from tests import engine
from tests.interrupts import hearing

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


class NotRun:
    """Takes out the tests that this machine cannot run, and names every one of them at the end."""

    def __init__(self, reasons: dict[str, str]) -> None:
        self.reasons, self.names = reasons, dict[str, list[str]]()

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


class Shared:
    """Brokers that the notebooks find running, as a reader's do after `labs up`: a start for each would take long."""

    def __init__(self) -> None:
        self.up = False

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if item.path.suffix == ".ipynb" and not self.up:
            self.up = True
            with contextlib.suppress(stack.StackError):  # then each notebook starts its own
                stack.up(report=lambda _text: None)

    def pytest_sessionfinish(self) -> None:
        if self.up:
            stack.down(report=lambda _text: None)


def browser_reason() -> str:
    """Why there is no browser; empty if there is one, or one could be installed (Debian, root)."""
    if any(map(shutil.which, BROWSERS)):
        return ""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing Chromium for the browser tests ...", flush=True)
        quiet = {"stdout": subprocess.DEVNULL, "env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"}}
        subprocess.run(["apt-get", "-qq", "update"], check=False, **quiet)
        subprocess.run(["apt-get", "-qq", "install", "-y", "--no-install-recommends", "chromium"], check=False, **quiet)
    return "" if any(map(shutil.which, BROWSERS)) else "no Chromium here (Debian: apt install chromium)"


@contextlib.contextmanager
def containers() -> Iterator[str]:
    """The variables of an engine are set inside; gives why there is none, empty if there is."""
    if os.environ.get("LABS_TEST_ENGINE") == "1":
        with engine.engine() as variables:
            os.environ.update(variables)
            yield ""
    else:
        yield engine.why_not() or ""


def main(arguments: list[str]) -> int:
    """The exit code of pytest."""
    os.environ.setdefault("LABS_MODE", "live")
    hearing()  # and so do the tests' own children
    with containers() as no_engine:
        reasons = {"compose": no_engine, "browser": browser_reason()}
        reasons |= {kind: disks.why_not(kind) or "" for kind in ("loop", "ledger")}
        plugin = NotRun({marker: reason for marker, reason in reasons.items() if reason})
        paths = [] if any(not argument.startswith("-") for argument in arguments) else ["tests", "notebooks"]
        return int(
            pytest.main(["-q", "--nbmake", "--nbmake-timeout=280", *arguments, *paths], plugins=[plugin, Shared()])
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
