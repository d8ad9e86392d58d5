"""What of a recording is measured already: one line of JSON a part, on the disk before the next part begins.

Whoever records keeps a journal beside the file that is to come: an interruption, a kill or a crash costs the part in
progress and no more. A part counts only if it was made by the same: code, clients, settings. The journal is gone when
the recording is complete.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from labs.model.paths import RECORDED, home, write_text


class InUseError(OSError):
    """Another process records the same now."""


@dataclass(frozen=True)
class Part:
    """One measurement of a recording: the point by its `key`, the round from 1 on, what was measured as JSON."""

    key: str
    round: int
    facts: Any
    took_s: float
    date: str


class Journal:
    """The parts of one recording, by point and round. `dropped` counts, by what had changed, what was not kept."""

    def __init__(self, path: Path, made_by: Mapping[str, str]) -> None:
        self.path, self.made_by, self.dropped = path, dict(made_by), Counter[str]()
        self._parts: dict[tuple[str, int], Part] = {}
        for line in _lines(path):
            other = [name for name, value in self.made_by.items() if line["made_by"].get(name) != value]
            if other:
                self.dropped[" and ".join(other)] += 1
            else:
                part = Part(**{name: line[name] for name in Part.__dataclass_fields__})
                self._parts[part.key, part.round] = part
        self._stale = True

    @classmethod
    def of(cls, name: str, made_by: Mapping[str, str], folder: Path | None = None) -> Self:
        """The journal of what is recorded under that name; a folder other than the book's has journals of its own."""
        other = "" if folder in (None, RECORDED) else hashlib.sha256(bytes(Path(folder).resolve())).hexdigest()[:8]
        return cls(home() / "recording" / f"{name}{other and '-'}{other}.jsonl", made_by)

    def __contains__(self, which: tuple[str, int]) -> bool:
        return which in self._parts

    def __len__(self) -> int:
        return len(self._parts)

    def parts(self, key: str | None = None) -> list[Part]:
        """All parts, or those of one point, by rounds."""
        found = [part for part in self._parts.values() if key in (None, part.key)]
        return sorted(found, key=lambda part: part.round)

    def add(self, key: str, number: int, facts: Any, took_s: float) -> Part:
        """Keep a part; it is on the disk when this returns."""
        part = Part(key, number, facts, round(took_s, 2), time.strftime("%Y-%m-%d"))
        if self._stale:
            self._write()
        with self.path.open("ab") as file:
            file.write((self._line(part) + "\n").encode())
            file.flush()
            os.fsync(file.fileno())
        self._parts[key, number] = part
        return part

    def drop(self, why: str, is_dropped: Callable[[Part], bool]) -> int:
        """Forget the parts of which that is true; how many they were."""
        gone = [which for which, part in self._parts.items() if is_dropped(part)]
        for which in gone:
            del self._parts[which]
        if gone:
            self.dropped[why] += len(gone)
            self._stale = True
        return len(gone)

    def end(self) -> None:
        """The recording is complete, or to be begun anew: forget all parts."""
        self._parts.clear()
        self.path.unlink(missing_ok=True)
        self._stale = True

    @contextmanager
    def held(self) -> Iterator[None]:
        """Inside, no other process keeps this journal: InUseError where one does."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lock = self.path.with_suffix(".lock")
        with lock.open("ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                said = f"{self.path.stem} is being recorded by another process. Wait for it, or end it."
                raise InUseError(said) from None
            yield

    def _write(self) -> None:
        """The parts that count and no others, so that a line that was cut short is not written on to."""
        write_text(self.path, "".join(f"{self._line(part)}\n" for part in self._parts.values()))
        self._stale = False

    def _line(self, part: Part) -> str:
        return json.dumps({**asdict(part), "made_by": self.made_by}, ensure_ascii=False, separators=(",", ":"))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """Every line that was written whole; the last one may have been cut short by a crash."""
    try:
        text = path.read_text("utf-8", "replace")
    except FileNotFoundError:
        return
    for line in text.splitlines(keepends=True):
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if line.endswith("\n") and isinstance(found, dict) and {"made_by", *Part.__dataclass_fields__} <= set(found):
            yield found
