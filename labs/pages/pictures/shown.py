"""The pictures that a page can show by name: files of book/pictures, and those that follow from a recorded lab."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from labs.experiments import job_pictures, limit_pictures, opening_pictures
from labs.model.paths import PROJECT
from labs.pages.recordings import recorded
from labs.show.pictures import Messages, Picture, PictureError, picture

FOLDER = PROJECT / "book" / "pictures"


class UnknownPictureError(ValueError):
    """No picture has that name; the message says which there are."""


def _ways() -> Picture | None:
    file = recorded("kill-the-worker")
    return None if file is None else job_pictures.ways(file)


def _limits() -> Picture | None:
    file = recorded("when-it-blocks")
    return None if file is None else limit_pictures.stacked(file)


def _log() -> Picture | None:
    file = recorded("read-it-again")
    return None if file is None else opening_pictures.log(file)


def _memory() -> Picture | None:
    film = shown("power-cut")
    return opening_pictures.memory(film) if isinstance(film, Messages) else None


MADE: dict[str, Callable[[], Picture | None]] = {
    "kill-the-worker-grid": _ways, "when-it-blocks": _limits, "log": _log, "memory": _memory,
}  # fmt: skip


def shown(name: str, folder: Path = FOLDER) -> Picture | None:
    """The picture of that name; None where the lab that it follows from is not recorded.

    Raises UnknownPictureError, or PictureError with what is wrong in its file.
    """
    if name in MADE:
        return MADE[name]()
    path = folder / f"{name}.json"
    if not path.exists():
        there = sorted([*MADE, *(one.stem for one in folder.glob("*.json"))])
        raise UnknownPictureError(f"there is no picture {name!r}; there are: {', '.join(there)}")
    try:
        return picture(json.loads(path.read_text("utf-8")), path.name)
    except json.JSONDecodeError as error:
        raise PictureError(f"{path.name}: it is no JSON ({error}); make it anew") from error
