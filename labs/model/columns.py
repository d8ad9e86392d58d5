"""Columns that grow together on disk, a row at a time, and are in the kernel's hands soon after."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from labs.model.run import Column

ITEM = 8
FLUSH_S = 0.25
FLUSH_ROWS = 4096
"""Rows that are handed over at once: so many take some 50 us, which no other message has to notice."""


class Rows:
    """A pen for columns that grow together, one file each. A pen taken up after a kill first cuts off what the columns
    do not have in common."""

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self._files = [(folder / f"{name}.i8").open("r+b", buffering=0) for name in names]
        whole = min(os.fstat(file.fileno()).st_size for file in self._files) // ITEM * ITEM
        for file in self._files:
            file.truncate(whole)
            file.seek(whole)
        self._waiting: list[Sequence[Column]] = []
        self._rows, self._due_s = 0, time.monotonic() + FLUSH_S

    def add(self, *columns: Column) -> None:
        """Rows, as one array a column."""
        self._waiting.append(columns)
        self._rows += len(columns[0])
        if self._rows >= FLUSH_ROWS:
            self.flush()
        else:
            self.flush_if_due()

    def flush_if_due(self) -> None:
        """Hand over what has waited long enough."""
        if time.monotonic() >= self._due_s:
            self.flush()

    def flush(self) -> None:
        """Hand all to the kernel."""
        if self._waiting:
            for file, parts in zip(self._files, zip(*self._waiting, strict=True), strict=True):
                _write(file.fileno(), np.concatenate(parts).astype(np.int64, copy=False).tobytes())
            self._waiting.clear()
        self._rows, self._due_s = 0, time.monotonic() + FLUSH_S

    def close(self) -> None:
        """The last of it."""
        try:
            self.flush()
        finally:
            for file in self._files:
                file.close()


def _write(handle: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]
