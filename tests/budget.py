"""What the tests may take, and what they took: by lab, by file, and the slowest twenty."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from labs.experiments import EXPERIMENTS
from tests import again

QUICK_S = 45 * 60
"""What `make test` may take on two cores, with the environment made and the brokers downloaded."""
CONTAINERS_S = 12 * 60
"""What `make test-containers` may take; with `QUICK_S` it is what `.ci/run` may take, within the hour that it has."""
ALL_S = 120 * 60
"""What `make test-all` may take."""
LAB_S = 60
"""What `make test` may take for one lab: its own tests, and what every lab is asked."""
SLOWEST = 20


def lab_of(test: str) -> str:
    """The lab that a test names, in its file's name or among its parameters; empty if none."""
    words = test.replace("_", "-")
    return next((name for name in sorted(EXPERIMENTS, key=len, reverse=True) if name in words), "")


def listed(sums: Counter[str], least_s: float, limit_s: float = float("inf")) -> list[str]:
    """Lines of what took at least so long, longest first; what is over its limit says so."""
    over = f"  more than the {limit_s:.0f} s that it may take"
    return [f"{s:7.1f} s  {name}{over if s > limit_s else ''}" for name, s in sums.most_common() if s >= least_s]


def report(files: Iterable[Path], took_s: float, may_take_s: float) -> list[str]:
    """The lines that end a run, of what its parts have written."""
    tests, outcomes, by_lab, by_file = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    failed, good = set[str](), set[str]()
    asked: list[str] = []
    for path in files:
        part = json.loads(path.read_text("utf-8"))
        tests.update(part["seconds"])
        outcomes.update(part["outcomes"])
        failed |= set(part["failed"])
        if path.stem.endswith(f"-{again.NAME}"):
            good = set(part["seconds"]) - set(part["failed"])
            asked = [f"  {'passed' if test in good else 'failed'}  {test}" for test in part["seconds"]]
    for test, seconds in tests.items():
        by_file[test.partition("::")[0]] += seconds
        by_lab[lab_of(test)] += seconds
    del by_lab[""]
    too_long = ": too long" if took_s > may_take_s else ""
    return [
        *(["Failed while others ran beside them, and asked again by themselves:"] if asked else []),
        *asked,
        "Files that take five seconds or more:",
        *listed(by_file, 5),
        "Labs:",
        *listed(by_lab, 0, LAB_S),
        f"The slowest {SLOWEST} of {len(tests)} tests:",
        *listed(tests, 0)[:SLOWEST],
        f"In all: {outcomes['passed']} passed, {len(failed - good)} failed; "
        f"{took_s:.0f} s of the {may_take_s:.0f} s that they may take{too_long}",
    ]
