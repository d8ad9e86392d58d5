"""Recorded files, read and written: those of the labs hold digests, that of the benchmark holds rows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from labs.judge import alike, consistency
from labs.model.digest import Digest, Recording
from labs.model.paths import PROJECT, cache, home, write_text
from labs.model.run import FORMAT, RunFileError, check_format

AGAIN = "Record it again with `labs record`."
SHORTEST = 3
"""A folder with no more characters (`/`) is nobody's."""


def save(path: Path, lab: str, digests: Sequence[Digest], card: Mapping[str, object]) -> None:
    """Write a lab's recorded file: all or nothing, and one digest a line so that a review can read the change."""
    (head, *cards), facts = alike.folded([card, *(one.card for one in digests)])
    lean = [replace(one, card=own) for one, own in zip(digests, cards, strict=True)]
    lines = [json.dumps(one.to_json(), ensure_ascii=False, separators=(",", ":")) for one in lean]
    about = {"facts": facts} if facts else {}
    _write(path, {"format": FORMAT, "lab": lab, "card": dict(head), **about}, "digests", lines)


def save_rows(path: Path, lab: str, rows: Sequence[Mapping[str, object]], card: Mapping[str, object]) -> None:
    """The same of a file whose parts are rows."""
    lines = [json.dumps(one, ensure_ascii=False) for one in rows]
    _write(path, {"format": FORMAT, "lab": lab, "card": dict(card)}, "rows", lines)


def _write(path: Path, head: Mapping[str, object], part: str, lines: Sequence[str]) -> None:
    text = json.dumps(head, ensure_ascii=False)[:-1]
    write_text(path, _without_folders(f'{text}, "{part}": [\n' + ",\n".join(lines) + "\n]}\n"))


def _without_folders(text: str) -> str:
    """Whatever a broker or a tool has said may name a folder of whoever records, and with it a person: it becomes ~."""
    folders = {str(one) for one in (Path.home(), PROJECT, home(), cache())}
    for folder in sorted(folders, key=len, reverse=True):
        if len(folder) > SHORTEST:
            text = text.replace(json.dumps(folder, ensure_ascii=False)[1:-1], "~")
    return text


def load(path: Path) -> Recording:
    """A recorded file that agrees with itself. RunFileError when it is damaged, altered or of another format."""
    return recording(checked(path)[0], path)


def recording(content: Mapping[str, Any], path: Path) -> Recording:
    """What was read from a recorded file. RunFileError where it is another kind of file."""
    if "digests" not in content:
        raise RunFileError(f"{path} has no digests. {AGAIN}")
    try:
        facts = content.get("facts", {})
        digests = (Digest.from_json(one) for one in content["digests"])
        whole = tuple(replace(one, card=alike.unfolded(one.card, facts)) for one in digests)
        return Recording(content["lab"], alike.unfolded(content.get("card", {}), facts), whole)
    except ValueError as error:
        raise RunFileError(f"{path}: {error}. Update the labs, or record it again with `labs record`.") from error


def checked(path: Path) -> tuple[dict[str, Any], Counter[str]]:
    """A recorded file, and how many of its figures of each kind were computed again and agree."""
    content = read_json(path)
    try:
        return content, consistency.check(content)
    except consistency.InconsistentError as error:
        raise RunFileError(
            f"{path} does not agree with itself: {error}. "
            "It was altered or damaged: record it again with `labs record`."
        ) from error


def read_json(path: Path) -> dict[str, Any]:
    """A JSON file of this program's format. RunFileError when it is damaged or of another format."""
    try:
        content = json.loads(path.read_text("utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:  # also what is not UTF-8, and a number of five thousand digits
        raise RunFileError(f"{path} is damaged ({error}). {AGAIN}") from error
    check_format(content, str(path))
    found: dict[str, Any] = content
    return found


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no figure")
