"""`make test` and its two sisters: run pytest with what this machine has, and name what it has not.

    python -m tests               every lab and every broker once, without containers: `make test`
    python -m tests --containers  the brokers in containers and a notebook a chapter: `make test-containers`
    python -m tests --all         what `make test` runs, and then everything else: `make test-all`
    python -m tests PATHS ...     these tests, as pytest takes them

Which tests run at the same time, and why: tests/lanes.py. What they may take: tests/budget.py.
With LABS_TEST_ENGINE=1 (as in .ci/run) a container engine is brought up for the tests that need it, and ended after.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from labs import stack
from labs.model import paths
from labs.model.kernel import die_with_parent
from labs.stack import disks, native, state
from tests import again, budget, engine, namespace
from tests.interrupts import hearing
from tests.lanes import LANES, in_lanes
from tests.plugins import Ending, Notebooks, NotRun, QuietLast, Times

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
TIMES = "LABS_TEST_TIMES"
"""The variable that tells a part where to write what its tests took."""
OTHERS = "long or compose or interrupts or notebook"
"""What `make test` leaves out."""
CONTAINERS = "(compose or notebook) and not long"
PARTS = {
    "": (True, "", budget.QUICK_S),
    "--containers": (False, CONTAINERS, budget.CONTAINERS_S),
    "--all": (True, OTHERS, budget.ALL_S),
}
"""By option: whether what is quick is run, which marks are run after it, and how many seconds it may take."""


def browser_reason() -> str:
    """Why there is no browser; empty if there is one, or one could be installed (Debian, root)."""
    if any(map(shutil.which, BROWSERS)):
        return ""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing Chromium for the browser tests ...", flush=True)
        environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        quiet = partial(subprocess.run, stdout=subprocess.DEVNULL, env=environ)
        quiet(["apt-get", "-qq", "update"], check=False)
        quiet(["apt-get", "-qq", "install", "-y", "--no-install-recommends", "chromium"], check=False)
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


@contextlib.contextmanager
def part(arguments: list[str], environ: dict[str, str], words: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Run these tests in a process of their own, told to end when the block is left. `words`: where its output goes.

    No part is a child of another: a test that adds up what its own children use must not count another.
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


def side_by_side(options: list[str], environ: dict[str, str], times: Path) -> int:
    """Run each lane and the rest at the same time, each with brokers of its own, and then by itself what failed
    (tests/again.py); the exit code of one that failed."""
    shared = {"LABS_CACHE": str(paths.cache()), "LABS_TEST_ENGINE": ""}
    with contextlib.ExitStack() as parts:
        beside: dict[str, tuple[subprocess.Popen[bytes], Path]] = {}
        for name, lane in LANES.items():
            folder = state.make_folder(paths.home() / name)
            words, own = folder / "pytest.txt", {"LABS_HOME": str(folder), TIMES: f"{times}-{name}.json"}
            known = dict(os.environ) if lane.engine else environ
            began = parts.enter_context(part([*options, *lane.paths()], known | shared | own, words))
            beside[name] = began, words
        rest = [f"--ignore={path}" for path in in_lanes()]
        others = part([*options, *rest, "tests"], os.environ | shared | {TIMES: f"{times}-rest.json"})
        codes = [parts.enter_context(others).wait()]
        for name, (began, words) in beside.items() if codes[0] != pytest.ExitCode.INTERRUPTED else ():
            codes.append(began.wait())
            print(f"\n{name}: {LANES[name].why}\n{words.read_text('utf-8', 'replace')}", flush=True)
    if tests := again.to_ask(times.parent.glob(f"{times.name}-*.json"), codes):
        print(f"\nAsked again, now that nothing runs beside them: {', '.join(tests)}", flush=True)
        with part([*options, *tests], os.environ | shared | {TIMES: f"{times}-{again.NAME}.json"}) as alone:
            return alone.wait()
    return next(filter(None, reversed(codes)), 0)


def run(arguments: list[str], no_engine: str) -> int:
    """The exit code of pytest in this process, with what this machine has not taken out and named."""
    reasons = {"compose": no_engine, "browser": browser_reason()}
    reasons["namespace"] = namespace.why_not()
    reasons |= {kind: disks.why_not(kind) or "" for kind in ("loop", "ledger")}
    reasons["root"] = "" if os.geteuid() == 0 else "they are about files that root has left behind"
    not_here = NotRun({marker: reason for marker, reason in reasons.items() if reason})
    plugins = [not_here, QuietLast(), Notebooks(), Ending()]
    if times := os.environ.pop(TIMES, ""):
        plugins.append(Times(Path(times)))
    return int(pytest.main(["-q", "--nbmake", "--nbmake-timeout=280", *arguments], plugins=plugins))


def everything(options: list[str], which: str) -> int:
    """What is quick, or what is in containers, or the quick and then all others; each in processes side by side, with
    their times at the end. `which` is empty or one of PARTS."""
    environ, began_s, code = dict(os.environ), time.monotonic(), 0
    quick, others, may_take_s = PARTS[which]
    with tempfile.TemporaryDirectory() as folder:
        if quick:
            code = side_by_side([*options, "-m", f"not ({OTHERS})"], environ, Path(folder) / "quick")
        if others and code != pytest.ExitCode.INTERRUPTED:
            with containers():
                code = side_by_side([*options, "-m", others], environ, Path(folder) / "others") or code
        lines = budget.report(Path(folder).iterdir(), time.monotonic() - began_s, may_take_s)
    print("\n".join(["", *lines]), flush=True)
    return code


def main(arguments: list[str]) -> int:
    """The exit code of pytest; with no path among the arguments everything is run, in processes side by side."""
    os.environ.setdefault("LABS_MODE", "live")
    hearing()  # and so do the tests' own children
    which = next((argument for argument in arguments if argument in PARTS), "")
    options = [argument for argument in arguments if argument not in PARTS]
    if any(not argument.startswith("-") for argument in options):
        with containers() as no_engine:
            return run(options, no_engine)
    browser_reason()  # installs one where it may, once
    with contextlib.suppress(stack.StackError):
        native.fetch(stack.BROKERS, print)  # once for all of them
    try:
        return everything(options, which)
    except KeyboardInterrupt:
        print("Interrupted: every part has ended what it had started.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
