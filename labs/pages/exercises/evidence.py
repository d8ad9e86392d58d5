"""Whose run an answer is held against: the learner's own, or in recorded mode the one that came with the book."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from labs.model import environ
from labs.model.digest import Digest, Recording
from labs.model.figures import Chosen, Middle
from labs.model.paths import RECORDED as FOLDER
from labs.model.run import RunFileError
from labs.pages import Panel
from labs.pages.bench_page import recorded_bench
from labs.pages.exercises.answers import is_one_of
from labs.pages.recordings import recorded, recorded_on

RECORDED, BENCH = "recorded", "bench"
DEEPEST, MOST_PARTS = 12, 500_000


class NoRun(Exception):  # noqa: N818 - a state, not a failure
    """There is nothing to hold an answer against; the text says what to do."""


@dataclass(frozen=True)
class Witness:
    """The digests of a lab, and in words whose they are."""

    digests: Sequence[Digest]
    said: str


def witness(lab: str, run: Any) -> Witness:
    """The digests that count. Raises NoRun with what is missing and what to do."""
    if run is None:
        run = RECORDED if environ.read("LABS_MODE") == RECORDED else []
    if is_one_of(Panel, _line_of(run)):
        run = RECORDED if run.mode == RECORDED else list(run.digests.values())
    if type(run) is str:
        if run != RECORDED:
            raise NoRun(f'run= is a panel, what lab.run gave, or "{RECORDED}".')
        return _recorded(lab)
    found = [run] if type(run) is Digest else run
    if not is_one_of(type(found), (list, tuple)) or not all(type(one) is Digest and _is_plain(one) for one in found):
        raise NoRun(f'run= is a panel, what lab.run gave, or "{RECORDED}"; this is something else.')
    own = [one for one in found if one.lab == lab]
    if found and not own:
        raise NoRun(f"This run is of another lab; the exercise is about {lab}.")
    if not own:
        raise NoRun(
            f"There is no run to hold it against: press Run in the panel of {lab}, then say run=panel. After a "
            f'restart of the kernel run it again. Without brokers: run="{RECORDED}" takes the recorded run.'
        )
    dates = sorted({str(one.card.get("date", "")) for one in own} - {""})
    return Witness(own, f"Held against your own run{' of ' + dates[-1][:10] if dates else ''}.")


def _recorded(lab: str) -> Witness:
    try:
        path = Path(environ.read("LABS_RUNS") or FOLDER) / f"{lab}.json"
        file = _file(lab, path.parent, path.stat().st_mtime_ns) if path.exists() else None
    except RunFileError as error:
        raise NoRun(str(error)) from error
    if file is None:
        raise NoRun(f"{lab} is not recorded yet. Run it live: press Run in its panel, then say run=panel.")
    return Witness(file.digests, f"Held against the recorded run of {recorded_on(file)}, not a run of your own.")


@lru_cache(maxsize=32)
def _file(lab: str, folder: Path, _changed: int) -> Recording | None:
    """The recorded file, read and proved once for all exercises as long as it stays as it is."""
    return _bench(folder) if lab == BENCH else recorded(lab, folder)


def _bench(folder: Path) -> Recording | None:
    """The saved benchmark as a recording: a point a row, with our side's median and the other's."""
    content = recorded_bench(folder)
    if content is None:
        return None
    rows = [
        Digest(
            lab=BENCH, settings=cast("Chosen", {"row": one["id"], "label": one["title"]}), repeats=[],
            median=cast("Middle", {side: one[side]["median"] for side in ("ours", "theirs")}), card=content["card"],
        )
        for one in content["rows"]
    ]  # fmt: skip
    return Recording(BENCH, content["card"], rows)


def _line_of(run: Any) -> tuple[type, ...]:
    """Its class and those above it, without asking the class: it could answer with code of its own."""
    line: tuple[type, ...] = type.__dict__["__mro__"].__get__(type(run))
    return line


def _is_plain(digest: Digest) -> bool:
    """Whether its parts consist of JSON's kinds alone, exactly: none of them has methods of its own."""
    if type(digest.card) is not dict:
        return False
    left, parts = [(getattr(digest, one.name), 0) for one in fields(Digest)], 0
    while left:
        one, depth = left.pop()
        parts += 1
        if depth > DEEPEST or parts > MOST_PARTS:
            return False
        if type(one) is dict:
            if any(type(name) is not str for name in one):
                return False
            left += [(part, depth + 1) for part in one.values()]
        elif is_one_of(type(one), (list, tuple)):
            left += [(part, depth + 1) for part in one]
        elif one is not None and not is_one_of(type(one), (str, int, float, bool)):
            return False
    return True
