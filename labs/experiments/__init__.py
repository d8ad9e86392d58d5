"""The labs, a module each. The folder is the registry: a module with a line `LAB = ...` is the lab of its own name.

What measures is imported when a lab runs: a page is made from recorded files, without a broker's library. Uses model,
brokers, stack, record, judge, scenarios and show.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, MutableMapping
from importlib import import_module
from pathlib import Path

from labs.experiments.base import Experiment
from labs.model.profile import UnknownNameError

_IS_LAB = re.compile(r"^LAB = ", re.MULTILINE)
_NUMBER = re.compile(r"L(\d+)\.?(\d*)(\D*)")


class _Labs(MutableMapping[str, Experiment]):
    """Name -> lab, in the order of the chapters. Whoever asks for `latency-ladder` imports latency_ladder.py alone."""

    def __init__(self) -> None:
        modules = (path for path in Path(__file__).parent.glob("[a-z]*.py") if _IS_LAB.search(path.read_text("utf-8")))
        self._known: dict[str, Experiment | None] = {path.stem.replace("_", "-"): None for path in modules}

    def __getitem__(self, name: str) -> Experiment:
        lab = self._known[name]
        if lab is None:
            lab = self._known[name] = import_module(f"{__name__}.{name.replace('-', '_')}").LAB
        return lab

    def __setitem__(self, name: str, lab: Experiment) -> None:
        self._known[name] = lab

    def __delitem__(self, name: str) -> None:
        del self._known[name]

    def __contains__(self, name: object) -> bool:
        return name in self._known

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._known, key=lambda name: _place(self[name].number)))

    def __len__(self) -> int:
        return len(self._known)


def _place(number: str) -> tuple[int, int, str]:
    """Chapter, place in it, letter: L3.10b follows L3.10, and both follow L3.9."""
    chapter, at, letter = _NUMBER.findall(number)[0]
    return int(chapter), int(at or 0), letter


EXPERIMENTS = _Labs()


def experiment(name: str) -> Experiment:
    """The lab of that name, or UnknownNameError with the nearest ones."""
    if name not in EXPERIMENTS:
        raise UnknownNameError("lab", name, list(EXPERIMENTS))
    return EXPERIMENTS[name]
