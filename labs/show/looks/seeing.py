"""The look of L2.5b: a grid, a row a way to keep work in a broker, a column a question that the broker was asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

from labs.model.digest import Digest
from labs.model.text import BROKER_NAMES, span
from labs.show.looks.base import Chart
from labs.show.looks.picture import grid_look
from labs.show.pictures.grid import Capability, Cell, Quantity, Setup, State

BACKLOG, IN_FLIGHT, OLDEST, POLICE = "Backlog", "In flight", "Oldest", "Unauthorised publish"
LOOKED = (BACKLOG, IN_FLIGHT, OLDEST)


def states(digest: Digest, column: str) -> list[str]:
    """The state of a cell in each repeat."""
    return [str(one["cells"][column]["state"]) for one in digest.repeats]


def scores(digest: Digest) -> list[int]:
    """Of the three questions, how many had a right and whole answer, in each repeat."""
    return [sum(one["cells"][name]["state"] == "yes" for name in LOOKED) for one in digest.repeats]


def cell_of(column: str) -> Callable[[Digest], Cell]:
    """The cell of a column: as it was in the last repeat, or `mixed` where repeats differ."""

    def get(digest: Digest) -> Cell:
        found = states(digest, column)
        last = digest.repeats[-1]["cells"][column]
        if len(set(found)) > 1:
            return Cell("mixed", "rounds differ", "", str(last["reason"]))
        word, reason = str(last["word"]), str(last["reason"])
        if found[0] == "partly":  # what it leaves out has no room in a cell
            word, reason = "in part", f"{word}; {reason}"
        return Cell(cast("State", found[0]), word, last["figure"], reason)

    return get


def row(digest: Digest) -> Setup:
    """What the row of a point is called, and whose it is."""
    broker = digest.settings["broker"]
    name = digest.settings["label"].removeprefix(BROKER_NAMES[broker]).lstrip(", ")
    return Setup(name, BROKER_NAMES[broker], broker)


TABLE = (
    Quantity(Capability(BACKLOG, "tells its backlog", "tell their backlog"), cell_of(BACKLOG)),
    Quantity(Capability(IN_FLIGHT, "tells what is in flight", "tell what is in flight"), cell_of(IN_FLIGHT)),
    Quantity(Capability(OLDEST, "tells how old the oldest is", "tell how old the oldest is"), cell_of(OLDEST)),
    Quantity(
        Capability("Policy", "refuses an unauthorised publish", "refuse an unauthorised publish"), cell_of(POLICE)
    ),
)
GRID = grid_look(
    ("mode",), Chart("grid", "What a running broker tells", "grid", rows="mode"), TABLE, row, noun=("mode", "modes")
)


def _said(digest: Digest) -> str:
    """How many of the three questions had a right answer, and what became of a publish that was not allowed."""
    found = set(states(digest, POLICE))
    publish = (
        "was refused" if found == {"yes"} else "was not tried" if found == {"absent"} else "was not always refused"
    )
    return f"Of three questions {{label}} answered {span(scores(digest))} right, and an unauthorised publish {publish}."


def _title(digest: Digest) -> str:
    return f"{{label}}: {span(scores(digest))} of three questions answered right"


SEEING_LOOK = replace(GRID, title=_title, sentence=(_said,))
