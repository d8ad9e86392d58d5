"""What the editor on a page knows: the five puzzles as text, messages to begin with, and twenty that grade."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from labs.model.digest import Digest
from labs.model.text import capital
from labs.scenarios.routing.matching import CASES, Message
from labs.scenarios.routing.puzzles import PUZZLES, TRIES, Event, Puzzle, events
from labs.scenarios.routing.topology import ENTRY
from labs.scenarios.routing.written import publish_line, write
from labs.show import Json

RECORDED, HIDDEN = 1, 99
"""The seed of the first recorded round, whose messages are shown, and of messages that no round had."""
SHOWN = 8
NOTE = f"A test of this book holds it against a running RabbitMQ with {CASES:,} random messages and bindings."


def known() -> Json:
    """All that the editor is given, as plain JSON."""
    hidden = events(HIDDEN)
    return {
        "note": NOTE,
        "tries": list(TRIES.items()),
        "messages": [line_of(one) for one in events(RECORDED)[:SHOWN]],
        "hidden": [{"key": one.key, "headers": list(one.headers.items())} for one in hidden],
        "puzzles": [_known(one, hidden) for one in PUZZLES.values()],
    }


def _known(puzzle: Puzzle, hidden: Sequence[Event]) -> Json:
    wants = {queue: [one.number for one in hidden if test(one)] for queue, test in puzzle.wants.items()}
    return {"title": puzzle.title, "asks": puzzle.asks, "wants": wants, **texts(puzzle)}


def texts(puzzle: Puzzle) -> dict[str, str]:
    """A puzzle's topologies as text, by their name in TRIES."""
    return {how: write(puzzle.topology(how)) for how in TRIES}


def line_of(event: Event) -> str:
    """The line that publishes an event as the producer of the puzzles does."""
    return publish_line(Message(ENTRY, event.key, event.headers))


@dataclass(frozen=True)
class Told:
    """A puzzle for whoever has no editor: what is asked, its topologies as text, and what was recorded of it.

    `rows`, one a message of the first recorded round: the message, who wants it, where it lay by each topology.
    """

    title: str
    asks: str
    lesson: str
    texts: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, ...], ...]


def told(digests: Sequence[Digest]) -> list[Told]:
    """All puzzles; without rows where nothing is recorded."""
    return [_told(puzzle, digests) for puzzle in PUZZLES.values()]


def _told(puzzle: Puzzle, digests: Sequence[Digest]) -> Told:
    lay = [_arrived(puzzle, how, digests) for how in TRIES]
    rows = []
    for one in events(RECORDED) if all(lay) else ():
        wanted = [queue for queue, test in puzzle.wants.items() if test(one)]
        there = [[queue for queue, numbers in by.items() if one.number in numbers] for by in lay]
        where = (", ".join(some) or "no queue" for some in (wanted, *there))
        rows.append((line_of(one).partition(": ")[2], *where))
    written = tuple((capital(TRIES[how]), text) for how, text in texts(puzzle).items())
    return Told(puzzle.title, puzzle.asks, puzzle.lesson, written, tuple(rows))


def _arrived(puzzle: Puzzle, how: str, digests: Sequence[Digest]) -> Mapping[str, Sequence[int]]:
    """Queue -> numbers of the messages that lay in it in that round; empty where that is not recorded."""
    for digest in digests:
        if digest.settings.get("puzzle") == puzzle.name and digest.settings.get("topology") == how:
            return next((dict(one["arrived"]) for one in digest.repeats if one["seed"] == RECORDED), {})
    return {}
