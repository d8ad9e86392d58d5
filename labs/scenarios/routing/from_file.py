"""A reader's own topology from a file, as the editor of the page writes it, for one of the puzzles."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from labs.scenarios.routing.puzzles import Puzzle
from labs.scenarios.routing.topology import ENTRY, Exchange, TopologyError
from labs.scenarios.routing.written import Line, read

LONGEST = 64_000
"""Characters of a file: more than the lines that are taken can have."""


def read_file(name: str) -> list[Line]:
    """Its lines. TopologyError names the file, and what in it is not understood; OSError if it cannot be read."""
    if not name:
        raise TopologyError("a file is named after the @, for example @mine.txt")
    try:
        with Path(name).expanduser().open(encoding="utf-8") as file:
            text = file.read(LONGEST + 1)
        if len(text) > LONGEST:
            raise TopologyError(f"more than {LONGEST:,} characters are not taken")
        return read(text)
    except UnicodeDecodeError:
        raise TopologyError(f"{name}: that is no text in UTF-8") from None
    except TopologyError as error:
        raise TopologyError(f"{name}: {error}") from None


def fits(name: str, lines: Sequence[Line], puzzle: Puzzle) -> None:
    """TopologyError where the puzzle's producer would not reach it, or a queue that the puzzle asks for is missing."""
    if not any(isinstance(one.said, Exchange) and one.said.name == ENTRY for one in lines):
        said = f"there is no exchange {ENTRY!r}, and the producer publishes to no other: declare it"
        raise TopologyError(f"{name}: {said}")
    queues = {one.said for one in lines if isinstance(one.said, str)}
    if missing := [queue for queue in puzzle.wants if queue not in queues]:
        raise TopologyError(f"{name}: the puzzle {puzzle.name} asks for a queue {missing[0]!r}: declare it")
