"""The labs, a module each. The folder is the registry: a module with a line `LAB = ...` is the lab of its own name.

What measures is imported when a lab runs: a page is made from recorded files, without a broker's library. Uses model,
brokers, stack, record, judge, scenarios and show.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from labs.experiments.base import Experiment
from labs.model.lazy import Lazy
from labs.model.profile import UnknownNameError

_IS_LAB = re.compile(r"^LAB = ", re.MULTILINE)
_NUMBER = re.compile(r"L(\d+)\.?(\d*)(\D*)")


class _Labs(Lazy[Experiment]):
    """Name -> lab. Who asks for one imports its module alone; who goes through all has them by their chapters."""

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(super().__iter__(), key=lambda name: _place(self[name].number)))


def _place(number: str) -> tuple[int, int, str]:
    """Chapter, place in it, letter: L3.10b follows L3.10, and both follow L3.9."""
    chapter, at, letter = _NUMBER.findall(number)[0]
    return int(chapter), int(at or 0), letter


def load(name: str) -> Experiment:
    """The lab in the module of that name."""
    lab: Experiment = import_module(f"{__name__}.{name.replace('-', '_')}").LAB
    return lab


_MODULES = [path for path in Path(__file__).parent.glob("[a-z]*.py") if _IS_LAB.search(path.read_text("utf-8"))]
EXPERIMENTS = _Labs((path.stem.replace("_", "-") for path in _MODULES), load)


def experiment(name: str) -> Experiment:
    """The lab of that name, or UnknownNameError with the nearest ones."""
    if name not in EXPERIMENTS:
        raise UnknownNameError("lab", name, list(EXPERIMENTS))
    return EXPERIMENTS[name]
