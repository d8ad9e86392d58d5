"""The look of the routing puzzles: a grid, a row a puzzle and topology, with what became of its messages."""

from __future__ import annotations

from labs.model.digest import Digest
from labs.show.looks.base import Chart
from labs.show.looks.picture import grid_look
from labs.show.pictures.grid import Capability, Cell, Quantity, Setup
from labs.show.quantities import Quantity as Number


def _of(digest: Digest, name: str) -> tuple[int, int]:
    """In the worst round: how many, and of how many wanted deliveries or messages."""
    whole = "messages" if name == "nowhere" else "wanted"
    return max((one["jobs"][name], one["jobs"][whole]) for one in digest.repeats)


def delivered(digest: Digest) -> Cell:
    """Whether every queue got what it wants."""
    missing, wanted = _of(digest, "missing")
    return Cell("no", figure=f"{missing} of {wanted} missing") if missing else Cell("yes")


def nothing_else(digest: Digest) -> Cell:
    """Whether no queue got what it does not want, or anything twice."""
    stray, wanted = _of(digest, "stray")
    doubled, _ = _of(digest, "doubled")
    if doubled:
        return Cell("no", figure=f"{doubled} of {wanted} twice")
    return Cell("no", figure=f"{stray} too many") if stray else Cell("yes")


def kept(digest: Digest) -> Cell:
    """Whether every message lies in some queue."""
    nowhere, messages = _of(digest, "nowhere")
    return Cell("no", figure=f"{nowhere} of {messages} not") if nowhere else Cell("yes")


TABLE = (
    Quantity(Capability("All wanted", "delivers all that is wanted", "deliver all that is wanted"), delivered),
    Quantity(Capability("Nothing else", "delivers nothing else", "deliver nothing else"), nothing_else),
    Quantity(Capability("All kept", "keeps every message", "keep every message"), kept),
)


def row(digest: Digest) -> Setup:
    """A topology of its puzzle."""
    puzzle, _, how = str(digest.settings["label"]).rpartition(", ")
    return Setup(f"{puzzle}, {how}", "", "rabbitmq")


def _count(name: str) -> Number[float]:
    return Number(name, lambda digest: digest.number(name), "{:,.0f}".format)


LOOK = grid_look(
    ("puzzle", "topology"),
    Chart("grid", "What twenty messages did", "grid", rows="topology"),
    TABLE,
    row,
    noun=("topology", "topologies"),
    more=(_count("missing"), _count("stray"), _count("nowhere")),
)
