"""`make test`: run pytest with what this machine has, and name what it has not.

With LABS_TEST_ENGINE=1 (as in .ci/run) a container engine is brought up for the tests and ended after them.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from labs import stack
from labs.model import paths
from labs.model.kernel import die_with_parent
from labs.stack import disks, native, state
from tests import engine, namespace
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


BROWSED = ("site", "pages", "parts_browser", "pictures_browser", "guess_browser", "lab_browser", "lab", "contributing")
BROWSED += ("still", "still_notebooks", "hostile", "damaged")
TALKED = (
    "cli",
    "status",
    "speech",
    "strangers",
    "verify",
    "yours",
    "mutual",
    "environment",
    "owning",
    "part_of_a_grid",
)
BESIDE = ("notebooks", *(f"tests/test_{name}.py" for name in (*BROWSED, *TALKED)))
"""What can run at the same time as the rest: it waits for browsers and kernels, and measures nothing to a threshold."""


@contextlib.contextmanager
def part(arguments: list[str], environ: dict[str, str], words: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Run these tests in a process of their own, told to end when the block is left. `words`: where its output goes.

    No part is a child of another: a test that adds up what its own children use must not count the other part.
    """
    with contextlib.nullcontext() if words is None else words.open("wb") as out:
        child = subprocess.Popen(
            [sys.executable, "-m", "tests", *arguments],
            env=environ,
            stdout=out,
            stderr=out,
            start_new_session=True,  # it hears of a Ctrl-C from us, once: a second one would cut its cleaning short
            preexec_fn=partial(die_with_parent, signal.SIGUSR1),
        )
    try:
        yield child
    finally:
        if child.poll() is None:
            child.send_signal(signal.SIGUSR1)  # pytest ends its fixtures, and with them what they started
            child.wait()


def side_by_side(options: list[str], environ: dict[str, str]) -> int:
    """Run BESIDE and the rest at the same time, each with brokers of its own; the exit code of one that failed."""
    folder = state.make_folder(paths.home() / "beside")
    words = folder / "pytest.txt"
    shared = {"LABS_CACHE": str(paths.cache()), "LABS_TEST_ENGINE": ""}
    rest = [f"--ignore={path}" for path in BESIDE if path.startswith("tests/")]
    with (
        part([*options, *BESIDE], environ | shared | {"LABS_HOME": str(folder)}, words) as beside,
        part([*options, *rest, "tests"], os.environ | shared) as main_part,
    ):
        code = main_part.wait()
        if code != pytest.ExitCode.INTERRUPTED:
            code = beside.wait() or code
            print(f"\nBeside: {', '.join(BESIDE)}\n{words.read_text('utf-8', 'replace')}", flush=True)
    return code


def run(arguments: list[str], no_engine: str) -> int:
    """The exit code of pytest in this process, with what this machine has not taken out and named."""
    reasons = {"compose": no_engine, "browser": browser_reason()}
    reasons["namespace"] = namespace.why_not()
    reasons |= {kind: disks.why_not(kind) or "" for kind in ("loop", "ledger")}
    reasons["root"] = "" if os.geteuid() == 0 else "they are about files that root has left behind"
    plugin = NotRun({marker: reason for marker, reason in reasons.items() if reason})
    plugins = [plugin, Shared(), Ending()]
    return int(pytest.main(["-q", "--nbmake", "--nbmake-timeout=280", *arguments], plugins=plugins))


def main(arguments: list[str]) -> int:
    """The exit code of pytest; with no path among the arguments everything is run, in two processes side by side."""
    os.environ.setdefault("LABS_MODE", "live")
    hearing()  # and so do the tests' own children
    environ = dict(os.environ)
    with containers() as no_engine:
        if any(not argument.startswith("-") for argument in arguments):
            return run(arguments, no_engine)
        browser_reason()  # installs one where it may, once
        with contextlib.suppress(stack.StackError):
            native.fetch(stack.BROKERS, print)  # once for both
        return side_by_side(arguments, environ)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
