"""A run of any kind in one file: named values in the header, and columns of integers in groups of one length each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from labs.model.facts import Facts
from labs.model.run import FORMAT, Column, read_columns, readable, same_length, typed, write_columns


class Rows(Protocol):
    """What can be kept so: a run with columns."""

    @property
    def columns(self) -> Mapping[str, Column]:
        """By name."""


def write_rows(path: Path, run: Rows, kind: str, names: Iterable[str], **more: object) -> None:
    """Write the run's columns, those of its values that are named, and `more`, to one file, all or nothing."""
    header = {name: getattr(run, name) for name in names} | more
    write_columns(path, header | {"format": FORMAT, "kind": kind}, run.columns)


def read_rows(
    path: Path, groups: Sequence[Sequence[str]], named: Mapping[str, type[object]]
) -> tuple[Facts, dict[str, Any]]:
    """The header of a file that `write_rows` wrote; and its columns and named values, as a run of that kind takes them.

    RunFileError if it cannot be read, if a value is missing or of another kind, or if the columns of a group differ in
    length.
    """
    header, columns = read_columns(path, [name for group in groups for name in group])
    with readable(path):
        for group in groups:
            same_length(columns, group)
        return header, {"columns": columns} | {name: typed(header, name, kind) for name, kind in named.items()}
