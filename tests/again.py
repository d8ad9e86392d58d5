"""What failed while other tests ran beside it, and is asked once more when nothing does.

Three processes of tests share two cores with whatever else the machine does. A broker that is held to 5 %, or a browser
that is given 10 s, may miss that for a reason which is not in this repository. Such a test is asked again by itself: it
fails if it fails then, and is named if it passes. What needs no broker, browser or container gets no second chance.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

DEPENDS = frozenset({"broker", "browser", "compose", "interrupts", "namespace", "notebook"})
"""Marks of tests that depend on what else the machine does."""
NAME = "again"
"""What the file of their times is called by."""
MOST = 8
"""More than so many is no accident of the machine."""


def askable(marks: Iterable[str]) -> bool:
    """Whether a test with these marks may be asked again."""
    return not DEPENDS.isdisjoint(marks)


def to_ask(files: Iterable[Path], codes: Iterable[int]) -> list[str]:
    """The tests to be asked again, by what the parts have written and how they ended; none if it would be in vain."""
    failed: dict[str, bool] = {}
    for path in files:
        failed.update(json.loads(path.read_text("utf-8"))["failed"])
    only_failed = set(codes) <= {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}
    return sorted(failed) if only_failed and 0 < len(failed) <= MOST and all(failed.values()) else []
