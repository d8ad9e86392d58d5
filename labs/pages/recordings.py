"""The recorded files of the book: what pages, panels and the claim board read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from labs.experiments import EXPERIMENTS
from labs.experiments.base import Experiment
from labs.experiments.rules import Verdict
from labs.judge.recording import load
from labs.model import environ
from labs.model.digest import Digest, Recording
from labs.model.paths import RECORDED
from labs.model.run import RunFileError

UNITS = ("_ms", "_s", "_mb", "_bytes", "_ns", "_per_s")
"""A name that ends so is that of a number."""
DIFFERENCES = ("each_more", "memory", "grown_mb")
"""Figures that lie between two looks at what grows and shrinks, so that they may be below zero."""


def recorded(lab: str, folder: Path | None = None) -> Recording | None:
    """The recorded file of a lab, or None if nothing is recorded yet. Raises RunFileError if it is damaged."""
    path = Path(folder or environ.read("LABS_RUNS") or RECORDED) / f"{lab}.json"
    try:
        state = path.stat()
    except FileNotFoundError:
        return None
    return _read(path, (state.st_ino, state.st_mtime_ns, state.st_size))


@lru_cache(maxsize=64)
def _read(path: Path, _state: tuple[int, int, int]) -> Recording:
    """The file as it is in that state. It is read and checked once: a page asks for hundreds of its figures."""
    file = load(path)
    for number, digest in enumerate(file.digests):
        figures(digest.to_json(), path, f"digests[{number}]")
    drawable(file, path)
    return file


def figures(content: Any, path: Path, place: str = "") -> None:
    """RunFileError where a number is below zero, which nothing that is recorded is but a difference, or what has a unit
    is no number."""
    pairs = content.items() if isinstance(content, Mapping) else enumerate(content) if isinstance(content, list) else ()
    for name, value in pairs:
        where = f"{place}[{name}]" if isinstance(name, int) else f"{place}.{name}".lstrip(".")
        if name in DIFFERENCES:
            continue
        if isinstance(value, int | float) and value < 0:
            trouble = f"{where} is {value}, and no figure that is recorded is below zero"
        elif str(name).endswith(UNITS) and (isinstance(value, str | bool)):
            trouble = f"{where} is {value!r} and not a number"
        else:
            figures(value, path, where)
            continue
        raise RunFileError(f"{path}: {trouble}. It was altered or damaged: record it again with `labs record`.")


def drawable(file: Recording, path: Path) -> None:
    """RunFileError unless the file's lab can draw and judge what is in it: a missing part is told here, by its file's
    name, and not by a page that stumbles over it."""
    lab = EXPERIMENTS.get(file.lab)
    try:
        if lab is None:
            raise KeyError(f"there is no lab named {file.lab}")
        for digest in file.digests:
            lab.look.view(digest)
            lab.look.key(digest.settings)
        lab.judged(file.digests)
    except Exception as error:  # whatever a lab's own arithmetic meets in figures that are not there or not numbers
        what = f"{type(error).__name__}: {error}"
        raise RunFileError(
            f"{path} lacks what its lab shows ({what}). It was altered or damaged: record it again with `labs record`."
        ) from error


def recorded_on(file: Recording) -> str:
    """The day of the recording (or its first and last day), from the run cards."""
    dates = sorted({str(d.card.get("date", ""))[:10] for d in file.digests} - {""})
    return " to ".join(dict.fromkeys([*dates[:1], *dates[-1:]]))


def on_this_ground(digests: Sequence[Digest], passport: Recording | None) -> list[Digest]:
    """The digests with the flush and the round trip of their machine on the card, if its passport is recorded."""
    if passport is None:
        return list(digests)
    ground = passport.digests[0]
    facts = {"fsync_ms": ground.median.get("fsync_ms.p50"), "round_trip_ms": ground.median.get("loopback_ms.p50")}

    def card(digest: Digest) -> dict[str, Any]:
        known = all(digest.card.get(name) == ground.card.get(name) for name in ("machine", "cores"))
        of = {} if "fsync_ms" in digest.card else {"fsync_of": recorded_on(passport)}
        return (facts | of if known else {}) | dict(digest.card)

    return [replace(digest, card=card(digest)) for digest in digests]


def beside(lab: Experiment, folder: Path | None = None) -> dict[str, Recording]:
    """What is recorded of the labs at whose points the rules of this one look besides, by name."""
    return {name: file for name in lab.beside if (file := recorded(name, folder))}


def words(lab: Experiment, digests: Sequence[Digest], folder: Path | None = None) -> list[Verdict]:
    """The lab's words on its claims by these points, with what is recorded of the labs that its rules look at besides
    and of the machine's own flush."""
    others = [digest for file in beside(lab, folder).values() for digest in file.digests]
    return lab.judged(on_this_ground(digests, recorded("passport", folder)), others)
